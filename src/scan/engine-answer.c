/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers that are kept: all but those that prove a port closed. A table by slot; places grow by doubling, and move, so
 * others hold numbers, not pointers.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define SURE_AMONG_FORGED 8u
#define FROMS_MAX         4096u /* addresses of routers and firewalls that are told apart */
#define REFUSALS_KEPT     64u   /* of a host, one by one: some 80 bytes each; then a bit each */

bool dw_engine_is_open(uint8_t why)
{
	return dw_scan_state_of(why, false) == DW_SCAN_OPEN;
}

static uint32_t place_of(const struct dw_engine *g, uint32_t slot)
{
	uint32_t at = (uint32_t)dw_engine_mix(slot) & (g->table_size - 1);

	while (g->table[at] != DW_ENGINE_NONE && g->answers[g->table[at]].slot != slot)
		at = (at + 1) & (g->table_size - 1);
	return at;
}

struct dw_engine_answer *dw_engine_answer_of(const struct dw_engine *g, uint32_t slot)
{
	uint32_t at = g->table[place_of(g, slot)];

	return at == DW_ENGINE_NONE ? NULL : &g->answers[at];
}

__attribute__((returns_nonnull)) static void *resize(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n, size);

	if (p == NULL)
		dw_oom();
	return p;
}

static void grow(struct dw_engine *g)
{
	g->room *= 2;
	g->answers = resize(g->answers, g->room, sizeof(*g->answers));
	g->table_size = g->room * 2;
	g->table = resize(g->table, g->table_size, sizeof(*g->table));
	memset(g->table, 0xff, g->table_size * sizeof(*g->table));
	for (uint32_t i = 0; i < g->n_answers; i++)
		g->table[place_of(g, g->answers[i].slot)] = i;
}

static struct dw_engine_answer *add(struct dw_engine *g, uint32_t slot)
{
	struct dw_engine_answer *r;

	if (!g->answers || g->n_answers == g->room)
		grow(g);
	g->table[place_of(g, slot)] = g->n_answers;
	r = &g->answers[g->n_answers++];
	memset(r, 0, sizeof(*r));
	r->slot = slot;
	return r;
}

/* 1 + number; 0: the host itself, or one too many. */
static uint16_t from_of(struct dw_engine *g, const struct dw_address *from)
{
	if (from->family == DW_FAMILY_UNKNOWN)
		return 0;
	for (uint32_t i = g->n_froms; i-- > 0;) {
		if (dw_address_compare(&g->froms[i], from) == 0)
			return (uint16_t)(i + 1);
	}
	if (g->n_froms == FROMS_MAX)
		return 0;
	g->froms = resize(g->froms, g->n_froms + 1, sizeof(*g->froms));
	g->froms[g->n_froms++] = *from;
	return (uint16_t)g->n_froms;
}

/* Source ports that this slot was asked from. */
static uint32_t asked_from(const struct dw_engine *g, const struct dw_engine_answer *a)
{
	unsigned rounds = g->hosts[a->slot / g->block->n_ports].round + 1u;

	return a->asked | ((1u << DW_MIN(rounds, DW_ENGINE_ROUND_PORTS)) - 1);
}

uint8_t dw_engine_answer_times(const struct dw_engine *g, const struct dw_engine_answer *a)
{
	if (!dw_engine_is_open(a->why))
		return 0;
	return (uint8_t)__builtin_popcount(a->seen & asked_from(g, a));
}

/*
 * Who knows the source ports of a scan but does not see what is asked guesses right once in 32 times, and is wrong
 * nearly as often as he guesses. An open port replies each time. So where somebody forges it takes many replies, each
 * to another source port, beside few that are wrong: by guessing, less than one in a million.
 */
static bool is_sure(const struct dw_engine *g, const struct dw_engine_answer *a)
{
	unsigned times = dw_engine_answer_times(g, a);

	if (!g->hosts[a->slot / g->block->n_ports].forged)
		return times >= 2;
	return times >= SURE_AMONG_FORGED && a->wrong <= DW_ENGINE_WRONG_MAX;
}

/* A handshake is no forgery, and an echo opens nothing. */
bool dw_engine_answer_confirmed(const struct dw_engine *g, const struct dw_engine_answer *a)
{
	if (a->why == DW_SCAN_WHY_CONNECTED || a->why == DW_SCAN_WHY_ECHO ||
	    a->why == DW_SCAN_WHY_NEIGHBOUR || g->hosts[a->slot / g->block->n_ports].tarpit)
		return true;
	/* what was sure before somebody forged stays so */
	return (g->block->protocol == DW_PROTOCOL_UDP && a->told) || is_sure(g, a);
}

