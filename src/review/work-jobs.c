/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the thread does, one function each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "rows.h"
#include "work-private.h"

#define ASKED_MAX 3 /* doors that are named */

static void tell_step(void *data, const char *what, const char *state, size_t i, size_t n, int undo)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *head = undo ? "back " : "";

	if (!state)
		review_work_tell(data, dw_arena_printf(a, "%s%zu/%zu %s ...", head, i + 1, n, what),
				 false);
	else if (*state)
		review_work_tell(
			data, dw_arena_printf(a, "%s%zu/%zu %s: %s", head, i + 1, n, what, state),
			true);
}

static struct doorward_close_options options_of(struct review_work *w)
{
	return (struct doorward_close_options){ .size = sizeof(struct doorward_close_options),
						.command = "doorward review",
						.tell = tell_step,
						.data = w,
						.stop = &w->stop };
}

static struct doorward_style style_of(const struct review_order *o)
{
	return (struct doorward_style){ .size = sizeof(struct doorward_style),
					.columns = o->columns,
					.quiet = 1 };
}

static void put_error(struct review_work *w, FILE *out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = doorward_last_error(w->d);

	(void)fprintf(out, "%s\n", dw_escape_terminal(a, text, strlen(text)));
}

static int look(struct review_work *w, dw_unused const struct review_order *o, FILE *out,
		struct review_result *r)
{
	int code = doorward_audit_run(w->d, &r->audit);

	if (code < 0)
		put_error(w, out);
	return code;
}

void review_work_drop_plan(struct review_work *w)
{
	doorward_plan_free(w->plan);
	doorward_audit_free(w->plan_audit);
	w->plan = NULL;
	w->plan_audit = NULL;
}

/* The row of that key; the places of its doors in the audit of now go behind the others. NULL: it is gone. */
static const struct review_door *add_places(const struct review_doors *doors, const char *key,
					    size_t *places, size_t *n)
{
	for (size_t i = 0; i < doors->n; i++) {
		const struct review_door *d = &doors->v[i];

		if (!dw_streq(d->key, key))
			continue;
		for (size_t k = 0; k < d->n_doors; k++)
			places[(*n)++] = d->doors[k];
		return d;
	}
	return NULL;
}

/* What the journal calls the run by: somebody who has several has to know which is which. */
static void remember_asked(struct review_work *w, const struct dw_strings *rows)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < DW_MIN(rows->n, (size_t)ASKED_MAX); i++)
		dw_str_addf(&text, "%s%s", i ? ", " : "", rows->v[i]);
	if (rows->n > ASKED_MAX)
		dw_str_addf(&text, " and %zu more", rows->n - ASKED_MAX);
	free(w->asked);
	if (asprintf(&w->asked, "doorward review: %s", text.n ? text.s : "all, as judged") < 0)
		dw_oom();
}

/* The marked doors, in a fresh look: by what they are, for a name may be another's too. */
static int find_doors(struct review_work *w, char *const *keys, struct doorward_plan_options *p,
		      struct dw_arena *a, FILE *out)
{
	const struct review_doors doors = review_rows_of(w->plan_audit, a);
	size_t *places = dw_arena_array(a, doors.n * REVIEW_SAME_MAX + 1, sizeof(*places));
	struct dw_strings rows = { 0 };
	size_t gone = 0;

	for (size_t i = 0; keys && keys[i]; i++) {
		const struct review_door *d = add_places(&doors, keys[i], places, &p->n_places);

		if (d)
			dw_vec_push(a, &rows, d->texts[REVIEW_DOOR]);
		else
			gone++;
	}
	p->places = places;
	remember_asked(w, &rows);
	if (gone)
		(void)fprintf(out, "%zu of the marked doors %s gone since.\n\n", gone,
			      gone == 1 ? "is" : "are");
	return gone && p->n_places == 0 ? -ENOENT : 0;
}

static int make_plan(struct review_work *w, const struct review_order *o, FILE *out,
		     struct review_result *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct doorward_style style = style_of(o);
	struct doorward_plan_options p = { .size = sizeof(p), .as_judged = o->as_judged };
	int code = 0;

	review_work_drop_plan(w);
	if (w->changes)
		code = doorward_settle(w->d);
	if (code == 0)
		code = doorward_audit_run(w->d, &w->plan_audit);
	if (code == 0 && find_doors(w, o->keys, &p, a, out) < 0)
		return -ENOENT;
	if (code == 0)
		code = doorward_plan_make(w->d, w->plan_audit, &p, &w->plan);
	if (code == 0)
		code = doorward_plan_write(w->d, w->plan, DOORWARD_TEXT, out, &style);
	if (code < 0)
		put_error(w, out);
	else
		r->steps = doorward_plan_steps(w->plan);
	return code;
}

struct telling {
	FILE *out;
	size_t n;
};

static void tell_left(void *data, const char *what, const char *why)
{
	struct telling *t = data;

	if (t->n++ == 0)
		(void)fputs("\nWhat was left:\n", t->out);
	(void)fprintf(t->out, "  %s\n      %s\n", what, why);
}

static void put_left(struct review_work *w, long long run, FILE *out)
{
	struct telling t = { .out = out };

	if (run)
		(void)doorward_run_left(w->d, run, tell_left, &t);
}

