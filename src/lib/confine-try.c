/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drop-in as a run: the same journal, verification and way back as for every change. Beside the doors and
 * units that are looked at after each, the service must answer at its doors as before, and its journal must tell
 * of no denial.
 */
#include <errno.h>
#include <string.h>

#include "confine-private.h"
#include "dw_diff.h"
#include "dw_journal.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_wait.h"

#define ANSWER_AGAIN 1000 /* milliseconds */
#define ANSWERS      5

struct trying {
	struct changing *c;
	struct doorward_confining *x;
	struct dw_confine_answers *before;
	struct dw_strings said; /* denials that its journal told of before: it does so anyway */
	const char *restarts;
	uint64_t since; /* microseconds since the epoch */
};

/*
 * --- steps
 * ------------------------------------------------------------------------------------------------------------
 */

static int add_file(struct trying *t, struct dw_run *run, const char *path, struct dw_state want,
		    struct dw_error *e)
{
	struct dw_arena *a = t->c->arena;
	struct dw_state now = { 0 };
	int r = dw_switch_find("file")->state(&t->c->sw, path, &now, e);

	if (r < 0 || dw_streq0(now.text, want.text) ||
	    (dw_starts_with(want.text, "directory") && !dw_streq0(now.text, "absent")))
		return r;
	if (dw_starts_with(want.text, "file") && !dw_streq0(now.text, "absent"))
		return dw_error_set(e, -EALREADY,
				    "%s is confined already: doorward history tells by which run, "
				    "doorward undo takes it back",
				    t->x->service->name);
	run->steps[run->n_steps++] = (struct dw_run_step){
		.state = DW_RUN_STEP_PLANNED,
		.step = { .phase = DW_PHASE_BOOT,
			  .manager = "file",
			  .object = path,
			  .expect = now,
			  .want = want,
			  .notify = dw_arena_printf(a, "restart %s", t->x->service->unit),
			  .label = dw_arena_printf(a, "the drop-in of %s", t->x->service->unit),
			  .why = "it takes away what the service does not need" },
	};
	return 0;
}

static int add_steps(struct trying *t, struct dw_run *run, struct dw_error *e)
{
	struct dw_arena *a = t->c->arena;
	const char *path = dw_confine_dropin_path(t->x->service, a);
	const char *directory =
		dw_arena_strndup(a, path, strlen(path) - strlen(dw_basename(path)) - 1);
	struct dw_state want = { .data = { dw_arena_strdup(a, t->x->dropin.text),
					   strlen(t->x->dropin.text) } };
	int r;

	run->steps = dw_arena_array(a, 2, sizeof(*run->steps));
	run->n_steps = 0;
	want.text = dw_state_file_text(a, 0644, 0, 0, &want.data, NULL);
	r = add_file(t, run, directory, (struct dw_state){ .text = "directory 0755 0:0" }, e);
	return r < 0 ? r : add_file(t, run, path, want, e);
}

/* What stands in lines and files that start it. */
static int take_steps(struct trying *t, struct dw_run *run)
{
	const struct dw_steps *steps = t->x->steps;

	run->steps = dw_arena_array(t->c->arena, steps->n, sizeof(*run->steps));
	run->n_steps = steps->n;
	for (size_t i = 0; i < steps->n; i++)
		run->steps[i] =
			(struct dw_run_step){ .step = steps->v[i], .state = DW_RUN_STEP_PLANNED };
	return 0;
}

/* All its doors must be there afterwards; those whose numbers the kernel chose are others then. */
static void set_roles(struct trying *t, struct dw_run *run)
{
	const struct dw_snapshot *snapshot = t->x->audit->report.snapshot;

	for (size_t i = 0; i < run->n_doors; i++) {
		const struct dw_door *d = &snapshot->doors[i];

		if (!dw_strings_has(&t->x->service->doors, dw_endpoint_text(t->c->arena, &d->at)))
			continue;
		run->doors[i].role = dw_door_seems_ephemeral(d) || d->kind == DW_KIND_SLEEPING
					     ? DW_RUN_DOOR_OTHER
					     : DW_RUN_DOOR_KEPT;
	}
}

static int make_run(struct trying *t, struct dw_run *run, struct dw_error *e)
{
	struct doorward_plan *p = dw_change_plan_new(t->c->d, t->x->audit);
	int r;

	p->plan = dw_plan_make(&p->request, t->c->arena);
	dw_plan_run(p->plan, &p->request, t->c->arena, run);
	doorward_plan_free(p);
	set_roles(t, run);
	r = t->x->steps ? take_steps(t, run) : add_steps(t, run, e);
	if (r < 0)
		return r;
	dw_change_describe(t->c, "confine", run);
	return dw_change_trial(t->c, t->x->audit->report.snapshot->service_manager, run, e);
}

