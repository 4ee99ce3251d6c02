/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents of diff and of baseline list. */
#include "dw_diff_report.h"
#include "dw_macros.h"
#include "get.h"

static const struct dw_report_diff *whole(const void *object)
{
	return object;
}

static const struct dw_diff_door *one(const void *object)
{
	return object;
}

DW_GETTER(get_side_time)
{
	dw_give_time(v, ((const struct dw_report_side *)object)->time);
}

#define SIDE(m) .offset = offsetof(struct dw_report_side, m)

static const struct dw_field side_fields[] = {
	{ "source", DW_FIELD_STRING, SIDE(source),
	  .description = "baseline N (NAME), now, or the file" },
	{ "host", DW_FIELD_STRING, true, SIDE(host), .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_side_time,
	  .description = "when it was looked at" },
	{ "version", DW_FIELD_STRING, true, SIDE(version),
	  .description = "of the doorward that looked" },
	{ 0 },
};

#define CHANGE(m) .offset = offsetof(struct dw_diff_change, m)

static const struct dw_field change_fields[] = {
	{ "what", DW_FIELD_STRING, CHANGE(what),
	  .description = "kind, program, executable, user, ids, capabilities, no_new_privs, "
			 "seccomp, filtered, probed, starter, enabled, package, version, verified, "
			 "service, target, verdict" },
	{ "before", DW_FIELD_STRING, true, CHANGE(before), .description = "null: none" },
	{ "after", DW_FIELD_STRING, true, CHANGE(after), .description = "null: none" },
	{ 0 },
};

DW_GETTER(get_change)
{
	dw_give_string(v, dw_diff_kind_name(one(object)->kind));
}

DW_GETTER(get_doubtful)
{
	dw_give_bool(v, one(object)->doubtful);
}

DW_GETTER(get_protocol)
{
	dw_give_string(v, dw_protocol_name(one(object)->door->at.protocol));
}

DW_GETTER(get_address)
{
	if (one(object)->door->at.family != DW_FAMILY_UNKNOWN)
		dw_give_string(v, dw_endpoint_address(a, &one(object)->door->at));
}

DW_GETTER(get_port)
{
	if (one(object)->door->at.has_port)
		dw_give_number(v, one(object)->door->at.port);
}

DW_GETTER(get_netns)
{
	dw_give_string(v, one(object)->door->netns);
}

DW_GETTER(get_kind)
{
	dw_give_string(v, dw_door_kind_name(one(object)->door->kind));
}

DW_GETTER(get_program)
{
	const struct dw_door *d = one(object)->door;

	dw_give_string(v, d->program ? d->program : d->kernel);
}

DW_GETTER(get_service)
{
	dw_give_string(v, one(object)->more->service);
}

DW_GETTER(get_user)
{
	dw_give_string(v, one(object)->more->users);
}

DW_GETTER(get_starter)
{
	const struct dw_starter *s = &one(object)->door->starter;

	if (s->kind)
		dw_give_string(
			v, s->id ? dw_arena_printf(a, "%s %s", dw_starter_kind_name(s->kind), s->id)
				 : dw_starter_kind_name(s->kind));
}

DW_GETTER(get_verdict)
{
	dw_give_string(v, one(object)->more->verdict);
}

DW_GETTER(get_reason)
{
	dw_give_string(v, one(object)->more->reason);
}

DW_GETTER(get_changes)
{
	dw_give_objects(v, one(object)->changes, one(object)->n_changes,
			sizeof(struct dw_diff_change));
}