void dw_engine_answer_tell(struct dw_engine *g, struct dw_engine_answer *a)
{
	struct dw_wire_answer out = {
		.slot = a->slot, .why = a->why, .round = a->round, .ttl = a->ttl, .flags = a->flags
	};

	if (a->told)
		return;
	a->told = true;
	g->open += dw_engine_is_open(a->why);
	if (a->from > 0)
		out.from = g->froms[a->from - 1];
	if (g->sink != NULL && g->sink->answer != NULL)
		g->sink->answer(g->sink->data, &out);
}

static void wait_for_confirmation(struct dw_engine *g, struct dw_engine_answer *a)
{
	struct dw_engine_host_run *h = &g->hosts[a->slot / g->block->n_ports];

	if (a->waits || h->tarpit || dw_engine_answer_confirmed(g, a))
		return;
	a->waits = true;
	a->next = h->doubtful;
	h->doubtful = (uint32_t)(a - g->answers);
	h->confirmations++;
	h->pulse_at = DW_MIN(h->pulse_at, g->now);
}

/*
 * A datagram is easily forged: it counts if it comes to the source port that was asked from last. One to a source port
 * that has never asked shows that somebody forges.
 */
static void see(struct dw_engine *g, struct dw_engine_answer *r, unsigned source)
{
	struct dw_engine_host_run *h = &g->hosts[r->slot / g->block->n_ports];

	if (g->block->protocol != DW_PROTOCOL_UDP) {
		r->seen |= 1u << source;
		return;
	}
	if ((asked_from(g, r) >> source & 1) == 0) {
		h->forged = true;
		r->wrong += r->wrong < UINT8_MAX;
	} else if (source == h->round % DW_ENGINE_ROUND_PORTS ||
		   (r->last > 0 && source == r->last)) {
		r->seen |= 1u << source;
	}
}

static void is_open_now(struct dw_engine *g, struct dw_engine_answer *r,
			const struct dw_wire_answer *a)
{
	struct dw_engine_host_run *h = &g->hosts[a->slot / g->block->n_ports];

	if (!dw_engine_is_open(r->why)) {
		h->open++;
		h->bare += (a->flags & DW_WIRE_BARE) != 0;
		r->why = a->why;
		r->round = a->round;
		r->ttl = a->ttl;
		r->flags = a->flags & DW_WIRE_BARE;
		r->from = 0;
		r->told = false;
	}
	r->fresh = true;
	see(g, r, a->round % DW_WIRE_ROUNDS);
	if (g->block->protocol != DW_PROTOCOL_UDP || dw_engine_answer_confirmed(g, r))
		dw_engine_answer_tell(g, r);
	wait_for_confirmation(g, r);
}

bool dw_engine_answer_is_refused(const struct dw_engine *g, uint32_t slot)
{
	return g->refused != NULL && (g->refused[slot / 64] >> slot % 64 & 1) != 0;
}

/* What the slot says now is something else. */
static void forget_refusal(struct dw_engine *g, struct dw_engine_host_run *h, uint32_t slot)
{
	if (!dw_engine_answer_is_refused(g, slot))
		return;
	g->refused[slot / 64] &= ~(1ULL << slot % 64);
	h->n_refused--;
}

/* Is a bit enough? When the host has refused many in the same way: so that one that refuses all needs no more. */
static bool is_usual(struct dw_engine_host_run *h, const struct dw_engine_answer *r)
{
	const struct dw_engine_refusal *usual = &h->refusal;
	bool same = usual->why == r->why && usual->from == r->from;

	if (h->refusals >= REFUSALS_KEPT && same)
		return true;
	h->refusals++;
	if (h->n_refused == 0)
		h->refusal = (struct dw_engine_refusal){
			.from = r->from, .why = r->why, .round = r->round, .ttl = r->ttl
		};
	return false;
}

static void add_refused(struct dw_engine *g, struct dw_engine_host_run *h,
			const struct dw_wire_answer *a)
{
	struct dw_engine_answer once = {
		.slot = a->slot, .why = a->why, .round = a->round, .ttl = a->ttl
	};
	uint64_t slots = (uint64_t)g->block->n_hosts * g->block->n_ports;

	h->icmp++;
	h->unreachable += a->why == DW_SCAN_WHY_UNREACHABLE;
	once.from = from_of(g, &a->from);
	dw_engine_answer_tell(g, &once);
	if (!is_usual(h, &once)) {
		*add(g, a->slot) = once;
		return;
	}
	if (g->refused == NULL)
		g->refused = calloc((size_t)(slots / 64 + 1), sizeof(*g->refused));
	if (g->refused == NULL)
		dw_oom();
	g->refused[a->slot / 64] |= 1ULL << a->slot % 64;
	h->n_refused++;
}

