/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking back: after a failure, after a crash, and when it is asked for. What decides is the state of each object as
 * it is now; the journal says only which steps may have been begun. So it does not matter where a crash hit, or how
 * often this is done.
 */
#include <errno.h>
#include <string.h>

#include "dw_guard.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_write.h"
#include "executor.h"

static bool is_file(const struct dw_step *t)
{
	return dw_streq(t->manager, "file");
}

/* The state says whether there is anything to do; a step that failed keeps the word of it. */
static void back_is(struct work *w, size_t i, const char *message)
{
	const struct dw_run_step *p = &w->run->steps[i];
	enum dw_run_step_state state = DW_RUN_STEP_UNDONE;
	struct dw_error ignored;

	if (w->back == BACK_ROLL && p->state == DW_RUN_STEP_FAILED) {
		state = DW_RUN_STEP_FAILED;
		message = p->message;
	}
	if (p->state == state && dw_streq0(p->message, message))
		return;
	if (dw_apply_note(w, i, state, message, &ignored) < 0)
		w->unjournaled = true;
}

/* Not put back; lost: against our will. */
static void leave(struct work *w, size_t i, int code, const char *message)
{
	const struct dw_step *t = &w->run->steps[i].step;
	struct dw_error ignored;

	if (!w->lost && !w->changed)
		(void)dw_error_set(&w->first, code, "%s: %.400s", dw_apply_label(t), message);
	if (code == -EUCLEAN && w->back != BACK_ROLL)
		w->changed++;
	else
		w->lost++;
	if (dw_apply_note(w, i, DW_RUN_STEP_LEFT, message, &ignored) < 0)
		w->unjournaled = true;
}

/* A process that was ended, a package that was removed: no fault, but to be told. */
static void leave_ended(struct work *w, size_t i)
{
	const struct dw_step *t = &w->run->steps[i].step;
	struct dw_error ignored;
	const char *message;

	if (t->undo_command)
		message = dw_arena_printf(w->a->sw->arena,
					  "nothing brings %s back by itself; this does: %s",
					  dw_apply_label(t), t->undo_command);
	else
		message = dw_arena_printf(
			w->a->sw->arena,
			"nothing brings %s back: start it by hand, as it was started",
			dw_apply_label(t));
	if (dw_apply_note(w, i, DW_RUN_STEP_LEFT, message, &ignored) < 0)
		w->unjournaled = true;
}

static void move_back(struct work *w, size_t i, const struct dw_state *now,
		      const struct dw_state *want, const char *message)
{
	const struct dw_step *t = &w->run->steps[i].step;
	bool failed = w->back == BACK_ROLL && w->run->steps[i].state == DW_RUN_STEP_FAILED;
	struct dw_error e = { 0 };
	int r;

	/*
	 * To roll back needs no intent of its own: the run is STARTED, the state tells, a full disk must not stop it.
	 * An undo waits for a journal that can be written: settle goes on with it.
	 */
	if (!failed && dw_apply_note(w, i, DW_RUN_STEP_UNDOING, NULL, &e) < 0) {
		w->unjournaled = true;
		if (w->back != BACK_ROLL)
			return;
	}
	r = dw_apply_set(w->a, t, now, want, &e);
	if (r < 0)
		leave(w, i, r == -EUCLEAN ? -EIO : r, e.message);
	else
		back_is(w, i, message);
}

/* Other lines of the file were changed since: only ours go back. False: that cannot be. */
static bool merge(struct work *w, size_t i, const struct dw_state *now)
{
	const struct dw_step *t = &w->run->steps[i].step;
	struct dw_arena *a = w->a->sw->arena;
	struct dw_state merged = { .hint = NULL };
	int r = -EUCLEAN;

	if (is_file(t) && t->expect.data.data && t->want.data.data && now->data.data)
		r = dw_apply_merge(a, &t->expect.data, &t->want.data, &now->data, &merged.data);
	if (r < 0)
		return false;
	if (r == 0) {
		back_is(w, i,
			"it was changed since, and this run's lines had been put back already");
		return true;
	}
	merged.text = dw_state_file_with(a, now->text, &merged.data);
	if (!merged.text)
		return false;
	move_back(w, i, now, &merged,
		  "other lines were changed since and stay: only this run's own "
		  "lines were put back");
	return true;
}

