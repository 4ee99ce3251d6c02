/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told in the end. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

static enum dw_scan_up up_of(const struct dw_engine_host_run *h)
{
	if (h->gone)
		return DW_SCAN_UP_GONE;
	if (h->unreachable > 0 && h->icmp <= h->unreachable && h->set - h->before <= h->icmp)
		return DW_SCAN_UP_UNREACHABLE;
	if (h->set > h->before)
		return DW_SCAN_UP_YES;
	return h->state == DW_ENGINE_DONE ? DW_SCAN_UP_NO : DW_SCAN_UP_UNKNOWN;
}

static void tell_loss(const struct dw_engine *g, const struct dw_engine_host_run *h,
		      struct dw_engine_host *out)
{
	double lost = (double)h->first_round.lost + h->later.lost;
	double all = lost + h->first_round.heard + h->later.heard;

	out->loss = all > 0 ? (float)(lost / all) : -1;
	out->missed = h->set < h->n ? (float)dw_engine_loss_missed(g, h, h->good) : 0;
	if (out->up == DW_SCAN_UP_GONE)
		out->missed = 1;
}

static void tell_icmp(const struct dw_engine_host_run *h, struct dw_engine_host *out)
{
	float seconds = (float)(h->icmp_at - DW_MIN(h->icmp_since + 1000000, h->icmp_at)) / 1e6f;

	out->icmp_burst = h->icmp_first;
	if (h->set == h->n || seconds < 1 || h->icmp <= h->icmp_first)
		return;
	out->icmp_rate = (uint32_t)((float)(h->icmp - h->icmp_first) / seconds + 0.5f);
	out->icmp_rate = DW_MAX(out->icmp_rate, 1u);
}

static void tell_host(const struct dw_engine *g, uint32_t host, struct dw_engine_host *out)
{
	const struct dw_engine_host_run *h = &g->hosts[host];

	out->up = up_of(h);
	out->rtt_us = h->rtt;
	tell_loss(g, h, out);
	tell_icmp(h, out);
	out->probes = (uint8_t)DW_MIN(h->state == DW_ENGINE_DONE ? h->round + 1u : h->round, 255u);
	if (h->n == h->before || h->state == DW_ENGINE_NEW)
		out->probes = 0;
	out->tarpit = h->tarpit;
	out->proxy = h->open > 0 && h->bare == h->open;
	out->complete = h->state == DW_ENGINE_DONE;
	out->closed = h->set - h->before;
}

/* Slots of which only a bit was kept; one that was to be asked again, and is silent since, is told as such. */
static void tell_refused(const struct dw_engine *g, uint32_t host, struct dw_engine_host *out)
{
	const struct dw_engine_host_run *h = &g->hosts[host];
	uint32_t base = host * g->block->n_ports, n = 0;

	if (h->n_refused == 0)
		return;
	for (uint32_t i = 0; i < g->block->n_ports; i++)
		n += dw_engine_answer_is_refused(g, base + i) && dw_engine_bit(g, base + i);
	out->filtered += n;
	out->closed -= DW_MIN(n, out->closed);
	out->refusal = (struct dw_wire_answer){ .why = h->refusal.why,
						.round = h->refusal.round,
						.ttl = h->refusal.ttl };
	if (h->refusal.from > 0)
		out->refusal.from = g->froms[h->refusal.from - 1];
}

/* Takes an answer from "closed", which all bits are at first. */
static void tell_answer(const struct dw_engine *g, const struct dw_engine_answer *a,
			struct dw_engine_host *out)
{
	bool open = dw_engine_is_open(a->why), udp = g->block->protocol == DW_PROTOCOL_UDP;

	if (dw_engine_bit(g, a->slot) && out->closed > 0)
		out->closed--;
	if (open && dw_engine_answer_confirmed(g, a))
		out->open++;
	else if (udp && open)
		out->unproven++;
	else
		out->filtered++;
}

/* What is not confirmed has answered once at most, as far as anybody can say. */
static uint8_t times_of(const struct dw_engine *g, const struct dw_engine_answer *a)
{
	uint8_t times = dw_engine_answer_times(g, a);

	if (g->block->protocol != DW_PROTOCOL_UDP || dw_engine_answer_confirmed(g, a))
		return times;
	return a->wrong > 0 ? 0 : DW_MIN(times, 1);
}

