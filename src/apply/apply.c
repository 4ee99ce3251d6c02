/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking a run's steps. The order of writes makes a crash harmless at any point: the run with all its steps is on the
 * disk before the first intent, an intent before its change, and the run is called done behind everything else. What
 * is found STARTED later was interrupted, and is put back (undo.c).
 */
#include "dw_apply.h"

#include <errno.h>

#include "dw_guard.h"
#include "dw_str.h"
#include "executor.h"

/* An earlier step moves the same object: what this one expects is what that one leaves. */
static bool moved_before(const struct dw_run *run, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (dw_streq(run->steps[k].step.manager, run->steps[i].step.manager) &&
		    dw_streq(run->steps[k].step.object, run->steps[i].step.object))
			return true;
	return false;
}

static int check_expect(struct dw_apply *a, const struct dw_step *t, struct dw_error *e)
{
	struct dw_state now;
	int r = dw_apply_read(a, t, &now, e);

	if (r < 0)
		return r;
	if (dw_apply_is(&now, &t->expect))
		return 0;
	/* a person has no use for checksums */
	if (dw_starts_with(now.text, "file ") && dw_starts_with(t->expect.text, "file "))
		return dw_error_set(
			e, -ESTALE,
			"the plan is stale: %s was changed since it was made; nothing was done",
			t->object);
	return dw_error_set(e, -ESTALE,
			    "the plan is stale: %s is \"%s\", not \"%s\" as when it was made; "
			    "nothing was done",
			    dw_apply_label(t), now.text, t->expect.text);
}

