/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts that the pages of plan, history and verify are made of. */
#include "steps.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "table.h"

/* Longer texts come from somebody who wants the rest of the page off the screen. */
#define TEXT_MAX 600
/* Of so many lines a diff is shown as it is. */
#define DIFF_SMALL 12
/* Else so many that change: twelve, as they were and as they will be. */
#define DIFF_CHANGES 24
/* Where there is no terminal: a line of thousands of columns helps nobody. */
#define LONG_COLUMNS 100

void dw_page_head(const struct page *p, const char *text)
{
	(void)fprintf(p->out, "\n%s", p->style->colour ? DW_ANSI_BOLD : "");
	dw_layout_wrap(p->out, text, 0, 0, p->style->columns);
	if (p->style->colour)
		(void)fputs(DW_ANSI_OFF, p->out);
}

void dw_page_put(const struct page *p, size_t indent, size_t more, const char *text)
{
	(void)fprintf(p->out, "%*s", (int)indent, "");
	dw_layout_wrap(p->out, p->style->wide ? text : dw_layout_cut(text, TEXT_MAX, false, p->a),
		       indent, indent + more, p->style->columns);
}

void dw_page_long(const struct page *p, size_t indent, size_t more, const char *text)
{
	(void)fprintf(p->out, "%*s", (int)indent, "");
	dw_layout_wrap(p->out, text, indent, indent + more,
		       p->style->columns ? p->style->columns : LONG_COLUMNS);
}

void dw_page_raw(const struct page *p, size_t indent, const char *text, bool whole)
{
	const char *shown = dw_cells_escape(text, p->a);

	if (!whole && p->style->columns > indent + 20 && !p->style->wide)
		shown = dw_layout_cut(shown, p->style->columns - indent, false, p->a);
	(void)fprintf(p->out, "%*s%s\n", (int)indent, "", shown);
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; n++) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return n;
}

/* The sign in front is no part of the file's line. */
static const char *shown_line(const struct page *p, const char *line, size_t n)
{
	return n ? dw_arena_printf(p->a, "%c%s", *line, dw_layout_tabs(line + 1, n - 1, p->a)) : "";
}

void dw_page_diff(const struct page *p, size_t indent, const char *diff)
{
	struct dw_lines lines = { .p = diff, .end = diff + strlen(diff) };
	bool whole = p->style->wide || lines_of(diff) <= DIFF_SMALL;
	size_t told = 0, left = 0, n;
	const char *line;

	while (dw_lines_next(&lines, &line, &n)) {
		if (!whole && n && *line == ' ')
			continue;
		if (!whole && told >= DIFF_CHANGES) {
			left++;
			continue;
		}
		dw_page_raw(p, indent, shown_line(p, line, n), false);
		told += n && *line != '@';
	}
	if (left)
		dw_page_put(p, indent, 0,
			    dw_arena_printf(p->a, "... and %zu more line%s: --wide", left,
					    left == 1 ? "" : "s"));
}

const char *dw_page_list(const struct page *p, const struct dw_strings *names, size_t most)
{
	struct dw_str text = { .arena = p->a };

	for (size_t i = 0; i < names->n && (i < most || p->style->wide); i++)
		dw_str_addf(&text, "%s%s", i ? ", " : "", dw_cells_escape(names->v[i], p->a));
	if (names->n > most && !p->style->wide)
		dw_str_addf(&text, " and %zu more", names->n - most);
	return text.s ? text.s : "";
}
