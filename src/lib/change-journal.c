/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the journal tells of doors and steps, without changing anything. */
#include <errno.h>
#include <string.h>

#include "change-private.h"
#include "dw_change.h"
#include "dw_fields.h"
#include "dw_knowledge.h"
#include "dw_str.h"

bool dw_change_in_force(const struct dw_run *r)
{
	return dw_streq0(r->kind, "close") &&
	       (r->state == DW_RUN_DONE || r->state == DW_RUN_FAILED ||
		r->state == DW_RUN_PARTLY_UNDONE);
}

/* --- closed doors --------------------------------------------------------------------------------- */

/* The closed doors of the run as a report has them: so a word means the same of a door that is gone. */
static struct dw_report report_of(const struct dw_run *run, struct dw_arena *a)
{
	struct dw_report_door *v = dw_arena_array(a, run->n_doors + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < run->n_doors; i++) {
		const struct dw_run_door *was = &run->doors[i];
		struct dw_door *d = dw_new(a, struct dw_door);

		if (was->role != DW_RUN_DOOR_CLOSED && was->role != DW_RUN_DOOR_ALSO)
			continue;
		d->at = was->at;
		d->netns = was->netns;
		d->kind = was->kind;
		d->program = was->program;
		d->starter.kind = was->starter;
		d->starter.id = was->starter_id;
		v[n] = (struct dw_report_door){ .door = d };
		if (was->service) {
			struct dw_service *s = dw_new(a, struct dw_service);

			s->name = was->service;
			v[n].service = s;
		}
		if (was->package) {
			struct dw_package *p = dw_new(a, struct dw_package);

			p->name = was->package;
			d->package = p;
		}
		n++;
	}
	return (struct dw_report){ .doors = v, .n_doors = n };
}

static const char *sentence(const struct dw_run *run, const struct dw_found *f, const char *word,
			    struct dw_arena *a)
{
	const char *when = dw_field_time(a, run->started); /* 2026-01-31T12:00:00Z */
	struct dw_str doors = { .arena = a };

	for (size_t i = 0; i < f->n && i < 6; i++)
		dw_str_addf(&doors, "%s%s", i ? ", " : "",
			    dw_endpoint_text(a, &f->doors[i].door->at));
	when = when && strlen(when) > 16 ? dw_arena_printf(a, "%.10s %.5s UTC", when, when + 11)
					 : "?";
	if (f->n > 6)
		dw_str_addf(&doors, " and %zu more", f->n - 6);
	return dw_arena_printf(
		a, "%s%s%s%s closed already: run %lld did it at %s (doorward undo %lld opens %s).",
		dw_streq(word, doors.s) ? "" : word, dw_streq(word, doors.s) ? "" : ": ", doors.s,
		f->n == 1 ? " is" : " are", (long long)run->id, when, (long long)run->id,
		f->n == 1 ? "it" : "them");
}