/* It had refused already. */
static void is_refused_again(struct dw_engine *g, struct dw_engine_host_run *h,
			     struct dw_engine_answer *r, const struct dw_wire_answer *a)
{
	h->icmp += (a->flags & DW_WIRE_AGAIN) == 0;
	if (r == NULL && h->refusal.why == DW_SCAN_WHY_UNREACHABLE && a->why != h->refusal.why) {
		forget_refusal(g, h, a->slot);
		r = add(g, a->slot);
		r->why = DW_SCAN_WHY_UNREACHABLE;
		r->round = a->round;
		r->ttl = a->ttl;
		r->from = h->refusal.from;
		r->told = true;
	}
	if (r != NULL && r->why == DW_SCAN_WHY_UNREACHABLE)
		r->why = a->why;
}

static void is_refused(struct dw_engine *g, const struct dw_wire_answer *a)
{
	struct dw_engine_host_run *h = &g->hosts[a->slot / g->block->n_ports];
	struct dw_engine_answer *r = dw_engine_answer_of(g, a->slot);

	if (r == NULL && !dw_engine_answer_is_refused(g, a->slot))
		add_refused(g, h, a);
	else
		is_refused_again(g, h, r, a);
	/* "No way there" may hold for a moment only: it is asked again. */
	if (a->why == DW_SCAN_WHY_UNREACHABLE && h->round < 2 && h->state != DW_ENGINE_DONE &&
	    (r == NULL || !dw_engine_is_open(r->why)) && dw_engine_bit(g, a->slot)) {
		dw_engine_bit_clear(g, a->slot);
		h->icmp--;
	}
}

/*
 * The first that is heard, in a later round: its source port tells which round it answers, so it took no longer than
 * this one. Without that all rounds would count, and each pause would be as long as they were together.
 */
static void time_first(struct dw_engine *g, struct dw_engine_host_run *h,
		       const struct dw_wire_answer *a)
{
	if (h->rtt == 0 && h->round > 0 && h->round < DW_ENGINE_ROUND_PORTS &&
	    a->round == h->round && (h->state == DW_ENGINE_ASK || h->state == DW_ENGINE_WAIT))
		dw_engine_host_rtt(g, h, g->now - DW_MIN(h->round_at, g->now));
}

/* What is forged comes when it comes: by it a network would seem slower and slower, and the scan would have no end. */
static void times(struct dw_engine *g, struct dw_engine_host_run *h, const struct dw_wire_answer *a)
{
	if (h->forged && dw_engine_is_open(a->why))
		return;
	if (h->sample == a->slot) {
		dw_engine_host_rtt(g, h, g->now - h->sample_at);
		h->sample = DW_ENGINE_NONE;
	}
	time_first(g, h, a);
}

static void take(struct dw_engine *g, struct dw_engine_host_run *h, const struct dw_wire_answer *a)
{
	bool udp = g->block->protocol == DW_PROTOCOL_UDP;

	times(g, h, a);
	switch (dw_scan_state_of(a->why, udp)) {
	case DW_SCAN_OPEN: {
		struct dw_engine_answer *r = dw_engine_answer_of(g, a->slot);

		forget_refusal(g, h, a->slot);
		is_open_now(g, r != NULL ? r : add(g, a->slot), a);
		break;
	}
	case DW_SCAN_CLOSED:
		if (udp && (a->flags & DW_WIRE_AGAIN) == 0) {
			h->icmp++;
			h->icmp_at = g->now;
		}
		break;
	case DW_SCAN_FILTERED:
		is_refused(g, a);
		h->icmp_at = g->now;
		break;
	case DW_SCAN_UNKNOWN:
	case DW_SCAN_UNPROVEN:
	case DW_SCAN_STATE_COUNT:
		break;
	}
}

void dw_engine_answer_take(struct dw_engine *g, const struct dw_wire_answer *a)
{
	uint32_t host = a->slot / g->block->n_ports;
	struct dw_wire_answer mine = *a;

	if (host >= g->block->n_hosts)
		return;
	mine.round = (uint8_t)dw_engine_source(g, host, a->round);
	take(g, &g->hosts[host], &mine);
}
