/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doing a plan: steps, then looks until it is sure that the doors are gone and nothing else is. */
#include <errno.h>
#include <string.h>

#include "audit-private.h"
#include "change-private.h"
#include "fence-private.h"
#include "dw_procs.h"
#include "dw_refused.h"
#include "dw_str.h"
#include "dw_wait.h"

/* Services need a moment to end, and those that are brought back need one to come: a restart after RestartSec= or a
   watchdog's mostly takes a second. In milliseconds. */
#define LOOK_AGAIN 700
#define LOOKS      5
#define LOOK_LATE  1500
/* While it is only watched: units are cheap to list, the rest is looked at in the end. */
#define WATCH_EVERY 1000 /* --pause counts seconds */

static bool is_to_stop(struct changing *c)
{
	if (c->o.stop && *c->o.stop)
		c->stop = true;
	return c->stop;
}

static const struct dw_difference *first_grave(const struct dw_differences *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].grave)
			return &all->v[i];
	return NULL;
}

/* Most texts name their object themselves. */
static const char *told(struct dw_arena *a, const struct dw_difference *d)
{
	bool named = !d->object || strstr(d->text, d->object);

	return dw_arena_printf(a, "%s%s%s%s%s%s", named ? "" : d->object, named ? "" : ": ",
			       d->text, d->who ? " Brought back by: " : "", d->who ? d->who : "",
			       d->who ? "." : "");
}

static bool was_blind(const struct dw_snapshot *before, const char *what)
{
	for (size_t i = 0; i < before->n_incomplete; i++)
		if (before->incomplete[i].blind && dw_streq(before->incomplete[i].what, what))
			return true;
	return false;
}

/* A door that is not seen is only closed if this look would have shown it, as the one before did. */
static const struct dw_incomplete *blinder(const struct dw_snapshot *before,
					   const struct dw_snapshot *after)
{
	for (size_t i = 0; before && i < after->n_incomplete; i++)
		if (after->incomplete[i].blind && !was_blind(before, after->incomplete[i].what))
			return &after->incomplete[i];
	return NULL;
}

/* "" when all is well, else what is not; in the change's arena. */
static const char *look_once(struct changing *c, const struct dw_run *run, bool *ret_blind)
{
	struct dw_differences found = { 0 };
	const struct dw_incomplete *blind;
	struct doorward_audit *after;
	const struct dw_difference *d;
	const char *text = "";

	*ret_blind = true;
	if (doorward_audit_run(c->d, &after) < 0)
		return dw_arena_printf(c->arena, "the host could not be looked at again: %s",
				       doorward_last_error(c->d));
	dw_change_compare(&c->sw, run, after, true, c->arena, &found);
	d = first_grave(&found);
	blind = blinder(c->before, after->report.snapshot);
	if (d)
		text = told(c->arena, d);
	else if (blind)
		text = dw_arena_printf(c->arena,
				       "it could not be seen whether the doors are closed: %s",
				       blind->text);
	*ret_blind = blind != NULL;
	doorward_audit_free(after);
	return text;
}

/* What failed by chance works the second time. */
static const char *look(struct changing *c, const struct dw_run *run)
{
	bool blind;
	const char *wrong = look_once(c, run, &blind);

	if (!blind || is_to_stop(c))
		return wrong;
	dw_sys_pause(c->sys, LOOK_AGAIN);
	return look_once(c, run, &blind);
}

static const char *look_until_well(struct changing *c, const struct dw_run *run)
{
	const char *wrong = "";

	for (unsigned i = 0; i < LOOKS && !is_to_stop(c); i++) {
		if (i)
			dw_sys_pause(c->sys, LOOK_AGAIN);
		wrong = look(c, run);
		if (!*wrong)
			break;
	}
	return wrong;
}

/* --- watching ------------------------------------------------------------------------------------- */

/* Programs of this host that are connected to doors which close: who will be refused. */
static void clients_of(const struct doorward_plan *p, struct dw_arena *a, struct dw_strings *ret)
{
	for (size_t i = 0; i < p->plan->n_closes; i++) {
		const struct dw_door *d = p->plan->closes[i]->door;

		for (size_t k = 0; k < d->n_peers; k++)
			if (d->peers[k].local && d->peers[k].program &&
			    !dw_streq0(d->peers[k].program, d->program) &&
			    !dw_strings_has(ret, d->peers[k].program))
				dw_vec_push(a, ret, d->peers[k].program);
	}
}

/* The first of the programs that runs no more; NULL: all do, or it cannot be told. */
static const char *gone(struct dw_sys *sys, const struct dw_strings *programs, struct dw_arena *a)
{
	struct dw_procs *procs = programs->n ? dw_procs_new(sys, a) : NULL;
	struct dw_strings running = { 0 };
	int *pids = NULL;
	size_t n = 0;

	if (!procs)
		return NULL;
	if (dw_procs_list(procs, a, &pids, &n, NULL) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct dw_procinfo *p = dw_procs_get(procs, pids[i]);

		if (p && p->exe)
			dw_vec_push(a, &running, p->exe);
	}
	dw_procs_close(procs);
	for (size_t i = 0; i < programs->n && n; i++)
		if (!dw_strings_has(&running, programs->v[i]))
			return programs->v[i];
	return NULL;
}

/* A unit that the run does not stop and that is not active any more: worth a look before the time is up. */
static bool lost_a_unit(struct changing *c, const struct dw_strings *calm)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings now;

	if (!calm->n || !dw_change_units(c->sys, a, &now))
		return false;
	for (size_t i = 0; i < calm->n; i++)
		if (!dw_strings_has(&now, calm->v[i]))
			return true;
	return false;
}

