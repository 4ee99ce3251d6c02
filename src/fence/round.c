/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets in, and what the log says of them, batch by batch. */
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_scratch.h"
#include "rehearsing.h"

#define BATCH     2048u
#define TRIES     4u     /* of a batch whose log was not whole */
#define FROM_PORT 50505u /* nobody filters it by itself */
#define HEADER    14u    /* of Ethernet */

/* --- one packet --------------------------------------------------------------------------------- */

static const struct dw_rehearse_own *own_of(const struct dw_rehearsal *r, enum dw_family family,
					    const uint8_t *address)
{
	for (size_t i = 0; i < r->own.n; i++)
		if (r->own.v[i].family == family &&
		    memcmp(r->own.v[i].address, address, dw_scene_size(family)) == 0)
			return &r->own.v[i];
	return NULL;
}

/* A connection of the host to itself has one address at both ends. */
static int send_own(struct dw_rehearsal *r, const struct dw_source *from,
		    const struct dw_rehearse_question *q, uint32_t id, bool *ret_sent,
		    struct dw_error *e)
{
	static const int refused[] = { EPERM,  ENETUNREACH,   EHOSTUNREACH, EACCES,
				       EINVAL, EADDRNOTAVAIL, ENETDOWN };
	const struct dw_rehearse_own *own = own_of(r, from->family, q->to);
	bool is_v4 = from->family == DW_FAMILY_IPV4;
	bool local = own || (is_v4 && q->to[0] == 127);
	const struct dw_rehearse_packet p = { .family = from->family,
					      .protocol = q->protocol,
					      .from = local ? q->to : from->address,
					      .to = q->to,
					      .from_port = FROM_PORT,
					      .to_port = q->port,
					      .id = id };
	bool is_link_local = !is_v4 && q->to[0] == 0xfe && (q->to[1] & 0xc0) == 0x80;
	uint8_t bytes[DW_REHEARSE_ROOM];
	size_t n = dw_rehearse_packet_make(&p, bytes);
	int code;

	*ret_sent = false;
	if (r->scene->raw[!is_v4] < 0)
		return 0;
	code = dw_raw_send(r->sys, r->scene->raw[!is_v4], is_v4 ? AF_INET : AF_INET6, q->to,
			   is_link_local && own ? own->ifindex : 0, bytes, n, e);
	for (size_t i = 0; i < DW_ARRAY_SIZE(refused); i++)
		if (code == -refused[i]) /* by the output hook, or by routing */
			return 0;
	*ret_sent = code == 0;
	return code;
}

