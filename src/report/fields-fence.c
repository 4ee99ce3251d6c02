/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document of fence show. */
#include "dw_fence_report.h"
#include "dw_macros.h"
#include "get.h"

static const struct dw_report_fence *whole(const void *object)
{
	return object;
}

/* --- a door ------------------------------------------------------------------------------------------- */

static const struct dw_door *door(const void *object)
{
	return ((const struct dw_report_door *)object)->door;
}

static void get_door(struct dw_arena *a, const void *object, struct dw_value *v)
{
	dw_give_string(v, dw_endpoint_text(a, &door(object)->at));
}

DW_GETTER(get_netns)
{
	dw_give_string(v, door(object)->netns ? door(object)->netns : "unknown");
}

DW_GETTER(get_target)
{
	dw_give_string(v, door(object)->target);
}

DW_GETTER(get_filtered)
{
	if (door(object)->filtered)
		dw_give_string(v, door(object)->filtered->words);
}

DW_GETTER(get_rule)
{
	if (door(object)->filtered)
		dw_give_string(v, door(object)->filtered->rule);
}

DW_GETTER(get_why)
{
	if (door(object)->filtered)
		dw_give_string(v, door(object)->filtered->why);
}

DW_GETTER(get_sources)
{
	const struct dw_filtered *f = door(object)->filtered;

	dw_give_objects(v, f ? f->sources : NULL, f ? f->n_sources : 0,
			sizeof(struct dw_filtered_source));
}

static const struct dw_field door_fields[] = {
	{ "door", DW_FIELD_STRING, .get = get_door, .description = "ADDRESS:PORT/PROTOCOL" },
	{ "netns", DW_FIELD_STRING, .get = get_netns, .description = "its network namespace" },
	{ "target", DW_FIELD_STRING, true, .get = get_target,
	  .description = "ADDRESS:PORT that a published port leads to" },
	{ "filtered", DW_FIELD_STRING, true, .get = get_filtered,
	  .description = "who may, in words; null: not looked at" },
	{ "rule", DW_FIELD_STRING, true, .get = get_rule,
	  .description = "the rule that decides; null: none, or several (see sources)" },
	{ "why", DW_FIELD_STRING, true, .get = get_why,
	  .description = "why it cannot be told; else a remark" },
	{ "sources", DW_FIELD_OBJECTS, .get = get_sources, .members = dw_fields_filtered_source,
	  .description = "each sender that the rules tell apart" },
	{ 0 },
};

/* --- published ports that go round the rules ---------------------------------------------------------- */

static const struct dw_door *around(const void *object)
{
	return *(const struct dw_door *const *)object;
}

static const struct dw_filtered_source *leader(const void *object)
{
	const struct dw_filtered *f = around(object)->filtered;

	for (size_t i = 0; f && i < f->n_sources; i++)
		if (f->sources[i].led_by)
			return &f->sources[i];
	return NULL;
}

static void get_around_door(struct dw_arena *a, const void *object, struct dw_value *v)
{
	dw_give_string(v, dw_endpoint_text(a, &around(object)->at));
}

DW_GETTER(get_around_target)
{
	dw_give_string(v, around(object)->target);
}

DW_GETTER(get_around_who)
{
	if (around(object)->filtered)
		dw_give_string(v, around(object)->filtered->words);
}

DW_GETTER(get_around_rule)
{
	if (leader(object))
		dw_give_string(v, leader(object)->led_by);
}

DW_GETTER(get_around_packets)
{
	if (leader(object) && leader(object)->led_counted)
		dw_give_number(v, leader(object)->led_packets);
}

static const struct dw_field around_fields[] = {
	{ "door", DW_FIELD_STRING, .get = get_around_door, .description = "ADDRESS:PORT/PROTOCOL" },
	{ "target", DW_FIELD_STRING, true, .get = get_around_target,
	  .description = "ADDRESS:PORT that it leads to" },
	{ "who", DW_FIELD_STRING, true, .get = get_around_who, .description = "may" },
	{ "rule", DW_FIELD_STRING, true, .get = get_around_rule,
	  .description = "that leads it there; null: it was not seen" },
	{ "packets", DW_FIELD_UINT, true, .get = get_around_packets,
	  .description = "what that rule's counter says" },
	{ 0 },
};

