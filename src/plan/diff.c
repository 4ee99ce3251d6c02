/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The difference of two texts as diff -u tells it, from what is known of the edits: nothing has to be searched. */
#include <string.h>

#include "dw_str.h"
#include "making.h"

enum {
	CONTEXT = 2,
	LINES_MAX = 300,   /* of the whole difference */
	COLUMNS_MAX = 500, /* of one line, in bytes */
};

/* ' ' as before, '-' taken out, '+' put in. */
struct row {
	char sign;
	const char *s;
	size_t n;
	bool open; /* the last one, and no newline behind it */
};

struct rows {
	struct row *v;
	size_t n, cap;
};

static bool next_line(const char **p, const char *end, struct row *ret)
{
	const char *newline;

	if (*p == end)
		return false;
	newline = memchr(*p, '\n', (size_t)(end - *p));
	*ret = (struct row){ ' ', *p, (size_t)((newline ? newline : end) - *p), newline == NULL };
	*p = newline ? newline + 1 : end;
	return true;
}

static struct rows rows_of(struct dw_arena *a, const struct dw_bytes *b)
{
	const char *p = b->data;
	struct rows ret = { 0 };
	struct row r;

	while (p && next_line(&p, b->data + b->n, &r))
		*dw_vec_add(a, &ret) = r;
	return ret;
}

static bool same_row(const struct row *x, const struct row *y)
{
	return x->n == y->n && x->open == y->open && memcmp(x->s, y->s, x->n) == 0;
}

static bool edited(const struct dw_edit *edits, size_t n, size_t line)
{
	for (size_t i = 0; i < n; i++)
		if (edits[i].old && edits[i].line == line)
			return true;
	return false;
}

static void put(struct dw_arena *a, struct rows *out, const struct rows *from, size_t i, char sign)
{
	struct row *r = dw_vec_add(a, out);

	*r = from->v[i];
	r->sign = sign;
}

/* What is the same at both ends, and between it all old lines, then all new ones. */
static struct rows by_ends(struct dw_arena *a, const struct rows *old, const struct rows *fresh)
{
	size_t head = 0, tail = 0;
	struct rows out = { 0 };

	while (head < old->n && head < fresh->n && same_row(&old->v[head], &fresh->v[head]))
		head++;
	while (tail < old->n - head && tail < fresh->n - head &&
	       same_row(&old->v[old->n - 1 - tail], &fresh->v[fresh->n - 1 - tail]))
		tail++;
	for (size_t i = 0; i < head; i++)
		put(a, &out, old, i, ' ');
	for (size_t i = head; i < old->n - tail; i++)
		put(a, &out, old, i, '-');
	for (size_t i = head; i < fresh->n - tail; i++)
		put(a, &out, fresh, i, '+');
	for (size_t i = old->n - tail; i < old->n; i++)
		put(a, &out, old, i, ' ');
	return out;
}

/* An old line that no edit names comes again as it is; what comes before it was put in. False: it does not. */
static bool by_edits(struct dw_arena *a, const struct rows *old, const struct rows *fresh,
		     const struct dw_edit *edits, size_t n, struct rows *ret)
{
	size_t at = 0;

	*ret = (struct rows){ 0 };
	for (size_t i = 0; i < old->n; i++) {
		if (edited(edits, n, i + 1)) {
			put(a, ret, old, i, '-');
			continue;
		}
		while (at < fresh->n && !same_row(&old->v[i], &fresh->v[at]))
			put(a, ret, fresh, at++, '+');
		if (at == fresh->n)
			return false;
		put(a, ret, old, i, ' ');
		at++;
	}
	while (at < fresh->n)
		put(a, ret, fresh, at++, '+');
	return true;
}

static bool is_near(const struct rows *rows, size_t i)
{
	size_t from = i > CONTEXT ? i - CONTEXT : 0;

	for (size_t k = from; k < rows->n && k <= i + CONTEXT; k++)
		if (rows->v[k].sign != ' ')
			return true;
	return false;
}

static void tell_row(struct dw_str *out, const struct row *r)
{
	dw_str_addc(out, r->sign);
	dw_str_addn(out, r->s, DW_MIN(r->n, (size_t)COLUMNS_MAX));
	dw_str_add(out, r->n > COLUMNS_MAX ? "...\n" : "\n");
	if (r->open)
		dw_str_add(out, "\\ No newline at end of file\n");
}

/* As POSIX's diff -u: an empty side begins at the line before it. */
static void tell_head(struct dw_str *out, const struct rows *rows, size_t from, size_t to)
{
	size_t old = 0, fresh = 0, n_old = 0, n_fresh = 0;

	for (size_t i = 0; i < to; i++) {
		size_t in_old = rows->v[i].sign != '+', in_fresh = rows->v[i].sign != '-';

		old += i < from ? in_old : 0;
		fresh += i < from ? in_fresh : 0;
		n_old += i < from ? 0 : in_old;
		n_fresh += i < from ? 0 : in_fresh;
	}
	dw_str_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", old + (n_old > 0), n_old,
		    fresh + (n_fresh > 0), n_fresh);
}

static bool is_text(const struct dw_bytes *b)
{
	return b->n == 0 || (b->data && !memchr(b->data, '\0', b->n));
}

static const char *tell(struct dw_arena *a, const struct rows *rows)
{
	struct dw_str out = { .arena = a };
	size_t told = 0;

	for (size_t from = 0, to; from < rows->n; from = to) {
		to = from + 1;
		if (!is_near(rows, from))
			continue;
		while (to < rows->n && is_near(rows, to))
			to++;
		tell_head(&out, rows, from, to);
		for (size_t i = from; i < to; i++) {
			if (told++ == LINES_MAX) {
				dw_str_add(&out, "...\n");
				return out.s;
			}
			tell_row(&out, &rows->v[i]);
		}
	}
	return out.s;
}

const char *dw_plan_diff(struct dw_arena *a, const struct dw_bytes *before,
			 const struct dw_bytes *after, const struct dw_edit *edits, size_t n)
{
	struct rows old, fresh, rows;

	if (!is_text(before) || !is_text(after))
		return NULL;
	old = rows_of(a, before);
	fresh = rows_of(a, after);
	if (n == 0 || !by_edits(a, &old, &fresh, edits, n, &rows))
		rows = by_ends(a, &old, &fresh);
	return tell(a, &rows);
}
