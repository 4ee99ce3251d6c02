/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One walk along all addresses of a family, from border to border: of networks, and of what the rules tell apart. Which
 * rules' classes a stretch lies in is its signature; stretches of one network with one signature are one source.
 */
#include "senders.h"

#include <arpa/inet.h>
#include <string.h>

#include "dw_str.h"

#define SPANS_KEPT   64u
#define CLASSES_TOLD 4u /* classes of a part that are kept for its words */
#define NAMED        3u /* exceptions that are named */

struct border {
	uint8_t at[16]; /* the first address of what begins, or behind what ends */
	bool is_past;   /* behind the last address that there is */
	bool is_class, ends;
	uint32_t which;
};

struct part {
	uint32_t zone;
	uint64_t signature;
	double size; /* addresses */
	uint8_t address[16];
	bool preferred; /* the address is one that we like best */
	bool unclear;
	DW_VEC(struct dw_rehearse_span) spans;
	size_t more_spans;
	uint32_t classes[CLASSES_TOLD];
	unsigned n_classes;
};

struct walk {
	struct dw_arena *a; /* of the result */
	struct dw_arena *scratch;
	enum dw_family family;
	size_t size;
	const struct dw_ruleset *rules;
	struct dw_zones zones;
	DW_VEC(struct border) borders;
	DW_VEC(uint32_t) active_zones;
	DW_VEC(uint32_t) active_classes;
	uint64_t signature;
	bool odd;
	DW_VEC(struct part) parts;
	uint32_t *last; /* of each zone: 1 + the part of its latest stretch; 0: none */
	struct dw_rehearse_span *gap; /* of each zone: own addresses before its first stretch */
	bool *has_gap;
};

