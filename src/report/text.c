/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page for people: a sentence, the tables, what to look at, what could not be seen. */
#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

struct page {
	const struct dw_report *r;
	const struct dw_report_style *style;
	FILE *out;
	struct dw_arena *a;
	struct dw_rows rows;
};

/* The last one is every other verdict. */
static const struct dw_mark marks[] = {
	{ "investigate", '!', "\x1b[1;31m", 1 },
	{ "close", 'x', "\x1b[33m", 2 },
	{ "restrict", '~', "\x1b[33m", 3 },
	{ NULL, ' ', "", 0 },
};

const struct dw_mark *dw_mark_of(const char *verdict)
{
	const struct dw_mark *m = marks;

	while (m->verdict && !dw_streq0(m->verdict, verdict))
		m++;
	return m;
}

unsigned dw_report_outcome(const struct dw_report *r)
{
	unsigned outcome = 0;

	for (size_t i = 0; i < r->n_doors; i++)
		if (dw_mark_of(r->doors[i].verdict)->rank)
			outcome |= DW_REPORT_TO_DO;
	for (size_t i = 0; i < r->snapshot->n_incomplete; i++)
		if (r->snapshot->incomplete[i].blind)
			outcome |= DW_REPORT_BLIND;
	return outcome;
}

static const struct {
	const char *title;   /* above the table */
	const char *summary; /* "4 on one address" */
} sections[DW_SECTION_COUNT] = {
	[DW_SECTION_ANY] = { "Open to any network", "open to any network" },
	[DW_SECTION_ADDRESS] = { "On one address, group or interface",
				 "on one address, group or interface" },
	[DW_SECTION_LOOPBACK] = { "On loopback: reachable from this host alone", "on loopback" },
	[DW_SECTION_PACKETS] = { "Reading packets, whatever their port (raw and packet sockets)",
				 "reading packets" },
	[DW_SECTION_FORWARDED] = { "Forwarded or redirected, with no socket here",
				   "forwarded or redirected" },
	[DW_SECTION_NETNS] = { "In network namespace", "in other network namespaces" },
	[DW_SECTION_SLEEPING] = { "Sleeping: closed now, but set up to open at boot or on demand",
				  "sleeping" },
};

static void put_summary(const struct page *p)
{
	size_t counts[DW_SECTION_COUNT] = { 0 }, open = 0;
	const char *host = dw_cells_escape(p->r->snapshot->host, p->a), *between = ":";
	struct dw_str text = { .arena = p->a };

	for (size_t i = 0; i < p->rows.n; i++)
		counts[p->rows.v[i].section] += p->rows.v[i].n;
	for (size_t i = 0; i < DW_SECTION_SLEEPING; i++)
		open += counts[i];
	dw_str_addf(&text, "%s has ", host ? host : "This host");
	if (open)
		dw_str_addf(&text, "%zu open door%s", open, open == 1 ? "" : "s");
	else
		dw_str_add(&text, "no open door");
	for (size_t i = 0; i < DW_SECTION_SLEEPING; i++) {
		if (!counts[i])
			continue;
		dw_str_addf(&text, "%s %zu %s", between, counts[i], sections[i].summary);
		between = ",";
	}
	if (counts[DW_SECTION_SLEEPING])
		dw_str_addf(&text, "; %zu %s", counts[DW_SECTION_SLEEPING],
			    sections[DW_SECTION_SLEEPING].summary);
	dw_str_addc(&text, '.');
	dw_layout_wrap(p->out, text.s, 0, 0, p->style->columns);
}

/* The rows [first, end) belong under one title. */
static size_t section_end(const struct dw_rows *rows, size_t first, size_t *ret_doors)
{
	const struct dw_row *a = &rows->v[first];
	size_t i;

	*ret_doors = 0;
	for (i = first; i < rows->n; i++) {
		const struct dw_row *b = &rows->v[i];

		if (b->section != a->section)
			break;
		if (a->section == DW_SECTION_NETNS &&
		    a->first->door->at.netns != b->first->door->at.netns)
			break;
		*ret_doors += b->n;
	}
	return i;
}

/* A blank line, and one in bold. */
static void put_heading(const struct page *p, const char *text)
{
	(void)fputs(p->style->colour ? "\n" DW_ANSI_BOLD : "\n", p->out);
	dw_layout_wrap(p->out, text, 0, 0, p->style->columns);
	if (p->style->colour)
		(void)fputs(DW_ANSI_OFF, p->out);
}

