/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine found, into the rows of the hosts. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "scan-private.h"

struct taking {
	struct dw_scanning *s;
	const struct dw_scan_round *round;
	const struct dw_engine_result *result;
	size_t answer; /* next one of the result's */
	/* findings of the block by slot: all ports are walked over, and looking for each in the list would cost their
	   product */
	const struct dw_scan_found **founds;
	size_t n_founds, found; /* found: the next one */
	uint64_t time;          /* ms */
	bool udp;
};

static bool has_bit(const uint64_t *bits, uint64_t slot)
{
	return bits && (bits[slot / 64] >> slot % 64 & 1) != 0;
}

static struct dw_scan_counts *counts_of(struct dw_scan_host *h, enum dw_protocol p)
{
	return p == DW_PROTOCOL_UDP ? &h->udp : p == DW_PROTOCOL_SCTP ? &h->sctp : &h->tcp;
}

/* By slot, and of one slot the first that was told. */
static int by_slot(const void *x, const void *y)
{
	const struct dw_scan_found *const *a = x, *const *b = y;

	if ((*a)->slot != (*b)->slot)
		return (*a)->slot < (*b)->slot ? -1 : 1;
	return (*a > *b) - (*a < *b);
}

static void sort_founds(struct taking *t, struct dw_arena *a)
{
	const struct dw_scan_founds *f = &t->s->founds;

	t->founds = dw_arena_array(a, f->n - t->s->block_first + 1, sizeof(struct dw_scan_found *));
	for (size_t i = t->s->block_first; i < f->n; i++)
		t->founds[t->n_founds++] = &f->v[i];
	if (t->n_founds > 1)
		qsort(t->founds, t->n_founds, sizeof(struct dw_scan_found *), by_slot);
}

/* Of slots that are asked for in their order; *at: where to look on. */
static const struct dw_scan_found *found_at(const struct taking *t, uint64_t slot, size_t *at)
{
	while (*at < t->n_founds && t->founds[*at]->slot < slot)
		(*at)++;
	return *at < t->n_founds && t->founds[*at]->slot == slot ? t->founds[*at] : NULL;
}

/* --- one port ------------------------------------------------------------------------------------- */

/* Silent: alike for all of a host, as far as it was asked to its end. */
static void silent(const struct taking *t, const struct dw_engine_host *h, struct dw_scan_port *p)
{
	if (!h)
		return;
	p->why = h->complete ? DW_SCAN_WHY_NO_ANSWER : DW_SCAN_WHY_UNKNOWN;
	p->state = h->complete ? dw_scan_state_of(p->why, t->udp) : DW_SCAN_UNKNOWN;
	p->probes = h->probes;
	p->missed = h->complete ? h->missed : 0;
}

/* dw_engine.h: an open port says so twice; a connection was made by both kernels. */
static bool is_doubtful(const struct taking *t, const struct dw_engine_host *h,
			const struct dw_wire_answer *a, uint8_t times)
{
	if (dw_scan_state_of(a->why, t->udp) != DW_SCAN_OPEN || h->tarpit || !h->complete)
		return false;
	return times < (a->why == DW_SCAN_WHY_CONNECTED || a->why == DW_SCAN_WHY_ECHO ? 1 : 2);
}

static struct dw_scan_port port_of(const struct taking *t, uint32_t host, uint32_t at,
				   const struct dw_wire_answer *a, uint8_t times,
				   const struct dw_scan_found *f)
{
	const struct dw_engine_host *h = &t->result->hosts[host];
	uint64_t slot = (uint64_t)host * t->round->n_ports + at;
	struct dw_scan_port p = { .protocol = t->round->protocol,
				  .port = t->round->ports[at],
				  .time = t->time };

	if (!a && f && has_bit(t->round->before, slot)) { /* before it was stopped */
		p = dw_scanning_port(f);
		return p;
	}
	if (!a && has_bit(t->result->answered, slot)) {
		p.why = t->udp                           ? DW_SCAN_WHY_PORT_UNREACHABLE
			: p.protocol == DW_PROTOCOL_SCTP ? DW_SCAN_WHY_ABORT
							 : DW_SCAN_WHY_RESET;
		p.state = DW_SCAN_CLOSED;
		p.probes = 1;
		return p;
	}
	if (!a) {
		silent(t, h, &p);
		return p;
	}
	/* it said so, and was not heard again: neither open nor silent */
	if (is_doubtful(t, h, a, times)) {
		p.why = a->why;
		p.state = DW_SCAN_UNPROVEN;
		p.probes = h->probes;
		p.answers = times;
		return p;
	}
	if (f) {
		p = dw_scanning_port(f);
	} else {
		p.why = a->why;
		p.state = dw_scan_state_of(a->why, t->udp);
		p.ttl = a->ttl;
		p.has_from = a->from.family != DW_FAMILY_UNKNOWN;
		p.from = a->from;
		p.probes = (uint8_t)(a->round + 1);
	}
	p.answers = times;
	return p;
}

