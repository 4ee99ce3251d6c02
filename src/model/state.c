/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_state.h"

#include <limits.h>

#include "dw_sha256.h"
#include "dw_str.h"

const char *dw_state_file_text(struct dw_arena *a, unsigned mode, uint32_t uid, uint32_t gid,
			       const struct dw_bytes *content, const char *xattrs)
{
	char hex[DW_SHA256_HEX + 1];
	bool more = xattrs && *xattrs;

	dw_sha256_hex(content->data, content->n, hex);
	return dw_arena_printf(a, "file %04o %u:%u %zu sha256:%s%s%s", mode & 07777, uid, gid,
			       content->n, hex, more ? " " : "", more ? xattrs : "");
}

/* Behind the n-th blank of s (from 1); NULL: there are not so many. */
static const char *behind_blank(const char *s, unsigned n)
{
	while (s && n-- > 0) {
		s = strchr(s, ' ');
		if (s)
			s++;
	}
	return s;
}

const char *dw_state_file_with(struct dw_arena *a, const char *text, const struct dw_bytes *content)
{
	char hex[DW_SHA256_HEX + 1];
	const char *size, *hash, *more;

	if (!text || !dw_starts_with(text, "file "))
		return NULL;
	size = behind_blank(text, 3);
	hash = behind_blank(text, 4);
	if (!size || !hash || !dw_starts_with(hash, "sha256:"))
		return NULL;
	more = strchr(hash, ' ');
	dw_sha256_hex(content->data, content->n, hex);
	return dw_arena_printf(a, "%.*s%zu sha256:%s%s", (int)(size - text), text, content->n, hex,
			       more ? more : "");
}

const char *dw_state_file_without(struct dw_arena *a, const char *text, unsigned bits)
{
	const char *mode = text && dw_starts_with(text, "file ") ? behind_blank(text, 1) : NULL;
	unsigned n = 0;

	if (!mode || strspn(mode, "01234567") != 4 || mode[4] != ' ')
		return NULL;
	for (size_t i = 0; i < 4; i++)
		n = n << 3 | (unsigned)(mode[i] - '0');
	return dw_arena_printf(a, "file %04o%s", n & ~bits, mode + 4);
}

struct dw_state dw_state_fence(struct dw_arena *a, const struct dw_bytes *table)
{
	char hex[DW_SHA256_HEX + 1];

	if (!table->data)
		return (struct dw_state){ .text = "absent" };
	dw_sha256_hex(table->data, table->n, hex);
	return (struct dw_state){ .text = dw_arena_printf(a, "table sha256:%s", hex),
				  .data = *table };
}

static bool same_edit(const struct dw_edit *x, const struct dw_edit *y)
{
	return x->line == y->line && dw_streq0(x->old, y->old) && dw_streq0(x->fresh, y->fresh);
}

static bool said_before(const struct dw_edit *edits, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_edit(&edits[k], &edits[i]))
			return true;
	return false;
}

struct editing {
	const struct dw_edit *edits;
	size_t n;
	struct dw_str out;
};

/* Puts in what comes before the lines `first` to `last`. */
static void put_in(struct editing *e, unsigned first, unsigned last)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct dw_edit *d = &e->edits[i];

		if (d->old || !d->fresh || d->line < first || d->line > last ||
		    said_before(e->edits, i))
			continue;
		if (e->out.n && e->out.s[e->out.n - 1] != '\n')
			dw_str_addc(&e->out, '\n');
		dw_str_addf(&e->out, "%s\n", d->fresh);
	}
}

/* The one edit of that line; NULL: none. False: two differ, or the line is not as it says. */
static bool edit_of(const struct editing *e, unsigned line, const char *s, size_t n,
		    const struct dw_edit **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < e->n; i++) {
		const struct dw_edit *d = &e->edits[i];

		if (!d->old || d->line != line)
			continue;
		if (strlen(d->old) != n || memcmp(d->old, s, n) != 0)
			return false;
		if (*ret && !same_edit(*ret, d))
			return false;
		*ret = d;
	}
	return true;
}

static void copy_line(struct editing *e, const struct dw_edit *d, const char *s, size_t n,
		      bool newline)
{
	if (d && !d->fresh)
		return;
	if (d)
		dw_str_add(&e->out, d->fresh);
	else
		dw_str_addn(&e->out, s, n);
	if (newline)
		dw_str_addc(&e->out, '\n');
}

/* An edit of a line that the file has not. */
static bool beyond(const struct editing *e, unsigned last, unsigned *ret_line)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct dw_edit *d = &e->edits[i];

		if (d->line > 0 && (!d->old || d->line <= last))
			continue;
		*ret_line = d->line;
		return true;
	}
	return false;
}

bool dw_edits_apply(struct dw_arena *a, const struct dw_bytes *content, const struct dw_edit *edits,
		    size_t n, struct dw_bytes *ret, unsigned *ret_line)
{
	struct editing e = { .edits = edits, .n = n, .out = { .arena = a } };
	const char *p = content->data, *end = p ? p + content->n : NULL;
	unsigned line = 0, ignored;

	if (!ret_line)
		ret_line = &ignored;
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((newline ? newline : end) - p);
		const struct dw_edit *d;

		line++;
		put_in(&e, line, line);
		if (!edit_of(&e, line, p, length, &d)) {
			*ret_line = line;
			return false;
		}
		copy_line(&e, d, p, length, newline != NULL);
		p += length + (newline ? 1 : 0);
	}
	if (beyond(&e, line, ret_line))
		return false;
	put_in(&e, line + 1, UINT_MAX);
	dw_str_addn(&e.out, "", 0);
	*ret = (struct dw_bytes){ .data = e.out.s, .n = e.out.n };
	return true;
}
