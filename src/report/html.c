/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page: one file, no script, nothing from elsewhere; its policy allows its own style alone. */
#include <string.h>

#include "doors.h"
#include "dw_macros.h"
#include "dw_sha256.h"
#include "dw_str.h"
#include "map.h"
#include "style.h"

/* Rows of one verdict that stand open; the rest is in a fold, so that thousands do not have to be laid out. */
#define ROWS_OPEN 150

struct page_html {
	struct paper *p;
	const struct dw_report_whole *w;
	struct doors doors;
	bool watched; /* the use of some door was counted */
};

/* How a Content-Security-Policy names the one style that it lets through (CSP 3, 2.3.1). */
static const char *style_hash(struct dw_arena *a)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char hex[DW_SHA256_HEX + 1], *to = dw_arena_alloc(a, 48);
	unsigned bits = 0, n = 0, k = 0;

	dw_sha256_hex(dw_page_style, strlen(dw_page_style), hex);
	for (size_t i = 0; i < DW_SHA256_HEX; i++) {
		bits = bits << 4 | (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
		for (n += 4; n >= 6; n -= 6)
			to[k++] = digits[bits >> (n - 6) & 63];
		bits &= 63;
	}
	to[k++] = digits[bits << (6 - n) & 63]; /* 256 bits: 4 are left */
	to[k] = '=';
	return to;
}

static void put_head(const struct page_html *h)
{
	const struct dw_snapshot *s = h->w->audit->snapshot;
	FILE *out = h->p->out;

	(void)fprintf(out,
		      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Doors of ",
		      style_hash(h->p->a));
	paper_html_put(h->p, s->host ? s->host : "a host");
	if (s->time)
		(void)fprintf(out, ", %s", dw_report_minute(h->p->a, s->time));
	(void)fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", dw_page_style);
}

static void put_navigation(const struct page_html *h)
{
	FILE *out = h->p->out;

	(void)fputs("<nav aria-label=\"Sections\"><a href=\"#map\">Map</a> <a "
		    "href=\"#doors\">Doors</a>",
		    out);
	for (size_t i = 0; i < DW_WHOLE_PARTS; i++) {
		enum dw_whole_part part = (enum dw_whole_part)i;

		(void)fprintf(out, " <a href=\"#%s\"%s>%s</a>", dw_whole_part_name(part),
			      h->w->sections[i].state == DW_WHOLE_TOLD ? "" : " class=\"off\"",
			      dw_whole_part_title(part));
	}
	(void)fputs(" <a href=\"#coverage\">Coverage</a></nav>\n", out);
}

/* --- summary ----------------------------------------------------------------------------------------- */

static void put_card(const struct page_html *h, const char *class, const char *number,
		     const char *words)
{
	(void)fprintf(h->p->out, "<li class=\"%s\"><b>%s</b> <span>%s</span></li>\n", class, number,
		      words);
}

static const char *number(const struct page_html *h, size_t n)
{
	return dw_arena_printf(h->p->a, "%zu", n);
}

static void put_cards(const struct page_html *h)
{
	static const char *const words[DW_MARKS] = {
		"to look into",        "to close", "to restrict", "for you to decide",
		"could not be judged", "fine",     "other"
	};
	const struct dw_report *r = h->w->audit;
	size_t counts[DW_MARKS] = { 0 }, far = 0;

	for (size_t i = 0; i < r->n_doors; i++) {
		counts[dw_mark_rank(r->doors[i].verdict)]++;
		far += dw_place_of(r->doors[i].door) == DW_PLACE_ANY;
	}
	(void)fputs("<ul class=\"cards\">\n", h->p->out);
	put_card(h, "all", number(h, r->n_doors), r->n_doors == 1 ? "door" : "doors");
	put_card(h, far ? "far" : "all", number(h, far), "open to any network");
	for (size_t i = 0; i < DW_MARKS; i++)
		if (counts[i])
			put_card(h, dw_marks[i].verdict ? dw_marks[i].verdict : "other",
				 number(h, counts[i]), words[i]);
	if (h->w->host) {
		struct dw_host_counts c = dw_report_host_counts(h->w->host);

		put_card(h, c.fails ? "restrict" : "keep", number(h, c.fails),
			 dw_arena_printf(h->p->a, "of %zu checks of the host fail", c.checks));
	}
	if (h->w->plan)
		put_card(h, "all", number(h, h->w->plan->plan->steps.n), "steps in the plan");
	(void)fputs("</ul>\n", h->p->out);
}

