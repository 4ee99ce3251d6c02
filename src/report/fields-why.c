/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `why` adds to a door: what is known of its service, and the steps that would close it. */
#include "get.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_report.h"
#include "dw_str.h"

static const struct dw_service *service(const void *object)
{
	return object;
}

static void give_words(struct dw_arena *a, const char *const *words, struct dw_value *v)
{
	v->known = true;
	for (; words && *words; words++)
		dw_vec_push(a, &v->strings, dw_escape_utf8(a, *words, strlen(*words)));
}

DW_GETTER(get_tier)
{
	dw_give_string(v, dw_tier_name(service(object)->tier));
}

DW_GETTER(get_reach)
{
	dw_give_string(v, dw_reach_name(service(object)->reach));
}

DW_GETTER(get_restricts)
{
	const struct dw_service_restrict *r = service(object)->restricts;
	size_t n = 0;

	while (r && r[n].how)
		n++;
	dw_give_objects(v, r, n, sizeof(*r));
}

DW_GETTER(get_sources)
{
	give_words(a, service(object)->sources, v);
}

#define RESTRICT(m) .offset = offsetof(struct dw_service_restrict, m)

static const struct dw_field restrict_fields[] = {
	{ "how", DW_FIELD_STRING, RESTRICT(how), .description = "what to do, one sentence" },
	{ "file", DW_FIELD_STRING, true, RESTRICT(file), .description = "the file to edit" },
	{ "setting", DW_FIELD_STRING, true, RESTRICT(setting),
	  .description = "the line to have in it" },
	{ "after", DW_FIELD_STRING, true, RESTRICT(after), .description = "what makes it count" },
	{ 0 },
};

#define SERVICE(m) .offset = offsetof(struct dw_service, m)

static const struct dw_field service_fields[] = {
	{ "title", DW_FIELD_STRING, true, SERVICE(title), .description = "its name for people" },
	{ "what", DW_FIELD_STRING, true, SERVICE(what),
	  .description = "what it does, one sentence" },
	{ "loss", DW_FIELD_STRING, true, SERVICE(loss),
	  .description = "what one loses by closing it" },
	{ "tier", DW_FIELD_STRING, .get = get_tier,
	  .description =
		  "how dangerous it is on a network: backdoor, never, local, replace, careful, "
		  "ordinary, unknown" },
	{ "reach", DW_FIELD_STRING, .get = get_reach,
	  .description = "for whom it is made: none, loopback, lan, world, unknown" },
	{ "why", DW_FIELD_STRING, true, SERVICE(why), .description = "why that tier" },
	{ "instead", DW_FIELD_STRING, true, SERVICE(instead),
	  .description = "what to use instead" },
	{ "restricts", DW_FIELD_OBJECTS, .members = restrict_fields, .get = get_restricts,
	  .description = "ways to narrow it" },
	{ "sources", DW_FIELD_STRINGS, .get = get_sources, .description = "where this is from" },
	{ 0 },
};

#define STEP(m) .offset = offsetof(struct dw_step, m)

static const struct dw_field step_fields[] = {
	{ "manager", DW_FIELD_STRING, STEP(manager),
	  .description = "who keeps the state: systemd, sysv, inetd, file, process ..." },
	{ "object", DW_FIELD_STRING, STEP(object), .description = "what is changed" },
	{ "expect", DW_FIELD_STRING, true, STEP(expect.text), .description = "its state now" },
	{ "want", DW_FIELD_STRING, true, STEP(want.text), .description = "its state afterwards" },
	{ "why", DW_FIELD_STRING, true, STEP(why), .description = "one sentence" },
	{ "command", DW_FIELD_STRING, true, STEP(command),
	  .description = "as an administrator would type it, quoted for a shell; null: none does" },
	{ "undo_command", DW_FIELD_STRING, true, STEP(undo_command),
	  .description = "takes it back; null: nothing does" },
	{ 0 },
};

DW_GETTER(get_service_info)
{
	dw_give_object(v, ((const struct dw_report_door *)object)->service);
}

DW_GETTER(get_steps)
{
	const struct dw_steps *s = ((const struct dw_report_door *)object)->steps;

	if (s)
		dw_give_objects(v, s->v, s->n, sizeof(*s->v));
}