/*
 * --- does it still serve?
 * ------------------------------------------------------------------------------------------------
 */

/* Numbers (pids, times, addresses) of a message as one: what it says again is no news. */
static const char *shape_of(const char *text, struct dw_arena *a)
{
	char *shape = dw_arena_strdup(a, text), *to = shape;

	for (const char *c = text; *c; c++)
		if (*c < '0' || *c > '9')
			*to++ = *c;
		else if (to == shape || to[-1] != '#')
			*to++ = '#';
	*to = '\0';
	return shape;
}

static const char *denial(struct trying *t)
{
	struct dw_arena *a = t->c->arena;
	struct dw_strings messages = { 0 };

	if (dw_journal_read(t->c->sys, t->x->service->unit, t->since, a, &messages, NULL) < 0)
		return ""; /* not every host has one: the doors decide */
	for (size_t i = 0; i < messages.n; i++)
		if (dw_confine_is_denial(messages.v[i]) &&
		    !dw_strings_has(&t->said, shape_of(messages.v[i], a)))
			return dw_arena_printf(a, "its journal says: %.300s", messages.v[i]);
	return "";
}

static const char *restarts_of(struct trying *t)
{
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;
	struct dw_bus_property *all = NULL;
	size_t n = 0;

	if (dw_bus_open(t->c->sys, &bus, NULL) < 0 ||
	    dw_bus_unit_properties(bus, t->x->service->unit, "org.freedesktop.systemd1.Service",
				   t->c->arena, &all, &n, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (dw_streq(all[i].name, "NRestarts"))
			return all[i].value;
	return NULL;
}

static const char *answer(struct trying *t)
{
	const char *wrong = "";

	for (unsigned i = 0; i < ANSWERS; i++) {
		struct dw_confine_answers *now = NULL;
		struct dw_error e = { 0 };

		if (i)
			dw_sys_pause(t->c->sys, ANSWER_AGAIN);
		if (dw_confine_ask(t->c->sys, t->x->audit->report.snapshot, t->x->service,
				   t->c->arena, &now, &e) < 0)
			return dw_arena_printf(t->c->arena, "its doors could not be asked: %s",
					       e.message);
		wrong = dw_confine_answers_differ(t->before, now, t->c->arena);
		if (!*wrong)
			break;
	}
	return wrong;
}

static const char *serves(void *data)
{
	struct trying *t = data;
	const char *wrong = answer(t), *restarts;

	if (!*wrong && t->x->service->unit)
		wrong = denial(t);
	if (*wrong || !t->x->service->unit)
		return wrong;
	restarts = restarts_of(t);
	/* a restart by hand counts from 0 */
	if (restarts && !dw_streq(restarts, "0"))
		return dw_arena_printf(t->c->arena, "systemd had to start it again %s times",
				       restarts);
	return "";
}

/* What it complains of anyway: of an hour. */
static void remember_denials(struct trying *t)
{
	uint64_t now = dw_sys_now(t->c->sys);
	struct dw_strings messages = { 0 };

	t->since = now * 1000000;
	if (!t->x->service->unit)
		return;
	(void)dw_journal_read(t->c->sys, t->x->service->unit, (now - 3600) * 1000000, t->c->arena,
			      &messages, NULL);
	for (size_t i = 0; i < messages.n; i++)
		if (dw_confine_is_denial(messages.v[i]))
			dw_vec_push(t->c->arena, &t->said, shape_of(messages.v[i], t->c->arena));
}

static int try_it(struct trying *t, struct dw_run *run, struct dw_error *e)
{
	struct dw_strings nobody = { 0 };
	int r = make_run(t, run, e);

	if (r == 0)
		r = dw_confine_ask(t->c->sys, t->x->audit->report.snapshot, t->x->service,
				   t->c->arena, &t->before, e);
	if (r < 0)
		return r;
	remember_denials(t);
	t->c->before = t->x->audit->report.snapshot;
	t->c->also = serves;
	t->c->also_data = t;
	return dw_change_carry_out(t->c, run, &nobody, e);
}

int doorward_confining_apply(struct doorward *d, struct doorward_confining *x,
			     const struct doorward_close_options *o, long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct trying t = { .c = &c, .x = x };
	struct dw_error e = { 0 };
	struct dw_run run = { 0 };
	int r;

	*ret_run = 0;
	(void)dw_facade_begin(d);
	if (!x->dropin.text)
		return dw_error_set(&d->error, -EINVAL, "%s", x->dropin.cannot);
	r = dw_change_open(d, true, "doorward confine", o, &c, &e);
	if (r == 0) {
		r = try_it(&t, &run, &e);
		*ret_run = run.id;
	}
	d->error = e; /* looking again had its own messages */
	return r;
}
