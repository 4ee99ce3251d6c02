/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_compare_report.h"

#include <string.h>

#include "dw_fields.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

#define NAMES_MOST 6

static const char *escape(const struct page *p, const char *text)
{
	return dw_cells_escape(text, p->a);
}

/* "192.0.2.1 (web1) 22/tcp"; "web1". */
static const char *place(const struct page *p, const struct dw_report_compared *f)
{
	struct dw_str text = { .arena = p->a };

	if (!f->address)
		return f->host ? escape(p, f->host) : "?";
	dw_str_add(&text, f->address);
	if (f->host && !dw_streq(f->host, f->address))
		dw_str_addf(&text, " (%s)", escape(p, f->host));
	if (f->protocol)
		dw_str_addf(&text, " %u/%s", (unsigned)f->port, dw_protocol_name(f->protocol));
	return text.s;
}

static void put_one(const struct page *p, const struct dw_report_compared *f)
{
	const char *on = p->style->colour && f->urgent ? DW_ANSI_BOLD : "";
	struct dw_str text = { .arena = p->a };

	dw_str_addf(&text, "%s  %s", place(p, f), f->kind);
	if (f->program)
		dw_str_addf(&text, "  (inside: %s)", escape(p, f->program));
	(void)fprintf(p->out, "%s%c%s ", on,
		      f->urgent     ? '!'
		      : f->expected ? ' '
				    : '-',
		      *on ? DW_ANSI_OFF : "");
	dw_layout_wrap(p->out, text.s, 2, 2, p->style->columns);
	for (size_t i = 0; i < f->n_reasons && !(f->expected && !p->style->wide); i++)
		dw_page_put(p, 4, 2, escape(p, f->reasons[i].text));
}

static const char *scan_words(const struct page *p, const char *file, int64_t number)
{
	if (file)
		return dw_arena_printf(p->a, "the scan of %s", escape(p, file));
	return number ? dw_arena_printf(p->a, "scan %lld", (long long)number) : "this scan";
}

static const char *inside_words(const struct page *p, const struct dw_report_compare *r)
{
	struct dw_strings all = { 0 };

	for (size_t i = 0; i < r->n_insides; i++) {
		const struct dw_report_inside *one = &r->insides[i];

		dw_vec_push(p->a, &all,
			    one->host && !dw_streq(one->host, one->source)
				    ? dw_arena_printf(p->a, "%s (%s)", escape(p, one->host),
						      escape(p, one->source))
				    : escape(p, one->source));
	}
	return all.n ? dw_page_list(p, &all, NAMES_MOST) : NULL;
}

/* What is held against what: else nobody can tell what "expected" means. */
static void put_head(const struct page *p, const struct dw_report_compare *r)
{
	const char *inside = inside_words(p, r);
	struct dw_str text = { .arena = p->a };

	dw_str_addf(&text, "Outside: %s", scan_words(p, r->scan_file, r->scan));
	if (r->targets)
		dw_str_addf(&text, " of %s", escape(p, r->targets));
	if (r->scanner)
		dw_str_addf(&text, ", from %s", escape(p, r->scanner));
	if (r->time)
		dw_str_addf(&text, ", %s", dw_field_time(p->a, r->time));
	dw_page_put(p, 0, 2, text.s);
	text = (struct dw_str){ .arena = p->a };
	if (dw_streq(r->expect, "policy"))
		dw_str_addf(&text, "Expected: what the policy lets the scanner reach%s%s",
			    inside ? "; inside: " : "", inside ? inside : "");
	else if (!dw_streq(r->expect, "audit") && r->before_time)
		dw_str_addf(&text, "Expected: what %s saw, %s",
			    scan_words(p, r->before_file, r->before),
			    dw_field_time(p->a, r->before_time));
	else
		dw_str_addf(&text, "Expected: what is open inside: %s",
			    inside ? inside
				   : "no host that was scanned was seen from inside (name its "
				     "doorward audit --json)");
	if (dw_streq(r->expect, "audit") && r->before_time)
		dw_str_addf(&text, "; new is what %s did not see, %s",
			    scan_words(p, r->before_file, r->before),
			    dw_field_time(p->a, r->before_time));
	dw_page_put(p, 0, 2, text.s);
	(void)fputc('\n', p->out);
}

static void put_end(const struct page *p, const struct dw_report_compare *r)
{
	const bool hidden = r->as_expected && !p->style->all && !p->style->wide;
	size_t urgent = 0, other = 0;

	for (size_t i = 0; i < r->n; i++) {
		urgent += r->v[i].urgent;
		other += !r->v[i].urgent && !r->v[i].expected;
	}
	dw_page_put(p, 0, 0,
		    dw_arena_printf(p->a,
				    "%s%zu urgent, %zu to know, %zu as expected%s; %zu host%s "
				    "answered.",
				    (urgent + other) ? "\n" : "", urgent, other, r->as_expected,
				    hidden ? " (--all lists them)" : "", r->hosts,
				    r->hosts == 1 ? "" : "s"));
	if (r->blind)
		dw_page_put(p, 0, 0,
			    "Not everything could be looked at: what is missing is unknown, not "
			    "closed.");
}

int dw_report_compare_text(const struct dw_report_compare *r, FILE *out,
			   const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	if (!style->quiet)
		put_head(&p, r);
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].expected || style->all || style->wide)
			put_one(&p, &r->v[i]);
	if (!style->quiet)
		put_end(&p, r);
	return dw_report_end(out, e);
}
