/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page for people: a sentence, the tables, what to look at, what could not be seen. */
#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "sudo.h"
#include "table.h"

struct page {
	const struct dw_report *r;
	const struct dw_report_style *style;
	FILE *out;
	struct dw_arena *a;
	struct dw_rows rows;
	struct dw_layout layout;
	bool sections; /* a heading for each verdict */
};

/* A blank line, and one in bold. */
static void put_heading(const struct page *p, const char *text)
{
	(void)fputs(p->style->colour ? "\n" DW_ANSI_BOLD : "\n", p->out);
	dw_layout_wrap(p->out, text, 0, 0, p->style->columns);
	if (p->style->colour)
		(void)fputs(DW_ANSI_OFF, p->out);
}

/* "close 7, restrict 3, decide about 4; 7 are fine" */
static void add_verdicts(struct dw_str *text, const struct dw_report *r)
{
	size_t counts[DW_MARKS] = { 0 };
	const char *between = ": ";

	for (size_t i = 0; i < r->n_doors; i++)
		counts[dw_mark_rank(r->doors[i].verdict)]++;
	for (size_t i = 0; i < DW_MARKS; i++) {
		const struct dw_mark *m = &dw_marks[i];

		if (!counts[i])
			continue;
		if (*m->before)
			dw_str_addf(text, "%s%s %zu", between, m->before, counts[i]);
		else
			dw_str_addf(text, "%s%zu %s%s", *between == ',' ? "; " : between, counts[i],
				    counts[i] == 1 ? "is" : "are", m->after);
		between = ", ";
	}
}

static size_t open_to_any(const struct dw_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_doors; i++) {
		const struct dw_door *d = r->doors[i].door;
		enum dw_place place = dw_place_of(d);

		n += (place == DW_PLACE_ANY || place == DW_PLACE_FORWARDED) &&
		     dw_endpoint_bound(&d->at) == DW_BOUND_ANY;
	}
	return n;
}

static void add_roles(struct dw_str *text, const struct page *p, const char *words, size_t first,
		      size_t end)
{
	for (size_t i = first; i < end; i++)
		dw_str_addf(text, "%s%s%s", i == first ? words : ", ",
			    dw_cells_escape(p->r->roles[i], p->a), i + 1 == end ? "." : "");
}

static void put_roles(const struct page *p)
{
	struct dw_str text = { .arena = p->a };

	add_roles(&text, p, "By its policy it is: ", 0, p->r->n_named);
	add_roles(&text, p, text.n ? " It also looks like: " : "It looks like: ", p->r->n_named,
		  p->r->n_roles);
	if (!text.n)
		return;
	dw_layout_wrap(p->out, text.s, 0, 0, p->style->columns);
}

static void put_summary(const struct page *p)
{
	const char *host = dw_cells_escape(p->r->snapshot->host, p->a);
	size_t n = p->r->n_doors, any = open_to_any(p->r);
	struct dw_str text = { .arena = p->a };

	dw_str_addf(&text, "%s has ", host ? host : "This host");
	if (n == 0)
		dw_str_add(&text, "no door");
	else
		dw_str_addf(&text, "%zu door%s, %zu open to any network", n, n == 1 ? "" : "s",
			    any);
	add_verdicts(&text, p->r);
	dw_str_addc(&text, '.');
	dw_layout_wrap(p->out, text.s, 0, 0, p->style->columns);
	put_roles(p);
}

static const char *chief(const struct dw_row *row)
{
	return row->first->n_reasons ? row->first->reasons[0].text : NULL;
}

/* The rows [first, end) are under one heading. */
static size_t section_end(const struct page *p, size_t first, size_t *ret_doors)
{
	size_t i;

	*ret_doors = 0;
	for (i = first; i < p->rows.n; i++) {
		if (p->sections && p->rows.v[i].rank != p->rows.v[first].rank)
			break;
		*ret_doors += p->rows.v[i].n;
	}
	return i;
}