/* --- one host ------------------------------------------------------------------------------------- */

static bool is_listed(const struct taking *t, const struct dw_scan_port *p,
		      const struct dw_scan_counts *c)
{
	if (p->state == DW_SCAN_OPEN || t->s->o.all_states || t->round->n_ports <= DW_SCAN_FEW)
		return true;
	/* what only few ports are is worth a line each */
	switch (p->state) {
	case DW_SCAN_CLOSED:
		return c->closed <= DW_SCAN_FEW && c->closed * 4 < c->asked;
	case DW_SCAN_FILTERED:
		return c->filtered <= DW_SCAN_FEW && c->filtered * 4 < c->asked;
	case DW_SCAN_UNPROVEN:
		return c->unproven <= DW_SCAN_FEW && c->unproven * 4 < c->asked;
	case DW_SCAN_OPEN:
	case DW_SCAN_UNKNOWN:
	case DW_SCAN_STATE_COUNT:
		break;
	}
	return false;
}

static void count(struct dw_scan_counts *c, const struct dw_scan_port *p)
{
	c->open += p->state == DW_SCAN_OPEN;
	c->closed += p->state == DW_SCAN_CLOSED;
	c->filtered += p->state == DW_SCAN_FILTERED;
	c->unproven += p->state == DW_SCAN_UNPROVEN;
}

typedef void with_port(const struct taking *t, struct dw_scan_host *h, struct dw_scan_counts *c,
		       const struct dw_scan_port *p);

static void count_port(dw_unused const struct taking *t, dw_unused struct dw_scan_host *h,
		       struct dw_scan_counts *c, const struct dw_scan_port *p)
{
	count(c, p);
}

static void list_port(const struct taking *t, struct dw_scan_host *h, struct dw_scan_counts *c,
		      const struct dw_scan_port *p)
{
	if (!is_listed(t, p, c))
		return;
	h->ports[h->n_ports++] = *p;
	if (p->state != DW_SCAN_OPEN)
		dw_scanning_tell(t->s, h, p);
}

static bool is_part(const struct taking *t)
{
	return t->round->engine.shards > 1;
}

/* Each port of the host, in their order; from t->answer and t->found on. */
static void walk(const struct taking *t, uint32_t host, struct dw_scan_host *h,
		 struct dw_scan_counts *c, with_port *with)
{
	const struct dw_engine_result *r = t->result;
	size_t answer = t->answer, found = t->found;
	uint64_t first = (uint64_t)host * t->round->n_ports;

	for (uint32_t at = 0; at < t->round->n_ports; at++) {
		const struct dw_wire_answer *a = NULL;
		struct dw_scan_port p;
		uint8_t times = 0;

		if (answer < r->n_answers && r->answers[answer].slot == first + at) {
			a = &r->answers[answer];
			times = r->times_open[answer++];
		} else if (dw_engine_is_refused(r, first + at)) {
			a = &r->hosts[host].refusal;
		}
		/* which silent ones are of this shard, the engine knows alone */
		if (!a && is_part(t) && !has_bit(r->answered, first + at))
			continue;
		p = port_of(t, host, at, a, times, found_at(t, first + at, &found));
		with(t, h, c, &p);
	}
}

