/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of plan. */
#include "fields-step.h"

#include <string.h>

#include "dw_change.h"
#include "dw_macros.h"
#include "dw_str.h"

static void give_list(struct dw_arena *a, const char *const *v, size_t n, struct dw_value *ret)
{
	ret->known = true;
	for (size_t i = 0; i < n; i++)
		dw_vec_push(a, &ret->strings, dw_escape_utf8(a, v[i], strlen(v[i])));
}

/* --- steps ---------------------------------------------------------------------------------------- */

static const struct dw_step *step(const void *object)
{
	return object;
}

static const char *phase_name(enum dw_phase p)
{
	static const char *const names[DW_PHASE_COUNT] = {
		[DW_PHASE_UNKNOWN] = "unknown", [DW_PHASE_GUARD] = "guard",
		[DW_PHASE_STOP] = "stop",       [DW_PHASE_BOOT] = "boot",
		[DW_PHASE_LEFT] = "left",       [DW_PHASE_KEEP] = "keep"
	};

	return names[p < DW_PHASE_COUNT ? p : DW_PHASE_UNKNOWN];
}

STEP_GETTER(dw_step_get_phase)
{
	dw_give_string(v, phase_name(step(object)->phase));
}

STEP_GETTER(dw_step_get_expect)
{
	dw_give_string(v, step(object)->expect.text);
}

STEP_GETTER(dw_step_get_want)
{
	dw_give_string(v, step(object)->want.text);
}

STEP_GETTER(dw_step_get_doors)
{
	dw_give_number(v, step(object)->n_doors);
}

STEP_GETTER(dw_step_get_can_undo)
{
	dw_give_bool(v, !step(object)->no_undo);
}

STEP_GETTER(dw_step_get_if_left)
{
	dw_give_bool(v, step(object)->if_left);
}

static const struct dw_field plan_step_fields[] = { STEP_FIELDS, { 0 } };

/* --- plan ----------------------------------------------------------------------------------------- */

static const struct dw_plan_door *asked(const void *object)
{
	return *(const struct dw_plan_door *const *)object;
}

DW_GETTER(get_door_text)
{
	dw_give_string(v, dw_endpoint_text(a, &asked(object)->door->at));
}

DW_GETTER(get_door_protocol)
{
	dw_give_string(v, dw_protocol_name(asked(object)->door->at.protocol));
}

DW_GETTER(get_door_address)
{
	dw_give_string(v, dw_endpoint_address(a, &asked(object)->door->at));
}

DW_GETTER(get_door_port)
{
	const struct dw_endpoint *e = &asked(object)->door->at;

	if (e->has_port)
		dw_give_number(v, e->port);
}

DW_GETTER(get_door_netns)
{
	dw_give_string(v, asked(object)->door->netns);
}

DW_GETTER(get_door_verdict)
{
	dw_give_string(v, asked(object)->verdict);
}

DW_GETTER(get_intent)
{
	static const char *const names[] = { "none", "close", "restrict" };
	enum dw_intent i = asked(object)->intent;

	dw_give_string(v, names[i <= DW_INTENT_RESTRICT ? i : DW_INTENT_NONE]);
}

DW_GETTER(get_named)
{
	dw_give_bool(v, asked(object)->named);
}

DW_GETTER(get_door_service)
{
	dw_give_string(v, asked(object)->service);
}

DW_GETTER(get_door_program)
{
	dw_give_string(v, asked(object)->door->program);
}

DW_GETTER(get_door_starter)
{
	dw_give_string(v, dw_starter_kind_name(asked(object)->door->starter.kind));
}

DW_GETTER(get_door_starter_id)
{
	dw_give_string(v, asked(object)->door->starter.id);
}

DW_GETTER(get_door_source)
{
	dw_give_string(v, asked(object)->door->starter.source);
}

DW_GETTER(get_connections)
{
	const struct dw_door *d = asked(object)->door;

	if (d->peers_known || d->connections)
		dw_give_number(v, d->connections);
}

DW_GETTER(get_dependants)
{
	const struct dw_strings *d = asked(object)->dependants;

	if (d)
		give_list(a, d->v, d->n, v);
}

static const struct dw_field plan_door_fields[] = {
	{ "door", DW_FIELD_STRING, .get = get_door_text, .description = "ADDRESS:PORT/PROTOCOL" },
	{ "protocol", DW_FIELD_STRING, .get = get_door_protocol,
	  .description = "as in the document of audit" },
	{ "address", DW_FIELD_STRING, .get = get_door_address, .description = "likewise" },
	{ "port", DW_FIELD_UINT, true, .get = get_door_port, .description = "likewise" },
	{ "netns", DW_FIELD_STRING, true, .get = get_door_netns, .description = "likewise" },
	{ "verdict", DW_FIELD_STRING, true, .get = get_door_verdict,
	  .description = "what was judged of it" },
	{ "intent", DW_FIELD_STRING, .get = get_intent,
	  .description = "close, restrict; none: it only goes with the others" },
	{ "named", DW_FIELD_BOOL, .get = get_named, .description = "the user named it" },
	{ "service", DW_FIELD_STRING, true, .get = get_door_service,
	  .description = "what it is known to be" },
	{ "program", DW_FIELD_STRING, true, .get = get_door_program,
	  .description = "path of what serves" },
	{ "starter", DW_FIELD_STRING, .get = get_door_starter,
	  .description = "kind of what starts it" },
	{ "starter_id", DW_FIELD_STRING, true, .get = get_door_starter_id,
	  .description = "its id" },
	{ "source", DW_FIELD_STRING, true, .get = get_door_source,
	  .description = "FILE:LINE that starts it" },
	{ "connections", DW_FIELD_UINT, true, .get = get_connections,
	  .description = "established now; null: not known" },
	{ "dependants", DW_FIELD_STRINGS, true, .get = get_dependants,
	  .description = "packages that need its package; null: not known" },
	{ 0 },
};

