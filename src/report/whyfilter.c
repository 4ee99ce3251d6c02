/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the packet filter does to the doors of a story, in plain words. */
#include "why.h"

#include <string.h>

#define SOURCES_SHOWN 8

static const char *shown(const struct story *s, const char *text)
{
	return dw_cells_escape(text, s->a);
}

static const char *lets_in(const struct story *s, const struct dw_filtered *f)
{
	switch (f->kind) {
	case DW_FILTERED_UNKNOWN:
		break;
	case DW_FILTERED_NOBODY:
		return "lets nobody in";
	case DW_FILTERED_HOST:
		return "lets in this host alone";
	case DW_FILTERED_NETWORKS:
	case DW_FILTERED_ANYONE:
		return dw_arena_printf(s->a, "lets in %s", shown(s, f->words));
	}
	return dw_arena_printf(s->a, "whom it lets in is not known: %s",
			       f->why ? shown(s, f->why) : "nobody could look");
}

static void add_rule(const struct story *s, struct dw_str *text, const struct dw_filtered *f)
{
	static const char *const words[] = {
		[DW_FILTERED_UNKNOWN] = "in doubt is",
		[DW_FILTERED_NOBODY] = "refused by",
		[DW_FILTERED_HOST] = "others refused by",
		[DW_FILTERED_NETWORKS] = "by",
		[DW_FILTERED_ANYONE] = "by",
	};

	if (f->rule)
		dw_str_addf(text, ", %s %s", words[f->kind], shown(s, f->rule));
	if (f->sender)
		dw_str_add(text, "; of some only packets that are made so on purpose get through");
}

static void add_source(const struct story *s, struct dw_str *text,
		       const struct dw_filtered_source *one)
{
	const char *rule = one->rule ? shown(s, one->rule) : NULL;

	dw_str_addf(text, "; %s: %s", shown(s, one->words),
		    !one->known   ? "not known"
		    : one->passes ? "let in"
				  : "refused");
	if (rule)
		dw_str_addf(text, one->known ? " by %s" : " (%s)", rule);
	if (one->to)
		dw_str_addf(text, ", led to %s", one->to);
}

static const char *filter_text(const struct story *s, const struct dw_door *d)
{
	const struct dw_filtered *f = d->filtered;
	struct dw_str text = { .arena = s->a };

	if (!f->rehearsed && f->kind != DW_FILTERED_UNKNOWN)
		return f->why ? shown(s, f->why)
		       : d->packet_filter == DW_NO
			       ? "none stands before it"
			       : "not asked: the address alone keeps others out";
	dw_str_add(&text, lets_in(s, f));
	add_rule(s, &text, f);
	for (size_t i = 0; !f->rule && i < f->n_sources && i < SOURCES_SHOWN; i++)
		add_source(s, &text, &f->sources[i]);
	if (!f->rule && f->n_sources > SOURCES_SHOWN)
		dw_str_addf(&text, "; and %zu more", f->n_sources - SOURCES_SHOWN);
	return text.s;
}

static bool is_told(const char *const *texts, size_t i)
{
	for (size_t k = 0; k < i && texts[i]; k++)
		if (texts[k] && dw_streq(texts[k], texts[i]))
			return true;
	return !texts[i];
}

/* Each thing that it does once; of which door, where it does several. */
void dw_story_filter(const struct story *s)
{
	const char **texts = dw_arena_array(s->a, s->n + 1, sizeof(*texts));
	const char *label = "Filter";
	bool several = false;

	for (size_t i = 0; i < s->n; i++) {
		if (s->doors[i]->door->filtered)
			texts[i] = filter_text(s, s->doors[i]->door);
		several |= i > 0 && texts[i] && texts[0] && !dw_streq(texts[i], texts[0]);
	}
	for (size_t i = 0; i < s->n; i++) {
		if (is_told(texts, i))
			continue;
		dw_story_put(s, label,
			     several ? dw_arena_printf(s->a, "%s: %s",
						       dw_cells_door(s->doors[i]->door, s->a),
						       texts[i])
				     : texts[i]);
		label = NULL;
	}
}
