/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How doors were used, for people. No claim beyond what was watched. */
#include <string.h>

#include "dw_diff_report.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

enum { DOOR = 27, LAST = 12, USES = 7, PEERS = 5 };

static uint64_t ago(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static const char *name_of(const struct page *p, const struct dw_report_used *u)
{
	const char *service = u->door && u->door->service ? u->door->service->name : NULL;

	return service ? dw_arena_printf(p->a, "%s %s", dw_cells_escape(u->place, p->a), service)
		       : dw_cells_escape(u->place, p->a);
}

static const char *last_of(const struct page *p, const struct dw_report_used *u, uint64_t now)
{
	if (!u->used)
		return "not watched";
	return u->used->last
		       ? dw_arena_printf(p->a, "%s", dw_report_span(p->a, ago(now, u->used->last)))
		       : "never";
}

/* "1234567", "12.3M": a column has seven places. */
static const char *number(struct dw_arena *a, uint64_t n)
{
	static const char units[] = "kMGTPE";
	unsigned unit = 0;
	double shown = (double)n / 1000;

	if (n < 10000000)
		return dw_arena_printf(a, "%llu", (unsigned long long)n);
	for (; shown >= 1000 && units[unit + 1]; unit++)
		shown /= 1000;
	return dw_arena_printf(a, "%.1f%c", shown, units[unit]);
}

static void put_padded(const struct page *p, const char *text, size_t width, bool right)
{
	const char *shown = dw_layout_cut(text, width, false, p->a);
	size_t used = dw_display_width(shown);
	int blanks = used < width ? (int)(width - used) : 0;

	(void)fprintf(p->out, "%*s%s%*s ", right ? blanks : 0, "", shown, right ? 0 : blanks, "");
}

/* "open for 41 days, never used (watched for 12 of them)" */
static const char *never_words(const struct page *p, const struct dw_report_used *u, uint64_t now)
{
	uint64_t started =
		u->door && u->door->door->n_owners ? u->door->door->owners[0].started : 0;
	uint64_t open = started ? ago(now, started) : 0, counted = u->used->counted;
	const char *watched = dw_report_span(p->a, counted);

	if (open < 60 || open + 3600 < counted)
		return dw_report_used_words(p->a, u->used, now);
	if (open / 86400 >= 2 && counted / 86400 >= 2 && open / 86400 > counted / 86400)
		watched = dw_arena_printf(p->a, "%llu of them",
					  (unsigned long long)(counted / 86400));
	return dw_arena_printf(p->a, "open for %s, never used (watched for %s)",
			       dw_report_span(p->a, open), watched);
}

static void put_row(const struct page *p, const struct dw_report_usage *r,
		    const struct dw_report_used *u)
{
	const struct dw_used *x = u->used;
	uint64_t uses = x ? x->accepted + x->datagrams + x->refused : 0;

	put_padded(p, name_of(p, u), p->style->wide ? 60 : DOOR, false);
	put_padded(p, last_of(p, u, r->now), LAST, false);
	put_padded(p, x ? number(p->a, uses) : "", USES, true);
	put_padded(p, x ? number(p->a, x->peers) : "", PEERS, true);
	(void)fprintf(p->out, "%s\n",
		      x ? dw_report_spark(p->a, u->buckets, DW_USAGE_BUCKETS, r->utf8) : "");
	if (x && !x->last)
		dw_page_put(p, 2, 2, never_words(p, u, r->now));
	else if (x && (p->style->wide || r->asked))
		dw_page_put(p, 2, 2, dw_cells_escape(dw_report_used_words(p->a, x, r->now), p->a));
	if (x && !u->door)
		dw_page_put(p, 2, 2, "it is not open now");
}

static void put_titles(const struct page *p, const struct dw_report_usage *r)
{
	const char *span = dw_report_span(p->a, ago(r->now, r->since));
	struct dw_str title = { .arena = p->a };

	put_padded(p, "DOOR", p->style->wide ? 60 : DOOR, false);
	put_padded(p, "LAST USED", LAST, false);
	put_padded(p, "USES", USES, true);
	put_padded(p, "PEERS", PEERS, true);
	dw_str_add(&title, "the last ");
	dw_str_add(&title, span);
	(void)fprintf(p->out, "%s\n", title.s);
}

static void put_rows(const struct page *p, const struct dw_report_usage *r, bool enough)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->idle || r->v[i].watched_enough == enough)
			put_row(p, r, &r->v[i]);
}

static void put_idle(const struct page *p, const struct dw_report_usage *r)
{
	const char *span = dw_report_span(p->a, r->idle);
	size_t enough = 0;

	for (size_t i = 0; i < r->n; i++)
		enough += r->v[i].watched_enough;
	dw_page_put(p, 0, 0,
		    dw_arena_printf(p->a, "%zu door%s not used for %s, and watched for as long.",
				    enough, enough == 1 ? " was" : "s were", span));
	if (enough) {
		put_titles(p, r);
		put_rows(p, r, true);
	}
	if (enough == r->n)
		return;
	dw_page_head(p, "Not watched for long enough to say so");
	for (size_t i = 0; i < r->n; i++) {
		const struct dw_report_used *u = &r->v[i];

		if (!u->watched_enough)
			dw_page_put(
				p, 0, 2,
				dw_arena_printf(
					p->a, "%s: %s", name_of(p, u),
					u->used ? dw_arena_printf(
							  p->a, "watched for %s only",
							  dw_report_span(p->a, u->used->counted))
						: "never watched"));
	}
}

static void put_nothing(const struct page *p, const struct dw_report_usage *r)
{
	if (!r->recorded)
		dw_page_put(
			p, 0, 0,
			"Nobody has watched this host's doors yet, so nothing is known of their "
			"use. doorward watch counts it: systemctl enable --now doorward-watch, "
			"or doorward watch in a terminal.");
	else if (r->asked)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "No door that is open or was watched is \"%s\".",
					    dw_cells_escape(r->asked, p->a)));
	else
		dw_page_put(p, 0, 0,
			    r->idle ? "Every door was used in that time." : "No door was watched.");
}

int dw_report_usage_text(const struct dw_report_usage *r, FILE *out,
			 const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	if (!r->recorded || r->n == 0) {
		if (!style->quiet)
			put_nothing(&p, r);
	} else if (r->idle) {
		put_idle(&p, r);
	} else {
		if (!style->quiet)
			put_titles(&p, r);
		put_rows(&p, r, true);
	}
	return dw_report_end(out, e);
}
