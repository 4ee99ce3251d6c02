/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another user for a service that no unit starts: by the levers of the line or file that starts it. */
#include <errno.h>

#include "audit-private.h"
#include "confine-private.h"
#include "dw_levers.h"
#include "dw_str.h"

bool dw_confine_has_lines(const struct dw_confine_service *s)
{
	return !s->unit && (s->kind == DW_STARTER_INETD || s->kind == DW_STARTER_XINETD ||
			    s->kind == DW_STARTER_SYSV);
}

static bool is_of(const struct dw_door *d, const struct dw_confine_service *s)
{
	return d->starter.kind == s->kind && dw_streq0(d->starter.id, s->name);
}

/* Why it stays as it is, before any file is looked at; NULL: it may change. */
static const char *cannot(const struct dw_confine_service *s, struct dw_arena *a)
{
	if ((s->kind == DW_STARTER_INETD || s->kind == DW_STARTER_XINETD) && !s->handed)
		return "The superserver does it by itself: no program is started that could run as "
		       "another user.";
	if (s->root == DW_NO)
		return dw_arena_printf(a, "It does not run as root: %s.", s->user);
	if (s->root == DW_UNKNOWN)
		return "As whom it runs is not known.";
	if (s->profile && s->profile->needs & DW_PROFILE_SESSIONS)
		return dw_arena_printf(a, "It needs root to become who logs in: %s.",
				       s->profile->sources[0]);
	if (!s->profile || !s->could_be)
		return "No account is known as which it does all its work: nothing is changed. A "
		       "profile in /etc/doorward/knowledge.d says which.";
	return NULL;
}

static const char *text_of(const struct doorward_confining *x)
{
	struct dw_str out = { .arena = x->arena };

	for (size_t i = 0; i < x->steps->n; i++) {
		const struct dw_step *s = &x->steps->v[i];

		dw_str_addf(&out, "# %s: %s\n--- %s\n+++ %s\n%s", x->service->name, s->why,
			    s->object, s->object, s->diff ? s->diff : "");
		if (out.n && out.s[out.n - 1] != '\n')
			dw_str_addc(&out, '\n');
	}
	return out.s;
}

static void remark(struct doorward_confining *x, const struct dw_door *d)
{
	if (d->at.protocol != DW_PROTOCOL_TCP)
		dw_vec_push(x->arena, &x->dropin.remarks,
			    dw_arena_printf(x->arena,
					    "%s: nothing asks it whether it still answers.",
					    dw_endpoint_text(x->arena, &d->at)));
}

static void make(struct doorward_confining *x, struct dw_starters *s)
{
	const struct dw_snapshot *snapshot = x->audit->report.snapshot;
	const struct dw_door **doors =
		dw_arena_array(x->arena, snapshot->n_doors + 1, sizeof(*doors));
	struct dw_starters_set *set = dw_starters_load(s);
	struct dw_switch sw = { .sys = s->sys, .arena = x->arena };
	struct dw_levers *levers;
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_doors; i++)
		if (is_of(&snapshot->doors[i], x->service)) {
			remark(x, &snapshot->doors[i]);
			doors[n++] = &snapshot->doors[i];
		}
	levers = dw_levers_user(s, &sw, doors, n, x->service->profile, x->service->could_be);
	if (levers->cannot || !levers->n) {
		x->dropin.cannot = levers->cannot ? levers->cannot : "Nothing here says its user.";
	} else {
		const struct dw_steps *steps =
			dw_plan_one(doors[0], levers, snapshot->service_manager, x->arena);

		x->steps = steps->n ? steps : NULL;
		x->dropin.settings = steps->n;
		x->dropin.text = steps->n ? text_of(x) : NULL;
		x->dropin.cannot = steps->n ? NULL : "Nothing is to be changed.";
	}
	dw_switch_close(&sw);
	dw_starters_unload(set);
}

int dw_confine_demote(struct doorward *d, struct doorward_confining *x, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	const char *manager = x->audit->report.snapshot->service_manager;
	struct dw_facts *scratch; /* what cannot be read was noted by the audit */
	struct dw_starters s;
	int r;

	x->dropin.cannot = cannot(x->service, x->arena);
	if (x->dropin.cannot)
		return 0;
	r = dw_facade_open_sys(d, &sys, e);
	if (r < 0)
		return r;
	scratch = dw_facts_new();
	s = (struct dw_starters){
		.sys = sys,
		.procs = dw_sys_is_running(sys) ? dw_procs_new(sys, x->arena) : NULL,
		.facts = scratch,
		.arena = x->arena,
		/* OpenRC on Debian runs behind sysvinit, which is what process 1 is */
		.init = dw_streq0(manager, "openrc") ? "sysvinit" : manager
	};
	make(x, &s);
	dw_procs_close(s.procs);
	dw_facts_free(scratch);
	return 0;
}
