/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that are under way when the engine looks: a slot's bit is seen before what it said. */
#include "dw_engine.h"
#include "dw_test.h"

/* A wire whose host answers one probe, and that only when the engine has read for the last time. */
struct late {
	struct dw_wire wire;
	uint64_t bits[1], now;
	bool waits; /* the answer is in the wire */
	int stop;
	bool asked;
	uint8_t round;
};

static int late_begin(struct dw_wire *w, const struct dw_wire_block *b dw_unused,
		      struct dw_error *e dw_unused)
{
	w->answered = ((struct late *)w)->bits;
	return 0;
}

static int late_send(struct dw_wire *w, const uint32_t *slots dw_unused, size_t n,
		     unsigned round dw_unused, size_t *ret_sent, struct dw_error *e dw_unused)
{
	w->counts.sent += n;
	*ret_sent = n;
	return 0;
}

static int late_receive(struct dw_wire *w, unsigned wait_us, struct dw_wire_answer *answers,
			size_t max dw_unused, size_t *ret_n, struct dw_error *e dw_unused)
{
	struct late *l = (struct late *)w;

	l->now += wait_us;
	*ret_n = l->waits;
	answers[0] = (struct dw_wire_answer){ .slot = 3, .why = DW_SCAN_WHY_SYN_ACK, .ttl = 64 };
	l->waits = false;
	return 0;
}

static void late_end(struct dw_wire *w)
{
	w->answered = NULL;
}

static uint64_t late_now(struct dw_wire *w)
{
	return ((struct late *)w)->now;
}

/* The turn after the one that stopped it is the last, and nothing is read between that and the result but by it. */
static void late_turn(void *data, const struct dw_engine_progress *p)
{
	struct late *l = data;

	if (l->stop == 0 && p->sent > 0) {
		l->stop = 1;
	} else if (l->stop == 1) {
		l->stop = 2;
		l->waits = true;
		l->bits[0] |= 1 << 3;
	}
}

DW_TEST(an_answer_of_the_last_moment_closes_no_port)
{
	static const struct dw_wire_ops ops = { .begin = late_begin,
						.send = late_send,
						.receive = late_receive,
						.end = late_end,
						.now = late_now };
	static const uint16_t ports[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct late l = { .wire.ops = &ops, .now = 1000000 };
	const struct dw_wire_host host = { .address.family = DW_FAMILY_IPV4 };
	const struct dw_wire_block block = { .protocol = DW_PROTOCOL_TCP,
					     .hosts = &host,
					     .n_hosts = 1,
					     .ports = ports,
					     .n_ports = 8 };
	const struct dw_engine_options o = { .stop = &l.stop };
	const struct dw_engine_host known = { .up = DW_SCAN_UP_YES };
	const struct dw_engine_sink sink = { .data = &l, .turn = late_turn };
	struct dw_engine_result result = { 0 };

	DW_CHECK_INT(dw_engine_run(&l.wire, &block, &o, NULL, &known, &sink, a, &result, NULL), 0);
	DW_CHECK_INT(l.stop, 2);
	DW_CHECK(!result.complete);
	/* its bit says that it answered; without the answer that would be a reset */
	DW_CHECK_INT(result.answered[0], 1 << 3);
	DW_CHECK_INT(result.n_answers, 1);
	DW_CHECK(result.n_answers == 1 && result.answers[0].slot == 3 &&
		 result.answers[0].why == DW_SCAN_WHY_SYN_ACK);
	DW_CHECK_INT(result.hosts[0].closed, 0);
}

/* --- the last port of all ------------------------------------------------------------------------- */

/* What is sent is answered right behind the next receive: its bit is there at the next look, the answer not taken. */
static int prompt_send(struct dw_wire *w, const uint32_t *slots, size_t n, unsigned round,
		       size_t *ret_sent, struct dw_error *e)
{
	struct late *l = (struct late *)w;

	l->asked = true;
	l->round = (uint8_t)round;
	return late_send(w, slots, n, round, ret_sent, e);
}

static int prompt_receive(struct dw_wire *w, unsigned wait_us, struct dw_wire_answer *answers,
			  size_t max dw_unused, size_t *ret_n, struct dw_error *e dw_unused)
{
	struct late *l = (struct late *)w;

	l->now += wait_us + 1;
	*ret_n = l->waits;
	answers[0] = (struct dw_wire_answer){ .why = DW_SCAN_WHY_SYN_ACK, .round = l->round };
	l->waits = l->asked;
	if (l->asked)
		l->bits[0] |= 1;
	l->asked = false;
	return 0;
}

DW_TEST(the_last_port_is_confirmed_as_all_others)
{
	static const struct dw_wire_ops ops = { .begin = late_begin,
						.send = prompt_send,
						.receive = prompt_receive,
						.end = late_end,
						.now = late_now };
	static const uint16_t port = 22;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct late l = { .wire.ops = &ops, .now = 1000000 };
	const struct dw_wire_host host = { .address.family = DW_FAMILY_IPV4 };
	const struct dw_wire_block block = { .protocol = DW_PROTOCOL_TCP,
					     .hosts = &host,
					     .n_hosts = 1,
					     .ports = &port,
					     .n_ports = 1 };
	const struct dw_engine_options o = { 0 };
	const struct dw_engine_host known = { .up = DW_SCAN_UP_YES };
	struct dw_engine_result result = { 0 };

	DW_CHECK_INT(dw_engine_run(&l.wire, &block, &o, NULL, &known, NULL, a, &result, NULL), 0);
	DW_CHECK(result.complete);
	DW_CHECK_INT(result.n_answers, 1);
	DW_CHECK(result.n_answers == 1 && result.times_open[0] >= 2);
}

DW_TEST_MAIN