static void put_title(const struct page *p, const struct dw_row *row, size_t doors)
{
	struct dw_str text = { .arena = p->a };

	dw_str_add(&text, sections[row->section].title);
	if (row->section == DW_SECTION_NETNS)
		dw_str_addf(&text, " %s", dw_cells_escape(row->first->door->netns, p->a));
	dw_str_addf(&text, " (%zu)", doors);
	put_heading(p, text.s);
}

static void put_tables(const struct page *p)
{
	struct dw_layout l = dw_layout_fit(&p->rows, p->style);

	if (p->rows.n == 0)
		return;
	if (!p->style->quiet)
		(void)fputc('\n', p->out);
	dw_layout_head(p->out, &l);
	for (size_t i = 0; i < p->rows.n;) {
		size_t doors, end = section_end(&p->rows, i, &doors);

		put_title(p, &p->rows.v[i], doors);
		for (; i < end; i++)
			dw_layout_row(p->out, &l, &p->rows.v[i], p->a);
	}
}

/* The sentences of all reasons as one, whether or not they came with a full stop. */
static void add_reasons(struct dw_str *text, const struct dw_report_door *d, struct dw_arena *a)
{
	for (size_t i = 0; i < d->n_reasons; i++) {
		const char *reason = dw_cells_escape(d->reasons[i].text, a);
		size_t n = strlen(reason);

		dw_str_add(text, i ? "; " : " ");
		dw_str_addn(text, reason, n > 0 && reason[n - 1] == '.' ? n - 1 : n);
	}
	dw_str_addc(text, '.');
}

static void put_finding(const struct page *p, const struct dw_row *row, const struct dw_mark *m)
{
	const char *door = row->cells[DW_CELL_DOOR], *program = row->cells[DW_CELL_PROGRAM];
	struct dw_str text = { .arena = p->a };
	size_t indent = DW_LAYOUT_MARK + 2;

	(void)fprintf(p->out, "%s%c%s ", p->style->colour ? m->colour : "", m->mark,
		      p->style->colour ? DW_ANSI_OFF : "");
	dw_str_addf(&text, "%s %s", m->verdict, door);
	if (!dw_streq(program, "-") && !dw_streq(program, "?"))
		dw_str_addf(&text, " %s", program);
	dw_str_addc(&text, ':');
	add_reasons(&text, row->first, p->a);
	dw_layout_wrap(p->out, text.s, DW_LAYOUT_MARK, indent, p->style->columns);
}

static void put_findings(const struct page *p)
{
	bool any = false;

	for (const struct dw_mark *m = marks; m->verdict; m++) {
		for (size_t i = 0; i < p->rows.n; i++) {
			if (dw_mark_of(p->rows.v[i].first->verdict) != m)
				continue;
			if (!any)
				put_heading(p, "What to look at");
			any = true;
			put_finding(p, &p->rows.v[i], m);
		}
	}
}

/* What a person can do about it. */
static const struct {
	const char *what, *advice;
} advices[] = {
	{ "not-root", "Run it as root (sudo doorward audit) to see everything." },
};

static void put_advice(const struct page *p)
{
	const struct dw_snapshot *s = p->r->snapshot;

	if (dw_report_outcome(p->r) & DW_REPORT_BLIND)
		dw_layout_wrap(p->out,
			       "So the list above may not be whole: what is missing is unknown, "
			       "not closed.",
			       0, 0, p->style->columns);
	for (size_t k = 0; k < DW_ARRAY_SIZE(advices); k++)
		for (size_t i = 0; i < s->n_incomplete; i++)
			if (dw_streq0(s->incomplete[i].what, advices[k].what)) {
				dw_layout_wrap(p->out, advices[k].advice, 0, 0, p->style->columns);
				break;
			}
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

int dw_report_text(const struct dw_report *r, FILE *out, const struct dw_report_style *style,
		   struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .r = r, .style = style, .out = out, .a = a };

	p.rows = dw_rows_make(r, style->wide, style->columns != 0 && !style->wide, a);
	if (!style->quiet)
		put_summary(&p);
	put_tables(&p);
	if (!style->quiet) {
		put_findings(&p);
		put_incomplete(&p);
	}
	errno = 0;
	if (fflush(out) != 0 || ferror(out))
		return dw_error_errno(e, errno ? -errno : -EIO,
				      "the table could not be written whole");
	return 0;
}