static void changed_since(struct work *w, size_t i, const struct dw_state *now)
{
	const struct dw_step *t = &w->run->steps[i].step;

	if (w->back == BACK_FORCE) {
		move_back(w, i, now, &t->expect, "what somebody changed since was overwritten");
		return;
	}
	if (merge(w, i, now))
		return;
	/* a person has no use for checksums */
	if (dw_starts_with(now->text, "file ") && dw_starts_with(t->want.text, "file ")) {
		leave(w, i, -EUCLEAN,
		      "the same lines or the rights were changed since: it was left");
		return;
	}
	leave(w, i, -EUCLEAN,
	      dw_arena_printf(w->a->sw->arena,
			      "it was changed since (\"%.150s\", not \"%.150s\") and was left",
			      now->text, t->want.text));
}

/*
 * Of several words (units of a group) each may be where either state has it. Files are replaced whole: one that is
 * neither was changed by somebody else.
 */
static bool is_ours(const struct dw_step *t, const struct dw_state *now)
{
	if (dw_apply_is(now, &t->want))
		return true;
	return !is_file(t) && dw_apply_is_between(now->text, t->expect.text, t->want.text);
}

/* Whoever was killed while he wrote has left more than the file that is looked at. */
static void tidy(struct work *w, const struct dw_run_step *p)
{
	if (is_file(&p->step) &&
	    (p->state == DW_RUN_STEP_INTENDED || p->state == DW_RUN_STEP_UNDOING))
		dw_sys_entry_tidy(w->a->sw->sys, p->step.object);
}

/*
 * What was stopped twice is started once: by the earlier step, whose turn comes when the files are back that let it be
 * started.
 */
static bool is_another_steps(const struct dw_run *run, size_t i)
{
	const struct dw_step *t = &run->steps[i].step;

	for (size_t k = 0; t->phase == DW_PHASE_LEFT && k < i; k++) {
		const struct dw_run_step *p = &run->steps[k];

		if ((p->state == DW_RUN_STEP_DONE || p->state == DW_RUN_STEP_INTENDED) &&
		    dw_streq(p->step.manager, t->manager) && dw_streq(p->step.object, t->object) &&
		    dw_streq0(p->step.expect.text, t->expect.text))
			return true;
	}
	return false;
}

static void take_back(struct work *w, size_t i)
{
	const struct dw_step *t = &w->run->steps[i].step;
	struct dw_error e = { 0 };
	struct dw_state now;
	int r;

	if (is_another_steps(w->run, i)) {
		back_is(w, i, NULL);
		return;
	}
	tidy(w, &w->run->steps[i]);
	r = dw_apply_read(w->a, t, &now, &e);
	if (r < 0)
		leave(w, i, r == -EUCLEAN ? -EIO : r, e.message);
	else if (dw_apply_is(&now, &t->expect))
		back_is(w, i, NULL);
	else if (t->no_undo)
		leave_ended(w, i);
	else if (is_ours(t, &now))
		move_back(w, i, &now, &t->expect, NULL);
	else
		changed_since(w, i, &now);
}

/*
 * PLANNED was not begun, ALREADY was not our doing. UNDONE is only of interest where an earlier try stopped before
 * it told the file's readers.
 */
static bool begun(enum dw_run_step_state s)
{
	static const bool is[DW_RUN_STEP_COUNT] = {
		[DW_RUN_STEP_INTENDED] = true, [DW_RUN_STEP_DONE] = true,
		[DW_RUN_STEP_FAILED] = true,   [DW_RUN_STEP_UNDOING] = true,
		[DW_RUN_STEP_LEFT] = true,
	};

	return is[s];
}

/*
 * A restart leaves alone what does not run, and what our own settings kept from starting does not: what ran when
 * the run began runs again after it was put back.
 */
static int revive(struct work *w, const char *who, struct dw_error *e)
{
	static const char restart[] = "restart ";
	const struct dw_switch_ops *ops = w->a->find("systemd");
	const struct dw_state active = { .text = "active" };
	char *rest;
	const char *unit;
	int r = 0;

	if (w->back != BACK_ROLL || !ops || !dw_starts_with(who, restart))
		return 0;
	rest = dw_arena_strdup(w->a->sw->arena, who + strlen(restart));
	while (r == 0 && (unit = dw_word_next(&rest)) != NULL) {
		struct dw_state now = { 0 };

		if (!dw_strings_has(&w->run->units, unit))
			continue;
		r = ops->state(w->a->sw, unit, &now, e);
		if (r == 0 && dw_streq(now.text, "inactive"))
			r = ops->set(w->a->sw, unit, &now, &active, e);
	}
	return r;
}

