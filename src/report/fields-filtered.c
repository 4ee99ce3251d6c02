/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the packet filter lets through to a door, in detail. */
#include "get.h"
#include "dw_macros.h"
#include "dw_report.h"

static const struct dw_filtered_source *source(const void *object)
{
	return object;
}

DW_GETTER(get_passes)
{
	v->yes = source(object)->passes;
	v->known = source(object)->known;
}

DW_GETTER(get_source_crafted)
{
	dw_give_bool(v, source(object)->sender);
}

DW_GETTER(get_packets)
{
	if (source(object)->counted)
		dw_give_number(v, source(object)->packets);
}

DW_GETTER(get_led_packets)
{
	if (source(object)->led_by && source(object)->led_counted)
		dw_give_number(v, source(object)->led_packets);
}

#define SOURCE(m) .offset = offsetof(struct dw_filtered_source, m)

const struct dw_field dw_fields_filtered_source[] = {
	{ "source", DW_FIELD_STRING, SOURCE(words),
	  .description = "whose packets: this host, a network, anyone ..." },
	{ "passes", DW_FIELD_BOOL, true, .get = get_passes,
	  .description = "do they get through? null: it cannot be told" },
	{ "crafted", DW_FIELD_BOOL, .get = get_source_crafted,
	  .description = "only packets that are made so on purpose (a certain source port, say) "
			 "get through" },
	{ "rule", DW_FIELD_STRING, true, SOURCE(rule),
	  .description = "the rule that decides, or is in doubt; null: none does" },
	{ "packets", DW_FIELD_UINT, true, .get = get_packets,
	  .description = "what that rule's counter says; null: it has none" },
	{ "to", DW_FIELD_STRING, true, SOURCE(to),
	  .description = "ADDRESS:PORT that a rule leads them to; null: they stay" },
	{ "led_by", DW_FIELD_STRING, true, SOURCE(led_by),
	  .description = "that rule; null: none, or it was not seen" },
	{ "led_packets", DW_FIELD_UINT, true, .get = get_led_packets,
	  .description = "what its counter says" },
	{ "why", DW_FIELD_STRING, true, SOURCE(why), .description = "why it cannot be told" },
	{ 0 },
};

static const struct dw_filtered *filtered(const void *object)
{
	return object;
}

DW_GETTER(get_kind)
{
	dw_give_string(v, dw_filtered_kind_name(filtered(object)->kind));
}

static void give_networks(struct dw_arena *a, const struct dw_filtered *f, struct dw_value *v)
{
	for (size_t i = 0; i < f->n_networks; i++)
		dw_vec_push(a, &v->strings, dw_network_text(a, &f->networks[i]));
	v->known = true;
}

static void get_networks(struct dw_arena *a, const void *object, struct dw_value *v)
{
	if (filtered(object)->kind == DW_FILTERED_NETWORKS)
		give_networks(a, object, v);
}

static void get_except(struct dw_arena *a, const void *object, struct dw_value *v)
{
	if (filtered(object)->kind == DW_FILTERED_ANYONE)
		give_networks(a, object, v);
}

DW_GETTER(get_complete)
{
	dw_give_bool(v, filtered(object)->complete);
}

DW_GETTER(get_crafted)
{
	dw_give_bool(v, filtered(object)->sender);
}

DW_GETTER(get_rehearsed)
{
	dw_give_bool(v, filtered(object)->rehearsed);
}

DW_GETTER(get_sources)
{
	dw_give_objects(v, filtered(object)->sources, filtered(object)->n_sources,
			sizeof(struct dw_filtered_source));
}

#define FILTERED(m) .offset = offsetof(struct dw_filtered, m)

const struct dw_field dw_fields_filtered[] = {
	{ "kind", DW_FIELD_STRING, .get = get_kind,
	  .description = "nobody, host, networks, anyone, unknown" },
	{ "networks", DW_FIELD_STRINGS, true, .get = get_networks,
	  .description = "kind networks: all that get through, beside this host" },
	{ "except", DW_FIELD_STRINGS, true, .get = get_except,
	  .description = "kind anyone: those that do not get through" },
	{ "complete", DW_FIELD_BOOL, .get = get_complete,
	  .description = "false: the list before has not all of them" },
	{ "crafted", DW_FIELD_BOOL, .get = get_crafted,
	  .description = "somebody gets through only with packets that are made so on purpose" },
	{ "rehearsed", DW_FIELD_BOOL, .get = get_rehearsed,
	  .description = "packets were sent into a copy of the rules; false: the bound address "
			 "tells, or nothing does" },
	{ "rule", DW_FIELD_STRING, true, FILTERED(rule),
	  .description = "the rule that decides; null: none, or several (see sources)" },
	{ "why", DW_FIELD_STRING, true, FILTERED(why),
	  .description = "kind unknown: why; else a remark" },
	{ "sources", DW_FIELD_OBJECTS, .members = dw_fields_filtered_source, .get = get_sources,
	  .description = "each sender that the rules tell apart" },
	{ 0 },
};
