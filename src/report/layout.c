/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Columns: how wide, what is cut, how it is written. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

#define GAP 2

static const struct {
	const char *title;
	size_t least; /* columns below which it is not cut */
} columns[DW_CELL_COUNT] = {
	/* these fill 80 columns; most of the room is for the answer that nobody else gives */
	[DW_CELL_DOOR] = { "DOOR", 21 },       [DW_CELL_PROGRAM] = { "PROGRAM", 11 },
	[DW_CELL_USER] = { "USER", 8 },        [DW_CELL_STARTER] = { "STARTED BY", 20 },
	[DW_CELL_PACKAGE] = { "PACKAGE", 10 }, [DW_CELL_PIDS] = { "PID", 5 },
	[DW_CELL_SOURCE] = { "SOURCE", 12 },
};

/* Bytes of s that fill at most `width` columns. */
static size_t bytes_of(const char *s, size_t width)
{
	size_t n = strlen(s), i = 0, used = 0;

	while (i < n) {
		size_t len = DW_MAX(dw_utf8_length(s + i, n - i), (size_t)1);
		char one[8] = "";

		memcpy(one, s + i, DW_MIN(len, sizeof(one) - 1));
		used += dw_display_width(one);
		if (used > width)
			break;
		i += len;
	}
	return i;
}

const char *dw_layout_cut(const char *s, size_t width, bool tail, struct dw_arena *a)
{
	size_t total = dw_display_width(s), keep;
	const char *end;

	if (total <= width)
		return s;
	if (width <= 4)
		return dw_arena_strndup(a, s, bytes_of(s, width));
	if (!tail)
		return dw_arena_printf(a, "%.*s..", (int)bytes_of(s, width - 2), s);
	/* "[fe80::aaaa..%eth0]:546/udp": the port is at the end and must stay */
	keep = (width - 2) * 2 / 3;
	end = s + bytes_of(s, total - keep);
	return dw_arena_printf(a, "%.*s..%s", (int)bytes_of(s, width - 2 - dw_display_width(end)),
			       s, end);
}

static size_t total_of(const struct dw_layout *l)
{
	size_t total = DW_LAYOUT_MARK;

	for (size_t i = 0; i < DW_CELL_COUNT; i++)
		if (l->widths[i])
			total += l->widths[i] + (i ? GAP : 0);
	return total;
}

/* Takes columns away where they hurt least: one by one from the widest that is above its least. */
static void shrink(struct dw_layout *l, size_t limit)
{
	while (total_of(l) > limit) {
		size_t widest = DW_CELL_COUNT;

		for (size_t i = 0; i < DW_CELL_COUNT; i++)
			if (l->widths[i] > columns[i].least &&
			    (widest == DW_CELL_COUNT ||
			     l->widths[i] * columns[widest].least >
				     l->widths[widest] * columns[i].least))
				widest = i;
		if (widest == DW_CELL_COUNT)
			break;
		l->widths[widest]--;
	}
	if (total_of(l) > limit)
		l->widths[DW_CELL_PACKAGE] = 0;
	if (total_of(l) > limit)
		l->widths[DW_CELL_USER] = 0;
}

struct dw_layout dw_layout_fit(const struct dw_rows *rows, const struct dw_report_style *style)
{
	struct dw_layout l = { .colour = style->colour };

	for (size_t c = 0; c < DW_CELL_COUNT; c++) {
		for (size_t i = 0; i < rows->n; i++)
			if (rows->v[i].cells[c])
				l.widths[c] =
					DW_MAX(l.widths[c], dw_display_width(rows->v[i].cells[c]));
		if (l.widths[c])
			l.widths[c] = DW_MAX(l.widths[c], strlen(columns[c].title));
	}
	if (style->columns && !style->wide)
		shrink(&l, style->columns);
	return l;
}

static bool is_last(const struct dw_layout *l, size_t column)
{
	for (size_t i = column + 1; i < DW_CELL_COUNT; i++)
		if (l->widths[i])
			return false;
	return true;
}

/* Blanks are written before a cell, never after the last one: no line ends in blanks. */
static void put_cell(FILE *out, const struct dw_layout *l, size_t column, const char *text)
{
	size_t used = dw_display_width(text);

	(void)fputs(text, out);
	if (!is_last(l, column))
		(void)fprintf(out, "%*s",
			      (int)(l->widths[column] + GAP - DW_MIN(used, l->widths[column])), "");
}

void dw_layout_head(FILE *out, const struct dw_layout *l)
{
	(void)fprintf(out, "%*s", DW_LAYOUT_MARK, "");
	for (size_t i = 0; i < DW_CELL_COUNT; i++)
		if (l->widths[i])
			put_cell(out, l, i, columns[i].title);
	(void)fputc('\n', out);
}

void dw_layout_row(FILE *out, const struct dw_layout *l, const struct dw_row *row,
		   struct dw_arena *a)
{
	const struct dw_mark *m = dw_mark_of(row->first->verdict);
	bool coloured = l->colour && m->rank;

	(void)fprintf(out, "%s%c%s%*s", coloured ? m->colour : "", m->mark,
		      coloured ? DW_ANSI_OFF : "", DW_LAYOUT_MARK - 1, "");
	for (size_t i = 0; i < DW_CELL_COUNT; i++)
		if (l->widths[i])
			put_cell(out, l, i,
				 dw_layout_cut(row->cells[i] ? row->cells[i] : "-", l->widths[i],
					       i == DW_CELL_DOOR, a));
	(void)fputc('\n', out);
}

static size_t width_of(const char *s, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i += DW_MAX(dw_utf8_length(s + i, n - i), (size_t)1))
		width++;
	return width;
}

void dw_layout_wrap(FILE *out, const char *s, size_t used, size_t indent, size_t limit)
{
	bool first = true;

	while (*s) {
		size_t n = strcspn(s, " "), width = width_of(s, n);

		if (!first && limit && used + 1 + width > limit) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			used = indent;
		} else if (!first) {
			(void)fputc(' ', out);
			used++;
		}
		(void)fwrite(s, 1, n, out);
		used += width;
		s += n + (s[n] == ' ');
		first = false;
	}
	(void)fputc('\n', out);
}
