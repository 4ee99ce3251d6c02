/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A run changed some lines of a file, somebody changed others since: only the run's own go back. Which lines those
 * are is the difference of the two contents in the journal (E. Myers, An O(ND) Difference Algorithm, 1986). Each of
 * them must be found exactly once: where that is not so nothing is guessed.
 */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "executor.h"

/* Lines that may differ between the two: more were not changed line by line. */
#define DIFFERENCES_MAX 400
#define LINES_MAX       200000

/* With its newline: a last line that has none is another one. */
struct line {
	const char *p;
	size_t n;
};

struct text {
	struct line *v;
	size_t n, cap;
};

/* expect[a0, a1) became want[b0, b1). */
struct hunk {
	size_t a0, a1, b0, b1;
	size_t at; /* where it is now; its lines go from there */
	bool back; /* it is there as expected already */
};

struct diff {
	struct dw_arena *arena;
	struct text a, b;
	bool *gone, *come; /* of each line of a, of b */
	struct {
		struct hunk *v;
		size_t n, cap;
	} hunks;
};

static bool split(struct dw_arena *arena, const struct dw_bytes *bytes, struct text *ret)
{
	const char *p = bytes->data, *end = p + bytes->n;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = newline ? (size_t)(newline + 1 - p) : (size_t)(end - p);

		if (ret->n == LINES_MAX)
			return false;
		*dw_vec_add(arena, ret) = (struct line){ .p = p, .n = n };
		p += n;
	}
	return true;
}

static bool same(const struct line *x, const struct line *y)
{
	return x->n == y->n && memcmp(x->p, y->p, x->n) == 0;
}

/* v[k] is how far the diagonal k was followed with d differences; a row of `trace` for each d. */
static long follow(const struct diff *f, const long *v, long d, long k)
{
	long x = k == -d || (k != d && v[k - 1] < v[k + 1]) ? v[k + 1] : v[k - 1] + 1;

	while (x < (long)f->a.n && x - k < (long)f->b.n && same(&f->a.v[x], &f->b.v[x - k]))
		x++;
	return x;
}

static void walk_back(struct diff *f, long *const *trace, long d)
{
	long x = (long)f->a.n, y = (long)f->b.n;

	for (; d > 0; d--) {
		const long *v = trace[d - 1];
		long k = x - y;
		bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
		long before = down ? k + 1 : k - 1;

		x = v[before];
		y = x - before;
		if (down)
			f->come[y] = true;
		else
			f->gone[x] = true;
	}
}

/* Rows grow with d, so that many differences of short files cost little. */
static bool find_differences(struct diff *f)
{
	long *trace[DIFFERENCES_MAX + 1], *v = NULL;

	for (long d = 0; d <= DIFFERENCES_MAX; d++) {
		long *row = dw_arena_array(f->arena, (size_t)(2 * d + 5), sizeof(long));

		row += d + 2;
		for (long k = -d - 2; k <= d + 2; k++)
			row[k] = v && k >= -d - 1 && k <= d + 1 ? v[k] : 0;
		for (long k = -d; k <= d; k += 2) {
			long x = d == 0 ? follow(f, row, 0, 0) : follow(f, v, d, k);

			row[k] = x;
			if (x >= (long)f->a.n && x - k >= (long)f->b.n) {
				walk_back(f, trace, d);
				return true;
			}
		}
		trace[d] = v = row;
	}
	return false;
}

static void collect_hunks(struct diff *f)
{
	size_t i = 0, j = 0;

	while (i < f->a.n || j < f->b.n) {
		struct hunk h = { .a0 = i, .b0 = j };

		while (i < f->a.n && f->gone[i])
			i++;
		while (j < f->b.n && f->come[j])
			j++;
		h.a1 = i;
		h.b1 = j;
		if (h.a1 > h.a0 || h.b1 > h.b0) {
			*dw_vec_add(f->arena, &f->hunks) = h;
		} else {
			i++;
			j++;
		}
	}
}

static bool is_at(const struct text *now, size_t at, const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at + i >= now->n || !same(&now->v[at + i], &lines[i]))
			return false;
	return true;
}

/* How often; *ret_at: where it is last. */
static size_t count(const struct text *now, const struct line *lines, size_t n, size_t *ret_at)
{
	size_t found = 0;

	for (size_t at = 0; at + n <= now->n; at++) {
		if (!is_at(now, at, lines, n))
			continue;
		found++;
		*ret_at = at;
	}
	return found;
}

