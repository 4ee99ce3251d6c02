/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "diff.h"

#define AROUND 3
#define TABLE_MAX                                                                                  \
	((size_t)4 * 1024 * 1024) /* cells; beyond, the middle is shown as all gone and all come */

struct lines {
	const char **v;
	size_t n;
};

static struct lines split(struct dw_arena *a, const char *s)
{
	struct dw_strings list = { 0 };

	while (s && *s) {
		size_t n = strcspn(s, "\n");

		dw_vec_push(a, &list, dw_arena_strndup(a, s, n));
		/* a tab is a blank between words here, and would be shown as \x09 */
		for (char *p = (char *)list.v[list.n - 1]; *p; p++)
			*p = *p == '\t' ? ' ' : *p;
		s += n + (s[n] == '\n');
	}
	return (struct lines){ list.v, list.n };
}

struct change {
	char sign;
	const char *text;
	size_t line; /* of the new text, from 1 */
};

struct diffing {
	struct dw_arena *a;
	struct lines x, y;
	DW_VEC(struct change) changes;
};

static void add(struct diffing *d, char sign, const char *text, size_t line)
{
	dw_vec_push(d->a, &d->changes,
		    ((struct change){ .sign = sign, .text = text, .line = line }));
}

/* The longest common subsequence of what is left between equal beginnings and ends: few lines, as policies go. */
static void add_middle(struct diffing *d, size_t x0, size_t x1, size_t y0, size_t y1)
{
	size_t n = x1 - x0, m = y1 - y0, i = 0, j = 0;
	bool small = (n + 1) * (m + 1) <= TABLE_MAX;
	unsigned *t = small ? dw_arena_array(d->a, (n + 1) * (m + 1), sizeof(*t)) : NULL;

	for (size_t p = n; t && p-- > 0;)
		for (size_t q = m; q-- > 0;)
			t[p * (m + 1) + q] =
				dw_streq(d->x.v[x0 + p], d->y.v[y0 + q])
					? t[(p + 1) * (m + 1) + q + 1] + 1
					: DW_MAX(t[(p + 1) * (m + 1) + q], t[p * (m + 1) + q + 1]);
	while (i < n || j < m) {
		bool same = t && i < n && j < m && dw_streq(d->x.v[x0 + i], d->y.v[y0 + j]);
		bool goes = i < n &&
			    (j == m || !t || t[(i + 1) * (m + 1) + j] >= t[i * (m + 1) + j + 1]);

		if (same) {
			add(d, ' ', d->y.v[y0 + j], y0 + j + 1);
			i++;
			j++;
		} else if (goes) {
			add(d, '-', d->x.v[x0 + i++], y0 + j + 1);
		} else {
			add(d, '+', d->y.v[y0 + j], y0 + j + 1);
			j++;
		}
	}
}

static bool is_near(const struct diffing *d, size_t at)
{
	size_t from = at > AROUND ? at - AROUND : 0, to = DW_MIN(at + AROUND + 1, d->changes.n);

	for (size_t i = from; i < to; i++)
		if (d->changes.v[i].sign != ' ')
			return true;
	return false;
}

static bool write_near(const struct diffing *d, struct dw_str *out)
{
	bool any = false, last = false;

	for (size_t i = 0; i < d->changes.n; i++) {
		const struct change *c = &d->changes.v[i];
		bool near = is_near(d, i);

		if (near && !last)
			dw_str_addf(out, "@@ line %zu @@\n", c->line);
		if (near)
			dw_str_addf(out, "%c%s\n", c->sign,
				    dw_escape_terminal(d->a, c->text, strlen(c->text)));
		any |= c->sign != ' ';
		last = near;
	}
	return any;
}

bool review_diff(const char *before, const char *after, struct dw_str *out)
{
	struct diffing d = { .a = out->arena,
			     .x = split(out->arena, before),
			     .y = split(out->arena, after) };
	size_t head = 0, tail = 0, least = DW_MIN(d.x.n, d.y.n);

	while (head < least && dw_streq(d.x.v[head], d.y.v[head]))
		head++;
	while (tail < least - head && dw_streq(d.x.v[d.x.n - 1 - tail], d.y.v[d.y.n - 1 - tail]))
		tail++;
	for (size_t i = 0; i < head; i++)
		add(&d, ' ', d.y.v[i], i + 1);
	add_middle(&d, head, d.x.n - tail, head, d.y.n - tail);
	for (size_t i = d.y.n - tail; i < d.y.n; i++)
		add(&d, ' ', d.y.v[i], i + 1);
	return write_near(&d, out);
}