static void take_host(struct taking *t, uint32_t host)
{
	const struct dw_engine_host *eh = &t->result->hosts[host];
	const struct dw_scan_target *target = t->round->targets[host];
	struct dw_scan_host *h = &t->s->hosts.v[target->host];
	struct dw_scan_counts *c = counts_of(h, t->round->protocol);
	uint64_t end = (uint64_t)(host + 1) * t->round->n_ports;
	size_t before = h->n_ports, room;

	*c = (struct dw_scan_counts){ 0 };
	walk(t, host, h, c, count_port);
	c->asked = t->round->n_ports;
	if (is_part(t)) {
		c->filtered = eh->filtered;
		c->unproven = eh->unproven;
		c->asked = c->open + c->closed + c->filtered + c->unproven;
	}
	room = t->s->o.all_states || t->round->n_ports <= DW_SCAN_FEW
		       ? c->asked
		       : (size_t)c->open + 3 * (size_t)DW_SCAN_FEW;
	h->ports = dw_arena_grow(t->s->a, h->ports, before * sizeof(*h->ports),
				 (before + room) * sizeof(*h->ports));
	walk(t, host, h, c, list_port);
	while (t->answer < t->result->n_answers && t->result->answers[t->answer].slot < end)
		t->answer++;
	(void)found_at(t, end, &t->found);
	h->complete &= eh->complete;
	h->tarpit |= eh->tarpit;
	h->proxy |= eh->proxy;
	h->loss = DW_MAX(h->loss, eh->loss);
	if (h->rtt_us == 0)
		h->rtt_us = eh->rtt_us;
	if (t->udp)
		h->icmp_rate = eh->icmp_rate;
	if (eh->up == DW_SCAN_UP_GONE ||
	    ((h->up == DW_SCAN_UP_ASSUMED || h->up == DW_SCAN_UP_UNREACHABLE) &&
	     (eh->up == DW_SCAN_UP_YES || eh->up == DW_SCAN_UP_UNREACHABLE)))
		h->up = eh->up;
}

/* It was there when the scan was stopped, and is not now: what was found then is all. */
static void take_gone(const struct taking *t, const struct dw_scan_target *target)
{
	const struct dw_scanning *s = t->s;
	struct dw_scan_host *h = &s->hosts.v[target->host];
	struct dw_scan_counts *c = counts_of(h, t->round->protocol);

	*c = (struct dw_scan_counts){ .asked = t->round->n_ports };
	for (size_t i = s->block_first; i < s->founds.n; i++) {
		if (s->founds.v[i].host != target->host)
			continue;
		h->ports = dw_arena_grow(s->a, h->ports, h->n_ports * sizeof(*h->ports),
					 (h->n_ports + 1) * sizeof(*h->ports));
		h->ports[h->n_ports] = dw_scanning_port(&s->founds.v[i]);
		c->open += h->ports[h->n_ports++].state == DW_SCAN_OPEN;
	}
	h->complete = false;
	h->up = DW_SCAN_UP_GONE;
}

void dw_scanning_take(struct dw_scanning *s, const struct dw_scan_round *r,
		      const struct dw_engine_result *result)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct taking t = { .s = s,
			    .round = r,
			    .result = result,
			    .time = dw_sys_now_ms(s->sys),
			    .udp = r->protocol == DW_PROTOCOL_UDP };

	sort_founds(&t, a);
	for (uint32_t i = 0; i < r->n; i++) {
		if (dw_scanning_is_gone(r->targets[i]))
			take_gone(&t, r->targets[i]);
		else
			take_host(&t, i);
	}
}

/* --- the end -------------------------------------------------------------------------------------- */

static int by_address(const void *x, const void *y)
{
	const struct dw_scan_host *a = x, *b = y;

	return dw_address_compare(&a->address, &b->address);
}

static int by_port(const void *x, const void *y)
{
	const struct dw_scan_port *a = x, *b = y;

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

void dw_scanning_finish(struct dw_scanning *s)
{
	struct dw_scan *scan = s->scan;

	for (size_t i = 0; i < s->hosts.n; i++)
		if (s->hosts.v[i].n_ports)
			qsort(s->hosts.v[i].ports, s->hosts.v[i].n_ports,
			      sizeof(*s->hosts.v[i].ports), by_port);
	if (s->hosts.n)
		qsort(s->hosts.v, s->hosts.n, sizeof(*s->hosts.v), by_address);
	scan->hosts = s->hosts.v;
	scan->n_hosts = s->hosts.n;
	scan->notes = s->notes.v;
	scan->n_notes = s->notes.n;
	*(s->ended_early ? &scan->stopped : &scan->ended) = dw_sys_now(s->sys);
}