static int check_all(struct dw_apply *a, const struct dw_run *run, struct dw_error *e)
{
	for (size_t i = 0; i < run->n_steps; i++) {
		const struct dw_step *t = &run->steps[i].step;
		int r;

		if (!t->manager || !t->object || !t->expect.text || !t->want.text)
			return dw_error_set(e, -EINVAL, "step %zu: its states are not known",
					    i + 1);
		if (t->if_left || moved_before(run, i))
			continue;
		r = check_expect(a, t, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Reading a file again is due before another phase, and where the next step asks for something else. */
static int tell_readers(struct work *w, const struct dw_step *next, struct dw_error *e)
{
	const char *who = w->told;
	int r;

	if (!who || (next && next->phase == w->run->steps[w->last].step.phase &&
		     dw_streq0(next->notify, who)))
		return 0;
	w->told = NULL;
	r = w->a->notify(w->a->sw, who, e);
	if (r < 0)
		(void)dw_apply_note(w, w->last, DW_RUN_STEP_FAILED, e->message, NULL);
	return r;
}

/* Between expect and want: an earlier step took some of the group along. */
static bool may_begin(const struct dw_step *t, const struct dw_state *now)
{
	if (dw_apply_is(now, &t->expect))
		return true;
	return !dw_streq(t->manager, "file") &&
	       dw_apply_is_between(now->text, t->expect.text, t->want.text);
}

/*
 * Stopped, and started again at once: a program that misses the service calls it over the bus, say. The files that let
 * it be started so come next, and then it is stopped once more.
 */
static bool is_stopped_later(const struct dw_run *run, size_t i)
{
	const struct dw_step *t = &run->steps[i].step;

	for (size_t k = i + 1; t->phase == DW_PHASE_STOP && k < run->n_steps; k++) {
		const struct dw_step *u = &run->steps[k].step;

		if (u->phase == DW_PHASE_LEFT && dw_streq(u->manager, t->manager) &&
		    dw_streq(u->object, t->object) && dw_streq0(u->want.text, t->want.text))
			return true;
	}
	return false;
}

/* The intent is on the disk: from here on a failure is the step's, which is put back with the others. */
static int change(struct work *w, size_t i, const struct dw_state *now, struct dw_error *e)
{
	const struct dw_step *t = &w->run->steps[i].step;
	struct dw_error again = { 0 };
	int r = dw_apply_set(w->a, t, now, &t->want, &again);

	if (r == -EAGAIN && is_stopped_later(w->run, i)) {
		w->told = t->notify;
		w->last = i;
		return dw_apply_note(w, i, DW_RUN_STEP_DONE, again.message, e);
	}
	if (r < 0) {
		(void)dw_apply_note(w, i, DW_RUN_STEP_FAILED, again.message, NULL);
		if (e)
			*e = again;
		return r;
	}
	w->told = t->notify;
	w->last = i;
	return dw_apply_note(w, i, DW_RUN_STEP_DONE, NULL, e);
}

static bool is_begun(const struct dw_run_step *s)
{
	return s->state == DW_RUN_STEP_INTENDED || s->state == DW_RUN_STEP_DONE;
}

static int take(struct work *w, size_t i, struct dw_error *e)
{
	const struct dw_step *t = &w->run->steps[i].step;
	struct dw_state now;
	int r = dw_apply_read(w->a, t, &now, e);

	if (r < 0)
		return r;
	/* as a confirm that was interrupted left it: ours, and an undo takes it back */
	if (dw_apply_is(&now, &t->want))
		return dw_apply_note(
			w, i, is_begun(&w->run->steps[i]) ? DW_RUN_STEP_DONE : DW_RUN_STEP_ALREADY,
			NULL, e);
	if (!may_begin(t, &now))
		return dw_error_set(e, -ESTALE, "%s is \"%s\" now, not \"%s\": somebody changed it",
				    dw_apply_label(t), now.text, t->expect.text);
	r = dw_apply_note(w, i, DW_RUN_STEP_INTENDED, NULL, e);
	return r < 0 ? r : change(w, i, &now, e);
}

/* Of a trial, what makes it last waits until it is confirmed. */
static bool waits(const struct work *w, const struct dw_run_step *s)
{
	return s->step.phase == DW_PHASE_KEEP && w->run->confirm_by && !w->keep;
}

/* One step, and before it the guard where it is the first of those that it guards. */
static int take_next(struct work *w, size_t i, bool *guarded, struct dw_error *e)
{
	const struct dw_apply *a = w->a;
	int r = 0;

	if (!*guarded && w->run->steps[i].step.phase != DW_PHASE_GUARD) {
		*guarded = true;
		r = a->guard ? a->guard(a->guard_data, w->run, e) : 0;
	}
	if (r < 0)
		return r;
	dw_apply_tell(w, i);
	r = take(w, i, e);
	dw_apply_tell(w, i);
	return r;
}

static int take_all(struct work *w, size_t *ret_at, struct dw_error *e)
{
	bool guarded = w->keep;
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->run->n_steps; i++) {
		const struct dw_run_step *p = &w->run->steps[i];

		if (waits(w, p) || (w->keep && p->step.phase != DW_PHASE_KEEP))
			continue;
		*ret_at = i;
		if (w->a->stop && *(const volatile bool *)w->a->stop)
			return dw_error_set(e, -EINTR, "it was interrupted");
		r = tell_readers(w, &p->step, e);
		if (r < 0) {
			*ret_at = w->last;
			return r;
		}
		r = take_next(w, i, &guarded, e);
	}
	if (r == 0) {
		*ret_at = w->told ? w->last : *ret_at;
		r = tell_readers(w, NULL, e);
	}
	return r;
}

struct saving {
	struct dw_store *store;
	int64_t run;
};

static int save(void *data, const char *object, const char *name, const void *bytes, size_t n,
		struct dw_error *e)
{
	const struct saving *s = data;

	return dw_store_save(s->store, s->run, object, name, bytes, n, e);
}

/* The first step that stays taken though all was put back; NULL: there is none. */
static const char *left_of(const struct dw_run *run)
{
	for (size_t i = 0; i < run->n_steps; i++)
		if (run->steps[i].state == DW_RUN_STEP_LEFT)
			return dw_apply_label(&run->steps[i].step);
	return NULL;
}

/*
 * All that was begun goes back, and the run is closed. Whatever could not be written is found by the next settle:
 * the run is STARTED there still.
 */
static int put_back(struct work *w, const char *why, struct dw_error *e)
{
	struct dw_run *run = w->run;
	struct dw_error ignored;
	size_t n = DW_MIN(strlen(why), (size_t)400);
	const char *gone;
	int r;

	if (n > 0 && why[n - 1] == '.') /* the sentence goes on */
		n--;
	w->back = BACK_ROLL;
	dw_apply_back(w, DW_PHASE_UNKNOWN);
	gone = left_of(run);
	run->state = w->lost ? DW_RUN_FAILED : DW_RUN_ROLLED_BACK;
	run->ended = dw_sys_now(w->a->sw->sys);
	if (w->lost)
		r = dw_error_set(e, -ENOTRECOVERABLE,
				 "%.*s; not everything could be put back: %.250s",
				 (int)DW_MIN(n, (size_t)200), why, w->first.message);
	else
		r = dw_error_set(e, -ECANCELED, "%.*s; everything was put back%s%.200s", (int)n,
				 why, gone ? ", but not what nothing brings back: " : "",
				 gone ? gone : "");
	run->message = dw_arena_strdup(w->a->sw->arena, e->message);
	(void)dw_store_run(w->a->store, run->id, run->state, run->ended, run->message, &ignored);
	return r;
}

static int fail(struct work *w, size_t i, const struct dw_error *cause, struct dw_error *e)
{
	const struct dw_run_step *p = &w->run->steps[i];
	const char *why =
		dw_arena_printf(w->a->sw->arena, "step %zu of %zu, %s: %s", i + 1, w->run->n_steps,
				dw_apply_label(&p->step), cause->message);

	/* It was not begun: planned it stays, so that nothing of it is ever put back. */
	if (p->state == DW_RUN_STEP_PLANNED)
		(void)dw_apply_note(w, i, DW_RUN_STEP_PLANNED, cause->message, NULL);
	return put_back(w, why, e);
}

/* Who is to hear of it, each once. */
static int ready_all(struct dw_apply *a, const struct dw_run *run, struct dw_error *e)
{
	for (size_t i = 0; a->ready && i < run->n_steps; i++) {
		const char *who = run->steps[i].step.notify;
		size_t k = 0;
		int r;

		while (k < i && !dw_streq0(run->steps[k].step.notify, who))
			k++;
		if (!who || k < i)
			continue;
		r = a->ready(a->sw, who, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int dw_apply_run(struct dw_apply *a, struct dw_run *run, struct dw_error *e)
{
	struct saving saving = { .store = a->store };
	struct work w = { .a = a, .run = run };
	struct dw_error cause = { 0 }, own = { 0 };
	size_t at = 0;
	int r;

	e = e ? e : &own;
	r = run->confirm_by ? dw_guard_free_for_trial(a->store, a->sw->arena, e) : 0;
	if (r == 0)
		r = check_all(a, run, e);
	if (r == 0)
		r = ready_all(a, run, e);
	if (r == 0)
		r = dw_store_begin(a->store, run, e);
	if (r < 0)
		return r;
	saving.run = run->id;
	a->sw->save = save;
	a->sw->save_data = &saving;
	r = take_all(&w, &at, &cause);
	a->sw->save = NULL;
	a->sw->save_data = NULL;
	return r == 0 ? 0 : fail(&w, at, &cause, e);
}

int dw_apply_keep(struct dw_apply *a, struct dw_run *run, struct dw_error *e)
{
	struct work w = { .a = a, .run = run, .keep = true };
	struct dw_error cause = { 0 };
	size_t at = 0;
	int r = take_all(&w, &at, &cause);

	if (r == 0)
		return 0;
	w.back = BACK_ROLL;
	dw_apply_back(&w, DW_PHASE_KEEP);
	if (w.lost)
		return dw_error_set(e, -ENOTRECOVERABLE,
				    "run %lld could not be made to last: %.180s; not everything "
				    "could be put back: %.180s",
				    (long long)run->id, cause.message, w.first.message);
	return dw_error_set(
		e, -ECANCELED,
		"run %lld could not be made to last: %s: %.300s; it is on trial as before",
		(long long)run->id, dw_apply_label(&run->steps[at].step), cause.message);
}

int dw_apply_finish(struct dw_apply *a, struct dw_run *run, bool good, const char *why,
		    struct dw_error *e)
{
	struct work w = { .a = a, .run = run };
	struct dw_error cause = { 0 }, own = { 0 };
	uint64_t now = dw_sys_now(a->sw->sys);
	int r;

	e = e ? e : &own;
	if (!good)
		return put_back(&w, why ? why : "what was seen afterwards is not as it shall be",
				e);
	r = dw_store_run(a->store, run->id, DW_RUN_DONE, now, why, &cause);
	if (r < 0)
		return put_back(&w, cause.message, e);
	run->state = DW_RUN_DONE;
	run->ended = now;
	run->message = why ? dw_arena_strdup(a->sw->arena, why) : NULL;
	return 0;
}