static void tell_readers(struct work *w, const struct dw_step *next)
{
	struct dw_error e = { 0 };
	const char *who = w->told;
	int r;

	if (!who || (next && next->phase == w->run->steps[w->last].step.phase &&
		     dw_streq0(next->notify, who)))
		return;
	w->told = NULL;
	r = w->a->notify(w->a->sw, who, &e);
	if (r == 0)
		r = revive(w, who, &e);
	if (r < 0)
		leave(w, w->last, r == -EUCLEAN ? -EIO : r, e.message);
}

void dw_apply_back(struct work *w, enum dw_phase only)
{
	w->told = NULL; /* of the way forth: all that was begun is told again */
	for (size_t i = w->run->n_steps; i-- > 0;) {
		const struct dw_run_step *p = &w->run->steps[i];

		if ((only != DW_PHASE_UNKNOWN && p->step.phase != only) ||
		    (!begun(p->state) && p->state != DW_RUN_STEP_UNDONE))
			continue;
		tell_readers(w, &p->step);
		if (begun(p->state)) {
			dw_apply_tell(w, i);
			take_back(w, i);
			dw_apply_tell(w, i);
		}
		if (p->step.notify) {
			w->told = p->step.notify;
			w->last = i;
		}
	}
	tell_readers(w, NULL);
}

/* The end of an undo, in the journal. */
static int close_undo(struct work *w, struct dw_error *e)
{
	struct dw_run *run = w->run;
	bool whole = !w->lost && !w->changed;
	int r;

	if (w->unjournaled)
		return dw_error_set(
			e, -EIO,
			"run %lld: the journal could not be written; the next change or "
			"undo goes on with it",
			(long long)run->id);
	run->state = whole ? DW_RUN_UNDONE : DW_RUN_PARTLY_UNDONE;
	run->ended = dw_sys_now(w->a->sw->sys);
	run->message = whole ? NULL : dw_arena_strdup(w->a->sw->arena, w->first.message);
	r = dw_store_run(w->a->store, run->id, run->state, run->ended, run->message, e);
	if (r < 0 || whole)
		return r;
	return dw_error_set(e, w->lost ? -ENOTRECOVERABLE : -EUCLEAN, "%s", w->first.message);
}

/* From which state of a run an undo has something to do. */
static bool can_undo(enum dw_run_state s)
{
	static const bool can[DW_RUN_COUNT] = {
		[DW_RUN_STARTED] = true, [DW_RUN_DONE] = true,          [DW_RUN_FAILED] = true,
		[DW_RUN_UNDOING] = true, [DW_RUN_PARTLY_UNDONE] = true,
	};

	return can[s];
}

static int undo_run(struct dw_apply *a, struct dw_run *run, enum back back, struct dw_error *e)
{
	struct work w = { .a = a, .run = run, .back = back };

	if (run->state != DW_RUN_UNDOING) {
		int r = dw_store_run(a->store, run->id, DW_RUN_UNDOING, 0, run->message, e);

		if (r < 0)
			return r;
		run->state = DW_RUN_UNDOING;
	}
	dw_apply_back(&w, DW_PHASE_UNKNOWN);
	return close_undo(&w, e);
}

int dw_apply_undo(struct dw_apply *a, int64_t id, bool force, struct dw_run *ret,
		  struct dw_error *e)
{
	struct dw_error own = { 0 };
	int r = dw_store_load(a->store, id, a->sw->arena, ret, e ? e : &own);

	e = e ? e : &own;
	if (r < 0)
		return r;
	if (!can_undo(ret->state))
		return dw_error_set(e, -EALREADY, "run %lld has been taken back already",
				    (long long)id);
	return undo_run(a, ret, force ? BACK_FORCE : BACK_UNDO, e);
}

