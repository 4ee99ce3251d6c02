/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of addresses as sorted lists of spans. */
#include <stdlib.h>
#include <string.h>

#include "spec-private.h"

dw_u128 dw_span_number(const struct dw_address *a)
{
	dw_u128 n = 0;

	for (size_t i = 0; i < (a->family == DW_FAMILY_IPV4 ? 4 : 16); i++)
		n = n << 8 | a->bytes[i];
	return n;
}

struct dw_address dw_span_address(const struct dw_span *s, dw_u128 number)
{
	struct dw_address a = { .family = s->family, .scope = s->scope };

	for (size_t i = s->family == DW_FAMILY_IPV4 ? 4 : 16; i > 0; i--, number >>= 8)
		a.bytes[i - 1] = (uint8_t)(number & 0xff);
	return a;
}

/* Whether all of a lies before the first address of b. */
static int place_of(const struct dw_span *a, const struct dw_span *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return 0;
}

static int compare(const void *x, const void *y)
{
	const struct dw_span *a = x, *b = y;
	int place = place_of(a, b);

	if (place != 0)
		return place;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	/* the same for every order of words: sorting is not stable */
	return strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

static bool joins(const struct dw_span *a, const struct dw_span *b)
{
	/* last + 1 would go round at the end of the address space */
	return place_of(a, b) == 0 && (b->first <= a->last || b->first - a->last == 1) &&
	       (!a->name && !b->name ? true : b->first <= a->last);
}

void dw_spans_merge(struct dw_spans *s)
{
	size_t kept = 0;

	if (s->n == 0)
		return;
	qsort(s->v, s->n, sizeof(*s->v), compare);
	for (size_t i = 1; i < s->n; i++) {
		struct dw_span *last = &s->v[kept];

		if (joins(last, &s->v[i]))
			last->last = last->last > s->v[i].last ? last->last : s->v[i].last;
		else
			s->v[++kept] = s->v[i];
	}
	s->n = kept + 1;
}

/* Adds what of the span is not in b, of which those before *at lie before it. */
static void add_rest(struct dw_spans *out, struct dw_span rest, const struct dw_spans *b,
		     size_t *at, struct dw_arena *arena)
{
	size_t i;

	while (*at < b->n && (place_of(&b->v[*at], &rest) < 0 ||
			      (place_of(&b->v[*at], &rest) == 0 && b->v[*at].last < rest.first)))
		(*at)++;
	for (i = *at; i < b->n && place_of(&b->v[i], &rest) == 0 && b->v[i].first <= rest.last;
	     i++) {
		struct dw_span before = rest;

		if (b->v[i].first > rest.first) {
			before.last = b->v[i].first - 1;
			dw_vec_push(arena, out, before);
		}
		if (b->v[i].last >= rest.last)
			return;
		rest.first = b->v[i].last + 1;
	}
	dw_vec_push(arena, out, rest);
}

struct dw_spans dw_spans_without(const struct dw_spans *a, const struct dw_spans *b,
				 struct dw_arena *arena)
{
	struct dw_spans out = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < a->n; i++)
		add_rest(&out, a->v[i], b, &at, arena);
	return out;
}

uint64_t dw_spans_count(const struct dw_spans *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		dw_u128 size = s->v[i].last - s->v[i].first;

		if (size >= UINT64_MAX - n)
			return UINT64_MAX;
		n += (uint64_t)size + 1;
	}
	return n;
}

void dw_spans_add(struct dw_spans *to, const struct dw_spans *from, struct dw_arena *arena)
{
	for (size_t i = 0; i < from->n; i++)
		dw_vec_push(arena, to, from->v[i]);
}