DW_GETTER(get_remarks)
{
	const struct dw_steps *s = ((const struct dw_report_door *)object)->steps;

	v->known = s != NULL;
	for (size_t i = 0; s && i < s->n_remarks; i++)
		dw_vec_push(a, &v->strings,
			    dw_escape_utf8(a, s->remarks[i], strlen(s->remarks[i])));
}

DW_GETTER(get_dependants)
{
	const struct dw_strings *d = ((const struct dw_report_door *)object)->dependants;

	v->known = d != NULL;
	for (size_t i = 0; d && i < d->n; i++)
		dw_vec_push(a, &v->strings, dw_escape_utf8(a, d->v[i], strlen(d->v[i])));
}

#define RELATION(m) .offset = offsetof(struct dw_relation, m)

static const struct dw_field needed_fields[] = {
	{ "unit", DW_FIELD_STRING, RELATION(unit), .description = "a unit of systemd" },
	{ "how", DW_FIELD_STRING, RELATION(how),
	  .description =
		  "requires, binds-to, requisite, part-of, wants: as its setting is called" },
	{ 0 },
};

static const struct dw_field woken_fields[] = {
	{ "unit", DW_FIELD_STRING, RELATION(unit),
	  .description = "a unit of systemd, or a bus name" },
	{ "how", DW_FIELD_STRING, RELATION(how),
	  .description = "socket, path, timer, automount: the unit triggers it; upholds: the unit "
			 "keeps it "
			 "running; failure, success: it starts when the unit fails, ends well; "
			 "dbus: a call to the bus name starts it" },
	{ 0 },
};

DW_GETTER(get_needed_by)
{
	const struct dw_relations *r = ((const struct dw_report_door *)object)->relations;

	if (r)
		dw_give_objects(v, r->needed_by, r->n_needed_by, sizeof(*r->needed_by));
}

DW_GETTER(get_woken_by)
{
	const struct dw_relations *r = ((const struct dw_report_door *)object)->relations;

	if (r)
		dw_give_objects(v, r->woken_by, r->n_woken_by, sizeof(*r->woken_by));
}

const struct dw_field dw_fields_why_door[] = {
	{ "service_info", DW_FIELD_OBJECT, true, .members = service_fields, .get = get_service_info,
	  .description = "what is known of that service, on whatever host" },
	{ "dependants", DW_FIELD_STRINGS, true, .get = get_dependants,
	  .description =
		  "installed packages that cannot do without the door's package, at most 64; "
		  "null: not known" },
	{ "needed_by", DW_FIELD_OBJECTS, true, .members = needed_fields, .get = get_needed_by,
	  .description =
		  "units of systemd that need what starts it, targets that only group apart; "
		  "null: not known, or systemd does not start it" },
	{ "woken_by", DW_FIELD_OBJECTS, true, .members = woken_fields, .get = get_woken_by,
	  .description = "what would start it again by itself; null: as needed_by" },
	{ "steps", DW_FIELD_OBJECTS, true, .members = step_fields, .get = get_steps,
	  .description = "what would close it, in this order; nothing is done" },
	{ "remarks", DW_FIELD_STRINGS, true, .get = get_remarks,
	  .description = "what the steps do not reach" },
	{ 0 },
};

DW_GETTER(get_nearby)
{
	const struct dw_found *f = object;

	v->known = true;
	for (size_t i = 0; i < f->nearby.n; i++)
		dw_vec_push(a, &v->strings,
			    dw_escape_utf8(a, f->nearby.v[i], strlen(f->nearby.v[i])));
}

DW_GETTER(get_doors)
{
	const struct dw_found *f = object;

	dw_give_objects(v, f->doors, f->n, sizeof(*f->doors));
}

const struct dw_field dw_fields_why[] = {
	{ "query", DW_FIELD_STRING, .offset = offsetof(struct dw_found, query),
	  .description = "the word that was asked for" },
	{ "doors", DW_FIELD_OBJECTS, .members = dw_fields_why_door, .get = get_doors,
	  .description = "the doors it names, as in the document of audit, and beside that:" },
	{ "nearby", DW_FIELD_STRINGS, .get = get_nearby,
	  .description = "when no door was found: what may have been meant" },
	{ 0 },
};
