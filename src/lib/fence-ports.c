/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fence-ports.h"

#include <netinet/in.h>
#include <string.h>

#include "audit-private.h"
#include "dw_str.h"

#define PORTS       65536U
#define RANGES_MAX  512 /* told of one filter */
#define BATCH       65535U
#define DOUBTED_MAX 256

static const enum dw_protocol protocols[DW_PORTS_PROTOCOLS] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP };

/* --- asking --------------------------------------------------------------------------------------- */

static bool is_loopback(const struct dw_rehearse_own *o)
{
	static const uint8_t one[16] = { [15] = 1 };

	return o->family == DW_FAMILY_IPV4 ? o->address[0] == 127
					   : memcmp(o->address, one, sizeof(one)) == 0;
}

static bool is_link_local(const struct dw_rehearse_own *o)
{
	return o->family == DW_FAMILY_IPV6 && o->address[0] == 0xfe &&
	       (o->address[1] & 0xc0) == 0x80;
}

/* An address of this host that the source may send to: best one of the link that it comes by. */
static const struct dw_rehearse_own *target_of(const struct dw_ports *p, const struct dw_source *s)
{
	const struct dw_rehearse_own *best = NULL, *own;
	size_t n = 0;

	own = dw_rehearsal_addresses(p->rehearsal, &n);
	for (size_t i = 0; i < n; i++) {
		bool near = own[i].ifindex == s->ifindex;

		if (own[i].family != s->family || is_loopback(&own[i]) ||
		    (is_link_local(&own[i]) && (!near || s->kind != DW_SOURCE_NETWORK)))
			continue;
		if (!best || (near && best->ifindex != s->ifindex) ||
		    (near && is_link_local(best) && !is_link_local(&own[i])))
			best = &own[i];
	}
	return best;
}

static void doubt(struct dw_ports *p, const struct dw_rehearse_answer *v)
{
	p->doubtful++;
	for (size_t i = 0; v->rule && i < p->doubted.n; i++)
		if (dw_streq(p->doubted.v[i], v->rule))
			return;
	if (v->rule && p->doubted.n < DOUBTED_MAX)
		dw_vec_push(p->arena, &p->doubted, v->rule);
}

/* One protocol, all ports but 0. The answers lie in the arena. */
int dw_ports_sweep(struct dw_ports *p, uint32_t source, const uint8_t to[16],
		   enum dw_protocol protocol, struct dw_arena *a, struct dw_rehearse_answer **ret,
		   struct dw_error *e)
{
	struct dw_rehearse_question *q = dw_arena_array(a, BATCH, sizeof(*q));
	struct dw_rehearse_answer *answers = dw_arena_array(a, BATCH, sizeof(*answers));
	int r;

	for (uint32_t i = 0; i < BATCH; i++) {
		q[i] = (struct dw_rehearse_question){ .source = source,
						      .protocol = protocol,
						      .port = (uint16_t)(i + 1) };
		memcpy(q[i].to, to, sizeof(q[i].to));
	}
	r = dw_rehearsal_ask(p->rehearsal, q, BATCH, answers, e);
	p->asked += BATCH;
	for (uint32_t i = 0; r >= 0 && i < BATCH; i++)
		if (answers[i].reach == DW_ARRIVAL_UNKNOWN)
			doubt(p, &answers[i]);
	*ret = answers;
	return r;
}

static int ask_one(struct dw_ports *p, unsigned bit, const struct dw_rehearse_own *to,
		   unsigned protocol, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_rehearse_answer *v = NULL;
	int r = dw_ports_sweep(p, p->sources[bit], to->address, protocols[protocol], a, &v, e);

	for (uint32_t i = 0; r >= 0 && i < BATCH; i++)
		if (v[i].reach == DW_ARRIVAL_YES && !v[i].forwarded && !v[i].translated)
			p->in[protocol][i + 1] |= UINT64_C(1) << bit;
	return r;
}

/* Of the protocols that are asked only where rules name them. */
static int ask_others(struct dw_ports *p, uint32_t source, const uint8_t to[16], struct dw_error *e)
{
	static const struct {
		uint8_t number;
		enum dw_protocol protocol;
	} others[] = { { IPPROTO_UDPLITE, DW_PROTOCOL_UDPLITE },
		       { IPPROTO_SCTP, DW_PROTOCOL_SCTP },
		       { IPPROTO_DCCP, DW_PROTOCOL_DCCP } };
	int r = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(others) && r >= 0; i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_rehearse_answer *v = NULL;

		if (p->named[others[i].number])
			r = dw_ports_sweep(p, source, to, others[i].protocol, a, &v, e);
	}
	return r;
}

/* What the host says to itself: for rules that are about nothing else. */
static int ask_host(struct dw_ports *p, const struct dw_source *s, uint32_t source,
		    struct dw_error *e)
{
	int r = ask_others(p, source, s->address, e);

	for (unsigned k = 0; k < DW_PORTS_PROTOCOLS && r >= 0; k++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_rehearse_answer *v = NULL;

		r = dw_ports_sweep(p, source, s->address, protocols[k], a, &v, e);
	}
	return r;
}

