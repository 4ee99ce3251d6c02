/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ports of a host there is something to say about. */
#include <stdlib.h>

#include "comparing.h"

static bool has_scan(enum dw_protocol p)
{
	return p == DW_PROTOCOL_TCP || p == DW_PROTOCOL_UDP || p == DW_PROTOCOL_SCTP;
}

static void add_candidate(struct dw_arena *a, struct dw_compare_ports *all, enum dw_protocol p,
			  uint32_t port)
{
	if (has_scan(p) && port <= UINT16_MAX)
		dw_vec_push(a, all, ((struct dw_compare_port){ p, (uint16_t)port }));
}

static void add_door(struct dw_arena *a, struct dw_compare_ports *all, const struct dw_door *d)
{
	uint32_t last = DW_MAX(d->port_last, d->at.port);

	/* a redirected range of thousands is no list of things that should answer */
	if (!d->at.has_port || d->kind == DW_KIND_SLEEPING || last - d->at.port >= 1024)
		last = d->at.port;
	for (uint32_t port = d->at.port; d->at.has_port && port <= last; port++)
		add_candidate(a, all, d->at.protocol, port);
}

static int by_port(const void *x, const void *y)
{
	const struct dw_compare_port *a = x, *b = y;

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (int)a->port - (int)b->port;
}

static bool is_one_port(const struct dw_statement *s, const struct dw_what *w)
{
	return s->action == DW_POLICY_KEEP && w->kind == DW_WHAT_PORT && w->first == w->last &&
	       !s->role;
}

/* What the policy keeps by its number is expected where nobody looked from inside. */
static void add_policy(struct dw_arena *a, struct dw_compare_ports *all,
		       const struct dw_policy *policy)
{
	for (size_t i = 0; policy && i < policy->n_statements; i++)
		for (size_t k = 0; k < policy->statements[i].n_what; k++) {
			const struct dw_what *w = &policy->statements[i].what[k];

			if (!is_one_port(&policy->statements[i], w))
				continue;
			add_candidate(a, all, w->protocol ? w->protocol : DW_PROTOCOL_TCP,
				      w->first);
		}
}

bool dw_compare_is_named_port(const struct dw_comparing_port *p)
{
	const struct dw_policy *policy =
		p->c->in->expect & DW_EXPECT_POLICY ? p->c->in->policy : NULL;

	for (size_t i = 0; policy && i < policy->n_statements; i++)
		for (size_t k = 0; k < policy->statements[i].n_what; k++) {
			const struct dw_what *w = &policy->statements[i].what[k];

			if (is_one_port(&policy->statements[i], w) && w->first == p->port &&
			    (w->protocol == p->protocol ||
			     (!w->protocol && p->protocol == DW_PROTOCOL_TCP)))
				return true;
		}
	return false;
}

struct dw_compare_ports dw_compare_ports_of(const struct dw_comparing *c,
					    const struct dw_comparing_host *h)
{
	struct dw_compare_ports all = { 0 };
	struct dw_arena *a = c->a;
	size_t n = 0;

	for (size_t i = 0; i < h->host->n_ports; i++)
		add_candidate(a, &all, h->host->ports[i].protocol, h->host->ports[i].port);
	for (size_t i = 0; h->before && i < h->before->n_ports; i++)
		if (h->before->ports[i].state == DW_SCAN_OPEN)
			add_candidate(a, &all, h->before->ports[i].protocol,
				      h->before->ports[i].port);
	for (size_t i = 0; h->inside && i < h->inside->snapshot->n_doors; i++)
		add_door(a, &all, &h->inside->snapshot->doors[i]);
	if (!h->inside && c->in->expect & DW_EXPECT_POLICY)
		add_policy(a, &all, c->in->policy);
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), by_port);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || by_port(&all.v[n - 1], &all.v[i]) != 0)
			all.v[n++] = all.v[i];
	all.n = n;
	return all;
}
