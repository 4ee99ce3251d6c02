/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What closes the doors that are asked about: the starters are loaded once for all of them, nothing is changed. */
#include "audit-private.h"
#include "dw_levers.h"
#include "dw_str.h"

struct gathering {
	struct dw_starters s;
	struct dw_switch sw;
	unsigned more;
};

static const struct dw_levers *cannot(struct dw_arena *a, const char *text)
{
	struct dw_levers *ret = dw_new(a, struct dw_levers);

	ret->cannot = text;
	return ret;
}

static const struct dw_levers *levers_of(struct gathering *g, const struct dw_plan_door *d)
{
	if (d->intent == DW_INTENT_CLOSE)
		return dw_levers_close(&g->s, &g->sw, d->door, d->relations, g->more);
	return cannot(g->s.arena, "Its own settings are not known well enough to narrow it: a "
				  "packet filter has to.");
}

static void gather(struct gathering *g, struct dw_plan_door *doors, size_t n)
{
	struct dw_starters_set *set = dw_starters_load(&g->s);

	for (size_t i = 0; i < n; i++)
		if (doors[i].intent != DW_INTENT_NONE)
			doors[i].levers = levers_of(g, &doors[i]);
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
