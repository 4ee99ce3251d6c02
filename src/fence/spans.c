/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spans.h"

#include <string.h>

#include "dw_str.h"

#define WORDS_MAX 8 /* more pieces are only counted */
#define PARTS_MAX                                                                                  \
	512 /* networks that one set is taken apart into, to see which words are shorter */

static unsigned width(enum dw_family f)
{
	return f == DW_FAMILY_IPV4 ? 32 : 128;
}

static dw_u128 last_of(enum dw_family f)
{
	return f == DW_FAMILY_IPV4 ? (dw_u128)UINT32_MAX : ~(dw_u128)0;
}

static dw_u128 number_of(const uint8_t *bytes, enum dw_family f)
{
	dw_u128 n = 0;

	for (unsigned i = 0; i < width(f) / 8; i++)
		n = n << 8 | bytes[i];
	return n;
}

static struct dw_network network_of(dw_u128 n, unsigned prefix, enum dw_family f)
{
	struct dw_network w = { .family = f, .prefix = prefix };

	for (unsigned i = width(f) / 8; i-- > 0; n >>= 8)
		w.address[i] = (uint8_t)n;
	return w;
}

void dw_ranges_add(struct dw_arena *a, struct dw_ranges *r, const struct dw_rehearse_span *s)
{
	struct dw_range one = { number_of(s->low, r->family), number_of(s->high, r->family) };

	if (one.low <= one.high)
		dw_vec_push(a, r, one);
}

void dw_ranges_add_all(struct dw_arena *a, struct dw_ranges *r)
{
	dw_vec_push(a, r, ((struct dw_range){ 0, last_of(r->family) }));
}

static int by_low(const void *x, const void *y)
{
	const struct dw_range *a = x, *b = y;

	return (a->low > b->low) - (a->low < b->low);
}

void dw_ranges_merge(struct dw_ranges *r)
{
	size_t kept = 0;

	if (r->n == 0)
		return;
	qsort(r->v, r->n, sizeof(*r->v), by_low);
	for (size_t i = 1; i < r->n; i++) {
		struct dw_range *last = &r->v[kept];

		/* not high + 1: that of the last address is 0 */
		if (r->v[i].low > last->high && r->v[i].low - last->high > 1)
			r->v[++kept] = r->v[i];
		else
			last->high = DW_MAX(last->high, r->v[i].high);
	}
	r->n = kept + 1;
}

void dw_ranges_subtract(struct dw_arena *a, struct dw_ranges *r, const struct dw_ranges *other)
{
	struct dw_ranges left = { .family = r->family };

	for (size_t i = 0; i < r->n; i++) {
		struct dw_range rest = r->v[i];
		bool gone = false;

		for (size_t k = 0; k < other->n && !gone; k++) {
			const struct dw_range *o = &other->v[k];

			if (o->high < rest.low || o->low > rest.high)
				continue;
			if (o->low > rest.low)
				dw_vec_push(a, &left, ((struct dw_range){ rest.low, o->low - 1 }));
			gone = o->high >= rest.high;
			rest.low = gone ? rest.low : o->high + 1;
		}
		if (!gone)
			dw_vec_push(a, &left, rest);
	}
	*r = left;
}

/* The largest network that begins at `low` and ends at `high` or before; *ret_size: its addresses less one. */
static unsigned first_prefix(dw_u128 low, dw_u128 high, enum dw_family f, dw_u128 *ret_size)
{
	unsigned bits = 0;
	dw_u128 size = 0; /* less one: that of everything is no number */

	while (bits < width(f)) {
		dw_u128 larger = size << 1 | 1;

		if (low & larger || larger > high - low)
			break;
		size = larger;
		bits++;
	}
	*ret_size = size;
	return width(f) - bits;
}

