/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "dw_str.h"
#include "senders_private.h"

#define NAMED 3u /* exceptions that are named */

static const char *spans_text(const struct dw_walk *w, const struct dw_part *p)
{
	struct dw_str s = { .arena = w->a };
	size_t n = DW_MIN(p->spans.n, (size_t)NAMED);

	for (size_t i = 0; i < n; i++)
		dw_str_addf(&s, "%s%s", i > 0 ? ", " : "",
			    dw_address_span_text(w->a, w->family, p->spans.v[i].low,
						 p->spans.v[i].high));
	if (p->spans.n + p->more_spans > n)
		dw_str_addf(&s, " and %zu more", p->spans.n + p->more_spans - n);
	return s.s ? s.s : "nobody";
}

/* The set that this part is in, and the others of its network are not. */
static const char *set_of(const struct dw_walk *w, const struct dw_part *p,
			  const struct dw_part *rest)
{
	for (unsigned i = 0; i < p->n_classes; i++) {
		const char *words = w->rules->sources[p->classes[i]].words;
		bool in_rest = false;

		for (unsigned k = 0; k < rest->n_classes; k++)
			in_rest |= rest->classes[k] == p->classes[i];
		if (words && !in_rest)
			return words;
	}
	return NULL;
}

static const char *zone_text(const struct dw_walk *w, const struct dw_scene *scene,
			     const struct dw_part *p)
{
	const struct dw_zone *z = &w->zones.v[p->zone];
	const struct dw_scene_link *l = dw_scene_link(scene, z->ifindex);
	const char *base = z->kind == DW_SOURCE_ANYONE
				   ? "anyone"
				   : dw_address_span_text(w->a, w->family, z->low, z->high);

	if (!z->shared || !l)
		return base;
	return dw_arena_printf(w->a, "%s %s %s", base, z->kind == DW_SOURCE_ANYONE ? "by" : "on",
			       l->name);
}

/* What is in the fewest classes is what is left of a network; of such the largest. */
static bool is_more_rest(const struct dw_part *p, const struct dw_part *than)
{
	if (p->n_classes != than->n_classes)
		return p->n_classes < than->n_classes;
	return p->size > than->size;
}

static const struct dw_part *rest_of(const struct dw_walk *w, uint32_t zone)
{
	const struct dw_part *best = NULL;

	for (size_t i = 0; i < w->parts.n; i++)
		if (w->parts.v[i].zone == zone && (!best || is_more_rest(&w->parts.v[i], best)))
			best = &w->parts.v[i];
	return best;
}

/* Two parts of a network may be in one set: only the larger one is called by it alone. */
static bool is_largest_in(const struct dw_walk *w, const struct dw_part *p,
			  const struct dw_part *rest, const char *set)
{
	for (size_t i = 0; i < w->parts.n; i++) {
		const struct dw_part *other = &w->parts.v[i];

		if (other != p && other != rest && other->zone == p->zone &&
		    (other->size > p->size || (other->size == p->size && other < p)) &&
		    dw_streq0(set_of(w, other, rest), set))
			return false;
	}
	return true;
}

static const char *rest_text(const struct dw_walk *w, const struct dw_scene *scene,
			     const struct dw_part *rest)
{
	struct dw_str s = { .arena = w->a };
	struct dw_strings others = { 0 };

	for (size_t i = 0; i < w->parts.n; i++) {
		const struct dw_part *p = &w->parts.v[i];
		const char *text;

		if (p->zone != rest->zone || p == rest)
			continue;
		text = set_of(w, p, rest);
		text = text ? text : spans_text(w, p);
		if (!dw_strings_has(&others, text))
			dw_vec_push(w->a, &others, text);
	}
	dw_str_add(&s, zone_text(w, scene, rest));
	if (others.n > NAMED)
		dw_str_addf(&s, " but %zu parts of it", others.n);
	for (size_t i = 0; others.n <= NAMED && i < others.n; i++)
		dw_str_addf(&s, "%s%s", i == 0 ? " but " : ", ", others.v[i]);
	return s.s;
}

static void word(const struct dw_walk *w, const struct dw_scene *scene, const struct dw_part *p,
		 struct dw_source *s)
{
	const struct dw_part *rest = rest_of(w, p->zone);

	if (p == rest) {
		s->words = rest_text(w, scene, p);
		return;
	}
	s->set = set_of(w, p, rest);
	s->words = spans_text(w, p);
	if (s->set)
		s->words = dw_arena_printf(
			w->a, "%s in %s",
			is_largest_in(w, p, rest, s->set) ? zone_text(w, scene, p) : s->words,
			s->set);
}

void dw_senders_add(const struct dw_walk *w, const struct dw_scene *scene, const struct dw_part *p,
		    struct dw_senders *ret)
{
	const struct dw_zone *z = &w->zones.v[p->zone];
	const struct dw_scene_link *l = dw_scene_link(scene, z->ifindex);
	struct dw_source s = { .kind = z->kind, .family = w->family, .ifindex = z->ifindex };

	s.ifname = l ? l->name : NULL;
	memcpy(s.address, p->address, sizeof(s.address));
	s.spans = p->spans.v;
	s.n_spans = p->spans.n;
	s.more_spans = p->more_spans;
	s.unclear = p->unclear || w->odd;
	word(w, scene, p, &s);
	dw_vec_push(w->a, ret, s);
}