/* Lines that the run took out: their place is between the two that stood around them. */
static size_t count_gap(const struct diff *f, const struct hunk *h, const struct text *now,
			size_t *ret_at)
{
	const struct line *before = h->b0 > 0 ? &f->b.v[h->b0 - 1] : NULL;
	const struct line *behind = h->b0 < f->b.n ? &f->b.v[h->b0] : NULL;
	size_t found = 0;

	for (size_t at = 0; at <= now->n; at++) {
		if (before ? at == 0 || !same(&now->v[at - 1], before) : at != 0)
			continue;
		if (behind ? at == now->n || !same(&now->v[at], behind) : at != now->n)
			continue;
		found++;
		*ret_at = at;
	}
	return found;
}

static bool place(const struct diff *f, struct hunk *h, const struct text *now)
{
	size_t n = h->b1 - h->b0, before = h->a1 - h->a0, ignored;
	size_t found = n ? count(now, &f->b.v[h->b0], n, &h->at) : count_gap(f, h, now, &h->at);

	if (found == 1)
		return true;
	if (found > 1)
		return false;
	h->back = before == 0 || count(now, &f->a.v[h->a0], before, &ignored) == 1;
	return h->back;
}

/* Lines that took the place of as many others are looked for one by one: something may stand between them now. */
static bool place_singly(struct diff *f, const struct hunk *h, const struct text *now)
{
	size_t n = h->b1 - h->b0, a0 = h->a0, b0 = h->b0;

	if (n < 2 || n != h->a1 - h->a0)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct hunk one = {
			.a0 = a0 + i, .a1 = a0 + i + 1, .b0 = b0 + i, .b1 = b0 + i + 1
		};

		if (!place(f, &one, now))
			return false;
		*dw_vec_add(f->arena, &f->hunks) = one;
	}
	return true;
}

static bool place_all(struct diff *f, const struct text *now)
{
	size_t n = f->hunks.n;

	for (size_t i = 0; i < n; i++) {
		struct hunk h = f->hunks.v[i];

		if (place(f, &h, now)) {
			f->hunks.v[i] = h;
			continue;
		}
		f->hunks.v[i].back = true; /* those of its lines say where they are */
		if (!place_singly(f, &h, now))
			return false;
	}
	return true;
}

static void add_line(struct dw_str *out, const struct line *l)
{
	if (out->n && out->s[out->n - 1] != '\n')
		dw_str_addc(out, '\n');
	dw_str_addn(out, l->p, l->n);
}

/* The hunk whose lines begin there; NULL: none. False: two touch each other. */
static bool hunk_at(const struct diff *f, size_t at, const struct hunk **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < f->hunks.n; i++) {
		const struct hunk *h = &f->hunks.v[i];
		size_t end = h->at + (h->b1 - h->b0);

		if (h->back)
			continue;
		if (h->at < at && end > at)
			return false;
		if (h->at != at)
			continue;
		if (*ret)
			return false;
		*ret = h;
	}
	return true;
}

static int put_lines(const struct diff *f, const struct text *now, struct dw_bytes *ret)
{
	struct dw_str out = { .arena = f->arena };

	for (size_t at = 0; at <= now->n;) {
		const struct hunk *h;

		if (!hunk_at(f, at, &h))
			return -EUCLEAN;
		for (size_t i = h ? h->a0 : 0; h && i < h->a1; i++)
			add_line(&out, &f->a.v[i]);
		if (h && h->b1 > h->b0) {
			at += h->b1 - h->b0;
			continue;
		}
		if (at < now->n)
			add_line(&out, &now->v[at]);
		at++;
	}
	dw_str_addn(&out, "", 0);
	*ret = (struct dw_bytes){ .data = out.s, .n = out.n };
	return 1;
}

int dw_apply_merge(struct dw_arena *a, const struct dw_bytes *expect, const struct dw_bytes *want,
		   const struct dw_bytes *now, struct dw_bytes *ret)
{
	struct diff f = { .arena = a };
	struct text t = { 0 };
	bool all_back = true;

	if (!split(a, expect, &f.a) || !split(a, want, &f.b) || !split(a, now, &t))
		return -EUCLEAN;
	f.gone = dw_arena_array(a, f.a.n + 1, sizeof(bool));
	f.come = dw_arena_array(a, f.b.n + 1, sizeof(bool));
	if (!find_differences(&f))
		return -EUCLEAN;
	collect_hunks(&f);
	if (!place_all(&f, &t))
		return -EUCLEAN;
	for (size_t i = 0; i < f.hunks.n; i++)
		all_back = all_back && f.hunks.v[i].back;
	return all_back ? 0 : put_lines(&f, &t, ret);
}
