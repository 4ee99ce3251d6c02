/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire "live-frames": TCP SYNs made in the kernel, answers known by XDP (dw_xdp.h). Other protocols, and links that
 * need more than an Ethernet header, are left to the packet wire: -ENOTSUP from begin().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "wire-live.h"

#define LOT_MIN    256u /* frames of one run, while the driver can't keep up */
#define LOT_MAX    DW_BPF_SCAN_SLOTS
#define BATCH      1024u /* from here on a call of the kernel costs little beside its frames */
#define NAP_US     50u   /* for the driver to empty its ring */
#define NAPS_MAX   400u  /* in a row without one frame taken: 20 ms and more */
#define DRY_FRAMES 2048u
#define DRY_RUNS   8u
#define READ_MAX   256u

struct live {
	struct dw_wire w; /* first */
	struct dw_xdp *xdp;
	const struct dw_wire_block *block; /* NULL: none */
	uint64_t n_slots;
	uint64_t heard; /* state->answers + lost at the last receive() */
	uint32_t lot;
	uint32_t again[LOT_MAX]; /* slots that the driver did not take */
};

static volatile struct dw_bpf_scan *state_of(const struct live *l)
{
	return dw_xdp_look(l->xdp)->state;
}

static uint32_t frame_bytes(const struct live *l)
{
	return state_of(l)->v6 ? DW_BPF_SCAN_FRAME6 : DW_BPF_SCAN_FRAME4;
}

/* How many a second the processor can make, the driver left out: most that can be hoped for. The best of some runs. */
static int measure(struct live *l, struct dw_error *e)
{
	volatile struct dw_bpf_scan *s = state_of(l);
	int r = 0;

	for (uint32_t i = 0; i < DRY_FRAMES; i++)
		s->slots[i] = (uint32_t)(i % l->n_slots);
	s->n_send = DRY_FRAMES;
	s->way = DW_BPF_SCAN_DRY;
	for (unsigned i = 0; r == 0 && i < DRY_RUNS; i++) {
		uint64_t begun = dw_xdp_clock(), took;

		s->next = 0;
		r = dw_xdp_run(l->xdp, frame_bytes(l), DRY_FRAMES, e);
		took = DW_MAX(dw_xdp_clock() - begun, 1);
		l->w.rate_max = DW_MAX(l->w.rate_max, DW_MIN(s->next, DRY_FRAMES) * 1000000 / took);
	}
	s->way = DW_BPF_SCAN_PROBES_OUT;
	return r;
}

static int live_begin(struct dw_wire *w, const struct dw_wire_block *b, struct dw_error *e)
{
	struct live *l = (struct live *)w;
	uint64_t n_slots = (uint64_t)b->n_hosts * b->n_ports;
	const struct dw_xdp_view *v;
	int r = dw_live_check_block(b, e);

	if (r == 0)
		r = dw_xdp_make_room(l->xdp, b->n_hosts, n_slots, e);
	if (r < 0)
		return r;
	v = dw_xdp_look(l->xdp);
	r = dw_live_write_block(v, b, e);
	if (r < 0)
		return r;
	l->n_slots = n_slots;
	r = w->rate_max == 0 ? measure(l, e) : 0;
	if (r < 0)
		return r;
	l->heard = v->state->answers + v->state->lost;
	l->block = b;
	w->answered = v->bits;
	__atomic_store_n(&v->state->on, 1, __ATOMIC_RELEASE);
	return 0;
}

/*
 * One run over the first n of state->slots. What the driver did not take is left in l->again, *ret_again of them;
 * *ret_begun: frames that were made (fewer than n: a signal came).
 */
static int run(struct live *l, uint32_t n, uint32_t *ret_begun, uint32_t *ret_again,
	       struct dw_error *e)
{
	volatile struct dw_bpf_scan *s = state_of(l);
	uint64_t begun, missed;
	int r;

