/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this host may send: every TCP and UDP port, to one address of each source that the rules tell apart. */
#include <string.h>

#include "dw_str.h"
#include "fence-ports.h"

#define PORTS      65535U
#define RANGES_MAX 64 /* to one destination; beyond, no more are told apart */

struct leaving {
	struct dw_ports *p;
	struct dw_rehearse_answer *v; /* of the sweep */
	uint32_t from;                /* the source that is this host */
	const struct dw_source *to;
	enum dw_protocol protocol;
	DW_VEC(struct dw_report_leave) found;
	bool cut;
};

/* Does it get out? What a rule leads back to this host does not. */
static bool goes_out(const struct dw_rehearse_answer *a)
{
	return a->reach == DW_ARRIVAL_YES && a->forwarded;
}

static bool is_alike(const struct dw_rehearse_answer *x, const struct dw_rehearse_answer *y)
{
	return x->reach == y->reach && goes_out(x) == goes_out(y) &&
	       x->translated == y->translated && dw_streq0(x->rule, y->rule);
}

static struct dw_rehearse_question question(const struct leaving *l, uint32_t port)
{
	struct dw_rehearse_question q = {
		.source = l->from, .protocol = l->protocol, .port = (uint16_t)port, .explain = true
	};

	memcpy(q.to, l->to->address, sizeof(q.to));
	return q;
}

static const char *kept(const struct leaving *l, const char *text)
{
	return text ? dw_arena_strdup(l->p->arena, text) : NULL;
}

static void add_range(struct leaving *l, uint32_t first, uint32_t last,
		      const struct dw_rehearse_answer *told)
{
	*dw_vec_add(l->p->arena, &l->found) =
		(struct dw_report_leave){ .family = l->to->family,
					  .to = kept(l, l->to->words),
					  .protocol = l->protocol,
					  .first = (uint16_t)first,
					  .last = (uint16_t)last,
					  .known = told->reach != DW_ARRIVAL_UNKNOWN,
					  .passes = goes_out(told),
					  .rule = kept(l, told->rule),
					  .counted = told->rule_counted,
					  .packets = told->rule_packets,
					  .why = kept(l, told->why) };
}

/* Stretches of ports that are alike; the rule is that of the first. */
static int name_ranges(struct leaving *l, struct dw_error *e)
{
	struct dw_rehearse_question q[RANGES_MAX];
	struct dw_rehearse_answer told[RANGES_MAX] = { 0 };
	uint32_t first[RANGES_MAX + 1] = { 0 };
	uint32_t i;
	size_t n = 0;
	int r;

	for (i = 0; i < PORTS; i++) {
		if (i > 0 && is_alike(&l->v[i], &l->v[i - 1]))
			continue;
		if (n == RANGES_MAX)
			break;
		q[n] = question(l, i + 1);
		first[n++] = i + 1;
	}
	first[n] = i + 1;
	l->cut |= i < PORTS;
	r = dw_rehearsal_ask(l->p->rehearsal, q, n, told, e);
	for (size_t k = 0; r >= 0 && k < n; k++)
		add_range(l, first[k], first[k + 1] - 1, &told[k]);
	return r;
}

static int ask_one(struct leaving *l, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int r = dw_ports_sweep(l->p, l->from, l->to->address, l->protocol, a, &l->v, e);

	return r < 0 ? r : name_ranges(l, e);
}

static bool is_told(const struct dw_report_leave *v)
{
	return !v->known || !v->passes || v->rule;
}

int dw_ports_leave(struct dw_ports *p, const struct dw_report_leave **ret, size_t *ret_n,
		   struct dw_error *e)
{
	static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP };
	struct leaving l = { .p = p };
	size_t n = 0;
	const struct dw_source *sources = dw_rehearsal_sources(p->rehearsal, &n);
	bool any = false;
	int r = 0;

	for (uint32_t from = 0; from < n && r >= 0; from++)
		for (unsigned i = 0; i < p->n_sources && r >= 0; i++) {
			l.from = from;
			l.to = &sources[p->sources[i]];
			if (sources[from].kind != DW_SOURCE_HOST ||
			    l.to->family != sources[from].family)
				continue;
			for (size_t k = 0; k < DW_ARRAY_SIZE(protocols) && r >= 0; k++) {
				l.protocol = protocols[k];
				r = ask_one(&l, e);
			}
		}
	if (r < 0)
		return r;
	for (size_t i = 0; i < l.found.n; i++)
		any |= is_told(&l.found.v[i]);
	p->leave_cut = l.cut;
	*ret = l.found.v;
	*ret_n = any ? l.found.n : 0;
	return 0;
}
