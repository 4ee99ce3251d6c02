/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is there: neighbours by ARP and its like, others by echo requests and by a few TCP ports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_macros.h"
#include "dw_route.h"
#include "dw_str.h"
#include "scan-private.h"

/* Of these one is open, or refused, on nearly every host that answers at all. Sorted. */
static const uint16_t common_ports[] = { 21,  22,  23,  25,   53,   80,   111,  135,
					 139, 443, 445, 3389, 5900, 8080, 8443, 62078 };
static const uint16_t echo_port[] = { 0 };

#define FEW        16u
#define FEW_ROUNDS 6u

static bool is_connect(const struct dw_scanning *s, const struct dw_scan_target *t)
{
	return s->wires.v[t->wire].ifindex == 0;
}

/* --- neighbours ----------------------------------------------------------------------------------- */

/* Whom a frame is for: the target on the link, else its gateway. */
static const struct dw_address *hop_of(const struct dw_scan_target *t)
{
	return t->on_link ? &t->at.address : &t->gateway;
}

static bool needs_neighbour(const struct dw_scanning *s, const struct dw_scan_target *t)
{
	return t->up != DW_SCAN_UP_UNREACHABLE && t->up != DW_SCAN_UP_NO && !t->own &&
	       !is_connect(s, t);
}

static int by_hop(const void *x, const void *y)
{
	const struct dw_scan_target *a = *(const struct dw_scan_target *const *)x;
	const struct dw_scan_target *b = *(const struct dw_scan_target *const *)y;
	int family = (int)hop_of(a)->family - (int)hop_of(b)->family;

	return family ? family : memcmp(hop_of(a)->bytes, hop_of(b)->bytes, 16);
}

static void take_neighbour(struct dw_scan_target *t, const struct dw_neighbours_answer *a)
{
	if (a->is_there) {
		memcpy(t->at.mac, a->mac, sizeof(t->at.mac));
		t->has_mac = t->on_link;
		if (t->on_link) {
			t->up = DW_SCAN_UP_YES;
			t->up_why = DW_SCAN_WHY_NEIGHBOUR;
		}
		return;
	}
	/* without its address on the link no frame reaches it, assumed or not */
	t->missed = a->missed;
	t->up = t->on_link ? DW_SCAN_UP_NO : DW_SCAN_UP_UNREACHABLE;
	t->up_why = t->on_link ? DW_SCAN_WHY_NO_ANSWER : DW_SCAN_WHY_UNREACHABLE;
}

/* The targets of one link and one family of hops, sorted by hop; each hop is asked once. */
static int ask_link(struct dw_scanning *s, const struct dw_link *link, struct dw_scan_target **list,
		    size_t n, struct dw_error *e)
{
	struct dw_ip *hops = dw_arena_array(s->chunk_arena, n, sizeof(*hops));
	size_t *which = dw_arena_array(s->chunk_arena, n, sizeof(*which)), k = 0;
	struct dw_neighbours_answer *answers = dw_arena_array(s->chunk_arena, n, sizeof(*answers));
	struct dw_neighbours_question q = { .link = link, .targets = hops, .stop = &s->stop };
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct dw_address *hop = hop_of(list[i]);

		if (i == 0 || by_hop(&list[i - 1], &list[i]) != 0) {
			hops[k].family = hop->family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6;
			memcpy(hops[k++].bytes, hop->bytes, sizeof(hops->bytes));
		}
		which[i] = k - 1;
	}
	q.n = k;
	/* Few were named for themselves, and are worth some seconds more. */
	q.rounds = k <= FEW ? FEW_ROUNDS : 0;
	q.source.family = list[0]->at.source.family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6;
	memcpy(q.source.bytes, list[0]->at.source.bytes, sizeof(q.source.bytes));
	r = dw_neighbours_ask(s->sys, &q, answers, e);
	for (size_t i = 0; i < n && r == 0; i++)
		take_neighbour(list[i], &answers[which[i]]);
	return r;
}

static int resolve_wire(struct dw_scanning *s, uint32_t wire, struct dw_scan_target **list,
			struct dw_error *e)
{
	struct dw_link link = { 0 };
	size_t n = 0, first = 0;
	int r;

	for (size_t i = 0; i < s->n_chunk; i++)
		if (needs_neighbour(s, &s->chunk[i]) && s->chunk[i].wire == wire)
			list[n++] = &s->chunk[i];
	if (n == 0)
		return 0;
	r = dw_link_get(s->sys, s->wires.v[wire].ifindex, &link, e);
	if (r < 0 || link.type != DW_LINK_ETHERNET || link.has_no_arp)
		return r;
	qsort(list, n, sizeof(*list), by_hop);
	for (size_t i = 1; i <= n && r == 0; i++)
		if (i == n || hop_of(list[i])->family != hop_of(list[first])->family) {
			r = ask_link(s, &link, list + first, i - first, e);
			first = i;
		}
	return r;
}

