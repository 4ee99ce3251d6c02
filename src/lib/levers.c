/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What closes the doors that are asked about: the starters are loaded once for all of them, nothing is changed. */
#include <string.h>

#include "audit-private.h"
#include "dw_collect.h"
#include "dw_levers.h"
#include "dw_str.h"

struct gathering {
	const struct dw_audit *audit;
	struct dw_starters s;
	struct dw_switch sw;
	unsigned more;
};

/* What goes with the door's package, once for all doors of one. NULL: it is not known; *e says why. */
static const struct dw_removal *removal_of(const struct gathering *g,
					   const struct dw_plan_door *doors, size_t i,
					   struct dw_error *e)
{
	const struct dw_package *p = doors[i].door->package;
	struct dw_removal *ret;

	if (!(g->more & DW_LEVERS_REMOVE_PACKAGE) || !p || !p->name ||
	    !dw_streq0(p->manager, "dpkg"))
		return NULL;
	for (size_t k = 0; k < i; k++)
		if (doors[k].removal && dw_streq0(doors[k].door->package->name, p->name))
			return doors[k].removal;
	ret = dw_new(g->s.arena, struct dw_removal);
	return dw_packages_removal(g->s.sys, g->s.arena, p->name, ret, e) < 0 ? NULL : ret;
}

static const struct dw_levers *cannot(struct dw_arena *a, const char *text)
{
	struct dw_levers *ret = dw_new(a, struct dw_levers);

	ret->cannot = text;
	return ret;
}

static const struct dw_finding *finding_of(const struct dw_audit *audit, const struct dw_door *d)
{
	for (size_t i = 0; i < audit->findings->n; i++)
		if (audit->findings->v[i].door == d)
			return &audit->findings->v[i];
	return NULL;
}

static const char *network_text(struct dw_arena *a, const struct dw_network *n)
{
	struct dw_endpoint at = { .family = n->family };

	memcpy(at.address, n->address, sizeof(at.address));
	return dw_arena_printf(a, "%s/%u", dw_endpoint_address(a, &at), n->prefix);
}

/*
 * Who shall reach the door: what the policy says of it, else this host alone where the service is made for that. None:
 * it is to be closed, and the service behind it shall go on. False: nobody says.
 */
static bool networks_of(const struct dw_finding *f, struct dw_arena *a, struct dw_strings *ret)
{
	const struct dw_statement *s = f->statement;
	const struct dw_service *service = f->identity.service;

	for (size_t i = 0; s && i < s->n_from; i++)
		dw_vec_push(a, ret, network_text(a, &s->from[i]));
	if (ret->n || f->verdict == DW_VERDICT_CLOSE)
		return true;
	if (s ? !s->on_loopback
	      : !service || (service->reach != DW_REACH_LOOPBACK &&
			     service->reach != DW_REACH_NONE))
		return false;
	dw_vec_push(a, ret, "127.0.0.1");
	return true;
}

bool dw_lib_networks_of(const struct dw_audit *audit, const struct dw_door *d, struct dw_arena *a,
			struct dw_strings *ret)
{
	const struct dw_finding *f = finding_of(audit, d);

	return f && networks_of(f, a, ret);
}

static const struct dw_levers *narrow(struct gathering *g, const struct dw_plan_door *d)
{
	const struct dw_finding *f = finding_of(g->audit, d->door);
	struct dw_strings from = { 0 };

	if (!f || !networks_of(f, g->s.arena, &from))
		return cannot(g->s.arena,
			      "Who shall reach it is not said: \"keep ... from NETWORK\" in "
			      "the policy does, or a packet filter narrows it.");
	return dw_levers_restrict(&g->s, &g->sw, d->door, f->identity.service, &from);
}

static const struct dw_levers *levers_of(struct gathering *g, const struct dw_plan_door *d)
{
	if (d->intent == DW_INTENT_CLOSE)
		return dw_levers_close(&g->s, &g->sw, d->door, d->relations, g->more, d->removal);
	return narrow(g, d);
}

static void gather(struct gathering *g, struct dw_plan_door *doors, size_t n)
{
	struct dw_starters_set *set = dw_starters_load(&g->s);

	for (size_t i = 0; i < n; i++) {
		struct dw_error e = { 0 };

		doors[i].removal = NULL;
		if (doors[i].intent == DW_INTENT_NONE)
			continue;
		if (doors[i].intent == DW_INTENT_CLOSE)
			doors[i].removal = removal_of(g, doors, i, &e);
		doors[i].levers =
			e.code ? cannot(g->s.arena,
					dw_arena_printf(g->s.arena,
							"What goes with its package is not "
							"known: %s.",
							e.message))
			       : levers_of(g, &doors[i]);
	}
	dw_lib_levers_fence(g->audit, &g->sw, doors, n, g->s.arena);
	dw_switch_close(&g->sw);
	dw_starters_unload(set);
}

/* OpenRC on Debian runs behind sysvinit, which is what process 1 is. */
static const char *init_of(const char *service_manager)
{
	return dw_streq0(service_manager, "openrc") ? "sysvinit" : service_manager;
}

int dw_lib_levers(const struct dw_audit *audit, struct dw_plan_door *doors, size_t n, unsigned more,
		  struct dw_arena *a, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_facts *scratch; /* what cannot be read was noted by the audit */
	struct dw_procs *procs = NULL;
	struct gathering g;
	int r;

	if (!audit->looked)
		return 0;
	r = audit->fake ? dw_sys_open_fake(audit->fake, &sys, e)
			: dw_sys_open(audit->root, &sys, e);
	if (r < 0)
		return r;
	scratch = dw_facts_new();
	if (dw_sys_is_running(sys))
		procs = dw_procs_new(sys, a);
	g = (struct gathering){
		.audit = audit,
		.s = { .sys = sys,
		       .procs = procs,
		       .facts = scratch,
		       .arena = a,
		       .init = init_of(audit->snapshot->service_manager) },
		.sw = { .sys = sys, .arena = a },
		.more = more,
	};
	gather(&g, doors, n);
	dw_procs_close(procs);
	dw_facts_free(scratch);
	return 0;
}

void dw_lib_tell_steps(const struct dw_audit *audit, struct dw_report_door *doors, size_t n,
		       struct dw_arena *a)
{
	struct dw_plan_door *asked = dw_arena_array(a, n + 1, sizeof(*asked));

	for (size_t i = 0; i < n; i++)
		asked[i] = (struct dw_plan_door){ .door = doors[i].door,
						  .intent = DW_INTENT_CLOSE,
						  .relations = doors[i].relations };
	if (!audit->looked || dw_lib_levers(audit, asked, n, 0, a, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		doors[i].steps = dw_plan_one(doors[i].door, asked[i].levers,
					     audit->snapshot->service_manager, a);
}
