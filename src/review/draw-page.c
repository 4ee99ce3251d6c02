/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"
#include "dw_macros.h"
#include "screen.h"

static enum review_style style_of(const struct review_page *p, const char *line)
{
	if (!p->diff)
		/* words in capitals alone are a heading */
		return *line >= 'A' && *line <= 'Z' &&
				       !line[strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ")]
			       ? REVIEW_HEAD
			       : REVIEW_PLAIN;
	return *line == '+'   ? REVIEW_ADDED
	       : *line == '-' ? REVIEW_REMOVED
	       : *line == '@' ? REVIEW_DIM
			      : REVIEW_PLAIN;
}

void review_draw_page(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct review_page *p = &r->page;
	size_t rows = review_page_rows(r), end;
	const char *where = "", *trial = review_trial_text(r, a);
	int width;

	review_page_lay_out(p, r->columns - 2);
	if (r->place == REVIEW_IN_WORK) /* the newest is what counts */
		p->top = p->lines.n > rows ? p->lines.n - rows : 0;
	p->top = p->lines.n > rows ? DW_MIN(p->top, p->lines.n - rows) : 0;
	end = DW_MIN(p->top + rows, p->lines.n);
	if (p->lines.n > rows)
		where = dw_arena_printf(a, "lines %zu-%zu of %zu ", p->top + 1, end, p->lines.n);
	if (*trial)
		where = dw_arena_printf(a, "%s  %s", trial, where);
	width = (int)strlen(where);
	review_screen_put(0, 0, r->columns - width, REVIEW_TITLE,
			  dw_arena_printf(a, " %s", p->title));
	review_screen_put(0, r->columns - width, width, REVIEW_TITLE, where);
	for (size_t i = p->top; i < end; i++)
		review_screen_put((int)(i - p->top) + 1, 1, r->columns - 2,
				  style_of(p, p->lines.v[i]), p->lines.v[i]);
}
