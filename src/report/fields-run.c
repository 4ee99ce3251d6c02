/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents of history and verify. */
#include "fields-step.h"

#include <string.h>

#include "dw_change.h"
#include "dw_macros.h"
#include "dw_str.h"

/* --- history -------------------------------------------------------------------------------------- */

/* The step is the first member: the getters above serve it too. */
_Static_assert(offsetof(struct dw_run_step, step) == 0, "a step of a run begins with the step");

DW_GETTER(get_step_state)
{
	dw_give_string(v, dw_run_step_state_name(((const struct dw_run_step *)object)->state));
}

DW_GETTER(get_step_time)
{
	dw_give_time(v, ((const struct dw_run_step *)object)->time);
}

static const struct dw_field run_step_fields[] = {
	STEP_FIELDS,
	{ "state", DW_FIELD_STRING, .get = get_step_state,
	  .description = "planned, intended, done, already (it was so), failed, undoing, undone, "
			 "left (not put back)" },
	{ "time", DW_FIELD_TIME, true, .get = get_step_time, .description = "since when" },
	{ "message", DW_FIELD_STRING, true, .offset = offsetof(struct dw_run_step, message),
	  .description = "what went wrong, or why it was left" },
	{ 0 },
};

static const struct dw_run_door *run_door(const void *object)
{
	return object;
}

DW_GETTER(get_role)
{
	static const char *const names[] = { "other", "closed", "also", "kept", "narrowed" };

	dw_give_string(v, names[run_door(object)->role]);
}

DW_GETTER(get_run_door_text)
{
	dw_give_string(v, dw_endpoint_text(a, &run_door(object)->at));
}

DW_GETTER(get_run_door_starter)
{
	dw_give_string(v, dw_starter_kind_name(run_door(object)->starter));
}

DW_GETTER(get_lasting)
{
	dw_give_bool(v, run_door(object)->lasting);
}

#define DOOR(m) .offset = offsetof(struct dw_run_door, m)

static const struct dw_field run_door_fields[] = {
	{ "role", DW_FIELD_STRING, .get = get_role,
	  .description =
		  "closed, also (went with them), kept, narrowed (listens elsewhere), other" },
	{ "door", DW_FIELD_STRING, .get = get_run_door_text,
	  .description = "ADDRESS:PORT/PROTOCOL" },
	{ "netns", DW_FIELD_STRING, true, DOOR(netns), .description = "as in audit" },
	{ "service", DW_FIELD_STRING, true, DOOR(service),
	  .description = "what it was known to be" },
	{ "program", DW_FIELD_STRING, true, DOOR(program), .description = "path of what served" },
	{ "package", DW_FIELD_STRING, true, DOOR(package), .description = "the program's" },
	{ "starter", DW_FIELD_STRING, .get = get_run_door_starter,
	  .description = "kind of what started it" },
	{ "starter_id", DW_FIELD_STRING, true, DOOR(starter_id), .description = "its id" },
	{ "lasting", DW_FIELD_BOOL, .get = get_lasting, .description = "a boot would open it" },
	{ 0 },
};

static const struct dw_run *run(const void *object)
{
	return object;
}

DW_GETTER(get_run_id)
{
	dw_give_number(v, (uint64_t)run(object)->id);
}

DW_GETTER(get_run_state)
{
	dw_give_string(v, dw_run_state_name(run(object)->state));
}

DW_GETTER(get_started)
{
	dw_give_time(v, run(object)->started);
}

DW_GETTER(get_ended)
{
	dw_give_time(v, run(object)->ended);
}

DW_GETTER(get_trial)
{
	dw_give_bool(v, run(object)->confirm_by != 0);
}

DW_GETTER(get_confirm_by)
{
	/* 1: no time, but the next boot */
	dw_give_time(v, run(object)->confirm_by > 1 ? run(object)->confirm_by : 0);
}

DW_GETTER(get_confirmed)
{
	dw_give_time(v, run(object)->confirmed);
}

DW_GETTER(get_run_steps)
{
	const struct dw_run *r = run(object);

	if (r->steps)
		dw_give_objects(v, r->steps, r->n_steps, sizeof(*r->steps));
}

DW_GETTER(get_run_doors)
{
	const struct dw_run *r = run(object);

	if (r->doors)
		dw_give_objects(v, r->doors, r->n_doors, sizeof(*r->doors));
}

DW_GETTER(get_units)
{
	const struct dw_run *r = run(object);

	v->known = r->steps != NULL;
	for (size_t i = 0; r->steps && i < r->units.n; i++)
		dw_vec_push(a, &v->strings,
			    dw_escape_utf8(a, r->units.v[i], strlen(r->units.v[i])));
}

#define RUN(m) .offset = offsetof(struct dw_run, m)