/* --- ports that nothing listens on -------------------------------------------------------------------- */

static const struct dw_report_unused *unused(const void *object)
{
	return object;
}

DW_GETTER(get_unused_protocol)
{
	dw_give_string(v, dw_protocol_name(unused(object)->protocol));
}

DW_GETTER(get_unused_first)
{
	dw_give_number(v, unused(object)->first);
}

DW_GETTER(get_unused_last)
{
	dw_give_number(v, unused(object)->last);
}

#define UNUSED(m) .offset = offsetof(struct dw_report_unused, m)

static const struct dw_field unused_fields[] = {
	{ "protocol", DW_FIELD_STRING, .get = get_unused_protocol, .description = "tcp, udp" },
	{ "first", DW_FIELD_UINT, .get = get_unused_first, .description = "port" },
	{ "last", DW_FIELD_UINT, .get = get_unused_last, .description = "port" },
	{ "who", DW_FIELD_STRING, UNUSED(who), .description = "may" },
	{ "rule", DW_FIELD_STRING, true, UNUSED(rule),
	  .description = "that lets them in; null: several, or none" },
	{ 0 },
};

/* --- rules that nothing met --------------------------------------------------------------------------- */

static const struct dw_report_rule *idle(const void *object)
{
	return object;
}

DW_GETTER(get_idle_packets)
{
	if (idle(object)->counted)
		dw_give_number(v, idle(object)->packets);
}

static const struct dw_field idle_fields[] = {
	{ "rule", DW_FIELD_STRING, .offset = offsetof(struct dw_report_rule, words),
	  .description = "in words" },
	{ "packets", DW_FIELD_UINT, true, .get = get_idle_packets,
	  .description = "what its own counter says; null: it has none" },
	{ 0 },
};

/* --- what leaves -------------------------------------------------------------------------------------- */

static const struct dw_report_leave *leave(const void *object)
{
	return object;
}

DW_GETTER(get_leave_family)
{
	dw_give_string(v, dw_family_name(leave(object)->family));
}

DW_GETTER(get_leave_protocol)
{
	dw_give_string(v, dw_protocol_name(leave(object)->protocol));
}

DW_GETTER(get_leave_first)
{
	dw_give_number(v, leave(object)->first);
}

DW_GETTER(get_leave_last)
{
	dw_give_number(v, leave(object)->last);
}

DW_GETTER(get_leave_passes)
{
	v->yes = leave(object)->passes;
	v->known = leave(object)->known;
}

DW_GETTER(get_leave_packets)
{
	if (leave(object)->counted)
		dw_give_number(v, leave(object)->packets);
}

#define LEAVE(m) .offset = offsetof(struct dw_report_leave, m)

static const struct dw_field leave_fields[] = {
	{ "to", DW_FIELD_STRING, LEAVE(to), .description = "whom: a network, anyone ..." },
	{ "family", DW_FIELD_STRING, .get = get_leave_family, .description = "ipv4, ipv6" },
	{ "protocol", DW_FIELD_STRING, .get = get_leave_protocol, .description = "tcp, udp" },
	{ "first", DW_FIELD_UINT, .get = get_leave_first, .description = "port" },
	{ "last", DW_FIELD_UINT, .get = get_leave_last, .description = "port" },
	{ "passes", DW_FIELD_BOOL, true, .get = get_leave_passes,
	  .description = "null: it cannot be told" },
	{ "rule", DW_FIELD_STRING, true, LEAVE(rule),
	  .description = "that decides, or is in doubt; null: none does" },
	{ "packets", DW_FIELD_UINT, true, .get = get_leave_packets,
	  .description = "what that rule's counter says; null: it has none" },
	{ "why", DW_FIELD_STRING, true, LEAVE(why), .description = "why it cannot be told" },
	{ 0 },
};

