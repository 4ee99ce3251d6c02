/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of confine suggest. */
#include "dw_confine_report.h"
#include "dw_macros.h"
#include "get.h"

static const struct dw_report_suggest *whole(const void *object)
{
	return object;
}

static const struct dw_report_observed *seen(const void *object)
{
	return object;
}

DW_GETTER(get_time)
{
	dw_give_time(v, whole(object)->time);
}

DW_GETTER(get_service)
{
	dw_give_object(v, whole(object)->service);
}

DW_GETTER(get_observed)
{
	dw_give_object(v, whole(object)->observed);
}

/* A service that holds what it never used: known only where both are. */
static void get_idle(struct dw_arena *a, const void *object, struct dw_value *v)
{
	const struct dw_report_suggest *r = object;

	if (!r->observed || !r->observed->capabilities_known || !r->service->processes ||
	    !r->service->details_known)
		return;
	dw_give_capabilities(v, r->service->capabilities & ~r->observed->capabilities, a);
}

DW_GETTER(get_remarks)
{
	v->strings = whole(object)->remarks;
	v->known = true;
}

DW_GETTER(get_seconds)
{
	dw_give_number(v, seen(object)->seconds);
}

static void get_used(struct dw_arena *a, const void *object, struct dw_value *v)
{
	if (seen(object)->capabilities_known)
		dw_give_capabilities(v, seen(object)->capabilities, a);
}

DW_GETTER(get_written)
{
	v->strings = seen(object)->written;
	v->known = true;
}

DW_GETTER(get_started)
{
	v->strings = seen(object)->started;
	v->known = true;
}

DW_GETTER(get_devices)
{
	v->strings = seen(object)->devices;
	v->known = true;
}

DW_GETTER(get_missed)
{
	dw_give_number(v, seen(object)->missed);
}

static const struct dw_field observed_fields[] = {
	{ "seconds", DW_FIELD_UINT, .get = get_seconds, .description = "for so long" },
	{ "capabilities", DW_FIELD_STRINGS, true, .get = get_used,
	  .description = "that it used; null: this kernel does not show it",
	  .source = "tracepoint or end of cap_capable()" },
	{ "written", DW_FIELD_STRINGS, .get = get_written,
	  .description = "paths opened for writing, made, removed or renamed" },
	{ "started", DW_FIELD_STRINGS, .get = get_started, .description = "programs" },
	{ "devices", DW_FIELD_STRINGS, .get = get_devices, .description = "that it had open" },
	{ "set_uid", DW_FIELD_STRING, true, .offset = offsetof(struct dw_report_observed, set_uid),
	  .description = "a set-UID or set-GID program that it started; null: none" },
	{ "missed", DW_FIELD_UINT, .get = get_missed,
	  .description = "paths that could not be read: written may lack them" },
	{ 0 },
};

#define WHOLE(m) .offset = offsetof(struct dw_report_suggest, m)

const struct dw_field dw_fields_suggest[] = {
	{ "version", DW_FIELD_STRING, WHOLE(version), .description = "of doorward" },
	{ "host", DW_FIELD_STRING, true, WHOLE(host), .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_time, .description = "of the audit before" },
	{ "service", DW_FIELD_OBJECT, .members = dw_fields_confine_service, .get = get_service,
	  .description = "as in confine --json; its capabilities are those that it holds" },
	{ "observed", DW_FIELD_OBJECT, true, .members = observed_fields, .get = get_observed,
	  .description = "what it used; null: it was not observed, for nothing can be taken from it"
			 " or no unit starts it" },
	{ "idle_capabilities", DW_FIELD_STRINGS, true, .get = get_idle,
	  .description = "held and not used; null: one of both is not known" },
	{ "path", DW_FIELD_STRING, true, WHOLE(path),
	  .description = "the file that would be written; null: none" },
	{ "text", DW_FIELD_STRING, true, WHOLE(text),
	  .description = "the drop-in, or the difference of a file; null: none" },
	{ "remarks", DW_FIELD_STRINGS, .get = get_remarks,
	  .description = "what was left as it is, and why, sentences" },
	{ "cannot", DW_FIELD_STRING, true, WHOLE(cannot),
	  .description = "why nothing is taken from it; null: something is" },
	{ 0 },
};
