/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the packet filters of this host let through to its doors, by rehearsal: one for each network namespace
 * with rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit-private.h"
#include "dw_exposure.h"
#include "dw_str.h"

#define REHEARSALS_MAX 16 /* namespaces; beyond: unknown */

struct filtering {
	struct auditing *a;
	struct dw_arena *arena; /* the snapshot's */
	struct dw_rehearse_network *networks;
	size_t n_networks;
	struct dw_door **doors; /* of the namespace at hand */
	size_t n_doors;
};

static int by_network(const void *a, const void *b)
{
	const struct dw_rehearse_network *x = a, *y = b;
	int d = memcmp(x->address, y->address, sizeof(x->address));

	if (d == 0)
		d = (int)x->family - (int)y->family;
	return d ? d : (int)x->prefix - (int)y->prefix;
}

/* Whom the policy names is told apart from his neighbours, whether the rules do so or not. */
static void find_networks(struct filtering *f)
{
	const struct dw_policy *p = f->a->policy;
	size_t n = 0;

	for (size_t i = 0; p && i < p->n_statements; i++)
		n += p->statements[i].n_from;
	f->networks = dw_arena_array(f->arena, n + 1, sizeof(*f->networks));
	n = 0;
	for (size_t i = 0; p && i < p->n_statements; i++)
		for (size_t k = 0; k < p->statements[i].n_from; k++) {
			const struct dw_network *from = &p->statements[i].from[k];

			f->networks[n] = (struct dw_rehearse_network){ .family = from->family,
								       .prefix = from->prefix };
			memcpy(f->networks[n++].address, from->address, sizeof(from->address));
		}
	/* each once */
	qsort(f->networks, n, sizeof(*f->networks), by_network);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_network(&f->networks[i], &f->networks[i - 1]) != 0)
			f->networks[f->n_networks++] = f->networks[i];
}

/* --- asking --------------------------------------------------------------------------------------- */

/* A second time, for the rule: a trace costs more than a packet. */
static int explain(struct dw_rehearsal *r, struct dw_exposure *x,
		   struct dw_rehearse_answer *answers, struct dw_error *e)
{
	size_t *which = dw_arena_array(x->arena, x->n + 1, sizeof(*which));
	size_t n = dw_exposure_explain(x, answers, which);
	struct dw_rehearse_question *q = dw_arena_array(x->arena, n + 1, sizeof(*q));
	struct dw_rehearse_answer *told = dw_arena_array(x->arena, n + 1, sizeof(*told));
	int code;

	for (size_t i = 0; i < n; i++)
		q[i] = x->v[which[i]];
	code = n ? dw_rehearsal_ask(r, q, n, told, e) : 0;
	for (size_t i = 0; code >= 0 && i < n; i++)
		answers[which[i]] = told[i];
	return code;
}

int dw_lib_expose(struct dw_rehearsal *r, struct dw_door *const *doors, size_t n,
		  struct dw_arena *arena, struct dw_error *e)
{
	struct dw_exposure_room room = { .doors = doors, .n_doors = n };
	struct dw_rehearse_answer *answers;
	struct dw_exposure *x;
	int code = 0;

	room.sources = dw_rehearsal_sources(r, &room.n_sources);
	room.open = dw_rehearsal_is_open(r);
	room.own = dw_rehearsal_addresses(r, &room.n_own);
	x = dw_exposure_new(arena, &room);
	answers = dw_arena_array(arena, x->n + 1, sizeof(*answers));
	if (x->n)
		code = dw_rehearsal_ask(r, x->v, x->n, answers, e);
	if (code >= 0 && x->n)
		code = explain(r, x, answers, e);
	if (code >= 0)
		dw_exposure_tell(x, answers);
	return code;
}

/*
 * The rules let everything pass: as if there were none. Doors on an interface stay: who comes by it is a question for
 * the rehearsal all the same.
 */
static void open_to_all(struct filtering *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_doors; i++) {
		struct dw_door *d = f->doors[i], without = *d;

		without.packet_filter = DW_NO;
		d->filtered = dw_exposure_by_address(f->arena, &without);
		if (!d->filtered)
			f->doors[n++] = d;
	}
	f->n_doors = n;
}

static int rehearse(struct filtering *f, const struct dw_netns *ns, struct dw_error *e)
{
	struct dw_rehearse_options o = { .netns = ns,
					 .networks = f->networks,
					 .n_networks = f->n_networks };
	_cleanup_(dw_cleanup_rehearsal) struct dw_rehearsal *r = NULL;
	int code = dw_rehearsal_open(f->a->sys, &o, &r, e);

	if (code < 0)
		return code;
	if (dw_rehearsal_is_open(r) && dw_rehearsal_obstacles(r)->n == 0)
		open_to_all(f);
	return dw_lib_expose(r, f->doors, f->n_doors, f->arena, e);
}

static const char *of_namespace(const struct filtering *f, size_t netns)
{
	struct dw_facts *facts = f->a->facts;
	const struct dw_netns_fact *ns = &facts->netns.v[netns];

	if (netns == 0)
		return "";
	return dw_arena_printf(facts->arena, " of network namespace %s",
			       ns->name ? ns->name
					: dw_arena_printf(facts->arena, "net:[%u]", ns->inode));
}

/* --- what filters beside the rules ---------------------------------------------------------------- */

struct beside {
	const struct filtering *f;
	const struct dw_netns *ns;
	struct dw_strings found;
};

