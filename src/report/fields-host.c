/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents of host and of host fix. */
#include "dw_host_report.h"
#include "dw_macros.h"
#include "fields-step.h"

/* --- a check -------------------------------------------------------------------------------------------- */

static const struct dw_host_result *one(const void *object)
{
	return object;
}

#define EVIDENCE(m) .offset = offsetof(struct dw_host_evidence, m)

DW_GETTER(get_line)
{
	unsigned line = ((const struct dw_host_evidence *)object)->line;

	if (line)
		dw_give_number(v, line);
}

DW_GETTER(get_evidence_accepted)
{
	dw_give_bool(v, ((const struct dw_host_evidence *)object)->accepted != NULL);
}

static const struct dw_field evidence_fields[] = {
	{ "file", DW_FIELD_STRING, true, EVIDENCE(file),
	  .description = "null: it stands in no file" },
	{ "line", DW_FIELD_UINT, true, .get = get_line,
	  .description = "from 1; null: the file as a whole" },
	{ "object", DW_FIELD_STRING, EVIDENCE(object),
	  .description =
		  "what it is about: an account, a path, a setting; an accept statement names it" },
	{ "text", DW_FIELD_STRING, EVIDENCE(text), .description = "what is so, as one clause" },
	{ "accepted", DW_FIELD_BOOL, .get = get_evidence_accepted,
	  .description = "an accept statement of the policy puts up with it" },
	{ 0 },
};

#define ACCEPT(m) .offset = offsetof(struct dw_policy_accept, m)

DW_GETTER(get_expires)
{
	dw_give_time(v, ((const struct dw_policy_accept *)object)->expires);
}

DW_GETTER(get_accept_line)
{
	dw_give_number(v, ((const struct dw_policy_accept *)object)->line);
}

static const struct dw_field accept_fields[] = {
	{ "because", DW_FIELD_STRING, ACCEPT(because), .description = "the reason that is given" },
	{ "expires", DW_FIELD_TIME, true, .get = get_expires,
	  .description = "until when it counts; null: for good" },
	{ "file", DW_FIELD_STRING, ACCEPT(file), .description = "of the policy" },
	{ "line", DW_FIELD_UINT, .get = get_accept_line, .description = "of that file" },
	{ 0 },
};

#define CHANGE(m) .offset = offsetof(struct dw_host_change, m)

static const struct dw_field change_fields[] = {
	{ "object", DW_FIELD_STRING, CHANGE(object),
	  .description = "a path, or ACCOUNT/shell, ACCOUNT/password" },
	{ "text", DW_FIELD_STRING, CHANGE(text), .description = "what is done, as one clause" },
	{ 0 },
};

DW_GETTER(get_id)
{
	dw_give_string(v, one(object)->about->id);
}

DW_GETTER(get_category)
{
	dw_give_string(v, dw_host_category_name(one(object)->about->category));
}

DW_GETTER(get_title)
{
	dw_give_string(v, one(object)->about->title);
}

DW_GETTER(get_severity)
{
	dw_give_string(v, dw_host_severity_name(one(object)->about->severity));
}

DW_GETTER(get_reason)
{
	dw_give_string(v, one(object)->about->reason);
}

DW_GETTER(get_source)
{
	dw_give_string(v, one(object)->about->source);
}

DW_GETTER(get_advice)
{
	dw_give_string(v, one(object)->about->advice);
}

DW_GETTER(get_outcome)
{
	dw_give_string(v, dw_host_outcome_name(one(object)->outcome));
}

DW_GETTER(get_evidence)
{
	dw_give_objects(v, one(object)->evidence.v, one(object)->evidence.n,
			sizeof(struct dw_host_evidence));
}

DW_GETTER(get_changes)
{
	dw_give_objects(v, one(object)->changes.v, one(object)->changes.n,
			sizeof(struct dw_host_change));
}

DW_GETTER(get_held)
{
	v->strings = one(object)->held;
	v->known = true;
}

DW_GETTER(get_accepted)
{
	dw_give_object(v, one(object)->accepted);
}