static void take_apart(struct dw_arena *a, const struct dw_range *range, enum dw_family f,
		       size_t max, struct dw_networks *ret)
{
	dw_u128 low = range->low, size;

	for (;;) {
		unsigned prefix = first_prefix(low, range->high, f, &size);

		if (ret->n >= max) {
			ret->cut = true;
			return;
		}
		dw_vec_push(a, ret, network_of(low, prefix, f));
		if (range->high - low == size)
			return;
		low += size + 1;
	}
}

void dw_ranges_networks(struct dw_arena *a, const struct dw_ranges *r, size_t max,
			struct dw_networks *ret)
{
	for (size_t i = 0; i < r->n && !ret->cut; i++)
		take_apart(a, &r->v[i], r->family, max, ret);
}

/* The smallest network that all of it is in. */
static struct dw_range hull_of(const struct dw_ranges *r)
{
	struct dw_range hull = { r->v[0].low, r->v[r->n - 1].high };
	dw_u128 differs = hull.low ^ hull.high;

	/* all bits behind the first that differs */
	for (unsigned i = 1; i < 128; i <<= 1)
		differs |= differs >> i;
	hull.low &= ~differs;
	hull.high |= differs;
	return hull;
}

static void add_word(struct dw_str *text, size_t i, const char *word)
{
	dw_str_addf(text, "%s%s", i ? ", " : "", word);
}

static void list_networks(struct dw_arena *a, struct dw_str *text, const struct dw_networks *n)
{
	for (size_t i = 0; i < n->n && i < WORDS_MAX; i++)
		add_word(text, i, dw_network_text(a, &n->v[i]));
	if (n->n > WORDS_MAX)
		dw_str_addf(text, " and %zu more", n->n - WORDS_MAX);
}

/* One range: as its networks where these are few, else its ends. */
static const char *range_words(struct dw_arena *a, const struct dw_range *range, enum dw_family f)
{
	struct dw_networks parts = { 0 };
	struct dw_network low = network_of(range->low, width(f), f);
	struct dw_network high = network_of(range->high, width(f), f);
	struct dw_str text = { .arena = a };

	take_apart(a, range, f, 3, &parts);
	if (parts.n == 1 || (parts.n == 2 && !parts.cut)) {
		list_networks(a, &text, &parts);
		return text.s;
	}
	return dw_arena_printf(a, "%s-%s", dw_network_text(a, &low), dw_network_text(a, &high));
}

/* "10.9.0.0/24 but 10.9.0.7"; NULL: that is no shorter than to list them. */
static const char *but_words(struct dw_arena *a, const struct dw_ranges *r)
{
	struct dw_range hull = hull_of(r);
	struct dw_ranges holes = { .family = r->family };
	struct dw_networks parts = { 0 }, whole = { 0 }, missing = { 0 };
	struct dw_str text = { .arena = a };

	dw_vec_push(a, &holes, hull);
	dw_ranges_subtract(a, &holes, r);
	dw_ranges_networks(a, r, PARTS_MAX, &parts);
	dw_ranges_networks(a, &holes, PARTS_MAX, &missing);
	take_apart(a, &hull, r->family, 1, &whole);
	if (missing.n == 0 || missing.cut || missing.n > WORDS_MAX || parts.n <= missing.n + 1 ||
	    whole.v[0].prefix == 0)
		return NULL;
	dw_str_addf(&text, "%s but ", dw_network_text(a, &whole.v[0]));
	list_networks(a, &text, &missing);
	return text.s;
}

const char *dw_ranges_words(struct dw_arena *a, const struct dw_ranges *r, bool but)
{
	struct dw_str text = { .arena = a };
	const char *shorter = but && r->n > 1 ? but_words(a, r) : NULL;

	if (shorter || r->n == 0)
		return shorter;
	for (size_t i = 0; i < r->n && i < WORDS_MAX; i++)
		add_word(&text, i, range_words(a, &r->v[i], r->family));
	if (r->n > WORDS_MAX)
		dw_str_addf(&text, " and %zu more", r->n - WORDS_MAX);
	return text.s;
}