static int ask_beside(void *arg, struct dw_error *e)
{
	struct beside *b = arg;

	return dw_rehearsal_beside(b->f->a->sys, b->ns, b->f->arena, &b->found, e);
}

/* Interfaces and programs that come and go between two questions spoil an answer, not two. */
static int look_twice(struct beside *b, struct dw_error *e)
{
	struct dw_sys *s = b->f->a->sys;
	int r = dw_netns_run(s, b->ns, ask_beside, b, e);

	if (r >= 0 || r == -EPERM)
		return r;
	b->found.n = 0;
	*e = (struct dw_error){ 0 };
	return dw_netns_run(s, b->ns, ask_beside, b, e);
}

/* A namespace without rules may have a program that drops packets, all the same. */
static void look_beside(const struct filtering *f, struct dw_snapshot *s, size_t netns)
{
	const struct dw_netns *ns = &f->a->collect.netns.v[netns];
	uint32_t inode = f->a->facts->netns.v[netns].inode;
	struct beside beside = { .f = f, .ns = ns->fd < 0 ? NULL : ns };
	enum dw_tristate found = DW_YES;
	struct dw_error e = { 0 };
	size_t doors = 0;
	int r;

	if (f->a->facts->netns.v[netns].filter != DW_NO ||
	    (ns->fd < 0 && ns->inode != dw_netns_self(f->a->sys)))
		return;
	/* all its questions by one visit */
	r = look_twice(&beside, &e);
	if (r == 0 && beside.found.n == 0)
		return;
	if (r < 0)
		found = DW_UNKNOWN;
	for (size_t i = 0; i < s->n_doors; i++)
		if (s->doors[i].at.netns == inode || (netns == 0 && s->doors[i].at.netns == 0)) {
			s->doors[i].packet_filter = found;
			doors++;
		}
	if (r < 0 && doors > 0)
		dw_facts_incomplete(f->a->facts, "no-rehearsal", NULL, 0, true,
				    "whether anything but rules%s keeps packets from doors could "
				    "not be looked at: %s",
				    of_namespace(f, netns), e.message);
}

/* --- the doors ------------------------------------------------------------------------------------ */

/* Those of a namespace that cannot be told by their address. */
static void take_doors(struct filtering *f, struct dw_snapshot *s, size_t netns)
{
	uint32_t inode = f->a->facts->netns.v[netns].inode;

	f->n_doors = 0;
	for (size_t i = 0; i < s->n_doors; i++) {
		struct dw_door *d = &s->doors[i];

		if (!d->filtered && (d->at.netns == inode || (netns == 0 && d->at.netns == 0)))
			f->doors[f->n_doors++] = d;
	}
}

/* Those before which no filter stands are open as they are. */
static void give_up(struct filtering *f, const char *why)
{
	for (size_t i = 0; i < f->n_doors; i++) {
		struct dw_door *d = f->doors[i];

		d->filtered = d->packet_filter == DW_NO ? dw_exposure_without_filter(f->arena, d)
							: dw_exposure_unknown(f->arena, why);
	}
}

static bool is_filtered(const struct filtering *f)
{
	for (size_t i = 0; i < f->n_doors; i++)
		if (f->doors[i]->packet_filter != DW_NO)
			return true;
	return false;
}

static void fill_namespace(struct filtering *f, size_t netns)
{
	struct dw_facts *facts = f->a->facts;
	const struct dw_netns *ns = &f->a->collect.netns.v[netns];
	struct dw_error e = { 0 };

	if (dw_sys_is_fake(f->a->sys)) {
		give_up(f, "only the filter of a host that runs can be rehearsed");
		return;
	}
	if (ns->fd < 0 && ns->inode != dw_netns_self(f->a->sys)) {
		give_up(f, "its network namespace could not be entered");
		return;
	}
	if (rehearse(f, ns->fd < 0 ? NULL : ns, &e) >= 0)
		return;
	if (is_filtered(f))
		dw_facts_incomplete(facts, "no-rehearsal", NULL, 0, true,
				    "what the packet filter%s lets in could not be rehearsed: %s",
				    of_namespace(f, netns), e.message);
	give_up(f, dw_arena_printf(f->arena, "it could not be rehearsed: %s", e.message));
}

/* Those n that cannot be told by their address. */
static void rehearse_all(struct filtering *f, struct dw_snapshot *s, size_t n)
{
	const struct auditing *a = f->a;
	size_t rehearsals = 0;

	f->doors = dw_arena_array(s->arena, n, sizeof(struct dw_door *));
	find_networks(f);
	for (size_t i = 0; i < a->facts->netns.n && i < a->collect.netns.n; i++) {
		take_doors(f, s, i);
		if (f->n_doors == 0)
			continue;
		if (rehearsals++ < REHEARSALS_MAX)
			fill_namespace(f, i);
		else
			give_up(f, "too many network namespaces have packet filters of their own");
	}
}

void dw_lib_filtered(struct auditing *a, struct dw_snapshot *s)
{
	struct filtering f = { .a = a, .arena = s->arena };
	size_t n = 0;

	if (!dw_sys_is_running(a->sys))
		return;
	for (size_t i = 0; i < DW_MIN(a->facts->netns.n, a->collect.netns.n); i++)
		look_beside(&f, s, i);
	for (size_t i = 0; i < s->n_doors; i++) {
		s->doors[i].filtered = dw_exposure_by_address(s->arena, &s->doors[i]);
		n += !s->doors[i].filtered;
	}
	if (n > 0)
		rehearse_all(&f, s, n);
	dw_lib_doubt_cgroups(a, s);
}
