/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules one behind the other in a chain that are the same but for the source address, as fail2ban writes them for each
 * one that it shuts out: whichever of them a packet meets, the same becomes of it, so all their addresses are one
 * class, as if they were a set.
 */
#include <stdlib.h>
#include <string.h>

#include "sources.h"

/* Fewer stay apart: then each has its own rule by name. */
#define RUN_MIN 16u

/* FNV-1a */
uint64_t dw_sources_mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *bytes = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * 0x100000001b3ULL;
	return h;
}

static int by_low(const void *a, const void *b)
{
	const struct dw_source_span *x = a, *y = b;

	return memcmp(x, y, sizeof(*x));
}

static bool touches(const struct dw_source_span *x, const uint8_t *low, unsigned n)
{
	uint8_t next[16];

	memcpy(next, x->high, n);
	for (unsigned i = n; i-- > 0;)
		if (++next[i] != 0)
			return memcmp(next, low, n) >= 0;
	return true; /* nothing is beyond the last address */
}

/* The classes from `first` up to `end` become one; those behind move up. */
static void lay_together(struct dw_sources *s, size_t first, size_t end)
{
	size_t n = end - first, kept = 0;
	struct dw_source_span *spans = dw_arena_array(s->arena, n, sizeof(*spans));
	enum dw_family family = s->ones.v[first].family;
	unsigned bytes = dw_address_bytes(family);

	for (size_t i = 0; i < n; i++)
		spans[i] = s->ones.v[first + i].spans[0];
	qsort(spans, n, sizeof(*spans), by_low);
	for (size_t i = 0; i < n; i++) {
		struct dw_source_span *last = kept > 0 ? &spans[kept - 1] : NULL;

		if (!last || !touches(last, spans[i].low, bytes))
			spans[kept++] = spans[i];
		else if (memcmp(spans[i].high, last->high, bytes) > 0)
			memcpy(last->high, spans[i].high, bytes);
	}
	*dw_vec_add(s->arena, &s->sets) =
		(struct dw_source_class){ .family = family, .spans = spans, .n_spans = kept };
	memmove(&s->ones.v[first], &s->ones.v[end], (s->ones.n - end) * sizeof(s->ones.v[0]));
	s->ones.n -= n;
}

static size_t end_run(struct dw_sources *s, size_t end)
{
	size_t n = end - s->run.first;
	bool is_run = s->run.print != 0 && n >= RUN_MIN;

	s->run.print = 0;
	if (!is_run)
		return end;
	lay_together(s, s->run.first, end);
	return end - n;
}

void dw_sources_run_end(struct dw_sources *s)
{
	(void)end_run(s, s->ones.n);
}

void dw_sources_run(struct dw_sources *s, const void *place, uint64_t print, size_t before)
{
	if (s->ones.n != before + 1)
		print = 0;
	if (print != 0)
		print = dw_sources_mix(print, &s->ones.v[before].family,
				       sizeof(s->ones.v[before].family));
	if (print != 0 && print == s->run.print && place == s->run.place)
		return;
	before = end_run(s, before);
	s->run = (struct dw_sources_run){ .place = place, .print = print, .first = before };
}