static int by_slot(const void *a, const void *b)
{
	const struct dw_engine_answer *x = a, *y = b;

	return x->slot < y->slot ? -1 : x->slot > y->slot;
}

static void tell_answers(struct dw_engine *g, struct dw_arena *a, struct dw_engine_result *ret)
{
	ret->answers = dw_arena_array(a, DW_MAX(g->n_answers, 1), sizeof(*ret->answers));
	ret->times_open = dw_arena_array(a, DW_MAX(g->n_answers, 1), 1);
	ret->n_answers = g->n_answers;
	for (uint32_t i = 0; i < g->n_answers; i++) {
		const struct dw_engine_answer *r = &g->answers[i];
		struct dw_wire_answer *out = &ret->answers[i];

		out->slot = r->slot;
		out->why = r->why;
		out->round = r->round;
		out->ttl = r->ttl;
		out->flags = r->flags;
		if (r->from > 0)
			out->from = g->froms[r->from - 1];
		ret->times_open[i] = times_of(g, r);
		tell_answer(g, r, &ret->hosts[r->slot / g->block->n_ports]);
	}
}

/*
 * The bits that are told. One may be set while its answer still waits in the wire, and would be taken for the proof of
 * a closed port; while answers come (a scan that was stopped) some always are. So first the bits, then all that has
 * come: wires hand over the answer before its bit.
 */
static int take_picture(struct dw_engine *g, uint64_t *picture, uint64_t words)
{
	uint32_t before = g->n_answers;
	int r;

	for (uint64_t i = 0; i < words; i++)
		picture[i] = __atomic_load_n(&g->wire->answered[i], __ATOMIC_ACQUIRE);
	r = dw_engine_drain(g, 0);
	/* what came since, with its answer */
	for (uint32_t i = before; i < g->n_answers; i++) {
		if (dw_engine_bit(g, g->answers[i].slot))
			picture[g->answers[i].slot / 64] |= 1ULL << g->answers[i].slot % 64;
	}
	for (uint64_t i = 0; g->refused != NULL && i < words; i++)
		picture[i] |=
			g->refused[i] & __atomic_load_n(&g->wire->answered[i], __ATOMIC_RELAXED);
	g->picture = picture;
	return r;
}

static void tell_hosts(struct dw_engine *g, struct dw_engine_result *ret)
{
	for (uint32_t i = 0; i < g->block->n_hosts; i++) {
		dw_engine_host_count(g, i);
		tell_host(g, i, &ret->hosts[i]);
		tell_refused(g, i, &ret->hosts[i]);
		ret->lost += g->hosts[i].first_round.lost + g->hosts[i].later.lost;
	}
}

int dw_engine_result(struct dw_engine *g, struct dw_arena *a, struct dw_engine_result *ret)
{
	uint64_t words = ((uint64_t)g->block->n_hosts * g->block->n_ports + 63) / 64;
	bool udp = g->block->protocol == DW_PROTOCOL_UDP;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->hosts = dw_arena_array(a, g->block->n_hosts, sizeof(*ret->hosts));
	ret->answered = dw_arena_array(a, words, sizeof(*ret->answered));
	for (uint32_t i = 0; i < g->block->n_hosts; i++)
		dw_engine_pulse_settle(g, i);
	r = take_picture(g, ret->answered, words);
	if (r < 0)
		return r;
	tell_hosts(g, ret);
	/* the table by slot is of no use from here on */
	qsort(g->answers, g->n_answers, sizeof(*g->answers), by_slot);
	tell_answers(g, a, ret);
	for (uint32_t i = 0; i < g->block->n_hosts; i++) {
		uint32_t silent = g->hosts[i].n - g->hosts[i].set;

		if (udp)
			ret->hosts[i].unproven += silent;
		else
			ret->hosts[i].filtered += silent;
	}
	if (g->refused != NULL)
		ret->refused = dw_arena_memdup(a, g->refused, words * sizeof(*ret->refused));
	ret->sent = g->wire->counts.sent - g->sent0;
	ret->answers_all = g->wire->counts.answers - g->answers0;
	return 0;
}