DW_GETTER(get_refused_door)
{
	dw_give_string(v, dw_endpoint_text(a, &((const struct dw_refusal *)object)->door->at));
}

#define REFUSAL(m) .offset = offsetof(struct dw_refusal, m)

static const struct dw_field refusal_fields[] = {
	{ "door", DW_FIELD_STRING, .get = get_refused_door,
	  .description = "ADDRESS:PORT/PROTOCOL" },
	{ "id", DW_FIELD_STRING, REFUSAL(id),
	  .description = "own-session, last-way-in, own-network, kept-neighbour, no-lever ..." },
	{ "text", DW_FIELD_STRING, REFUSAL(text), .description = "why, and what to do" },
	{ 0 },
};

DW_GETTER(get_removed_name)
{
	dw_give_string(v, (*(const struct dw_removed_package *const *)object)->name);
}

DW_GETTER(get_removed_version)
{
	dw_give_string(v, (*(const struct dw_removed_package *const *)object)->version);
}

DW_GETTER(get_removed_needs)
{
	dw_give_string(v, (*(const struct dw_removed_package *const *)object)->needs);
}

static const struct dw_field removed_fields[] = {
	{ "name", DW_FIELD_STRING, .get = get_removed_name, .description = "of the package" },
	{ "version", DW_FIELD_STRING, true, .get = get_removed_version,
	  .description = "that is installed" },
	{ "needs", DW_FIELD_STRING, true, .get = get_removed_needs,
	  .description = "the package that goes and that it cannot do without; null: it is a "
			 "door's own" },
	{ 0 },
};

static const struct dw_report_plan *told(const void *object)
{
	return object;
}

DW_GETTER(get_plan_host)
{
	dw_give_string(v, told(object)->snapshot->host);
}

DW_GETTER(get_plan_manager)
{
	dw_give_string(v, told(object)->snapshot->service_manager);
}

DW_GETTER(get_closes)
{
	const struct dw_plan *p = told(object)->plan;

	dw_give_objects(v, p->closes, p->n_closes, sizeof(*p->closes));
}

DW_GETTER(get_also)
{
	const struct dw_plan *p = told(object)->plan;

	dw_give_objects(v, p->also, p->n_also, sizeof(*p->also));
}

DW_GETTER(get_refused)
{
	const struct dw_plan *p = told(object)->plan;

	dw_give_objects(v, p->refused, p->n_refused, sizeof(*p->refused));
}

DW_GETTER(get_plan_steps)
{
	const struct dw_steps *s = &told(object)->plan->steps;

	dw_give_objects(v, s->v, s->n, sizeof(*s->v));
}

DW_GETTER(get_packages)
{
	const struct dw_plan *p = told(object)->plan;

	dw_give_objects(v, p->packages, p->n_packages, sizeof(*p->packages));
}

DW_GETTER(get_needed_by)
{
	const struct dw_strings *s = &told(object)->plan->needed_by;

	give_list(a, s->v, s->n, v);
}

DW_GETTER(get_remarks)
{
	const struct dw_steps *s = &told(object)->plan->steps;

	give_list(a, s->remarks, s->n_remarks, v);
}

const struct dw_field dw_fields_plan[] = {
	{ "host", DW_FIELD_STRING, true, .get = get_plan_host, .description = "name of the host" },
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report_plan, version),
	  .description = "of doorward" },
	{ "service_manager", DW_FIELD_STRING, true, .get = get_plan_manager,
	  .description = "systemd, sysvinit, openrc, runit; null: not known" },
	{ "closes", DW_FIELD_OBJECTS, .members = plan_door_fields, .get = get_closes,
	  .description = "doors that will close, or be narrowed" },
	{ "also", DW_FIELD_OBJECTS, .members = plan_door_fields, .get = get_also,
	  .description = "doors that close with them: the same unit or program holds them" },
	{ "refused", DW_FIELD_OBJECTS, .members = refusal_fields, .get = get_refused,
	  .description = "doors that stay as they are though they were named or judged" },
	{ "steps", DW_FIELD_OBJECTS, .members = plan_step_fields, .get = get_plan_steps,
	  .description = "in the order in which they are taken" },
	{ "packages", DW_FIELD_OBJECTS, .members = removed_fields, .get = get_packages,
	  .description = "that are removed, in this order: with --remove-package alone" },
	{ "needed_by", DW_FIELD_STRINGS, .get = get_needed_by,
	  .description = "what may miss these doors" },
	{ "remarks", DW_FIELD_STRINGS, .get = get_remarks,
	  .description = "what the steps do not reach" },
	{ 0 },
};