/* A reason that all rows share is told once, above them. */
static bool share_reason(const struct page *p, size_t first, size_t end)
{
	if (end - first < 2 || !p->sections)
		return false;
	for (size_t i = first + 1; i < end; i++)
		if (!dw_streq0(chief(&p->rows.v[first]), chief(&p->rows.v[i])))
			return false;
	return true;
}

static void put_reason(const struct page *p, const struct dw_row *row)
{
	const char *text = chief(row);

	if (!text || p->layout.widths[DW_CELL_WHY])
		return;
	(void)fprintf(p->out, "%*s", DW_LAYOUT_MARK + 2, "");
	dw_layout_wrap(p->out, dw_cells_escape(text, p->a), DW_LAYOUT_MARK + 2, DW_LAYOUT_MARK + 2,
		       p->style->columns);
}

/* What is fine needs no eyes: of many rows the first are shown. */
#define KEPT_SHOWN 12

static size_t shown_end(const struct page *p, size_t first, size_t end)
{
	const struct dw_report_style *s = p->style;

	if (!p->sections || s->all || s->wide || !s->columns || s->choice.verdicts ||
	    !dw_streq0(p->rows.v[first].first->verdict, "keep") || end - first <= KEPT_SHOWN)
		return end;
	return first + KEPT_SHOWN;
}

static void put_rows(const struct page *p, size_t first, size_t end)
{
	bool keep = p->sections && dw_streq0(p->rows.v[first].first->verdict, "keep");
	bool shared = share_reason(p, first, end);
	size_t last = shown_end(p, first, end), hidden = 0;

	if (shared && !keep)
		put_reason(p, &p->rows.v[first]);
	for (size_t i = first; i < last; i++) {
		dw_layout_row(p->out, &p->layout, &p->rows.v[i], p->a);
		if (!shared && !dw_streq0(p->rows.v[i].first->verdict, "keep"))
			put_reason(p, &p->rows.v[i]);
	}
	for (size_t i = last; i < end; i++)
		hidden += p->rows.v[i].n;
	if (hidden)
		(void)fprintf(p->out, "  ... and %zu more: --all\n", hidden);
}

static void put_tables(const struct page *p)
{
	if (p->rows.n == 0)
		return;
	if (!p->style->quiet)
		(void)fputc('\n', p->out);
	dw_layout_head(p->out, &p->layout, p->a);
	for (size_t i = 0; i < p->rows.n;) {
		size_t doors, end = section_end(p, i, &doors);

		if (p->sections)
			put_heading(p,
				    dw_arena_printf(p->a, "%s (%zu)",
						    dw_mark_of(p->rows.v[i].first->verdict)->title,
						    doors));
		put_rows(p, i, end);
		i = end;
	}
}

/* A door of this page that a person would type, the most urgent one first. */
static const char *example(const struct page *p)
{
	for (size_t i = 0; i < p->rows.n; i++) {
		const struct dw_endpoint *e = &p->rows.v[i].first->door->at;

		if (e->has_port && e->protocol != DW_PROTOCOL_RAW)
			return dw_arena_printf(p->a, "%u/%s", e->port,
					       dw_protocol_name(e->protocol));
	}
	return "DOOR";
}

/* One of the doors that closing without a word would close or narrow. */
static bool has_to_close(const struct page *p)
{
	for (size_t i = 0; i < p->r->n_doors; i++)
		if (dw_streq0(p->r->doors[i].verdict, "close") ||
		    dw_streq0(p->r->doors[i].verdict, "restrict"))
			return true;
	return false;
}

static void put_next(const struct page *p)
{
	if (p->rows.n == 0)
		return;
	(void)fputc('\n', p->out);
	dw_layout_wrap(p->out,
		       dw_arena_printf(p->a, "doorward why %s tells the whole story of a door.",
				       example(p)),
		       0, 0, p->style->columns);
	if (has_to_close(p))
		dw_layout_wrap(
			p->out,
			"doorward plan tells what closing would take, doorward close does it.", 0,
			0, p->style->columns);
}