static bool closes(const struct dw_run *run, const struct dw_refusal_seen *seen)
{
	for (size_t i = 0; i < run->n_doors; i++) {
		const struct dw_run_door *d = &run->doors[i];

		if ((d->role == DW_RUN_DOOR_CLOSED || d->role == DW_RUN_DOOR_ALSO) &&
		    d->at.protocol == DW_PROTOCOL_TCP && d->at.port == seen->port)
			return true;
	}
	return false;
}

/* Who on this host wanted in at one of the doors, and was refused; NULL: nobody, or it cannot be seen. */
static const char *refused(struct changing *c, const struct dw_run *run, struct dw_refusals *w)
{
	struct dw_refusal_seen *seen = NULL;
	size_t n = 0;

	if (!w || dw_refusals_read(w, c->arena, &seen, &n, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (closes(run, &seen[i]) &&
		    dw_sys_is_own_address(c->sys, seen[i].family, seen[i].address))
			return dw_arena_printf(c->arena,
					       "%s, a program of this host, was refused at port "
					       "%u: it uses the door",
					       *seen[i].comm ? seen[i].comm : "something",
					       seen[i].port);
	return NULL;
}

static const char *watch(struct changing *c, const struct dw_run *run,
			 const struct dw_strings *clients, struct dw_refusals *w)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings calm = { 0 };
	const char *program, *wrong;

	(void)dw_change_units(c->sys, a, &calm);
	for (unsigned s = 0; s < c->o.pause && !is_to_stop(c); s++) {
		dw_sys_pause(c->sys, WATCH_EVERY);
		wrong = refused(c, run, w);
		if (wrong)
			return wrong;
		if (!lost_a_unit(c, &calm))
			continue;
		wrong = look(c, run);
		if (*wrong)
			return wrong;
		(void)dw_change_units(c->sys, a, &calm);
	}
	program = gone(c->sys, clients, a);
	if (program)
		return dw_arena_printf(c->arena,
				       "%s was connected to the door and does not run any more",
				       program);
	return look(c, run);
}

static const char *verify(struct changing *c, const struct dw_run *run,
			  const struct dw_strings *clients, struct dw_refusals *w)
{
	const char *wrong = look_until_well(c, run);

	if (!*wrong && !is_to_stop(c)) {
		dw_sys_pause(c->sys, LOOK_LATE);
		wrong = look(c, run);
	}
	if (!*wrong && c->o.pause && !is_to_stop(c))
		wrong = watch(c, run, clients, w);
	if (!*wrong && c->also && !is_to_stop(c))
		wrong = c->also(c->also_data);
	return is_to_stop(c) ? "it was interrupted" : wrong;
}

/* --- the run -------------------------------------------------------------------------------------- */

static int save(void *data, const char *object, const char *name, const void *bytes, size_t n,
		struct dw_error *e)
{
	struct changing *c = data;

	return dw_store_save(c->store, c->run->id, object, name, bytes, n, e);
}

static int carry_out(struct changing *c, struct dw_run *run, const struct dw_strings *clients,
		     struct dw_error *e)
{
	struct dw_refusals *w = NULL;
	const char *wrong;
	int r;

	/* from before the steps on: who tries while the door closes is among them */
	if (c->o.pause)
		(void)dw_refusals_open(c->sys, &w, NULL);
	r = dw_apply_run(&c->apply, run, e);
	if (r < 0) {
		dw_refusals_close(w);
		return r;
	}
	r = dw_change_guard(c, run, e);
	wrong = r < 0 ? dw_arena_strdup(c->arena, e->message) : verify(c, run, clients, w);
	dw_refusals_close(w);
	r = dw_apply_finish(&c->apply, run, !*wrong, *wrong ? wrong : NULL, e);
	if (r < 0 && run->confirm_by > 1)
		dw_change_unguard(c, run->id);
	if (r == 0 && !run->confirm_by)
		dw_fence_wake_unit(c, run);
	if (r == -ECANCELED) /* what the executor says of it is only that it was put back */
		return dw_error_set(e, r, "%s", wrong);
	return r;
}

int dw_change_carry_out(struct changing *c, struct dw_run *run, const struct dw_strings *clients,
			struct dw_error *e)
{
	if (!dw_change_units(c->sys, c->arena, &run->units))
		run->units = (struct dw_strings){ 0 };
	c->run = run;
	c->sw.save = save;
	c->sw.save_data = c;
	return carry_out(c, run, clients, e);
}

int doorward_close(struct doorward *d, struct doorward_plan *p,
		   const struct doorward_close_options *o, long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct dw_strings clients = { 0 };
	struct dw_error e = { 0 };
	struct dw_run run = { 0 };
	int r;

	*ret_run = 0;
	(void)dw_facade_begin(d);
	r = dw_change_open(d, true, "doorward close", o, &c, &e);
	if (r == 0) {
		dw_plan_run(p->plan, &p->request, c.arena, &run);
		dw_change_describe(&c, "close", &run);
		r = dw_change_trial(&c, p->request.service_manager, &run, &e);
	}
	if (r == 0) {
		clients_of(p, c.arena, &clients);
		c.before = p->audit->report.snapshot;
		r = dw_change_carry_out(&c, &run, &clients, &e);
		*ret_run = run.id;
	}
	d->error = e; /* looking again had its own messages */
	return r;
}
