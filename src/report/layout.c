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
	/* what an ordinary terminal shows fills its 80 columns */
	[DW_CELL_DOOR] = { "DOOR", 21 },       [DW_CELL_VERDICT] = { "VERDICT", 7 },
	[DW_CELL_SERVICE] = { "SERVICE", 12 }, [DW_CELL_PROGRAM] = { "PROGRAM", 11 },
	[DW_CELL_USER] = { "USER", 8 },        [DW_CELL_STARTER] = { "STARTED BY", 20 },
	[DW_CELL_REACH] = { "REACH", 9 },      [DW_CELL_PACKAGE] = { "PACKAGE", 10 },
	[DW_CELL_PIDS] = { "PID", 5 },         [DW_CELL_SOURCE] = { "SOURCE", 12 },
	[DW_CELL_WHY] = { "WHY", 28 },
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

const char *dw_layout_tabs(const char *s, size_t n, struct dw_arena *a)
{
	struct dw_str out = { .arena = a };
	size_t column = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\t') {
			dw_str_addc(&out, s[i]);
			column += ((unsigned char)s[i] & 0xc0) != 0x80; /* UTF-8: a character */
			continue;
		}
		do
			dw_str_addc(&out, ' ');
		while (++column % 8);
	}
	return out.s ? out.s : "";
}

static size_t total_of(const struct dw_layout *l)
{
	size_t total = DW_LAYOUT_MARK;

	for (size_t i = 0; i < DW_CELL_WHY; i++)
		if (l->widths[i])
			total += l->widths[i] + (i ? GAP : 0);
	return total;
}

static const enum dw_cell given_up[] = { DW_CELL_PACKAGE, DW_CELL_USER,  DW_CELL_PROGRAM,
					 DW_CELL_VERDICT, DW_CELL_REACH, DW_CELL_SERVICE };

size_t dw_layout_shrink(struct dw_column *v, size_t n, size_t excess)
{
	for (; excess > 0; excess--) {
		size_t widest = n;

		for (size_t i = 0; i < n; i++)
			if (v[i].width > v[i].least &&
			    (widest == n ||
			     v[i].width * v[widest].least > v[widest].width * v[i].least))
				widest = i;
		if (widest == n)
			break;
		v[widest].width--;
	}
	return excess;
}

static void shrink(struct dw_layout *l, size_t limit)
{
	struct dw_column shown[DW_CELL_WHY];
	size_t total = total_of(l);

	for (size_t i = 0; i < DW_CELL_WHY; i++)
		shown[i] = (struct dw_column){ l->widths[i], columns[i].least };
	(void)dw_layout_shrink(shown, DW_CELL_WHY, total > limit ? total - limit : 0);
	for (size_t i = 0; i < DW_CELL_WHY; i++)
		l->widths[i] = shown[i].width;
	/* a terminal too narrow for all: what the other columns say best goes last */
	for (size_t i = 0; i < DW_ARRAY_SIZE(given_up) && total_of(l) > limit; i++)
		l->widths[given_up[i]] = 0;
	while (total_of(l) > limit && l->widths[DW_CELL_STARTER] > 8)
		l->widths[DW_CELL_STARTER]--;
}

struct dw_layout dw_layout_fit(const struct dw_rows *rows, const struct dw_report_style *style)
{
	struct dw_layout l = { .colour = style->colour };
	unsigned limit = style->wide ? 0 : style->columns;

	for (size_t c = 0; c < DW_CELL_COUNT; c++) {
		for (size_t i = 0; i < rows->n; i++)
			if (rows->v[i].cells[c])
				l.widths[c] =
					DW_MAX(l.widths[c], dw_display_width(rows->v[i].cells[c]));
		if (l.widths[c])
			l.widths[c] = DW_MAX(l.widths[c], strlen(columns[c].title));
	}
	if (limit == 0)
		return l;
	if (l.widths[DW_CELL_WHY])
		l.limit = limit;
	/* reasons are wrapped, so that they need no more than a third */
	shrink(&l, l.limit ? DW_MAX(80U, limit * 2 / 3) : limit);
	return l;
}

/* No line ends in blanks. */
static void put_line(FILE *out, struct dw_str *line)
{
	while (line->n > 0 && line->s[line->n - 1] == ' ')
		line->n--;
	(void)fwrite(line->s, 1, line->n, out);
}

static void add_cell(struct dw_str *line, size_t width, const char *text)
{
	size_t used = dw_display_width(text);

	dw_str_addf(line, "%s%*s", text, (int)(width + GAP - DW_MIN(used, width)), "");
}

void dw_layout_head(FILE *out, const struct dw_layout *l, struct dw_arena *a)
{
	struct dw_str line = { .arena = a };

	dw_str_addf(&line, "%*s", DW_LAYOUT_MARK, "");
	for (size_t i = 0; i < DW_CELL_COUNT; i++)
		if (l->widths[i])
			add_cell(&line, l->widths[i], columns[i].title);
	put_line(out, &line);
	(void)fputc('\n', out);
}

void dw_layout_row(FILE *out, const struct dw_layout *l, const struct dw_row *row,
		   struct dw_arena *a)
{
	const struct dw_mark *m = dw_mark_of(row->first->verdict);
	bool coloured = l->colour && *m->colour;
	const char *why = row->cells[DW_CELL_WHY];
	struct dw_str line = { .arena = a };
	size_t begin = total_of(l) + GAP;

	dw_str_addf(&line, "%s%c%s%*s", coloured ? m->colour : "", m->mark,
		    coloured ? DW_ANSI_OFF : "", DW_LAYOUT_MARK - 1, "");
	for (size_t i = 0; i < DW_CELL_WHY; i++)
		if (l->widths[i])
			add_cell(&line, l->widths[i],
				 dw_layout_cut(row->cells[i] ? row->cells[i] : "-", l->widths[i],
					       i == DW_CELL_DOOR, a));
	if (l->widths[DW_CELL_WHY] && why && *why) {
		(void)fwrite(line.s, 1, line.n, out);
		dw_layout_wrap(out, why, begin, begin, l->limit);
		return;
	}
	put_line(out, &line);
	(void)fputc('\n', out);
}

static size_t width_of(const char *s, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i += DW_MAX(dw_utf8_length(s + i, n - i), (size_t)1))
		width++;
	return width;
}

/* A word that is longer than a whole line is broken where the line ends. */
static size_t piece_of(const char *s, size_t n, size_t room)
{
	size_t i = 0;

	if (width_of(s, n) <= room)
		return n;
	for (size_t used = 0; i < n && used < room; used++)
		i += DW_MAX(dw_utf8_length(s + i, n - i), (size_t)1);
	return i;
}

void dw_layout_wrap(FILE *out, const char *s, size_t used, size_t indent, size_t limit)
{
	size_t room = limit > indent + 8 ? limit - indent : SIZE_MAX;
	bool first = true, blank = false;

	while (*s) {
		size_t n = piece_of(s, strcspn(s, " "), room), width = width_of(s, n);

		if (!first && limit && used + blank + width > limit) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			used = indent;
		} else if (blank) {
			(void)fputc(' ', out);
			used++;
		}
		(void)fwrite(s, 1, n, out);
		used += width;
		blank = s[n] == ' ';
		s += n + blank;
		first = false;
	}
	(void)fputc('\n', out);
}