	s->next = s->given = s->n_missed = 0;
	s->n_send = n;
	r = dw_xdp_run(l->xdp, frame_bytes(l), n, e);
	if (r < 0)
		return r;
	begun = DW_MIN(s->next, n);
	if (s->given != begun) /* the interface went down, or has another driver all of a sudden */
		return dw_error_set(e, -ENETDOWN, "the interface does not take frames any more");
	missed = DW_MIN(s->n_missed, begun);
	for (uint64_t i = 0; i < missed; i++)
		l->again[i] = s->slots[s->missed[i] & (DW_BPF_SCAN_SLOTS - 1)];
	l->w.counts.sent += begun - missed;
	*ret_begun = (uint32_t)begun;
	*ret_again = (uint32_t)missed;
	return 0;
}

/* Sends what the driver did not take, until it has all, or takes none for a while: what is left then has failed. */
static int run_rest(struct live *l, uint32_t n, struct dw_error *e)
{
	for (unsigned naps = 0; n > 0 && naps < NAPS_MAX; naps++) {
		uint32_t begun = 0, again = 0;
		int r;

		dw_xdp_nap(NAP_US);
		memcpy((void *)state_of(l)->slots, l->again, n * sizeof(*l->again));
		r = run(l, n, &begun, &again, e);
		if (r < 0)
			return r;
		if (again < begun)
			naps = 0;
		/* those that a signal kept from being tried */
		for (uint32_t i = begun; i < n; i++)
			l->again[again++] = state_of(l)->slots[i];
		n = again;
	}
	l->w.counts.failed += n;
	return 0;
}

static void look_at_counts(struct live *l)
{
	const volatile struct dw_bpf_scan *s = state_of(l);

	l->w.counts.answers = s->answers;
	l->w.counts.foreign = s->foreign;
	l->w.counts.lost = s->lost;
}

static int send_lot(struct live *l, const uint32_t *slots, uint32_t n, uint32_t *ret_begun,
		    struct dw_error *e)
{
	uint32_t begun = 0, again = 0;
	int r;

	for (uint32_t i = 0; i < n; i++)
		if (slots[i] >= l->n_slots)
			return dw_error_set(e, -EINVAL, "slot %u of %llu", slots[i],
					    (unsigned long long)l->n_slots);
	memcpy((void *)state_of(l)->slots, slots, n * sizeof(*slots));
	r = run(l, n, &begun, &again, e);
	if (r < 0)
		return r;
	/* fewer at once while the driver drops some, so that less work is in vain */
	l->lot = again > 0 ? DW_MAX(l->lot / 2, LOT_MIN) : DW_MIN(l->lot * 2, LOT_MAX);
	*ret_begun = begun;
	return run_rest(l, again, e);
}

static int live_send(struct dw_wire *w, const uint32_t *slots, size_t n, unsigned round,
		     size_t *ret_sent, struct dw_error *e)
{
	struct live *l = (struct live *)w;
	size_t at = 0;

	if (!l->block)
		return dw_error_set(e, -EINVAL, "no block was begun");
	state_of(l)->source = htons((uint16_t)(l->block->source_port + round % DW_WIRE_ROUNDS));
	while (at < n) {
		uint32_t lot = (uint32_t)DW_MIN(n - at, l->lot), begun = 0;
		int r = send_lot(l, slots + at, lot, &begun, e);

		look_at_counts(l);
		if (r < 0)
			return r;
		at += begun;
		if (begun < lot)
			break;
	}
	*ret_sent = at;
	return 0;
}

/* What the message proves; RFC 792 and 4443. From the host itself only "port unreachable" is an answer of the port. */
static uint8_t why_of(const struct dw_bpf_scan_answer *k, bool itself)
{
	static const struct {
		uint8_t kind, type, code, why;
	} known[] = {
		{ DW_BPF_SCAN_ICMP, 3, 9, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP, 3, 10, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP, 3, 13, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP, 3, 3, DW_SCAN_WHY_PORT_UNREACHABLE },
		{ DW_BPF_SCAN_ICMP6, 1, 1, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP6, 1, 5, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP6, 1, 6, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP6, 1, 4, DW_SCAN_WHY_PORT_UNREACHABLE },
	};

	if (k->kind == DW_BPF_SCAN_SYN_ACK)
		return DW_SCAN_WHY_SYN_ACK;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].kind == k->kind && known[i].type == k->type &&
		    known[i].code == k->code)
			return known[i].why == DW_SCAN_WHY_PORT_UNREACHABLE && !itself
				       ? (uint8_t)DW_SCAN_WHY_PROHIBITED
				       : known[i].why;
	return DW_SCAN_WHY_UNREACHABLE;
}