/* What guards a trial goes; the rest stays. */
static int drop_guard(struct dw_apply *a, struct dw_run *run, struct dw_error *e)
{
	struct work w = { .a = a, .run = run, .back = BACK_UNDO };

	dw_apply_back(&w, DW_PHASE_GUARD);
	if (w.unjournaled)
		return dw_error_set(e, -EIO, "run %lld: the journal could not be written",
				    (long long)run->id);
	if (w.lost || w.changed)
		return dw_error_set(e, w.lost ? -ENOTRECOVERABLE : -EUCLEAN, "%s", w.first.message);
	return 0;
}

int dw_apply_confirm(struct dw_apply *a, int64_t id, struct dw_run *ret, struct dw_error *e)
{
	uint64_t now = dw_sys_now(a->sw->sys);
	int r = dw_store_load(a->store, id, a->sw->arena, ret, e);

	if (r < 0)
		return r;
	if (!ret->confirm_by || ret->confirmed)
		return dw_error_set(e, -EALREADY,
				    ret->confirmed ? "run %lld is confirmed already"
						   : "run %lld is no trial",
				    (long long)id);
	if (ret->state != DW_RUN_DONE)
		return dw_error_set(e, -ETIME, "run %lld has been put back already", (long long)id);
	/* what makes it last first: a crash before it is confirmed leaves a trial, which takes back these too */
	r = dw_apply_keep(a, ret, e);
	if (r == 0)
		r = dw_store_confirm(a->store, id, now, e);
	if (r < 0)
		return r;
	ret->confirmed = now;
	return drop_guard(a, ret, e);
}

static int settle_started(struct dw_apply *a, struct dw_run *run, struct dw_error *e)
{
	struct work w = { .a = a, .run = run, .back = BACK_ROLL };
	int r;

	dw_apply_back(&w, DW_PHASE_UNKNOWN);
	if (w.unjournaled)
		return dw_error_set(e, -EIO,
				    "run %lld was interrupted: the journal could not be written",
				    (long long)run->id);
	run->state = w.lost ? DW_RUN_FAILED : DW_RUN_ROLLED_BACK;
	run->message =
		w.lost ? dw_arena_printf(a->sw->arena, "it was interrupted; %s", w.first.message)
		       : "it was interrupted, and was put back";
	r = dw_store_run(a->store, run->id, run->state, dw_sys_now(a->sw->sys), run->message, e);
	if (r < 0 || !w.lost)
		return r;
	return dw_error_set(
		e, -ENOTRECOVERABLE,
		"run %lld was interrupted, and not everything could be put back: %.300s",
		(long long)run->id, w.first.message);
}

/* A confirm that was interrupted left the guard of a run that is to stay. */
static bool guard_left(const struct dw_run *run)
{
	if (run->state != DW_RUN_DONE || !run->confirmed)
		return false;
	for (size_t i = 0; i < run->n_steps; i++)
		if (run->steps[i].step.phase == DW_PHASE_GUARD &&
		    run->steps[i].state != DW_RUN_STEP_LEFT && begun(run->steps[i].state))
			return true;
	return false;
}

/* 1: it was interrupted, and is settled. */
static int settle_one(struct dw_apply *a, const struct dw_run *head, struct dw_error *e)
{
	struct dw_run run;
	int r;

	if (head->state != DW_RUN_STARTED && head->state != DW_RUN_UNDOING &&
	    !(head->state == DW_RUN_DONE && head->confirmed))
		return 0;
	r = dw_store_load(a->store, head->id, a->sw->arena, &run, e);
	if (r < 0)
		return r;
	if (run.state == DW_RUN_STARTED)
		r = settle_started(a, &run, e);
	else if (run.state == DW_RUN_UNDOING)
		r = undo_run(a, &run, BACK_UNDO, e);
	else if (guard_left(&run))
		r = drop_guard(a, &run, e);
	else
		return 0;
	return r < 0 ? r : 1;
}

/* The newest first: an older one stands below it. One that cannot be settled does not keep the others from it. */
int dw_apply_settle(struct dw_apply *a, struct dw_error *e)
{
	struct dw_run *runs = NULL;
	struct dw_error first = { 0 };
	size_t n = 0;
	int r = dw_store_runs(a->store, a->sw->arena, &runs, &n, e), settled = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct dw_error one = { 0 };

		r = settle_one(a, &runs[i], &one);
		if (r > 0)
			settled++;
		else if (r < 0 && first.code == 0)
			(void)dw_error_set(&first, r, "%s", one.message);
	}
	return first.code ? dw_error_set(e, first.code, "%s", first.message) : settled;
}