/* What a person can do about it. */
static void put_advice(const struct page *p)
{
	const char *sudo = dw_report_sudo(p->r->snapshot, p->a);

	if (dw_report_outcome(p->r) & DW_REPORT_BLIND)
		dw_layout_wrap(p->out,
			       "So the list above may not be whole: what is missing is unknown, "
			       "not closed.",
			       0, 0, p->style->columns);
	if (sudo)
		dw_layout_wrap(p->out, sudo, 0, 0, p->style->columns);
}

static void put_unseen(const struct page *p, const struct dw_incomplete *i)
{
	struct dw_str text = { .arena = p->a };

	if (i->file && !strstr(i->text, i->file))
		dw_str_addf(&text, i->line ? "%s:%u: " : "%s: ", i->file, i->line);
	dw_str_add(&text, i->text);
	(void)fprintf(p->out, "%c ", i->blind ? '!' : '-');
	dw_layout_wrap(p->out, dw_cells_escape(text.s, p->a), DW_LAYOUT_MARK, DW_LAYOUT_MARK,
		       p->style->columns);
}

/* A broken file may have a thousand bad lines: of each kind only the first ones are shown, unless --wide. */
#define OF_EACH_KIND 5

static size_t same_before(const struct dw_snapshot *s, size_t i)
{
	size_t same = 0;

	for (size_t k = 0; k < i && same <= OF_EACH_KIND; k++)
		same += dw_streq0(s->incomplete[k].what, s->incomplete[i].what);
	return same;
}

static void put_incomplete(const struct page *p)
{
	const struct dw_snapshot *s = p->r->snapshot;
	size_t left_out = 0;

	if (s->n_incomplete == 0)
		return;
	put_heading(p, dw_arena_printf(p->a, "What could not be seen (%zu)", s->n_incomplete));
	for (size_t i = 0; i < s->n_incomplete; i++) {
		if (!p->style->wide && same_before(s, i) >= OF_EACH_KIND)
			left_out++;
		else
			put_unseen(p, &s->incomplete[i]);
	}
	if (left_out)
		(void)fprintf(p->out, "- and %zu more of these kinds: --wide shows them all\n",
			      left_out);
	put_advice(p);
}

/* Where the columns end and begin to be too many. */
enum { WHY_COLUMNS = 110, PROGRAM_COLUMNS = 150 };

static struct dw_table_how how_of(const struct dw_report_style *s, bool sections)
{
	bool unlimited = s->columns == 0 || s->wide;

	return (struct dw_table_how){
		.wide = s->wide,
		.merge = !unlimited,
		.program = unlimited || s->columns >= PROGRAM_COLUMNS,
		.verdict = s->columns == 0 || !sections,
		.why = unlimited || s->columns >= WHY_COLUMNS,
		.sort = s->choice.sort,
	};
}

int dw_report_text(const struct dw_report *r, FILE *out, const struct dw_report_style *style,
		   struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .r = r, .style = style, .out = out, .a = a };
	struct dw_report_choice choice = { .verdicts = style->choice.verdicts };
	struct dw_report chosen = dw_report_choose(r, &choice, a);
	struct dw_table_how how;

	p.sections = style->choice.sort == DW_SORT_NONE || style->choice.sort == DW_SORT_URGENCY;
	how = how_of(style, p.sections);
	p.rows = dw_rows_make(&chosen, &how, a);
	p.layout = dw_layout_fit(&p.rows, style);
	if (!style->quiet)
		put_summary(&p);
	put_tables(&p);
	if (!style->quiet) {
		put_incomplete(&p);
		put_next(&p);
	}
	return dw_report_end(out, e);
}

int dw_report_end(FILE *out, struct dw_error *e)
{
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return dw_error_errno(e, errno ? -errno : -EIO,
				      "the output could not be written whole");
	return 0;
}
