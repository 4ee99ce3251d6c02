/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One walk along all addresses of a family, from border to border: of networks, and of what the rules tell apart. Which
 * rules' classes a stretch lies in is its signature; stretches of one network with one signature are one source.
 */
#include "senders_private.h"

#include <string.h>

#define SPANS_KEPT 64u

/* splitmix64: the signature is the sum (exclusive or) of such numbers, so that a class counts by being there or not */
static uint64_t number_of(uint32_t class)
{
	uint64_t z = (class + 1ull) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* --- borders ------------------------------------------------------------------------------------ */

static void add_borders(struct dw_walk *w, const uint8_t *low, const uint8_t *high, bool is_class,
			uint32_t which)
{
	struct dw_border begin = { .is_class = is_class, .which = which };
	struct dw_border end = { .is_class = is_class, .which = which, .ends = true };

	memcpy(begin.at, low, w->size);
	memcpy(end.at, high, w->size);
	end.is_past = !dw_address_next(end.at, w->size);
	dw_vec_push(w->scratch, &w->borders, begin);
	dw_vec_push(w->scratch, &w->borders, end);
}

static void add_classes(struct dw_walk *w)
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

static bool is_same_place(const struct dw_border *x, const struct dw_border *y)
{
	return x->is_past == y->is_past && memcmp(x->at, y->at, sizeof(x->at)) == 0;
}

static int by_place(const void *a, const void *b)
{
	const struct dw_border *x = a, *y = b;

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

static void cross(struct dw_walk *w, const struct dw_border *b)
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
static bool choose_address(const struct dw_walk *w, const uint8_t *low, const uint8_t *high,
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

static struct dw_part *find_part(struct dw_walk *w, uint32_t zone)
{
	bool is_new = true, full = w->parts.n >= DW_SENDERS_MAX;
	struct dw_part *beyond = NULL, *p;

	for (size_t i = 0; i < w->parts.n; i++) {
		p = &w->parts.v[i];
		if (p->zone != zone)
			continue;
		if (p->signature == w->signature && !p->unclear)
			return p;
		is_new = false;
		beyond = p->unclear ? p : beyond;
	}
	if (beyond)
		return beyond;
	p = dw_vec_add(w->scratch, &w->parts);
	*p = (struct dw_part){ .zone = zone,
			       .signature = w->signature,
			       .unclear = full && !is_new };
	for (size_t i = 0; i < w->active_classes.n && p->n_classes < DW_CLASSES_TOLD; i++)
		p->classes[p->n_classes++] = w->active_classes.v[i];
	return p;
}

static void add_span(struct dw_walk *w, struct dw_part *p, const uint8_t *low, const uint8_t *high)
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

static void add_stretch(struct dw_walk *w, uint32_t zone, const uint8_t *low, const uint8_t *high)
{
	struct dw_part *p = find_part(w, zone);
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
static void add_gap(struct dw_walk *w, uint32_t zone, const uint8_t *low, const uint8_t *high)
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
static unsigned longest(const struct dw_walk *w, bool hosts, bool *ret_nobody)
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

static void see_stretch(struct dw_walk *w, const uint8_t *low, const uint8_t *high)
{
	bool nobody = false, behind = false;
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

static void go_along(struct dw_walk *w)
{
	for (size_t i = 0; i < w->borders.n;) {
		const struct dw_border *here = &w->borders.v[i], *next;
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

/* --- the whole ---------------------------------------------------------------------------------- */

static bool has_family(const struct dw_scene *scene, enum dw_family family)
{
	for (size_t i = 0; i < scene->addresses.n; i++)
		if (dw_scene_family(scene->addresses.v[i].family) == family)
			return true;
	return false;
}

static void add_host(const struct dw_scene *scene, enum dw_family family, struct dw_senders *ret)
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

static void find_of(const struct dw_scene *scene, struct dw_walk *w,
		    const struct dw_rehearse_network *networks, size_t n_networks,
		    struct dw_senders *ret)
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
					dw_senders_add(w, scene, &w->parts.v[i], ret);
}

void dw_senders_find(const struct dw_scene *scene, const struct dw_ruleset *rules,
		     const struct dw_rehearse_network *networks, size_t n_networks,
		     struct dw_senders *ret)
{
	static const enum dw_family families[] = { DW_FAMILY_IPV4, DW_FAMILY_IPV6 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(families); i++) {
		_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
		struct dw_walk w = { .a = scene->arena,
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