/* False: not a record that the program makes. */
static bool read_answer(const struct live *l, const struct dw_bpf_scan_answer *k,
			struct dw_wire_answer *ret)
{
	const struct dw_wire_block *b = l->block;
	struct dw_wire_answer a = { .slot = k->slot, .ttl = k->ttl };
	const struct dw_address *host;
	struct dw_address from = { 0 };

	if (k->slot >= l->n_slots || k->kind < DW_BPF_SCAN_SYN_ACK || k->kind > DW_BPF_SCAN_ICMP6 ||
	    (uint32_t)(k->port - b->source_port) >= DW_WIRE_ROUNDS)
		return false;
	host = &b->hosts[k->slot / b->n_ports].address;
	from.family = host->family;
	memcpy(from.bytes, k->from, sizeof(from.bytes));
	if (k->kind != DW_BPF_SCAN_SYN_ACK &&
	    memcmp(from.bytes, host->bytes, sizeof(from.bytes)) != 0)
		a.from = from;
	a.why = why_of(k, a.from.family == 0);
	a.round = (uint8_t)(k->port - b->source_port);
	a.flags = (uint8_t)((k->bare ? DW_WIRE_BARE : 0) | (k->again ? DW_WIRE_AGAIN : 0));
	*ret = a;
	return true;
}

static int live_receive(struct dw_wire *w, unsigned wait_us, struct dw_wire_answer *answers,
			size_t max, size_t *ret_n, struct dw_error *e)
{
	struct live *l = (struct live *)w;
	struct dw_bpf_scan_answer records[READ_MAX];
	uint64_t heard;
	size_t n = 0;
	int r;

	if (!l->block)
		return dw_error_set(e, -EINVAL, "no block was begun");
	if (wait_us > 0)
		dw_xdp_wait(l->xdp, l->heard, wait_us);
	heard = state_of(l)->answers + state_of(l)->lost;
	do {
		r = dw_xdp_read(l->xdp, records, DW_MIN(max - n, READ_MAX), e);
		if (r < 0)
			return r;
		for (int i = 0; i < r; i++)
			n += read_answer(l, &records[i], &answers[n]);
	} while (r > 0 && n < max);
	look_at_counts(l);
	/* more than fitted: do not sleep the next time */
	l->heard = n == max ? UINT64_MAX : heard;
	*ret_n = n;
	return 0;
}

static void live_end(struct dw_wire *w)
{
	struct live *l = (struct live *)w;
	struct dw_bpf_scan_answer records[READ_MAX];

	if (!l->block)
		return;
	__atomic_store_n(&state_of(l)->on, 0, __ATOMIC_RELEASE);
	look_at_counts(l);
	while (dw_xdp_read(l->xdp, records, READ_MAX, NULL) > 0)
		;
	l->block = NULL;
	w->answered = NULL;
}

static void live_free(struct dw_wire *w)
{
	struct live *l = (struct live *)w;

	dw_xdp_close(l->xdp);
	free(l);
}

static uint64_t live_now(struct dw_wire *w dw_unused)
{
	return dw_xdp_clock();
}

static const struct dw_wire_ops live_ops = {
	.name = "live-frames",
	.receiver = "xdp",
	.begin = live_begin,
	.send = live_send,
	.receive = live_receive,
	.end = live_end,
	.free = live_free,
	.now = live_now,
};

static const struct dw_wire_ops live_ops_generic = {
	.name = "live-frames",
	.receiver = "xdp-generic",
	.begin = live_begin,
	.send = live_send,
	.receive = live_receive,
	.end = live_end,
	.free = live_free,
	.now = live_now,
};

int dw_wire_live_open(struct dw_sys *s, uint32_t ifindex, struct dw_wire **ret, struct dw_error *e)
{
	struct live *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		dw_oom();
	r = dw_xdp_open(s, ifindex, &l->xdp, e);
	if (r < 0) {
		free(l);
		return r;
	}
	l->w.ops = dw_xdp_look(l->xdp)->native ? &live_ops : &live_ops_generic;
	l->w.batch = BATCH;
	l->lot = LOT_MAX;
	*ret = &l->w;
	return 0;
}