int dw_scanning_resolve(struct dw_scanning *s, struct dw_error *e)
{
	struct dw_scan_target **list =
		dw_arena_array(s->chunk_arena, s->n_chunk, sizeof(struct dw_scan_target *));
	int r = 0;

	for (uint32_t i = 0; i < s->wires.n && r == 0; i++)
		if (s->wires.v[i].ifindex != 0 && s->wires.v[i].wire)
			r = resolve_wire(s, i, list, e);
	return r;
}

/* --- probes --------------------------------------------------------------------------------------- */

static void take_answers(const struct dw_scan_round *r, const struct dw_engine_result *result)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct dw_scan_target *t = r->targets[i];
		const struct dw_engine_host *h = &result->hosts[i];

		if (h->up == DW_SCAN_UP_YES || h->up == DW_SCAN_UP_GONE) {
			t->up = DW_SCAN_UP_YES;
			t->up_why =
				r->protocol == DW_WIRE_ICMP ? DW_SCAN_WHY_ECHO : DW_SCAN_WHY_RESET;
			t->rtt_us = h->rtt_us;
		} else if (h->up == DW_SCAN_UP_UNREACHABLE) {
			t->up_why = DW_SCAN_WHY_UNREACHABLE;
		}
		t->missed = h->missed;
	}
	for (size_t i = 0; i < result->n_answers; i++) {
		struct dw_scan_target *t = r->targets[result->answers[i].slot / r->n_ports];

		if (t->up == DW_SCAN_UP_YES &&
		    dw_scan_state_of(result->answers[i].why, false) == DW_SCAN_OPEN)
			t->up_why = result->answers[i].why;
	}
}

/* Those of the wire and family that nothing is known of, in parts of what a block holds. */
static int probe_group(struct dw_scanning *s, uint32_t wire, enum dw_family family,
		       struct dw_scan_round *r, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_engine_result result = { 0 };
	int code;

	r->n = 0;
	for (size_t i = 0; i < s->n_chunk; i++) {
		struct dw_scan_target *t = &s->chunk[i];

		if (t->up == DW_SCAN_UP_UNKNOWN && t->wire == wire &&
		    t->at.address.family == family)
			r->targets[r->n++] = t;
	}
	if (r->n == 0 || s->stop)
		return 0;
	code = dw_scanning_ask(s, r, a, &result, e);
	if (code == 0)
		take_answers(r, &result);
	return code;
}

static int probe(struct dw_scanning *s, enum dw_protocol protocol, const uint16_t *ports,
		 uint32_t n, struct dw_error *e)
{
	struct dw_scan_round r = { .protocol = protocol,
				   .ports = ports,
				   .n_ports = n,
				   .part = "looking for hosts",
				   .engine = s->engine };
	struct dw_error why = { 0 };
	int code = 0;

	r.engine.shard = r.engine.shards = 1; /* each shard must know all hosts */
	r.engine.missed = 1e-3;
	r.engine.rounds_min = 2;
	r.engine.rounds_max = 4;
	r.targets = dw_arena_array(s->chunk_arena, s->n_chunk, sizeof(*r.targets));
	for (uint32_t i = 0; i < s->wires.n && code == 0; i++)
		for (enum dw_family f = DW_FAMILY_IPV4; f <= DW_FAMILY_IPV6 && code == 0; f++) {
			code = s->wires.v[i].wire ? probe_group(s, i, f, &r, &why) : 0;
			/* echo requests need a right that not everybody has: icmp(7) */
			if (code == -ENOTSUP && protocol == DW_WIRE_ICMP)
				code = 0;
		}
	return code < 0 ? dw_error_set(e, code, "%s", why.message) : 0;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static bool is_there(const struct dw_scan_target *t)
{
	return t->up == DW_SCAN_UP_YES || t->up == DW_SCAN_UP_ASSUMED;
}

int dw_scanning_discover(struct dw_scanning *s, struct dw_error *e)
{
	size_t kept = 0;
	int r;

	for (size_t i = 0; i < s->n_chunk; i++)
		if (s->o.assume_up && s->chunk[i].up == DW_SCAN_UP_UNKNOWN)
			s->chunk[i].up = DW_SCAN_UP_ASSUMED;
	r = dw_scanning_resolve(s, e);
	if (r == 0)
		r = probe(s, DW_WIRE_ICMP, echo_port, 1, e);
	if (r == 0)
		r = probe(s, DW_PROTOCOL_TCP, common_ports, DW_ARRAY_SIZE(common_ports), e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->n_chunk; i++) {
		s->unreachable += s->chunk[i].up == DW_SCAN_UP_UNREACHABLE;
		if (is_there(&s->chunk[i]))
			s->chunk[kept++] = s->chunk[i];
		else if (s->chunk[i].up != DW_SCAN_UP_UNREACHABLE)
			dw_scanning_is_silent(s, &s->chunk[i]);
	}
	s->n_chunk = kept;
	return 0;
}