/* --- the document ------------------------------------------------------------------------------------- */

DW_GETTER(get_time)
{
	dw_give_time(v, whole(object)->time);
}

DW_GETTER(get_filter)
{
	dw_give_bool(v, whole(object)->stands);
}

DW_GETTER(get_blind)
{
	dw_give_bool(v, whole(object)->blind);
}

DW_GETTER(get_rules)
{
	dw_give_number(v, whole(object)->n_rules);
}

DW_GETTER(get_asked)
{
	dw_give_number(v, whole(object)->asked);
}

DW_GETTER(get_unasked)
{
	dw_give_number(v, whole(object)->n_unasked);
}

DW_GETTER(get_doors)
{
	dw_give_objects(v, whole(object)->doors, whole(object)->n_doors,
			sizeof(struct dw_report_door));
}

DW_GETTER(get_elsewhere)
{
	dw_give_objects(v, whole(object)->elsewhere, whole(object)->n_elsewhere,
			sizeof(struct dw_report_door));
}

DW_GETTER(get_around)
{
	dw_give_objects(v, whole(object)->around, whole(object)->n_around,
			sizeof(const struct dw_door *));
}

DW_GETTER(get_unused)
{
	dw_give_objects(v, whole(object)->unused, whole(object)->n_unused,
			sizeof(struct dw_report_unused));
}

DW_GETTER(get_idle)
{
	dw_give_objects(v, whole(object)->idle, whole(object)->n_idle,
			sizeof(struct dw_report_rule));
}

DW_GETTER(get_leaves)
{
	dw_give_objects(v, whole(object)->leaves, whole(object)->n_leaves,
			sizeof(struct dw_report_leave));
}

DW_GETTER(get_doubts)
{
	v->strings = whole(object)->doubts;
	v->known = true;
}

#define WHOLE(m) .offset = offsetof(struct dw_report_fence, m)

const struct dw_field dw_fields_fence_show[] = {
	{ "host", DW_FIELD_STRING, true, WHOLE(host), .description = "its name" },
	{ "time", DW_FIELD_TIME, true, .get = get_time, .description = "of the look" },
	{ "version", DW_FIELD_STRING, WHOLE(version), .description = "of doorward" },
	{ "filter", DW_FIELD_BOOL, .get = get_filter,
	  .description = "there are rules; false: all that is below is empty, but for the doors" },
	{ "blind", DW_FIELD_BOOL, .get = get_blind,
	  .description = "something could not be looked at" },
	{ "rules", DW_FIELD_UINT, .get = get_rules, .description = "how many" },
	{ "asked", DW_FIELD_UINT, .get = get_asked,
	  .description = "packets that were sent into the copy, beside those for the doors" },
	{ "doors", DW_FIELD_OBJECTS, .get = get_doors, .members = door_fields,
	  .description = "of the network namespace that doorward runs in" },
	{ "around", DW_FIELD_OBJECTS, .get = get_around, .members = around_fields,
	  .description = "published ports that are led away before the rules for this host are "
			 "asked" },
	{ "unused", DW_FIELD_OBJECTS, .get = get_unused, .members = unused_fields,
	  .description = "ports that are let in though nothing listens there" },
	{ "idle_rules", DW_FIELD_OBJECTS, .get = get_idle, .members = idle_fields,
	  .description = "rules that none of these packets met and whose own counter is 0" },
	{ "unasked_rules", DW_FIELD_UINT, .get = get_unasked,
	  .description = "rules of which that could not be told: about protocols without ports, "
			 "in doubt, or not in the copy" },
	{ "leaves", DW_FIELD_OBJECTS, .get = get_leaves, .members = leave_fields,
	  .description = "what this host may send; empty: anything, and no rule says so" },
	{ "elsewhere", DW_FIELD_OBJECTS, .get = get_elsewhere, .members = door_fields,
	  .description = "doors of other network namespaces, of which nothing more is looked for" },
	{ "doubts", DW_FIELD_STRINGS, .get = get_doubts,
	  .description = "what could not be copied or told" },
	{ 0 },
};