static const struct dw_field run_fields[] = {
	{ "run", DW_FIELD_UINT, .get = get_run_id, .description = "its number, from 1" },
	{ "kind", DW_FIELD_STRING, true, RUN(kind), .description = "close, verify-at-boot" },
	{ "state", DW_FIELD_STRING, .get = get_run_state,
	  .description = "started (or interrupted), done, rolled-back, failed, undoing, undone, "
			 "partly-undone" },
	{ "command", DW_FIELD_STRING, true, RUN(command), .description = "as it was typed" },
	{ "user", DW_FIELD_STRING, true, RUN(user), .description = "who" },
	{ "host", DW_FIELD_STRING, true, RUN(host), .description = "name of the host then" },
	{ "version", DW_FIELD_STRING, true, RUN(version), .description = "of doorward" },
	{ "boot_id", DW_FIELD_STRING, true, RUN(boot_id),
	  .description = "of the boot it began in" },
	{ "started", DW_FIELD_TIME, true, .get = get_started, .description = "when it began" },
	{ "ended", DW_FIELD_TIME, true, .get = get_ended,
	  .description = "when it ended, or was undone" },
	{ "trial", DW_FIELD_BOOL, .get = get_trial, .description = "it was made to be confirmed" },
	{ "confirm_by", DW_FIELD_TIME, true, .get = get_confirm_by,
	  .description = "a trial: when it is put back; null: at the next boot" },
	{ "confirmed", DW_FIELD_TIME, true, .get = get_confirmed,
	  .description = "when it was confirmed" },
	{ "message", DW_FIELD_STRING, true, RUN(message), .description = "what went wrong" },
	{ "steps", DW_FIELD_OBJECTS, true, .members = run_step_fields, .get = get_run_steps,
	  .description = "as in plan, and what became of each; null in the list of runs" },
	{ "doors", DW_FIELD_OBJECTS, true, .members = run_door_fields, .get = get_run_doors,
	  .description = "every door of the host when it began; null in the list of runs" },
	{ "units", DW_FIELD_STRINGS, true, .get = get_units,
	  .description = "units that were active when it began; null in the list of runs" },
	{ 0 },
};

DW_GETTER(get_runs)
{
	const struct dw_report_history *h = object;

	dw_give_objects(v, h->runs, h->n_runs, sizeof(*h->runs));
}

const struct dw_field dw_fields_history[] = {
	{ "runs", DW_FIELD_OBJECTS, .members = run_fields, .get = get_runs,
	  .description = "the newest first" },
	{ 0 },
};

/* --- verify --------------------------------------------------------------------------------------- */

DW_GETTER(get_grave)
{
	dw_give_bool(v, ((const struct dw_report_difference *)object)->grave);
}

DW_GETTER(get_difference_run)
{
	dw_give_number(v, (uint64_t)((const struct dw_report_difference *)object)->run);
}

#define DIFFERENCE(m) .offset = offsetof(struct dw_report_difference, m)

static const struct dw_field difference_fields[] = {
	{ "kind", DW_FIELD_STRING, DIFFERENCE(kind),
	  .description = "open, sleeping, lost, unit-lost, state, blind" },
	{ "grave", DW_FIELD_BOOL, .get = get_grave,
	  .description = "it speaks against the run; else only worth a word" },
	{ "run", DW_FIELD_UINT, .get = get_difference_run, .description = "number of the run" },
	{ "object", DW_FIELD_STRING, true, DIFFERENCE(object),
	  .description = "a door, a unit, a file" },
	{ "text", DW_FIELD_STRING, true, DIFFERENCE(text), .description = "one sentence" },
	{ "who", DW_FIELD_STRING, true, DIFFERENCE(who),
	  .description = "who brought it back, as far as that can be told" },
	{ 0 },
};

static const struct dw_report_verify *verified(const void *object)
{
	return object;
}

DW_GETTER(get_verify_time)
{
	dw_give_time(v, verified(object)->time);
}

DW_GETTER(get_verify_runs)
{
	const struct dw_report_verify *r = object;

	v->known = true;
	for (size_t i = 0; i < r->n_runs; i++)
		dw_vec_push(a, &v->strings, dw_arena_printf(a, "%lld", (long long)r->runs[i]));
}

DW_GETTER(get_closed)
{
	dw_give_number(v, verified(object)->n_closed);
}

DW_GETTER(get_kept)
{
	dw_give_number(v, verified(object)->n_kept);
}

DW_GETTER(get_blind)
{
	dw_give_bool(v, verified(object)->blind);
}

DW_GETTER(get_fence)
{
	static const char *const words[] = {
		[DW_REPORT_TABLE_NONE] = NULL,
		[DW_REPORT_TABLE_STANDS] = "stands",
		[DW_REPORT_TABLE_DIFFERS] = "differs",
		[DW_REPORT_TABLE_UNKNOWN] = "unknown",
	};

	dw_give_string(v, words[verified(object)->fence]);
}

DW_GETTER(get_differences)
{
	const struct dw_report_verify *r = object;

	dw_give_objects(v, r->v, r->n, sizeof(*r->v));
}

#define VERIFY(m) .offset = offsetof(struct dw_report_verify, m)

const struct dw_field dw_fields_verify[] = {
	{ "host", DW_FIELD_STRING, true, VERIFY(host), .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_verify_time, .description = "of the look" },
	{ "version", DW_FIELD_STRING, VERIFY(version), .description = "of doorward" },
	{ "runs", DW_FIELD_STRINGS, .get = get_verify_runs,
	  .description = "numbers of the runs that were looked at" },
	{ "closed", DW_FIELD_UINT, .get = get_closed,
	  .description = "doors that these runs closed" },
	{ "kept", DW_FIELD_UINT, .get = get_kept, .description = "doors that were to stay" },
	{ "blind", DW_FIELD_BOOL, .get = get_blind,
	  .description = "something could not be looked at" },
	{ "fence", DW_FIELD_STRING, true, .get = get_fence,
	  .description = "the packet filter as the last run that loaded one left it: stands, "
			 "differs, unknown; null: none did" },
	{ "differences", DW_FIELD_OBJECTS, .members = difference_fields, .get = get_differences,
	  .description = "what is not as the runs left it" },
	{ 0 },
};