static void put_header(const struct dw_scene_link *l, enum dw_family family, uint8_t *frame)
{
	static const uint8_t neighbour[6] = { 2, 0, 0, 0, 0, 0xfe };
	uint16_t type = family == DW_FAMILY_IPV4 ? ETH_P_IP : ETH_P_IPV6;

	memcpy(frame, l->mac, 6);
	memcpy(frame + 6, neighbour, 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
}

int dw_round_send(struct dw_rehearsal *r, const struct dw_rehearse_question *q, uint32_t id,
		  bool *ret_sent, struct dw_error *e)
{
	const struct dw_source *from = &r->sources.v[q->source];
	const struct dw_scene_link *l = dw_scene_link(r->scene, from->ifindex);
	const struct dw_rehearse_packet p = { .family = from->family,
					      .protocol = q->protocol,
					      .from = from->address,
					      .to = q->to,
					      .from_port = FROM_PORT,
					      .to_port = q->port,
					      .id = id };
	uint8_t frame[HEADER + DW_REHEARSE_ROOM];
	size_t skip, n;
	int code;

	if (from->kind == DW_SOURCE_HOST)
		return send_own(r, from, q, id, ret_sent, e);
	*ret_sent = false;
	if (!l || l->fd < 0)
		return 0;
	skip = l->is_ethernet ? HEADER : 0;
	n = skip + dw_rehearse_packet_make(&p, frame + skip);
	if (skip > 0)
		put_header(l, from->family, frame);
	code = dw_tun_write(r->sys, l->fd, frame, n, e);
	*ret_sent = code == 0;
	return code;
}

/* --- a batch ------------------------------------------------------------------------------------ */

struct batch {
	const struct dw_round *round;
	size_t first, n;
	uint32_t id; /* of the first */
};

static void see(void *data, const struct dw_detected *d)
{
	const struct batch *b = data;
	const struct dw_rehearse_seen *p = &d->packet;
	struct dw_outcome *o;
	size_t i;

	if (d->trace || p->id < b->id || p->id - b->id >= b->n)
		return;
	i = b->first + (p->id - b->id);
	if (d->met) {
		if (b->round->met && d->rule < b->round->r->rules->n_rules)
			b->round->met(b->round->data, i, d->rule);
		return;
	}
	o = &b->round->outcomes[i];
	o->state = DW_OUTCOME_ARRIVES;
	o->forwarded = d->forwarded;
	o->at_port = p->to_port;
	memcpy(o->at, p->to, sizeof(o->at));
}

uint32_t dw_round_ids(struct dw_rehearsal *r, size_t n)
{
	uint32_t first;

	if (r->next_id + n >= DW_SENTINEL_ID)
		r->next_id = 1;
	first = r->next_id;
	r->next_id += (uint32_t)n;
	return first;
}

int dw_round_sentinels(struct dw_rehearsal *r, struct dw_error *e)
{
	static const uint8_t from[4] = { 192, 0, 2, 1 }, to[4] = { 192, 0, 2, 2 };
	const struct dw_rehearse_packet p = { .family = DW_FAMILY_IPV4,
					      .protocol = DW_PROTOCOL_UDP,
					      .from = from,
					      .to = to,
					      .from_port = FROM_PORT,
					      .to_port = FROM_PORT,
					      .id = dw_detector_sentinel(r->detector) };
	uint8_t bytes[DW_REHEARSE_ROOM];
	size_t n = dw_rehearse_packet_make(&p, bytes);

	return dw_tun_repeat(r->sys, r->scene->sentinel_fd, bytes, n, DW_DETECTOR_SENTINELS, e);
}

/* *ret_own: some were of this host itself, which leave connections behind. */
static int send_all(struct batch *b, bool *ret_own, struct dw_error *e)
{
	const struct dw_round *round = b->round;
	struct dw_rehearsal *r = round->r;

	*ret_own = false;
	b->id = dw_round_ids(r, b->n);
	for (size_t i = 0; i < b->n; i++) {
		const struct dw_rehearse_question *q =
			&round->questions[round->which[b->first + i]];
		bool sent;
		int code = dw_round_send(r, q, b->id + (uint32_t)i, &sent, e);

		if (code < 0)
			return code;
		*ret_own |= r->sources.v[q->source].kind == DW_SOURCE_HOST;
	}
	return dw_round_sentinels(r, e);
}

static int run_batch(struct batch *b, struct dw_error *e)
{
	const struct dw_round *round = b->round;
	bool complete = false;

	for (unsigned tries = 0; tries < TRIES && !complete; tries++) {
		bool own = false;
		int code;

		memset(round->outcomes + b->first, 0, b->n * sizeof(round->outcomes[0]));
		code = send_all(b, &own, e);
		if (code == 0)
			code = dw_detector_read(round->r->detector, see, b, &complete, e);
		if (code == 0 && own)
			code = dw_detector_forget(round->r->detector, e);
		if (code < 0)
			return code;
	}
	for (size_t i = b->first; complete && i < b->first + b->n; i++)
		if (round->outcomes[i].state == DW_OUTCOME_UNSURE)
			round->outcomes[i].state = DW_OUTCOME_STAYS_OUT;
	return 0;
}

static void tell_progress(struct dw_rehearsal *r, size_t n)
{
	r->done += n;
	r->all = DW_MAX(r->all, r->done);
	if (r->options.progress)
		r->options.progress(r->options.progress_data, r->done, r->all);
}

static int run_batches(const struct dw_round *round, struct dw_error *e)
{
	struct batch b = { .round = round };

	for (b.first = 0; b.first < round->n; b.first += b.n) {
		int code;

		b.n = DW_MIN((size_t)BATCH, round->n - b.first);
		code = run_batch(&b, e);
		if (code < 0)
			return code;
		tell_progress(round->r, b.n);
	}
	return 0;
}

/* --- the host's own, again ---------------------------------------------------------------------- */

struct again {
	const struct dw_round *round;
	const uint32_t *places; /* in the first round */
};

static void met_again(void *data, size_t i, uint32_t rule)
{
	const struct again *a = data;

	a->round->met(a->round->data, a->places[i], rule);
}

/*
 * The loopback hands packets over by a queue: a sentinel may have come before the last ones when another task of
 * the kernel emptied it. So who is said to stay out is asked once more.
 */
static int ask_own_again(const struct dw_round *round, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct again again = { .round = round };
	struct dw_round second = *round;
	DW_VEC(uint32_t) places = { 0 };
	uint32_t *which;
	int code;

	for (size_t i = 0; i < round->n; i++) {
		uint32_t source = round->questions[round->which[i]].source;

		if (round->outcomes[i].state == DW_OUTCOME_STAYS_OUT &&
		    round->r->sources.v[source].kind == DW_SOURCE_HOST)
			dw_vec_push(a, &places, (uint32_t)i);
	}
	if (places.n == 0)
		return 0;
	which = dw_arena_array(a, places.n, sizeof(*which));
	for (size_t i = 0; i < places.n; i++)
		which[i] = round->which[places.v[i]];
	again.places = places.v;
	second.which = which;
	second.n = places.n;
	second.outcomes = dw_arena_array(a, places.n, sizeof(*second.outcomes));
	second.met = round->met ? met_again : NULL;
	second.data = &again;
	code = run_batches(&second, e);
	for (size_t i = 0; code == 0 && i < places.n; i++)
		round->outcomes[places.v[i]] = second.outcomes[i];
	return code;
}

int dw_round_run(const struct dw_round *round, struct dw_error *e)
{
	int code = run_batches(round, e);

	return code < 0 ? code : ask_own_again(round, e);
}