static const struct dw_field door_fields[] = {
	{ "change", DW_FIELD_STRING, .get = get_change, .description = "came, changed, went" },
	{ "doubtful", DW_FIELD_BOOL, .get = get_doubtful,
	  .description = "true: one side could not look everywhere, so it may have been there, or "
			 "be there still" },
	{ "place", DW_FIELD_STRING, .offset = offsetof(struct dw_diff_door, place),
	  .description = "where it is, for people" },
	{ "protocol", DW_FIELD_STRING, .get = get_protocol, .description = "as in an audit" },
	{ "address", DW_FIELD_STRING, true, .get = get_address, .description = "as in an audit" },
	{ "port", DW_FIELD_UINT, true, .get = get_port, .description = "as in an audit" },
	{ "netns", DW_FIELD_STRING, true, .get = get_netns, .description = "as in an audit" },
	{ "kind", DW_FIELD_STRING, .get = get_kind, .description = "as in an audit" },
	{ "program", DW_FIELD_STRING, true, .get = get_program,
	  .description = "what serves it; the kernel's subsystem where no program does" },
	{ "user", DW_FIELD_STRING, true, .get = get_user,
	  .description = "users of its processes, with commas between" },
	{ "service", DW_FIELD_STRING, true, .get = get_service,
	  .description = "what it is known to be" },
	{ "starter", DW_FIELD_STRING, true, .get = get_starter,
	  .description = "kind and name of what starts it" },
	{ "verdict", DW_FIELD_STRING, true, .get = get_verdict,
	  .description = "what to do about it, as it is after; of one that went: as it was" },
	{ "reason", DW_FIELD_STRING, true, .get = get_reason,
	  .description = "the sentence that decided" },
	{ "changes", DW_FIELD_OBJECTS, .members = change_fields, .get = get_changes,
	  .description = "of one that changed: what" },
	{ 0 },
};

/* --- around a command ------------------------------------------------------------------------------- */

static const struct dw_report_around *around(const void *object)
{
	return object;
}

DW_GETTER(get_thing_change)
{
	dw_give_string(v, dw_diff_kind_name(((const struct dw_diff_thing *)object)->kind));
}

#define THING(m) .offset = offsetof(struct dw_diff_thing, m)

static const struct dw_field thing_fields[] = {
	{ "change", DW_FIELD_STRING, .get = get_thing_change,
	  .description = "came, changed, went" },
	{ "what", DW_FIELD_STRING, THING(what),
	  .description = "unit (and init scripts, crontabs), account, group, file (set-UID, "
			 "set-GID, with capabilities)" },
	{ "name", DW_FIELD_STRING, THING(name), .description = "its name or path" },
	{ "before", DW_FIELD_STRING, true, THING(before), .description = "in words; null: none" },
	{ "after", DW_FIELD_STRING, true, THING(after), .description = "in words; null: none" },
	{ 0 },
};

DW_GETTER(get_status)
{
	dw_give_number(v, around(object)->status);
}

DW_GETTER(get_settled)
{
	dw_give_bool(v, around(object)->settled);
}

DW_GETTER(get_things)
{
	dw_give_objects(v, around(object)->things, around(object)->n, sizeof(struct dw_diff_thing));
}

static const struct dw_field around_fields[] = {
	{ "command", DW_FIELD_STRING, .offset = offsetof(struct dw_report_around, command),
	  .description = "that was run" },
	{ "status", DW_FIELD_UINT, .get = get_status,
	  .description = "its exit status; 128 + N: ended by signal N" },
	{ "settled", DW_FIELD_BOOL, .get = get_settled,
	  .description = "what it started had come to rest when doorward looked" },
	{ "things", DW_FIELD_OBJECTS, .members = thing_fields, .get = get_things,
	  .description = "units, accounts and privileged files that differ" },
	{ 0 },
};

/* --- the document ------------------------------------------------------------------------------------ */

DW_GETTER(get_before)
{
	dw_give_object(v, &whole(object)->before);
}

DW_GETTER(get_after)
{
	dw_give_object(v, &whole(object)->after);
}

DW_GETTER(get_came)
{
	dw_give_number(v, whole(object)->diff->came);
}

DW_GETTER(get_changed)
{
	dw_give_number(v, whole(object)->diff->changed);
}

DW_GETTER(get_went)
{
	dw_give_number(v, whole(object)->diff->went);
}

DW_GETTER(get_same)
{
	dw_give_number(v, whole(object)->diff->same);
}

DW_GETTER(get_doubts)
{
	dw_give_number(v, whole(object)->diff->doubtful);
}

DW_GETTER(get_blind)
{
	dw_give_bool(v, whole(object)->diff->blind);
}