static void put_summary(const struct page_html *h)
{
	unsigned outcome = dw_report_whole_outcome(h->w);
	const char *host = h->w->audit->snapshot->host;

	(void)fputs("<header>\n<h1>Doors of ", h->p->out);
	paper_html_put(h->p, host ? host : "a host");
	(void)fputs("</h1>\n", h->p->out);
	/* what could not be looked at may be open: no door is good news only when all was seen */
	paper_html.say(h->p,
		       outcome & DW_REPORT_TO_DO   ? PAPER_WARN
		       : outcome & DW_REPORT_BLIND ? PAPER_NOTE
						   : PAPER_GOOD,
		       paper_verdicts(h->w->audit, h->p->a));
	if (outcome & DW_REPORT_BLIND)
		paper_html.say(h->p, PAPER_BAD,
			       "Not everything could be looked at: what is missing is unknown, not "
			       "closed. Coverage, at the end, says what.");
	put_cards(h);
	paper_about(h->p, h->w);
	/* the style shows it on paper alone */
	(void)fputs("<p class=\"paper\">What is folded on the screen is folded on paper, but for "
		    "the first doors to look into "
		    "and to close, and checks that are severe. What is opened before it is printed "
		    "is printed open.</p>\n",
		    h->p->out);
	(void)fputs("</header>\n", h->p->out);
	put_navigation(h);
}

/* --- doors ------------------------------------------------------------------------------------------- */

/* What nobody watched leaves room for the package. */
enum { COLUMNS = 7 };
static const char *const columns[2][COLUMNS] = {
	{ "Door", "Service", "Program", "Runs as", "Started by", "Reach", "Package" },
	{ "Door", "Service", "Program", "Runs as", "Started by", "Reach", "Last used" },
};

static void put_cells(const struct page_html *h, const struct dw_row *row)
{
	static const enum dw_cell cells[] = { DW_CELL_DOOR, DW_CELL_SERVICE, DW_CELL_PROGRAM,
					      DW_CELL_USER, DW_CELL_STARTER, DW_CELL_REACH };
	const struct dw_package *package = row->first->door->package;

	paper_html.row(h->p, PAPER_PLAIN);
	for (size_t i = 0; i < DW_ARRAY_SIZE(cells); i++)
		paper_html.cell(h->p,
				dw_layout_cut(row->cells[cells[i]], CELL_MAX, i == 0, h->p->a));
	paper_html.cell(h->p, h->watched ? doors_last_used(h->w->audit, row, h->p->a)
			      : package  ? package->name
					 : NULL);
	paper_html.end_row(h->p);
}

/* The chief reason, which opens to the whole story where that comes for the first time, and leads to it later. */
static void put_story(const struct page_html *h, const struct dw_row *row)
{
	const struct dw_report_door *d = row->first;
	size_t index = h->doors.story_of[d - h->doors.v];
	struct story *s = doors_story(&h->doors, row);
	const char *reason = d->n_reasons ? d->reasons[0].text : "No reason is told";
	FILE *out = h->p->out;

	(void)fprintf(out, "<tr class=\"more\"><td colspan=\"%zu\">", (size_t)COLUMNS);
	if (h->doors.told[index]) {
		(void)fprintf(out, "<a href=\"#s%zu\">", index + 1);
		paper_html_put(h->p, reason);
		(void)fputs("</a>", out);
	} else {
		paper_html.fold(h->p, reason, PAPER_PLAIN);
		(void)fprintf(out, "<div id=\"s%zu\">\n", index + 1);
		doors_tell(h->p, h->w->audit, s);
		(void)fputs("</div>\n", out);
		paper_html.end_fold(h->p);
		h->doors.told[index] = true;
	}
	(void)fputs("</td></tr>\n", out);
}

