/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of report: those of other commands, put together. */
#include "dw_whole_report.h"
#include "get.h"

static const struct dw_report_whole *whole(const void *object)
{
	return object;
}

DW_GETTER(get_host)
{
	dw_give_string(v, whole(object)->audit->snapshot->host);
}

DW_GETTER(get_version)
{
	dw_give_string(v, whole(object)->audit->version);
}

DW_GETTER(get_time)
{
	dw_give_time(v, whole(object)->audit->snapshot->time);
}

/* A section beside its name. */
struct named {
	enum dw_whole_part part;
	const struct dw_whole_section *section;
};

DW_GETTER(get_sections)
{
	struct named *all = dw_arena_array(a, DW_WHOLE_PARTS, sizeof(*all));

	for (size_t i = 0; i < DW_WHOLE_PARTS; i++)
		all[i] = (struct named){ (enum dw_whole_part)i, &whole(object)->sections[i] };
	dw_give_objects(v, all, DW_WHOLE_PARTS, sizeof(*all));
}

DW_GETTER(get_name)
{
	dw_give_string(v, dw_whole_part_name(((const struct named *)object)->part));
}

DW_GETTER(get_state)
{
	dw_give_string(v, dw_whole_state_name(((const struct named *)object)->section->state));
}

DW_GETTER(get_why)
{
	dw_give_string(v, ((const struct named *)object)->section->why);
}

#define PART(name)                                                                                 \
	DW_GETTER(get_##name)                                                                      \
	{                                                                                          \
		dw_give_object(v, whole(object)->name);                                            \
	}

PART(audit)
PART(plan)
PART(changes)
PART(outside)
PART(usage)
PART(history)

DW_GETTER(get_checks)
{
	dw_give_object(v, whole(object)->host);
}

static const struct dw_field section_fields[] = {
	{ "name", DW_FIELD_STRING, .get = get_name,
	  .description = "plan, changes, outside, host, usage or history" },
	{ "state", DW_FIELD_STRING, .get = get_state,
	  .description = "told, left-out (by --without), nothing (there is none yet), failed (it "
			 "could not be had), unknown" },
	{ "why", DW_FIELD_STRING, true, .get = get_why,
	  .description = "where it is not told: one sentence" },
	{ 0 },
};

const struct dw_field dw_fields_whole[] = {
	{ "host", DW_FIELD_STRING, true, .get = get_host, .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_time, .description = "when it was looked at" },
	{ "version", DW_FIELD_STRING, .get = get_version, .description = "of doorward" },
	{ "sections", DW_FIELD_OBJECTS, .members = section_fields, .get = get_sections,
	  .description = "what is told beside the doors, and what is not" },
	{ "audit", DW_FIELD_OBJECT, .members = dw_fields_document, .get = get_audit,
	  .description = "the document of audit" },
	{ "plan", DW_FIELD_OBJECT, true, .members = dw_fields_plan, .get = get_plan,
	  .description = "the document of plan" },
	{ "changes", DW_FIELD_OBJECT, true, .members = dw_fields_diff, .get = get_changes,
	  .description = "the document of diff: since the newest baseline" },
	{ "outside", DW_FIELD_OBJECT, true, .members = dw_fields_compare, .get = get_outside,
	  .description = "the document of compare: of the newest scan that is kept" },
	{ "checks", DW_FIELD_OBJECT, true, .members = dw_fields_host, .get = get_checks,
	  .description = "the document of host" },
	{ "usage", DW_FIELD_OBJECT, true, .members = dw_fields_usage, .get = get_usage,
	  .description = "the document of usage, of the last week" },
	{ "history", DW_FIELD_OBJECT, true, .members = dw_fields_history, .get = get_history,
	  .description = "the document of history" },
	{ 0 },
};