DW_GETTER(get_doors)
{
	const struct dw_diff *d = whole(object)->diff;

	dw_give_objects(v, d->v, d->n, sizeof(*d->v));
}

DW_GETTER(get_around)
{
	dw_give_object(v, whole(object)->around);
}

DW_GETTER(get_notes)
{
	const struct dw_report_diff *r = whole(object);

	v->strings.v = dw_arena_array(a, r->n_notes + 1, sizeof(*v->strings.v));
	for (size_t i = 0; i < r->n_notes; i++)
		v->strings.v[v->strings.n++] = r->notes[i];
	v->known = true;
}

const struct dw_field dw_fields_diff[] = {
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report_diff, version),
	  .description = "of doorward" },
	{ "before", DW_FIELD_OBJECT, .members = side_fields, .get = get_before,
	  .description = "the one side" },
	{ "after", DW_FIELD_OBJECT, .members = side_fields, .get = get_after,
	  .description = "the other side" },
	{ "came", DW_FIELD_UINT, .get = get_came, .description = "doors, without those in doubt" },
	{ "changed", DW_FIELD_UINT, .get = get_changed, .description = "doors" },
	{ "went", DW_FIELD_UINT, .get = get_went, .description = "doors, without those in doubt" },
	{ "same", DW_FIELD_UINT, .get = get_same, .description = "doors that are as they were" },
	{ "doubts", DW_FIELD_UINT, .get = get_doubts, .description = "doors in doubt" },
	{ "blind", DW_FIELD_BOOL, .get = get_blind,
	  .description = "one side could not look everywhere" },
	{ "doors", DW_FIELD_OBJECTS, .members = door_fields, .get = get_doors,
	  .description = "that differ: new ones first, the most urgent verdict first" },
	{ "around", DW_FIELD_OBJECT, true, .members = around_fields, .get = get_around,
	  .description = "diff --around: the command, and what else it changed; else null" },
	{ "notes", DW_FIELD_STRINGS, .get = get_notes,
	  .description = "what could not be looked at around the command" },
	{ 0 },
};

/* --- baselines --------------------------------------------------------------------------------------- */

static const struct dw_report_baseline *baseline(const void *object)
{
	return object;
}

DW_GETTER(get_number)
{
	dw_give_number(v, (uint64_t)baseline(object)->number);
}

DW_GETTER(get_baseline_time)
{
	dw_give_time(v, baseline(object)->time);
}

DW_GETTER(get_count)
{
	dw_give_number(v, baseline(object)->doors);
}

DW_GETTER(get_size)
{
	dw_give_number(v, baseline(object)->size);
}

DW_GETTER(get_bytes)
{
	dw_give_number(v, baseline(object)->bytes);
}

#define BASELINE(m) .offset = offsetof(struct dw_report_baseline, m)

static const struct dw_field baseline_fields[] = {
	{ "number", DW_FIELD_UINT, .get = get_number, .description = "names it, too" },
	{ "name", DW_FIELD_STRING, true, BASELINE(name),
	  .description = "null: it has a number alone" },
	{ "host", DW_FIELD_STRING, true, BASELINE(host), .description = "name of the host" },
	{ "time", DW_FIELD_TIME, true, .get = get_baseline_time,
	  .description = "when it was looked at" },
	{ "version", DW_FIELD_STRING, true, BASELINE(version),
	  .description = "of the doorward that looked" },
	{ "doors", DW_FIELD_UINT, .get = get_count, .description = "how many it has" },
	{ "size", DW_FIELD_UINT, .get = get_size, .description = "bytes of its document" },
	{ "bytes", DW_FIELD_UINT, .get = get_bytes, .description = "bytes in the journal" },
	{ 0 },
};

DW_GETTER(get_baselines)
{
	const struct dw_report_baselines *r = object;

	dw_give_objects(v, r->v, r->n, sizeof(*r->v));
}

const struct dw_field dw_fields_baselines[] = {
	{ "version", DW_FIELD_STRING, .offset = offsetof(struct dw_report_baselines, version),
	  .description = "of doorward" },
	{ "baselines", DW_FIELD_OBJECTS, .members = baseline_fields, .get = get_baselines,
	  .description = "the newest first" },
	{ 0 },
};
