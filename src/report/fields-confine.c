/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of confine, and a service in it. */
#include "dw_confine_report.h"
#include "dw_macros.h"
#include "get.h"

static const struct dw_confine_service *one(const void *object)
{
	return object;
}

static const struct dw_report_confine *whole(const void *object)
{
	return object;
}

DW_GETTER(get_kind)
{
	dw_give_string(v, dw_starter_kind_name(one(object)->kind));
}

DW_GETTER(get_doors)
{
	v->strings = one(object)->doors;
	v->known = true;
}

DW_GETTER(get_reach)
{
	dw_give_string(v, dw_confine_reach_name(one(object)->reach));
}

DW_GETTER(get_low_port)
{
	if (one(object)->low_port)
		dw_give_number(v, one(object)->low_port);
}

DW_GETTER(get_processes)
{
	dw_give_number(v, one(object)->processes);
}

DW_GETTER(get_root)
{
	dw_give_tristate(v, one(object)->root);
}

static void get_capabilities(struct dw_arena *a, const void *object, struct dw_value *v)
{
	if (one(object)->processes && one(object)->details_known)
		dw_give_capabilities(v, one(object)->capabilities, a);
}

DW_GETTER(get_no_new_privs)
{
	dw_give_tristate(v, one(object)->no_new_privs);
}

DW_GETTER(get_filtered)
{
	dw_give_tristate(v, one(object)->filtered);
}

DW_GETTER(get_own_files)
{
	dw_give_tristate(v, one(object)->own_files);
}

DW_GETTER(get_score)
{
	dw_give_number(v, one(object)->score);
}

DW_GETTER(get_partly)
{
	dw_give_bool(v, one(object)->partly);
}

DW_GETTER(get_points)
{
	dw_give_number(v, ((const struct dw_confine_item *)object)->points);
}

DW_GETTER(get_items)
{
	dw_give_objects(v, one(object)->items, one(object)->n_items,
			sizeof(struct dw_confine_item));
}

DW_GETTER(get_settings)
{
	if (one(object)->settings_known)
		dw_give_objects(v, one(object)->settings, one(object)->n_settings,
				sizeof(struct dw_confine_setting));
}

DW_GETTER(get_unknown)
{
	v->strings = one(object)->unknown;
	v->known = true;
}

DW_GETTER(get_advice)
{
	v->strings = one(object)->advice;
	v->known = true;
}

static const struct dw_field item_fields[] = {
	{ "id", DW_FIELD_STRING, .offset = offsetof(struct dw_confine_item, id),
	  .description = "stable word" },
	{ "points", DW_FIELD_UINT, .get = get_points, .description = "of 100" },
	{ "text", DW_FIELD_STRING, .offset = offsetof(struct dw_confine_item, text),
	  .description = "one sentence" },
	{ 0 },
};

static const struct dw_field setting_fields[] = {
	{ "name", DW_FIELD_STRING, .offset = offsetof(struct dw_confine_setting, name),
	  .description = "as in systemd.exec(5)" },
	{ "value", DW_FIELD_STRING, .offset = offsetof(struct dw_confine_setting, value),
	  .description = "as the manager has it" },
	{ 0 },
};

#define ONE(m) .offset = offsetof(struct dw_confine_service, m)

const struct dw_field dw_fields_confine_service[] = {
	{ "name", DW_FIELD_STRING, ONE(name),
	  .description = "the unit, script or line; else the program" },
	{ "kind", DW_FIELD_STRING, .get = get_kind, .description = "as starter.kind of an audit" },
	{ "unit", DW_FIELD_STRING, true, ONE(unit),
	  .description = "unit of systemd whose processes serve; null: none" },
	{ "program", DW_FIELD_STRING, true, ONE(program), .description = "as in an audit" },
	{ "package", DW_FIELD_STRING, true, ONE(package),
	  .description = "name of the program's package" },
	{ "source", DW_FIELD_STRING, true, ONE(source),
	  .description = "FILE:LINE of what starts it" },
	{ "doors", DW_FIELD_STRINGS, .get = get_doors, .description = "that it keeps, for people" },
	{ "reach", DW_FIELD_STRING, .get = get_reach,
	  .description = "of the farthest: any, some, loopback, none (not open now), unknown" },
	{ "low_port", DW_FIELD_UINT, true, .get = get_low_port,
	  .description = "the lowest below 1024; null: none" },
	{ "processes", DW_FIELD_UINT, .get = get_processes, .description = "that hold its doors" },
	{ "user", DW_FIELD_STRING, true, ONE(user),
	  .description = "of the mightiest process, or as configured" },
	{ "worker", DW_FIELD_STRING, true, ONE(worker),
	  .description = "of processes beside a root one" },
	{ "root", DW_FIELD_BOOL, true, .get = get_root,
	  .description = "a process is uid 0; null: not known" },
	{ "capabilities", DW_FIELD_STRINGS, true, .get = get_capabilities,
	  .description = "effective, of all together; null: not all could be seen" },
	{ "no_new_privs", DW_FIELD_BOOL, true, .get = get_no_new_privs,
	  .description = "all processes have it set" },
	{ "seccomp", DW_FIELD_BOOL, true, .get = get_filtered,
	  .description = "all processes have a filter" },
	{ "own_files", DW_FIELD_BOOL, true, .get = get_own_files,
	  .description = "all are in a mount namespace that is not pid 1's" },
	{ "settings", DW_FIELD_OBJECTS, true, .members = setting_fields, .get = get_settings,
	  .description = "of its unit; null: it has none, or systemd could not be asked" },
	{ "said_user", DW_FIELD_STRING, true, ONE(said_user),
	  .description = "user that its own configuration names (inetd, xinetd, Apache, nginx)" },
	{ "said_at", DW_FIELD_STRING, true, ONE(said_at), .description = "FILE:LINE of that" },
	{ "score", DW_FIELD_UINT, .get = get_score,
	  .description = "0 to 100: what an intruder would hold" },
	{ "at_least", DW_FIELD_BOOL, .get = get_partly,
	  .description = "something could not be seen: it may be more" },
	{ "items", DW_FIELD_OBJECTS, .members = item_fields, .get = get_items,
	  .description = "what the score is made of" },
	{ "unknown", DW_FIELD_STRINGS, .get = get_unknown,
	  .description = "what could not be seen, sentences" },
	{ "could_be", DW_FIELD_STRING, true, ONE(could_be),
	  .description = "account that is there for it" },
	{ "advice", DW_FIELD_STRINGS, .get = get_advice,
	  .description = "what could be done, sentences" },
	{ 0 },
};

DW_GETTER(get_time)
{
	dw_give_time(v, whole(object)->time);
}

DW_GETTER(get_services)
{
	dw_give_objects(v, whole(object)->v, whole(object)->n, sizeof(struct dw_confine_service));
}

const struct dw_field dw_fields_confine[] = {
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report_confine, version),
	  .description = "of doorward" },
	{ "host", DW_FIELD_STRING, true, .offset = offsetof(struct dw_report_confine, host),
	  .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_time, .description = "of the look" },
	{ "services", DW_FIELD_OBJECTS, .members = dw_fields_confine_service, .get = get_services,
	  .description = "that keep doors, the highest score first" },
	{ 0 },
};