static const char *look(struct dw_store *store, const char *word, struct dw_arena *a)
{
	struct dw_run *runs = NULL;
	size_t n = 0;

	if (dw_store_runs(store, a, &runs, &n, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct dw_found f;
		struct dw_report r;
		struct dw_run run;

		if (!dw_change_in_force(&runs[i]) ||
		    dw_store_load(store, runs[i].id, a, &run, NULL) < 0)
			continue;
		r = report_of(&run, a);
		if (dw_report_find(&r, word, a, &f, NULL) == 0 && f.n)
			return sentence(&run, &f, word, a);
	}
	return NULL;
}

const char *dw_change_closed_by(const char *root, const char *state, const char *word,
				struct dw_arena *a)
{
	struct dw_store *store = NULL;
	const char *text;

	/* what lies below another root is not what our runs changed */
	if ((root && !dw_streq(root, "/")) ||
	    dw_store_open(state ? state : DW_STORE_DIRECTORY, false, &store, NULL) < 0)
		return NULL;
	text = look(store, word, a);
	dw_store_free(store);
	return text;
}

/* --- trials ---------------------------------------------------------------------------------------- */

static enum doorward_trial_state trial_state(const struct dw_run *r)
{
	static const enum doorward_trial_state states[DW_RUN_COUNT] = {
		[DW_RUN_DONE] = DOORWARD_TRIAL_RUNNING,
		[DW_RUN_FAILED] = DOORWARD_TRIAL_PARTLY,
		[DW_RUN_UNDOING] = DOORWARD_TRIAL_ENDING,
		[DW_RUN_UNDONE] = DOORWARD_TRIAL_BACK,
		[DW_RUN_PARTLY_UNDONE] = DOORWARD_TRIAL_PARTLY,
	};

	if (r->confirm_by == 0)
		return DOORWARD_TRIAL_NONE;
	return r->state == DW_RUN_DONE && r->confirmed ? DOORWARD_TRIAL_KEPT : states[r->state];
}

int dw_change_runs(struct doorward *d, struct dw_arena *a, struct dw_run **ret, size_t *ret_n,
		   struct dw_error *e)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	int r = dw_store_open(dw_change_state(d), false, &store, e);

	*ret = NULL;
	*ret_n = 0;
	if (r == 0)
		r = dw_store_runs(store, a, ret, ret_n, e);
	if (r < 0 && r != -ENOENT)
		return r;
	*e = (struct dw_error){ 0 };
	return 0;
}

int doorward_trial_look(struct doorward *d, long long run, struct doorward_trial *ret)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_trial found = { 0 };
	struct dw_run *runs = NULL;
	size_t n = 0;
	int r = dw_change_runs(d, a, &runs, &n, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		enum doorward_trial_state state = trial_state(&runs[i]);

		if (run ? runs[i].id != run : state != DOORWARD_TRIAL_RUNNING)
			continue;
		found.run = runs[i].id;
		found.state = state;
		found.ends = state == DOORWARD_TRIAL_RUNNING && runs[i].confirm_by > 1
				     ? runs[i].confirm_by
				     : 0;
		break;
	}
	*ret = found;
	return 0;
}

/* --- steps that were left -------------------------------------------------------------------------- */

/* What it takes to start the process again: as it was saved when it was ended. */
static const char *started_as(struct dw_store *store, const struct dw_run *run,
			      const struct dw_step *s, struct dw_arena *a)
{
	struct dw_bytes b = { 0 };

	if (!dw_streq0(s->manager, "process") ||
	    dw_store_saved_read(store, run->id, s->object, "cmdline", a, &b, NULL) < 0 || !b.n)
		return NULL;
	/* proc(5): the arguments end with a zero byte each */
	for (size_t i = 0; i < b.n; i++)
		if (!b.data[i])
			b.data[i] = ' ';
	while (b.n && b.data[b.n - 1] == ' ')
		b.n--;
	return b.n ? dw_arena_strndup(a, b.data, DW_MIN(b.n, (size_t)400)) : NULL;
}

static const char *why_left(struct dw_store *store, const struct dw_run *run,
			    const struct dw_run_step *s, struct dw_arena *a)
{
	const char *command = started_as(store, run, &s->step, a);

	if (command)
		return dw_arena_printf(a, "nothing brings it back; it was started as: %s", command);
	return s->message ? s->message : "it was left as it is";
}

int doorward_run_left(struct doorward *d, long long run,
		      void (*tell)(void *data, const char *what, const char *why), void *data)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	struct dw_error *e = dw_facade_begin(d);
	struct dw_run whole;
	int n = 0, r = dw_store_open(dw_change_state(d), false, &store, e);

	if (r == 0)
		r = dw_store_load(store, run, a, &whole, e);
	for (size_t i = 0; r == 0 && i < whole.n_steps; i++) {
		const struct dw_run_step *s = &whole.steps[i];
		const char *why = why_left(store, &whole, s, a);

		if (s->state != DW_RUN_STEP_LEFT)
			continue;
		n++;
		if (tell)
			tell(data, dw_report_step_words(&s->step, a),
			     dw_escape_terminal(a, why, strlen(why)));
	}
	return r < 0 ? r : n;
}
