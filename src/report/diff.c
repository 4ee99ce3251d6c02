/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changed, for people; and the list of baselines. */
#include "dw_diff_report.h"

#include <string.h>

#include "dw_fields.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

#define VALUE_MAX 160 /* columns of one value that changed */

static const char *escape(const struct page *p, const char *text)
{
	return dw_cells_escape(text, p->a);
}

static const char *value(const struct page *p, const char *text)
{
	return text ? dw_layout_cut(escape(p, text), p->style->wide ? 100000 : VALUE_MAX, true,
				    p->a)
		    : "none";
}

static const char *side_words(const struct page *p, const struct dw_report_side *s)
{
	struct dw_str text = { .arena = p->a };

	dw_str_add(&text, escape(p, s->source));
	if (s->host)
		dw_str_addf(&text, ", %s", escape(p, s->host));
	if (s->time)
		dw_str_addf(&text, ", %s", dw_report_minute(p->a, s->time));
	return text.s;
}

static const char *head_words(const struct page *p, const struct dw_diff_door *d)
{
	const char *program = d->door->program ? d->door->program : d->door->kernel;
	const char *starter = dw_cells_starter(d->door, p->a);
	struct dw_str text = { .arena = p->a };

	dw_str_add(&text, escape(p, d->place));
	if (d->door->kind == DW_KIND_SLEEPING)
		dw_str_add(&text, " (sleeping)");
	if (d->more->service)
		dw_str_addf(&text, "  %s", escape(p, d->more->service));
	if (program)
		dw_str_addf(&text, "  %s", escape(p, program));
	if (d->more->users)
		dw_str_addf(&text, "  %s", escape(p, d->more->users));
	if (starter && *starter && !dw_streq(starter, "?"))
		dw_str_addf(&text, "  %s", starter);
	return text.s;
}

static void put_door(const struct page *p, const struct dw_diff_door *d)
{
	static const char marks[DW_DIFF_COUNT] = { '?', '+', '~', '-' };
	const char *verdict = d->more->verdict;
	bool urgent = d->kind != DW_DIFF_WENT && verdict && dw_mark_of(verdict)->to_do;
	const char *on = p->style->colour && urgent ? dw_mark_of(verdict)->colour : "";

	(void)fprintf(p->out, "%s%c%s ", on, marks[d->kind], *on ? DW_ANSI_OFF : "");
	dw_layout_wrap(p->out, head_words(p, d), 2, 6, p->style->columns);
	if (d->kind == DW_DIFF_CAME && verdict)
		dw_page_put(p, 4, 2,
			    dw_arena_printf(p->a, "%s%s%s", escape(p, verdict),
					    d->more->reason ? ": " : "",
					    d->more->reason ? escape(p, d->more->reason) : ""));
	for (size_t i = 0; i < d->n_changes; i++)
		dw_page_put(p, 4, 2,
			    dw_arena_printf(p->a, "%s: %s -> %s", d->changes[i].what,
					    value(p, d->changes[i].before),
					    value(p, d->changes[i].after)));
}

static void put_doors(const struct page *p, const struct dw_diff *d, enum dw_diff_kind kind,
		      bool doubtful, const char *title)
{
	bool told = false;

	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].doubtful != doubtful || (!doubtful && d->v[i].kind != kind))
			continue;
		if (!told && !p->style->quiet)
			dw_page_head(p, title);
		told = true;
		put_door(p, &d->v[i]);
	}
}

static void put_things(const struct page *p, const struct dw_report_around *r)
{
	static const char marks[DW_DIFF_COUNT] = { '?', '+', '~', '-' };

	if (r->n && !p->style->quiet)
		dw_page_head(p, "Units, accounts, privileged files");
	for (size_t i = 0; i < r->n; i++) {
		const struct dw_diff_thing *t = &r->things[i];
		struct dw_str text = { .arena = p->a };

		dw_str_addf(&text, "%s %s", t->what, escape(p, t->name));
		if (t->kind == DW_DIFF_CHANGED)
			dw_str_addf(&text, ": %s -> %s", value(p, t->before), value(p, t->after));
		else
			dw_str_addf(&text, ": %s", value(p, t->after ? t->after : t->before));
		(void)fprintf(p->out, "%c ", marks[t->kind]);
		dw_layout_wrap(p->out, text.s, 2, 6, p->style->columns);
	}
}

static void put_command(const struct page *p, const struct dw_report_around *r)
{
	const char *end = r->status >= 128
				  ? dw_arena_printf(p->a, "was ended by signal %u", r->status - 128)
				  : dw_arena_printf(p->a, "ended with status %u", r->status);

	dw_page_put(p, 0, 2, dw_arena_printf(p->a, "%s %s.", escape(p, r->command), end));
	if (!r->settled)
		dw_page_put(p, 0, 2,
			    "What it started had not come to rest when doorward looked: more may "
			    "follow.");
}

static void put_end(const struct page *p, const struct dw_report_diff *r)
{
	const struct dw_diff *d = r->diff;
	size_t things = r->around ? r->around->n : 0;

	if (d->n + things == 0)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "Nothing changed: %zu door%s as before.", d->same,
					    d->same == 1 ? "" : "s"));
	else
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a,
					    "\n%zu came, %zu changed, %zu went, %zu as before.",
					    d->came, d->changed, d->went, d->same));
	for (size_t i = 0; i < r->n_notes; i++)
		dw_page_put(p, 0, 2, escape(p, r->notes[i]));
	if (d->blind)
		dw_page_put(p, 0, 0,
			    "Not everything could be looked at: what was not seen on one side is "
			    "no change.");
}

int dw_report_diff_text(const struct dw_report_diff *r, FILE *out,
			const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	if (r->around && !style->quiet)
		put_command(&p, r->around);
	if (!style->quiet) {
		dw_page_put(&p, 0, 2, dw_arena_printf(a, "Before: %s", side_words(&p, &r->before)));
		dw_page_put(&p, 0, 2, dw_arena_printf(a, "After:  %s", side_words(&p, &r->after)));
	}
	put_doors(&p, r->diff, DW_DIFF_CAME, false, "New");
	put_doors(&p, r->diff, DW_DIFF_CHANGED, false, "Changed");
	put_doors(&p, r->diff, DW_DIFF_WENT, false, "Gone");
	put_doors(&p, r->diff, DW_DIFF_UNKNOWN, true,
		  "In doubt: one side could not look everywhere");
	if (r->around)
		put_things(&p, r->around);
	if (!style->quiet)
		put_end(&p, r);
	return dw_report_end(out, e);
}

/* --- baselines --------------------------------------------------------------------------------------- */

int dw_report_baselines_text(const struct dw_report_baselines *r, FILE *out,
			     const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	for (size_t i = 0; i < r->n; i++) {
		const struct dw_report_baseline *b = &r->v[i];
		const char *t = dw_field_time(a, b->time);
		struct dw_str text = { .arena = a };

		dw_str_addf(&text, "%4lld  %.10s %.5s UTC  %5zu door%s  %4zu KiB  %s",
			    (long long)b->number, t, t + 11, b->doors, b->doors == 1 ? " " : "s",
			    (b->bytes + 1023) / 1024, b->name ? escape(&p, b->name) : "-");
		if (b->host)
			dw_str_addf(&text, "  (%s)", escape(&p, b->host));
		dw_layout_wrap(out, text.s, 0, 8, style->columns);
	}
	if (r->n == 0 && !style->quiet)
		dw_page_put(&p, 0, 0,
			    "There is no baseline yet: doorward baseline save makes one.");
	return dw_report_end(out, e);
}
