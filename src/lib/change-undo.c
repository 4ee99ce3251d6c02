/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking runs back, and trials. */
#include <errno.h>

#include "change-private.h"
#include "dw_guard.h"
#include "dw_str.h"
#include "dw_wait.h"
#include "fence-private.h"

static bool is_trial(const struct dw_run *r)
{
	return r->state == DW_RUN_DONE && r->confirm_by && !r->confirmed;
}

/* What a person means who says no number: the newest that is in force as a whole, else one that was left in part. */
static int64_t newest(const struct dw_run *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].state == DW_RUN_DONE || v[i].state == DW_RUN_FAILED)
			return v[i].id;
	for (size_t i = 0; i < n; i++)
		if (v[i].state == DW_RUN_PARTLY_UNDONE)
			return v[i].id;
	return 0;
}

static int64_t newest_trial(const struct dw_run *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_trial(&v[i]))
			return v[i].id;
	return 0;
}

/* The run of that number; 0: the one that the chooser takes of all there are, *ret 0 when it takes none. */
static int choose(struct changing *c, long long run,
		  int64_t (*chooser)(const struct dw_run *v, size_t n), int64_t *ret,
		  struct dw_error *e)
{
	struct dw_run *runs = NULL;
	size_t n = 0;
	int r = run ? 0 : dw_store_runs(c->store, c->arena, &runs, &n, e);

	if (r == 0)
		*ret = run ? run : chooser(runs, n);
	return r;
}

static int nothing(struct dw_error *e)
{
	return dw_error_set(
		e, -EALREADY,
		"nothing is to be undone: no run is in force (doorward history has them all)");
}

static int undo(struct changing *c, long long run, bool force, long long *ret_run,
		struct dw_error *e)
{
	struct dw_run undone = { 0 };
	int64_t id = 0;
	int r = choose(c, run, newest, &id, e);

	if (r < 0)
		return r;
	if (id == 0)
		return nothing(e);
	*ret_run = id;
	r = dw_apply_undo(&c->apply, id, force, &undone, e);
	dw_fence_forget_unit(c, &undone);
	if (r == 0)
		dw_fence_wake_unit(c, &undone);
	if (r != -ENOENT && undone.confirm_by > 1)
		dw_change_unguard(c, id);
	return r;
}

int doorward_undo(struct doorward *d, long long run, int force,
		  const struct doorward_close_options *o, long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct dw_error *e = dw_facade_begin(d);
	int r = dw_change_open(d, false, "doorward undo", o, &c, e);

	if (r == -ENOENT && run == 0)
		return nothing(e);
	/* whoever was interrupted and says "back" means that run, and not the one before */
	if (r == 0 && c.interrupted && (run == 0 || run == c.interrupted)) {
		*ret_run = c.interrupted;
		return 0;
	}
	return r < 0 ? r : undo(&c, run, force != 0, ret_run, e);
}

/* One that was interrupted comes first. */
static int64_t next(const struct dw_run *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].state == DW_RUN_STARTED || v[i].state == DW_RUN_UNDOING)
			return v[i].id;
	return newest(v, n);
}

int doorward_undo_look(struct doorward *d, long long *ret_run)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_run *runs = NULL;
	size_t n = 0;
	int r = dw_change_runs(d, a, &runs, &n, e);

	if (r == 0)
		*ret_run = next(runs, n);
	return r;
}

/* Whoever changes the host when the time is up is soon done, or dead: nobody comes again to put the trial back. */
#define BUSY_MS    600000
#define BUSY_EVERY 500

static int undo_expired(struct changing *c, long long run, long long *ret_run, struct dw_error *e)
{
	const char *boot = dw_change_boot_id(c->sys, c->arena);
	struct dw_run *runs = NULL, undone = { 0 };
	bool some = false;
	size_t n = 0;
	int worst = 0, r = dw_store_runs(c->store, c->arena, &runs, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		int one;

		/* a guard that names its run waited by a clock that nobody sets */
		if (run ? runs[i].id != run || !is_trial(&runs[i])
			: !dw_guard_is_due(&runs[i], dw_sys_now(c->sys), boot))
			continue;
		some = true;
		*ret_run = runs[i].id;
		one = dw_apply_undo(&c->apply, runs[i].id, false, &undone, e);
		if (one < 0 && dw_streq0(runs[i].kind, "fence"))
			dw_fence_put_back(c, runs[i].id);
		worst = one < 0 ? one : worst;
	}
	if (r < 0)
		return r;
	return some ? worst
		    : dw_error_set(e, -EALREADY,
				   "no trial is to be put back (doorward history has all runs)");
}

int doorward_undo_expired(struct doorward *d, long long run, const struct doorward_close_options *o,
			  long long *ret_run)
{
	struct dw_error *e = dw_facade_begin(d);
	int r = -EBUSY;

	for (unsigned ms = 0; r == -EBUSY && ms < BUSY_MS; ms += BUSY_EVERY) {
		_cleanup_change_ struct changing c = { 0 };

		r = dw_change_open(d, false, "doorward undo --expired", o, &c, e);
		if (r == -EBUSY)
			dw_sys_pause(c.sys, BUSY_EVERY);
		else if (r == 0)
			return undo_expired(&c, run, ret_run, e);
	}
	if (r == -ENOENT)
		return dw_error_set(e, -EALREADY,
				    "no trial is to be put back (doorward history has all runs)");
	return r;
}

static int no_trial(struct dw_error *e)
{
	return dw_error_set(
		e, -EALREADY,
		"no run is on trial: there is nothing to confirm (doorward history has all runs)");
}

/* A packet filter may let an old connection live and no new one in. */
static int may_confirm(struct changing *c, int64_t id, struct dw_error *e)
{
	struct dw_run run = { 0 };
	int r = dw_store_load(c->store, id, c->arena, &run, e);

	if (r < 0 || !dw_streq0(run.kind, "fence") || run.state != DW_RUN_DONE || run.confirmed)
		return r;
	return dw_fence_may_confirm(c, id, e);
}

static int confirm(struct changing *c, long long run, long long *ret_run, struct dw_error *e)
{
	struct dw_run kept = { 0 };
	int64_t id = 0;
	int r = choose(c, run, newest_trial, &id, e);

	if (r < 0)
		return r;
	if (id == 0)
		return no_trial(e);
	*ret_run = id;
	r = may_confirm(c, id, e);
	if (r == 0)
		r = dw_apply_confirm(&c->apply, id, &kept, e);
	if (r == 0 && kept.confirm_by > 1)
		dw_change_unguard(c, id);
	if (r == 0)
		dw_fence_wake_unit(c, &kept);
	return r;
}

int doorward_confirm(struct doorward *d, long long run, long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct dw_error *e = dw_facade_begin(d);
	int r = dw_change_open(d, false, "doorward confirm", NULL, &c, e);

	if (r == -ENOENT && run == 0)
		return no_trial(e);
	return r < 0 ? r : confirm(&c, run, ret_run, e);
}
