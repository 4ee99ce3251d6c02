/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is not as a run left it, for people. */
#include <string.h>

#include "dw_change.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

static const char *runs_text(const struct page *p, const struct dw_report_verify *r)
{
	struct dw_str text = { .arena = p->a };

	dw_str_addf(&text, "run%s ", r->n_runs == 1 ? "" : "s");
	for (size_t i = 0; i < r->n_runs && i < 12; i++)
		dw_str_addf(&text, "%s%lld", i ? ", " : "", (long long)r->runs[i]);
	if (r->n_runs > 12)
		dw_str_addf(&text, " and %zu more", r->n_runs - 12);
	return text.s;
}

static size_t grave(const struct dw_report_verify *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].grave;
	return n;
}

static void put_head(const struct page *p, const struct dw_report_verify *r)
{
	size_t n = grave(r);
	const char *runs = runs_text(p, r);

	if (r->n_runs == 0)
		dw_page_put(p, 0, 0, "No run is in force: there is nothing to verify.");
	else if (n)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "%zu thing%s %s not as %s left %s:", n,
					    n == 1 ? "" : "s", n == 1 ? "is" : "are", runs,
					    n == 1 ? "it" : "them"));
	else
		dw_page_put(
			p, 0, 0,
			dw_arena_printf(p->a,
					"All is as %s left it: %zu door%s closed, %zu kept open%s.",
					runs, r->n_closed, r->n_closed == 1 ? "" : "s", r->n_kept,
					r->fence == DW_REPORT_TABLE_STANDS
						? ", the packet filter as it was loaded"
						: ""));
}

/* The units of a group stand with blanks in the object, and with commas in a sentence. */
static bool names(const char *text, const char *object, struct dw_arena *a)
{
	struct dw_str list = { .arena = a };

	for (const char *p = object; *p; p++)
		dw_str_addf(&list, *p == ' ' ? ",%c" : "%c", *p);
	return strstr(text, object) || (list.s && strstr(text, list.s));
}

/* What is open again was brought back; a file that differs was changed, and may well be harmless. */
static const char *who_did(const struct dw_report_difference *d)
{
	return dw_streq(d->kind, "open") || dw_streq(d->kind, "sleeping") ? "Brought back by"
									  : "Changed by";
}

static void put_difference(const struct page *p, const struct dw_report_difference *d)
{
	struct dw_str text = { .arena = p->a };
	const char *on = p->style->colour && d->grave ? DW_ANSI_BOLD : "";

	if (d->object && !(d->text && names(d->text, d->object, p->a)))
		dw_str_addf(&text, "%s: ", dw_cells_escape(d->object, p->a));
	dw_str_add(&text, d->text ? dw_cells_escape(d->text, p->a) : d->kind);
	dw_str_addf(&text, " [run %lld]", (long long)d->run);
	(void)fprintf(p->out, "%s%c%s ", on, d->grave ? '!' : '-', *on ? DW_ANSI_OFF : "");
	dw_layout_wrap(p->out, dw_layout_cut(text.s, 600, false, p->a), 2, 2, p->style->columns);
	if (d->who)
		dw_page_put(
			p, 4, 2,
			dw_arena_printf(p->a, "%s: %s", who_did(d), dw_cells_escape(d->who, p->a)));
}

/* A grave one whose door can be named. */
static const struct dw_report_difference *example(const struct dw_report_verify *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].grave && r->v[i].object &&
		    (dw_streq(r->v[i].kind, "open") || dw_streq(r->v[i].kind, "sleeping")))
			return &r->v[i];
	return NULL;
}

static void put_next(const struct page *p, const struct dw_report_verify *r)
{
	const struct dw_report_difference *d = example(r);
	const char *door;
	bool again;

	if (r->blind)
		dw_page_put(p, 0, 0,
			    "Not everything could be looked at: what is missing is unknown, not "
			    "closed.");
	if (p->style->quiet)
		return;
	again = r->fence == DW_REPORT_TABLE_DIFFERS && r->fence_file;
	if (d || again)
		(void)fputc('\n', p->out);
	if (again)
		dw_page_put(p, 0, 2,
			    dw_arena_printf(p->a, "To load the packet filter again: nft -f %s",
					    r->fence_file));
	if (!d)
		return;
	door = dw_cells_escape(d->object, p->a);
	dw_page_put(p, 0, 2, dw_arena_printf(p->a, "To close it again: doorward close %s", door));
	dw_page_put(p, 0, 2, dw_arena_printf(p->a, "Who opened it: doorward why %s", door));
}

int dw_report_verify_text(const struct dw_report_verify *r, FILE *out,
			  const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	if (!style->quiet || r->n)
		put_head(&p, r);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].grave)
			put_difference(&p, &r->v[i]);
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].grave)
			put_difference(&p, &r->v[i]);
	put_next(&p, r);
	return dw_report_end(out, e);
}