static void put_closed(const struct review_work *w, const struct review_order *o, long long run,
		       FILE *out)
{
	size_t doors = doorward_plan_doors(w->plan), narrowed = doorward_plan_narrowed(w->plan);

	(void)fputs("Done and looked at: ", out);
	if (doors > narrowed)
		(void)fprintf(out, "%zu door%s closed", doors - narrowed,
			      doors - narrowed == 1 ? " is" : "s are");
	if (narrowed)
		(void)fprintf(out, "%s%zu door%s narrowed", doors > narrowed ? ", " : "", narrowed,
			      narrowed == 1 ? " is" : "s are");
	(void)fputs(", all else is as it was.\n\n", out);
	if (o->trial)
		(void)fprintf(out,
			      "This is a trial: it is put back by itself after %llu minutes, even "
			      "when review\n"
			      "has ended. To keep it: k here, or later   doorward confirm %lld\n",
			      o->trial / 60, run);
	(void)fprintf(out, "To go back: u here, or later   doorward undo %lld\n", run);
}

static int close_doors(struct review_work *w, const struct review_order *o, FILE *out,
		       struct review_result *r)
{
	struct doorward_close_options c = options_of(w);
	int code;

	c.trial = o->trial;
	c.command = w->asked;
	if (!w->plan)
		return fputs("There is no plan.\n", out) < 0 ? -EIO : -EINVAL;
	code = doorward_close(w->d, w->plan, &c, &r->run);
	if (code == 0) {
		put_closed(w, o, r->run, out);
	} else {
		put_error(w, out);
		if (code == -ESTALE || code == -EBUSY || code == -EPERM)
			(void)fputs("Nothing was changed.\n", out);
		else if (code == -ENOTRECOVERABLE)
			(void)fputs("NOT everything could be put back.\n", out);
		put_left(w, r->run, out);
		if (r->run)
			(void)fprintf(out, "\nStep by step:  doorward history %lld\n", r->run);
	}
	review_work_drop_plan(w);
	return code;
}

static int undo(struct review_work *w, const struct review_order *o, FILE *out,
		struct review_result *r)
{
	const struct doorward_close_options c = options_of(w);
	int code = doorward_undo(w->d, o->run, 0, &c, &r->run);

	if (code == 0)
		(void)fprintf(out, "Run %lld is undone.\n", r->run);
	else
		put_error(w, out);
	if (code == 0 || code == -EUCLEAN || code == -ENOTRECOVERABLE)
		put_left(w, r->run, out);
	if (code == -EUCLEAN)
		(void)fprintf(out,
			      "\nTo put it back over what was changed since:  doorward undo %lld "
			      "--force\n",
			      r->run);
	return code;
}

static int confirm(struct review_work *w, const struct review_order *o, FILE *out,
		   struct review_result *r)
{
	int code = doorward_confirm(w->d, o->run, &r->run);

	if (code == 0)
		(void)fprintf(
			out,
			"Run %lld stays.\n\nTo go back: u in the list, or   doorward undo %lld\n",
			r->run, r->run);
	else
		put_error(w, out);
	return code;
}

/* Above what the run did; where no run is in force, above all of them. */
static void put_question(long long run, FILE *out)
{
	if (run)
		(void)fprintf(out,
			      "Run %lld is put back: files, links and units are as they were "
			      "before, the doors that it closed open again.\n\n"
			      "Put it back?  y yes, n no\n\n",
			      run);
	else
		(void)fputs("Nothing is to be undone: no run is in force.\n\n", out);
}

static int history(struct review_work *w, const struct review_order *o, FILE *out,
		   struct review_result *r)
{
	const struct doorward_style style = style_of(o);
	int code = 0;

	r->run = o->run;
	if (o->to_undo && !o->run)
		code = doorward_undo_look(w->d, &r->run);
	if (code == 0 && o->to_undo)
		put_question(r->run, out);
	if (code == 0)
		code = doorward_history_write(w->d, r->run, DOORWARD_TEXT, out, &style);
	if (code < 0)
		put_error(w, out);
	if (code == -EACCES)
		(void)fputs("Only root reads the journal: sudo doorward review\n", out);
	return code;
}

/* What every job ends with is all of it. */
static int trial(dw_unused struct review_work *w, dw_unused const struct review_order *o,
		 dw_unused FILE *out, dw_unused struct review_result *r)
{
	return 0;
}

static int fence(struct review_work *w, const struct review_order *o, FILE *out,
		 dw_unused struct review_result *r)
{
	const struct doorward_style style = style_of(o);
	struct doorward_audit *audit = NULL;
	struct doorward_fence_view *view = NULL;
	int code = doorward_audit_run(w->d, &audit);

	if (code == 0)
		code = doorward_fence_look(w->d, audit, &view);
	if (code == 0)
		code = doorward_fence_view_write(w->d, view, DOORWARD_TEXT, out, &style);
	if (code < 0)
		put_error(w, out);
	if (code == -EPERM)
		(void)fputs("Only root can ask the packet filter: sudo doorward review\n", out);
	doorward_fence_view_free(view);
	doorward_audit_free(audit);
	return code;
}

int (*const review_work_jobs[REVIEW_JOB_COUNT])(struct review_work *w, const struct review_order *o,
						FILE *out, struct review_result *r) = {
	[REVIEW_JOB_LOOK] = look,         [REVIEW_JOB_PLAN] = make_plan,
	[REVIEW_JOB_CLOSE] = close_doors, [REVIEW_JOB_UNDO] = undo,
	[REVIEW_JOB_CONFIRM] = confirm,   [REVIEW_JOB_HISTORY] = history,
	[REVIEW_JOB_FENCE] = fence,       [REVIEW_JOB_TRIAL] = trial,
};
