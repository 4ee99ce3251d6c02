/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_compare_report.h"

#include <string.h>

#include "dw_fields.h"
#include "dw_json.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

static void put_one(const struct page *p, const struct dw_report_compared *f)
{
	const char *on = p->style->colour && f->urgent ? DW_ANSI_BOLD : "";
	struct dw_str text = { .arena = p->a };

	if (f->address)
		dw_str_addf(&text, "%s%s%s", f->address, f->port ? " " : "",
			    f->port ? f->port : "");
	else
		dw_str_add(&text, f->host ? dw_cells_escape(f->host, p->a) : "?");
	dw_str_addf(&text, "  %s", f->kind);
	if (f->program)
		dw_str_addf(&text, "  (inside: %s)", dw_cells_escape(f->program, p->a));
	(void)fprintf(p->out, "%s%c%s ", on,
		      f->urgent     ? '!'
		      : f->expected ? ' '
				    : '-',
		      *on ? DW_ANSI_OFF : "");
	dw_layout_wrap(p->out, text.s, 2, 2, p->style->columns);
	for (size_t i = 0; i < f->n_reasons && !(f->expected && !p->style->wide); i++)
		dw_page_put(p, 4, 2, dw_cells_escape(f->reasons[i].text, p->a));
}

static void put_end(const struct page *p, const struct dw_report_compare *r)
{
	size_t urgent = 0, other = 0;

	for (size_t i = 0; i < r->n; i++) {
		urgent += r->v[i].urgent;
		other += !r->v[i].urgent && !r->v[i].expected;
	}
	dw_page_put(
		p, 0, 0,
		dw_arena_printf(p->a,
				"%s%zu urgent, %zu to know, %zu as expected; %zu host%s answered.",
				r->n ? "\n" : "", urgent, other, r->as_expected, r->hosts,
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

	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].expected || style->all || style->wide)
			put_one(&p, &r->v[i]);
	if (!style->quiet)
		put_end(&p, r);
	return dw_report_end(out, e);
}

static void json_one(struct dw_json *j, const struct dw_report_compared *f)
{
	dw_json_object(j, NULL);
	dw_json_string(j, "class", f->kind);
	dw_json_bool(j, "urgent", f->urgent);
	dw_json_bool(j, "blind", f->blind);
	dw_json_string(j, "address", f->address);
	dw_json_string(j, "host", f->host);
	dw_json_string(j, "port", f->port);
	dw_json_string(j, "state", f->state);
	dw_json_string(j, "answers", f->answers);
	dw_json_string(j, "inside", f->inside);
	dw_json_string(j, "program", f->program);
	dw_json_string(j, "service", f->service);
	dw_json_array(j, "reasons");
	for (size_t i = 0; i < f->n_reasons; i++) {
		dw_json_object(j, NULL);
		dw_json_string(j, "id", f->reasons[i].id);
		dw_json_string(j, "text", f->reasons[i].text);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
	dw_json_end_object(j);
}

int dw_report_compare_json(const struct dw_report_compare *r, FILE *out, bool pretty,
			   struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_json *j = dw_json_new(out, pretty);

	dw_json_object(j, NULL);
	dw_json_string(j, "version", r->version);
	dw_json_string(j, "expect", r->expect);
	dw_json_uint(j, "scan", (uint64_t)r->scan);
	dw_json_uint(j, "before", (uint64_t)r->before);
	dw_json_string(j, "time", dw_field_time(a, r->time));
	dw_json_string(j, "scanner", r->scanner);
	dw_json_string(j, "targets", r->targets);
	dw_json_uint(j, "hosts", r->hosts);
	dw_json_bool(j, "urgent", r->urgent);
	dw_json_bool(j, "blind", r->blind);
	dw_json_array(j, "findings");
	for (size_t i = 0; i < r->n; i++)
		json_one(j, &r->v[i]);
	dw_json_end_array(j);
	dw_json_end_object(j);
	dw_json_line(j);
	return dw_json_close(j, e);
}