/* splitmix64: the signature is the sum (exclusive or) of such numbers, so that a class counts by being there or not */
static uint64_t number_of(uint32_t class)
{
	uint64_t z = (class + 1ull) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* --- borders ------------------------------------------------------------------------------------ */

static void add_borders(struct walk *w, const uint8_t *low, const uint8_t *high, bool is_class,
			uint32_t which)
{
	struct border begin = { .is_class = is_class, .which = which };
	struct border end = { .is_class = is_class, .which = which, .ends = true };

	memcpy(begin.at, low, w->size);
	memcpy(end.at, high, w->size);
	end.is_past = !dw_address_next(end.at, w->size);
	dw_vec_push(w->scratch, &w->borders, begin);
	dw_vec_push(w->scratch, &w->borders, end);
}

static void add_classes(struct walk *w)
{
	for (uint32_t i = 0; i < w->rules->n_sources; i++) {
		const struct dw_source_class *c = &w->rules->sources[i];

		if (c->family != w->family)
			continue;
		w->odd |= c->too_odd;
		for (size_t k = 0; k < c->n_spans; k++)
			add_borders(w, c->spans[k].low, c->spans[k].high, true, i);
	}
}

static bool is_same_place(const struct border *x, const struct border *y)
{
	return x->is_past == y->is_past && memcmp(x->at, y->at, sizeof(x->at)) == 0;
}

static int by_place(const void *a, const void *b)
{
	const struct border *x = a, *y = b;

	if (!is_same_place(x, y))
		return x->is_past != y->is_past ? x->is_past - y->is_past
						: memcmp(x->at, y->at, sizeof(x->at));
	/* any order will do, if it is always the same */
	if (x->is_class != y->is_class)
		return x->is_class - y->is_class;
	return (x->which > y->which) - (x->which < y->which);
}

#define forget(list, item)                                                                         \
	do {                                                                                       \
		for (size_t dw_i = 0; dw_i < (list)->n; dw_i++)                                    \
			if ((list)->v[dw_i] == (item)) {                                           \
				(list)->v[dw_i] = (list)->v[--(list)->n];                          \
				break;                                                             \
			}                                                                          \
	} while (0)

static void cross(struct walk *w, const struct border *b)
{
	if (b->is_class)
		w->signature ^= number_of(b->which);
	if (b->is_class && b->ends)
		forget(&w->active_classes, b->which);
	else if (b->is_class)
		dw_vec_push(w->scratch, &w->active_classes, b->which);
	else if (b->ends)
		forget(&w->active_zones, b->which);
	else
		dw_vec_push(w->scratch, &w->active_zones, b->which);
}

/* --- stretches ---------------------------------------------------------------------------------- */

static double count_of(const uint8_t *low, const uint8_t *high, size_t size)
{
	double n = 0;

	for (size_t i = 0; i < size; i++)
		n = n * 256 + high[i] - low[i];
	return n + 1;
}

/* Addresses that are nobody's, and so in no rule by accident: for documentation (RFC 5737, RFC 3849). */
static bool choose_address(const struct walk *w, const uint8_t *low, const uint8_t *high,
			   uint8_t *ret)
{
	static const uint8_t liked[2][2][16] = {
		{ { 198, 51, 100, 77 }, { 203, 0, 113, 77 } },
		{ { 0x20, 0x01, 0x0d, 0xb8, 0, 0x77, [15] = 0x77 },
		  { 0x2a, 0x0f, 0xff, 0x77, [15] = 0x77 } },
	};
	bool is_v6 = w->family == DW_FAMILY_IPV6;

	for (size_t i = 0; i < 2; i++) {
		const uint8_t *one = liked[is_v6][i];

		if (memcmp(one, low, w->size) < 0 || memcmp(one, high, w->size) > 0)
			continue;
		memcpy(ret, one, w->size);
		return true;
	}
	memcpy(ret, low, w->size);
	return false;
}

static struct part *find_part(struct walk *w, uint32_t zone)
{
	struct part *first = NULL, *p;

	for (size_t i = 0; i < w->parts.n; i++) {
		p = &w->parts.v[i];
		if (p->zone != zone)
			continue;
		if (p->signature == w->signature)
			return p;
		first = first ? first : p;
	}
	if (first && w->parts.n >= DW_SOURCES_MAX) {
		first->unclear = true;
		return first;
	}
	p = dw_vec_add(w->scratch, &w->parts);
	*p = (struct part){ .zone = zone, .signature = w->signature };
	for (size_t i = 0; i < w->active_classes.n && p->n_classes < CLASSES_TOLD; i++)
		p->classes[p->n_classes++] = w->active_classes.v[i];
	return p;
}

static void add_span(struct walk *w, struct part *p, const uint8_t *low, const uint8_t *high)
{
	struct dw_rehearse_span one = { 0 };
	uint8_t after[16];

	if (p->spans.n > 0 && p->more_spans == 0) {
		struct dw_rehearse_span *last = &p->spans.v[p->spans.n - 1];

		memcpy(after, last->high, sizeof(after));
		if (dw_address_next(after, w->size) && memcmp(after, low, w->size) == 0) {
			memcpy(last->high, high, w->size);
			return;
		}
	}
	if (p->spans.n >= SPANS_KEPT) {
		p->more_spans++;
		return;
	}
	memcpy(one.low, low, w->size);
	memcpy(one.high, high, w->size);
	dw_vec_push(w->a, &p->spans, one);
}

static void add_stretch(struct walk *w, uint32_t zone, const uint8_t *low, const uint8_t *high)
{
	struct part *p = find_part(w, zone);
	uint8_t address[16] = { 0 };
	bool liked = choose_address(w, low, high, address);

	if (p->size == 0 || (liked && !p->preferred)) {
		memcpy(p->address, address, sizeof(address));
		p->preferred = liked;
	}
	if (w->has_gap[zone])
		add_span(w, p, w->gap[zone].low, w->gap[zone].high);
	w->has_gap[zone] = false;
	add_span(w, p, low, high);
	p->size += count_of(low, high, w->size);
	w->last[zone] = 1 + (uint32_t)(p - w->parts.v);
}

/* Own addresses, and a network's first and last, do not divide it: they go with what is before them. */
static void add_gap(struct walk *w, uint32_t zone, const uint8_t *low, const uint8_t *high)
{
	if (w->last[zone] != 0) {
		add_span(w, &w->parts.v[w->last[zone] - 1], low, high);
		return;
	}
	if (!w->has_gap[zone])
		memcpy(w->gap[zone].low, low, w->size);
	memcpy(w->gap[zone].high, high, w->size);
	w->has_gap[zone] = true;
}

/* The longest of the prefixes here, without those at which nobody is when `hosts` is set. */
static unsigned longest(const struct walk *w, bool hosts, bool *ret_nobody)
{
	unsigned bits = 0;

	*ret_nobody = false;
	for (size_t i = 0; i < w->active_zones.n; i++) {
		const struct dw_zone *z = &w->zones.v[w->active_zones.v[i]];
		bool nobody = z->kind == DW_SOURCE_UNKNOWN;

		if ((hosts && nobody && z->bits == w->size * 8) || z->bits < bits)
			continue;
		*ret_nobody = nobody || (*ret_nobody && z->bits == bits);
		bits = z->bits;
	}
	return bits;
}

static void see_stretch(struct walk *w, const uint8_t *low, const uint8_t *high)
{
	bool nobody, behind;
	unsigned bits = longest(w, false, &nobody);
	bool is_gap = nobody && bits == w->size * 8;

	if (is_gap)
		bits = longest(w, true, &behind);
	if (is_gap ? behind : nobody)
		return;
	for (size_t i = 0; i < w->active_zones.n; i++) {
		uint32_t zone = w->active_zones.v[i];

		if (w->zones.v[zone].bits != bits || w->zones.v[zone].kind == DW_SOURCE_UNKNOWN)
			continue;
		if (is_gap)
			add_gap(w, zone, low, high);
		else
			add_stretch(w, zone, low, high);
	}
}

static void go_along(struct walk *w)
{
	for (size_t i = 0; i < w->borders.n;) {
		const struct border *here = &w->borders.v[i], *next;
		uint8_t high[16];

		for (; i < w->borders.n && is_same_place(&w->borders.v[i], here); i++)
			cross(w, &w->borders.v[i]);
		if (here->is_past)
			return;
		next = i < w->borders.n ? &w->borders.v[i] : NULL;
		memset(high, 0xff, sizeof(high));
		if (next && !next->is_past) {
			memcpy(high, next->at, w->size);
			dw_address_before(high, w->size);
		}
		see_stretch(w, here->at, high);
	}
}

/* --- words -------------------------------------------------------------------------------------- */

static const char *spans_text(const struct walk *w, const struct part *p)
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
static const char *set_of(const struct walk *w, const struct part *p, const struct part *rest)
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

static const char *zone_text(const struct walk *w, const struct dw_scene *scene,
			     const struct part *p)
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

static const char *rest_text(const struct walk *w, const struct dw_scene *scene,
			     const struct part *rest)
{
	struct dw_str s = { .arena = w->a };
	size_t others = 0;

	for (size_t i = 0; i < w->parts.n; i++)
		others += w->parts.v[i].zone == rest->zone && &w->parts.v[i] != rest;
	dw_str_add(&s, zone_text(w, scene, rest));
	if (others > NAMED)
		dw_str_addf(&s, " but %zu other parts", others);
	for (size_t i = 0, told = 0; others <= NAMED && i < w->parts.n; i++) {
		const struct part *p = &w->parts.v[i];
		const char *set;

		if (p->zone != rest->zone || p == rest)
			continue;
		set = set_of(w, p, rest);
		dw_str_addf(&s, "%s%s", told++ == 0 ? " but " : ", ", set ? set : spans_text(w, p));
	}
	return s.s;
}

static const struct part *rest_of(const struct walk *w, uint32_t zone)
{
	const struct part *best = NULL;

	for (size_t i = 0; i < w->parts.n; i++)
		if (w->parts.v[i].zone == zone && (!best || w->parts.v[i].size > best->size))
			best = &w->parts.v[i];
	return best;
}

static void add_source(const struct walk *w, const struct dw_scene *scene, const struct part *p,
		       struct dw_sources *ret)
{
	const struct dw_zone *z = &w->zones.v[p->zone];
	const struct dw_scene_link *l = dw_scene_link(scene, z->ifindex);
	const struct part *rest = rest_of(w, p->zone);
	struct dw_source s = { .kind = z->kind, .family = w->family, .ifindex = z->ifindex };

	s.ifname = l ? l->name : NULL;
	memcpy(s.address, p->address, sizeof(s.address));
	s.spans = p->spans.v;
	s.n_spans = p->spans.n;
	s.more_spans = p->more_spans;
	s.unclear = p->unclear || w->odd;
	if (p == rest) {
		s.words = rest_text(w, scene, p);
	} else {
		s.set = set_of(w, p, rest);
		s.words = s.set ? dw_arena_printf(w->a, "%s in %s", zone_text(w, scene, p), s.set)
				: spans_text(w, p);
	}
	dw_vec_push(w->a, ret, s);
}

/* --- the whole ---------------------------------------------------------------------------------- */

static bool has_family(const struct dw_scene *scene, enum dw_family family)
{
	for (size_t i = 0; i < scene->addresses.n; i++)
		if (dw_scene_family(scene->addresses.v[i].family) == family)
			return true;
	return false;
}

static void add_host(const struct dw_scene *scene, enum dw_family family, struct dw_sources *ret)
{
	struct dw_source s = { .kind = DW_SOURCE_HOST,
			       .family = family,
			       .ifindex = 1,
			       .ifname = "lo",
			       .words = "this host" };

	if (family == DW_FAMILY_IPV4)
		memcpy(s.address, (const uint8_t[]){ 127, 0, 0, 1 }, 4);
	else
		s.address[15] = 1;
	dw_vec_push(scene->arena, ret, s);
}

static void find_of(const struct dw_scene *scene, struct walk *w,
		    const struct dw_rehearse_network *networks, size_t n_networks,
		    struct dw_sources *ret)
{
	dw_zones_find(scene, w->family, networks, n_networks, &w->zones);
	w->last = dw_arena_array(w->scratch, w->zones.n + 1, sizeof(*w->last));
	w->gap = dw_arena_array(w->scratch, w->zones.n + 1, sizeof(*w->gap));
	w->has_gap = dw_arena_array(w->scratch, w->zones.n + 1, sizeof(*w->has_gap));
	for (uint32_t i = 0; i < w->zones.n; i++)
		add_borders(w, w->zones.v[i].low, w->zones.v[i].high, false, i);
	add_classes(w);
	if (w->borders.n > 0)
		qsort(w->borders.v, w->borders.n, sizeof(w->borders.v[0]), by_place);
	go_along(w);
	/* networks first, then the others, each in the order of zones */
	for (unsigned pass = 0; pass < 2; pass++)
		for (uint32_t zone = 0; zone < w->zones.n; zone++)
			for (size_t i = 0; i < w->parts.n; i++)
				if (w->parts.v[i].zone == zone &&
				    (w->zones.v[zone].kind == DW_SOURCE_ANYONE) == pass)
					add_source(w, scene, &w->parts.v[i], ret);
}

void dw_sources_find(const struct dw_scene *scene, const struct dw_ruleset *rules,
		     const struct dw_rehearse_network *networks, size_t n_networks,
		     struct dw_sources *ret)
{
	static const enum dw_family families[] = { DW_FAMILY_IPV4, DW_FAMILY_IPV6 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(families); i++) {
		_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
		struct walk w = { .a = scene->arena,
				  .scratch = scratch,
				  .family = families[i],
				  .size = dw_scene_size(families[i]),
				  .rules = rules };

		if (!has_family(scene, families[i]))
			continue;
		add_host(scene, families[i], ret);
		find_of(scene, &w, networks, n_networks, ret);
	}
}