const struct dw_field dw_fields_host_check[] = {
	{ "id", DW_FIELD_STRING, .get = get_id,
	  .description = "its name on the command line and in a policy" },
	{ "category", DW_FIELD_STRING, .get = get_category,
	  .description = "accounts, login, lying-about, notice, updates, kernel" },
	{ "title", DW_FIELD_STRING, .get = get_title, .description = "what is so when it is well" },
	{ "severity", DW_FIELD_STRING, .get = get_severity, .description = "low, medium, high" },
	{ "reason", DW_FIELD_STRING, .get = get_reason, .description = "why it matters" },
	{ "source", DW_FIELD_STRING, .get = get_source, .description = "who says so" },
	{ "result", DW_FIELD_STRING, .get = get_outcome,
	  .description = "ok, fails, unknown (could not look), not-applicable" },
	{ "text", DW_FIELD_STRING, true, .offset = offsetof(struct dw_host_result, text),
	  .description = "what was found, or why it is not known" },
	{ "evidence", DW_FIELD_OBJECTS, .members = evidence_fields, .get = get_evidence,
	  .description = "where it is seen" },
	{ "changes", DW_FIELD_OBJECTS, .members = change_fields, .get = get_changes,
	  .description = "what doorward host fix would do" },
	{ "held", DW_FIELD_STRINGS, .get = get_held,
	  .description = "what a fix leaves alone, and why" },
	{ "advice", DW_FIELD_STRING, true, .get = get_advice,
	  .description = "what is left for a person to do" },
	{ "waiver", DW_FIELD_OBJECT, true, .members = accept_fields, .get = get_accepted,
	  .description = "the accept statement that puts up with all of it; null: none does" },
	{ 0 },
};

/* --- the whole ------------------------------------------------------------------------------------------ */

static const struct dw_report_host *whole(const void *object)
{
	return object;
}

#define COUNT(name)                                                                                \
	DW_GETTER(count_##name)                                                                    \
	{                                                                                          \
		dw_give_number(v, ((const struct dw_host_counts *)object)->name);                  \
	}

COUNT(checks)
COUNT(looked)
COUNT(ok)
COUNT(fails)
COUNT(accepted)
COUNT(unknown)
COUNT(not_applicable)

static const struct dw_field count_fields[] = {
	{ "checks", DW_FIELD_UINT, .get = count_checks, .description = "all that there were" },
	{ "looked", DW_FIELD_UINT, .get = count_looked,
	  .description = "of which the answer is known" },
	{ "ok", DW_FIELD_UINT, .get = count_ok, .description = "it is well" },
	{ "fails", DW_FIELD_UINT, .get = count_fails,
	  .description = "it is not, and nobody accepts it" },
	{ "accepted", DW_FIELD_UINT, .get = count_accepted,
	  .description = "it is not, and the policy accepts it" },
	{ "unknown", DW_FIELD_UINT, .get = count_unknown, .description = "could not look" },
	{ "not_applicable", DW_FIELD_UINT, .get = count_not_applicable,
	  .description = "what they ask about is not there" },
	{ 0 },
};

DW_GETTER(get_time)
{
	dw_give_time(v, whole(object)->time);
}

DW_GETTER(get_counts)
{
	struct dw_host_counts c = dw_report_host_counts(object);

	dw_give_object(v, dw_arena_memdup(a, &c, sizeof(c)));
}

DW_GETTER(get_score)
{
	struct dw_host_counts c = dw_report_host_counts(object);

	if (c.score >= 0)
		dw_give_number(v, (uint64_t)c.score);
}

DW_GETTER(get_checks)
{
	dw_give_objects(v, whole(object)->v, whole(object)->n, sizeof(struct dw_host_result));
}

const struct dw_field dw_fields_host[] = {
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report_host, version),
	  .description = "of doorward" },
	{ "host", DW_FIELD_STRING, true, .offset = offsetof(struct dw_report_host, host),
	  .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_time, .description = "when it was looked at" },
	{ "coverage", DW_FIELD_OBJECT, .members = count_fields, .get = get_counts,
	  .description = "how many checks could look, and what came of them" },
	{ "score", DW_FIELD_UINT, true, .get = get_score,
	  .description = "0 to 100: how much is well of what could be looked at, applies and is "
			 "not accepted, weighed "
			 "by severity; says nothing without the coverage; null: nothing could be "
			 "looked at" },
	{ "checks", DW_FIELD_OBJECTS, .members = dw_fields_host_check, .get = get_checks,
	  .description = "by category" },
	{ 0 },
};

/* --- a fix ---------------------------------------------------------------------------------------------- */

static const struct dw_report_host_fix *fix(const void *object)
{
	return object;
}

DW_GETTER(get_fix_checks)
{
	dw_give_objects(v, fix(object)->v, fix(object)->n, sizeof(struct dw_host_result));
}

DW_GETTER(get_fix_steps)
{
	dw_give_objects(v, fix(object)->steps->v, fix(object)->steps->n, sizeof(struct dw_step));
}

static const struct dw_field fix_step_fields[] = { STEP_FIELDS, { 0 } };

const struct dw_field dw_fields_host_fix[] = {
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report_host_fix, version),
	  .description = "of doorward" },
	{ "host", DW_FIELD_STRING, true, .offset = offsetof(struct dw_report_host_fix, host),
	  .description = "name of the host" },
	{ "checks", DW_FIELD_OBJECTS, .members = dw_fields_host_check, .get = get_fix_checks,
	  .description = "that fail and are not accepted, as in the document of host" },
	{ "steps", DW_FIELD_OBJECTS, .members = fix_step_fields, .get = get_fix_steps,
	  .description = "in the order in which they are taken" },
	{ 0 },
};