static int find_named(struct dw_ports *p, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_rehearse_rule *rules = NULL;
	size_t n = 0;
	int r = dw_rehearsal_rules(p->rehearsal, a, &rules, &n, e);

	for (size_t i = 0; r >= 0 && i < n; i++)
		p->named[rules[i].l4proto] = true;
	return r;
}

int dw_ports_ask(struct dw_ports *p, struct dw_error *e)
{
	size_t n = 0;
	const struct dw_source *sources = dw_rehearsal_sources(p->rehearsal, &n);
	int r = find_named(p, e);

	for (unsigned i = 0; i < DW_PORTS_PROTOCOLS; i++)
		p->in[i] = dw_arena_array(p->arena, PORTS, sizeof(*p->in[i]));
	for (uint32_t i = 0; i < n && r >= 0; i++) {
		const struct dw_rehearse_own *to = target_of(p, &sources[i]);

		if (sources[i].kind == DW_SOURCE_HOST) {
			r = ask_host(p, &sources[i], i, e);
			continue;
		}
		if (!to)
			continue;
		if (p->n_sources == DW_ARRAY_SIZE(p->sources)) {
			p->sources_left++;
			continue;
		}
		p->sources[p->n_sources++] = i;
		r = ask_others(p, i, to->address, e);
		for (unsigned k = 0; k < DW_PORTS_PROTOCOLS && r >= 0; k++)
			r = ask_one(p, p->n_sources - 1, to, k, e);
	}
	return r;
}

bool dw_ports_is_narrow(const struct dw_ports *p, enum dw_protocol protocol)
{
	unsigned k = protocol == DW_PROTOCOL_UDP ? DW_PORTS_UDP : DW_PORTS_TCP;
	unsigned open = 0;

	for (unsigned i = 1; i < PORTS; i++)
		open += p->in[k][i] != 0;
	return open < PORTS / 2;
}

/* --- what nothing listens on ---------------------------------------------------------------------- */

static void mark_doors(const struct dw_report_door *doors, size_t n, enum dw_protocol protocol,
		       bool *taken)
{
	for (size_t i = 0; i < n; i++) {
		const struct dw_door *d = doors[i].door;
		uint32_t last = DW_MAX(d->at.port, d->port_last);

		if (d->at.protocol != protocol || !d->at.has_port)
			continue;
		for (uint32_t port = d->at.port; port <= last && port < PORTS; port++)
			taken[port] = true;
	}
}

struct range {
	unsigned protocol;
	uint32_t first, last;
};

struct ranges {
	struct range *v;
	size_t n, cap;
};

/* From the first free port of a stretch that is alike to the last free one. */
static void find_ranges(struct dw_ports *p, unsigned protocol, const bool *taken,
			struct ranges *ret)
{
	const uint64_t *in = p->in[protocol];

	for (uint32_t i = 1, next; i < PORTS && ret->n < RANGES_MAX; i = next) {
		struct range one = { .protocol = protocol };

		for (next = i; next < PORTS && in[next] == in[i]; next++) {
			if (taken[next])
				continue;
			one.first = one.first ? one.first : next;
			one.last = next;
		}
		if (in[i] && one.first)
			dw_vec_push(p->arena, ret, one);
	}
}

/* Who may, and by which rule, as for a door that would listen at the first port. */
static int name_ranges(struct dw_ports *p, const struct ranges *found, struct dw_report_unused *ret,
		       struct dw_error *e)
{
	struct dw_door *v = dw_arena_array(p->arena, found->n + 1, sizeof(*v));
	struct dw_door **doors = dw_arena_array(p->arena, found->n + 1, sizeof(struct dw_door *));
	int r;

	for (size_t i = 0; i < found->n; i++) {
		v[i] = (struct dw_door){ .at = { .protocol = protocols[found->v[i].protocol],
						 .family = DW_FAMILY_DUAL,
						 .has_port = true,
						 .port = found->v[i].first },
					 .kind = DW_KIND_LISTENER,
					 .packet_filter = DW_YES };
		doors[i] = &v[i];
	}
	r = dw_lib_expose(p->rehearsal, doors, found->n, p->arena, e);
	for (size_t i = 0; r >= 0 && i < found->n; i++)
		ret[i] = (struct dw_report_unused){
			.protocol = protocols[found->v[i].protocol],
			.first = (uint16_t)found->v[i].first,
			.last = (uint16_t)found->v[i].last,
			.who = v[i].filtered->words,
			.rule = v[i].filtered->rule,
		};
	return r;
}

int dw_ports_unused(struct dw_ports *p, const struct dw_report_door *doors, size_t n,
		    const struct dw_report_unused **ret, size_t *ret_n, struct dw_error *e)
{
	struct dw_report_unused *v;
	struct ranges found = { 0 };
	int r;

	for (unsigned k = 0; k < DW_PORTS_PROTOCOLS; k++) {
		bool *taken = dw_arena_array(p->arena, PORTS, sizeof(*taken));

		mark_doors(doors, n, protocols[k], taken);
		find_ranges(p, k, taken, &found);
	}
	v = dw_arena_array(p->arena, found.n + 1, sizeof(*v));
	r = name_ranges(p, &found, v, e);
	if (r < 0)
		return r;
	*ret = v;
	*ret_n = found.n;
	return 0;
}
