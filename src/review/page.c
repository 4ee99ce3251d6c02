/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text on the whole screen. */
#include "app.h"

void review_page_open(struct review_app *r, unsigned place, const char *title, char *text)
{
	review_page_close(r);
	r->place = place;
	r->page.text = text;
	r->page.title = strdup(title);
	if (!text || !r->page.title)
		dw_oom();
}

void review_page_close(struct review_app *r)
{
	free(r->page.title);
	free(r->page.text);
	dw_arena_free(r->page.arena);
	r->page = (struct review_page){ 0 };
	r->place = REVIEW_IN_LIST;
	doorward_policy_edit_free(r->edit);
	r->edit = NULL;
}

void review_page_lay_out(struct review_page *p, int columns)
{
	if (p->columns == columns)
		return;
	dw_arena_free(p->arena);
	p->arena = dw_arena_new();
	p->lines = p->diff ? review_wrap_diff(p->text, columns, p->arena)
			   : review_wrap(p->text, columns, p->arena);
	p->columns = columns;
}

/* Title, message and hints are around it. */
size_t review_page_rows(const struct review_app *r)
{
	return r->rows > 4 ? (size_t)r->rows - 4 : 1;
}

void review_page_move(struct review_app *r, enum review_action a)
{
	long rows = (long)review_page_rows(r), n = (long)r->page.lines.n, top = (long)r->page.top;

	if (a == REVIEW_UP)
		top--;
	else if (a == REVIEW_DOWN)
		top++;
	else if (a == REVIEW_PAGE_UP)
		top -= rows - 1;
	else if (a == REVIEW_PAGE_DOWN)
		top += rows - 1;
	else
		top = a == REVIEW_FIRST ? 0 : n;
	r->page.top = (size_t)DW_MAX(0L, DW_MIN(top, n - rows));
}
