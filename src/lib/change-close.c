/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doing a plan: steps, then looks until it is sure that the doors are gone and nothing else is. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "audit-private.h"
#include "change-private.h"
#include "dw_procs.h"
#include "dw_str.h"

/* Services need a moment to end, and those that are brought back need one to come: a restart after RestartSec= or a
   watchdog's mostly takes a second. In milliseconds. */
#define LOOK_AGAIN 700
#define LOOKS      5
#define LOOK_LATE  1500
/* While it is only watched: units are cheap to list, the rest is looked at in the end. */
#define WATCH_EVERY 1000

static void wait_ms(unsigned ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL); /* a signal ends it: the caller asks */
}

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

/* "" when all is well, else what is not; in the change's arena. */
static const char *look(struct changing *c, const struct dw_run *run)
{
	struct dw_differences found = { 0 };
	struct doorward_audit *after;
	const struct dw_difference *d;
	const char *text;

	if (doorward_audit_run(c->d, &after) < 0)
		return dw_arena_printf(c->arena, "the host could not be looked at again: %s",
				       doorward_last_error(c->d));
	dw_change_compare(&c->sw, run, after, true, c->arena, &found);
	d = first_grave(&found);
	text = d ? told(c->arena, d) : "";
	doorward_audit_free(after);
	return text;
}

static const char *look_until_well(struct changing *c, const struct dw_run *run)
{
	const char *wrong = "";

	for (unsigned i = 0; i < LOOKS && !is_to_stop(c); i++) {
		if (i)
			wait_ms(LOOK_AGAIN);
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

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static const char *watch(struct changing *c, const struct dw_run *run,
			 const struct dw_strings *clients)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	uint64_t end = now_ms() + (uint64_t)c->o.pause * 1000;
	struct dw_strings calm = { 0 };
	const char *program, *wrong;

	(void)dw_change_units(c->sys, a, &calm);
	while (now_ms() < end && !is_to_stop(c)) {
		wait_ms(WATCH_EVERY);
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
			  const struct dw_strings *clients)
{
	const char *wrong = look_until_well(c, run);

	if (!*wrong && !is_to_stop(c)) {
		wait_ms(LOOK_LATE);
		wrong = look(c, run);
	}
	if (!*wrong && c->o.pause && !is_to_stop(c))
		wrong = watch(c, run, clients);
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
	const char *wrong;
	int r = dw_apply_run(&c->apply, run, e);

	if (r < 0)
		return r;
	r = dw_change_guard(c, run, e);
	wrong = r < 0 ? dw_arena_strdup(c->arena, e->message) : verify(c, run, clients);
	r = dw_apply_finish(&c->apply, run, !*wrong, *wrong ? wrong : NULL, e);
	if (r < 0 && run->confirm_by > 1)
		dw_change_unguard(c, run->id);
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
		r = dw_change_carry_out(&c, &run, &clients, &e);
		*ret_run = run.id;
	}
	d->error = e; /* looking again had its own messages */
	return r;
}
