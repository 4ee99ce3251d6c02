/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document as Markdown: what asks for something with its whole story, what is kept in a table. */
#include <string.h>

#include "doors.h"
#include "dw_macros.h"
#include "dw_str.h"

static const char *const columns[] = { "Door",       "Service", "Program", "Runs as",
				       "Started by", "Reach",   "Why" };

static void put_row(struct paper *p, const struct dw_row *row)
{
	static const enum dw_cell cells[] = { DW_CELL_DOOR, DW_CELL_SERVICE, DW_CELL_PROGRAM,
					      DW_CELL_USER, DW_CELL_STARTER, DW_CELL_REACH };
	const struct dw_report_door *d = row->first;

	p->ops->row(p, PAPER_PLAIN);
	for (size_t i = 0; i < DW_ARRAY_SIZE(cells); i++)
		p->ops->cell(p, dw_layout_cut(row->cells[cells[i]], CELL_MAX, i == 0, p->a));
	p->ops->cell(p, d->n_reasons ? d->reasons[0].text : NULL);
	p->ops->end_row(p);
}

static void put_stories(struct paper *p, const struct doors *d, size_t from, size_t n)
{
	for (size_t i = from; i < from + n; i++) {
		const struct dw_row *row = &d->rows.v[i];
		size_t index = d->story_of[row->first - d->v];

		if (d->told[index])
			continue;
		d->told[index] = true;
		p->ops->fold(p, d->stories.v[index].addresses, PAPER_PLAIN);
		doors_tell(p, d->r, &d->stories.v[index]);
		p->ops->end_fold(p);
	}
}

static void put_group(struct paper *p, const struct doors *d, size_t from, size_t n)
{
	const struct dw_report_door *first = d->rows.v[from].first;
	const struct dw_mark *m = dw_mark_of(first->verdict);
	size_t doors = 0;

	for (size_t i = from; i < from + n; i++)
		doors += d->rows.v[i].n;
	p->ops->head(
		p, dw_arena_printf(p->a, "%s: %zu door%s", m->title, doors, doors == 1 ? "" : "s"));
	p->ops->table(p, m->title, columns, DW_ARRAY_SIZE(columns));
	for (size_t i = from; i < from + n; i++)
		put_row(p, &d->rows.v[i]);
	p->ops->end_table(p);
	if (!dw_streq0(first->verdict, "keep"))
		put_stories(p, d, from, n);
}

int dw_report_whole_markdown(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	struct paper p = paper_new(&paper_markdown, out);
	struct doors d = doors_make(w->audit, p.a);
	const char *host = w->audit->snapshot->host;
	unsigned outcome = dw_report_whole_outcome(w);

	(void)fputs("# Doors of ", out);
	paper_markdown_put(&p, host ? host : "a host");
	(void)fputs("\n\n", out);
	p.ops->say(&p, PAPER_PLAIN, paper_verdicts(w->audit, p.a));
	if (outcome & DW_REPORT_BLIND)
		p.ops->say(&p, PAPER_BAD,
			   "Not everything could be looked at: what is missing is unknown, not "
			   "closed. Coverage, at the end, says what.");
	paper_about(&p, w);
	p.ops->section(&p, "doors", "Doors");
	if (d.rows.n == 0)
		p.ops->say(&p, PAPER_NOTE, "No door was found.");
	for (size_t i = 0, n; i < d.rows.n; i += n) {
		n = doors_group(&d, i);
		put_group(&p, &d, i, n);
	}
	paper_sections(&p, w);
	paper_coverage(&p, w);
	(void)fprintf(out,
		      "Written by doorward %s. Nothing on the host was changed by this report.\n",
		      w->audit->version ? w->audit->version : "");
	paper_free(&p);
	return dw_report_end(out, e);
}