static void put_rows(const struct page_html *h, size_t from, size_t n, const char *caption)
{
	paper_html.table(h->p, caption, columns[h->watched], COLUMNS);
	h->p->columns = NULL; /* in cells the style names these: there can be thousands of rows */
	for (size_t i = from; i < from + n; i++) {
		put_cells(h, &h->doors.rows.v[i]);
		put_story(h, &h->doors.rows.v[i]);
	}
	paper_html.end_table(h->p);
}

static size_t doors_of(const struct doors *d, size_t from, size_t n)
{
	size_t doors = 0;

	for (size_t i = from; i < from + n; i++)
		doors += d->rows.v[i].n;
	return doors;
}

static void put_group(const struct page_html *h, size_t from, size_t n)
{
	const struct dw_mark *m = dw_mark_of(h->doors.rows.v[from].first->verdict);
	size_t doors = doors_of(&h->doors, from, n), open = DW_MIN(n, (size_t)ROWS_OPEN);
	const char *class = m->verdict ? m->verdict : "other";
	const char *caption =
		dw_arena_printf(h->p->a, "%s: %zu door%s", m->title, doors, doors == 1 ? "" : "s");

	(void)fprintf(h->p->out, "<div class=\"v %s%s\">\n<h3>%s</h3>\n", class,
		      h->watched ? " watched" : "", caption);
	put_rows(h, from, open, caption);
	if (n > open) {
		size_t rest = doors_of(&h->doors, from + open, n - open);

		paper_html.fold(h->p, dw_arena_printf(h->p->a, "%zu more doors", rest),
				PAPER_PLAIN);
		put_rows(h, from + open, n - open,
			 dw_arena_printf(h->p->a, "%s, continued", m->title));
		paper_html.end_fold(h->p);
	}
	(void)fputs("</div>\n", h->p->out);
}

/* Without a script: the style hides what is not chosen. */
static void put_choice(const struct page_html *h)
{
	(void)fputs("<fieldset class=\"choice\"><legend>Show</legend>\n"
		    "<input type=\"radio\" name=\"show\" id=\"c-all\" checked> "
		    "<label for=\"c-all\">all</label>\n",
		    h->p->out);
	for (size_t i = 0, n; i < h->doors.rows.n; i += n) {
		const struct dw_mark *m = dw_mark_of(h->doors.rows.v[i].first->verdict);
		const char *class = m->verdict ? m->verdict : "other";

		n = doors_group(&h->doors, i);
		(void)fprintf(h->p->out,
			      "<input type=\"radio\" name=\"show\" id=\"c-%s\"> <label "
			      "for=\"c-%s\">%s (%zu)</label>\n",
			      class, class, m->title, doors_of(&h->doors, i, n));
	}
	(void)fputs("</fieldset>\n", h->p->out);
}

static void put_doors(const struct page_html *h)
{
	paper_html.section(h->p, "doors", "Doors");
	if (h->doors.rows.n == 0) {
		paper_html.say(h->p, PAPER_NOTE, "No door was found.");
	} else {
		put_choice(h);
		(void)fputs("<p>The line below a door says why<span class=\"screen\">; it opens to "
			    "all that is known of it</span>.</p>\n",
			    h->p->out);
	}
	for (size_t i = 0, n; i < h->doors.rows.n; i += n) {
		n = doors_group(&h->doors, i);
		put_group(h, i, n);
	}
	paper_html.end_section(h->p);
}

int dw_report_whole_html(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	struct paper p = paper_new(&paper_html, out);
	struct page_html h = { .p = &p, .w = w, .doors = doors_make(w->audit, p.a) };
	struct map *map;

	for (size_t i = 0; i < w->audit->n_doors; i++)
		h.watched |= w->audit->doors[i].door->used != NULL;
	map = map_make(w->audit, h.doors.targets, p.a);

	put_head(&h);
	put_summary(&h);
	(void)fputs("<main>\n", out);
	map_draw(&p, map);
	put_doors(&h);
	paper_sections(&p, w);
	paper_coverage(&p, w);
	(void)fprintf(
		out,
		"</main>\n<footer><p>Written by doorward %s. Nothing on the host was changed by "
		"this report.</p></footer>\n</body>\n</html>\n",
		w->audit->version ? w->audit->version : "");
	paper_free(&p);
	return dw_report_end(out, e);
}
