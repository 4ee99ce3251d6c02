/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_change.h"
#include "dw_compare_report.h"
#include "dw_confine_report.h"
#include "dw_diff_report.h"
#include "dw_fence_report.h"
#include "dw_fields.h"
#include "dw_host_report.h"
#include "dw_json.h"
#include "dw_macros.h"
#include "dw_report.h"
#include "dw_scan_report.h"
#include "dw_whole_report.h"
#include "jsonwriter.h"

static void write_object(struct writer *w, const char *key, const struct dw_field *fields,
			 const void *object);

/* Its values go with a door: those of thousands of doors would be as much memory as the doors. */
void dw_write_item(struct writer *w, const struct dw_field *members, const void *object)
{
	struct dw_arena *outer = w->values;

	w->values = w->items;
	write_object(w, NULL, members, object);
	w->values = outer;
	if (outer != w->items)
		dw_arena_reset(w->items);
}

struct writer dw_writer_new(struct dw_json *j, bool keep)
{
	struct dw_arena *a = dw_arena_new();

	return (struct writer){
		.j = j, .a = a, .items = dw_arena_new(), .values = a, .keep = keep
	};
}

void dw_writer_free(struct writer *w)
{
	dw_arena_free(w->items);
	dw_arena_free(w->a);
}

static void write_objects(struct writer *w, const struct dw_field *f, const struct dw_value *v)
{
	bool shared = w->keep && w->values == w->a;

	dw_json_array(w->j, f->name);
	shared = shared && dw_write_items_shared(w, f->members, v->object, v->n, v->size);
	for (size_t i = 0; !shared && i < v->n; i++)
		dw_write_item(w, f->members, (const char *)v->object + i * v->size);
	dw_json_end_array(w->j);
}

static void write_strings(struct dw_json *j, const char *key, const struct dw_strings *s)
{
	dw_json_array(j, key);
	for (size_t i = 0; i < s->n; i++)
		dw_json_string(j, NULL, s->v[i]);
	dw_json_end_array(j);
}

/* The text of the list, in the arena; NULL when there is room for no more. */
static const struct kept *keep(struct writer *w, const struct dw_value *v)
{
	struct kept *k = &w->kept[w->n_kept];
	char *text = NULL;
	size_t n = 0;
	FILE *out = w->n_kept < DW_ARRAY_SIZE(w->kept) ? open_memstream(&text, &n) : NULL;
	struct dw_json *j;
	int r;

	if (!out)
		return NULL;
	j = dw_json_new(out, false);
	write_strings(j, NULL, &v->strings);
	r = dw_json_close(j, NULL);
	if (fclose(out) != 0 || r < 0) {
		free(text);
		return NULL;
	}
	*k = (struct kept){ .number = v->number, .text = dw_arena_memdup(w->a, text, n), .n = n };
	w->n_kept++;
	free(text);
	return k;
}

static void write_list(struct writer *w, const struct dw_field *f, const struct dw_value *v)
{
	const struct kept *k = NULL;

	for (size_t i = 0; w->keep && v->number && i < w->n_kept; i++)
		if (w->kept[i].number == v->number)
			k = &w->kept[i];
	if (!k && w->keep && v->number)
		k = keep(w, v);
	if (k)
		dw_json_raw(w->j, f->name, k->text, k->n);
	else
		write_strings(w->j, f->name, &v->strings);
}

static void write_value(struct writer *w, const struct dw_field *f, const struct dw_value *v)
{
	switch (f->type) {
	case DW_FIELD_STRING:
		dw_json_string(w->j, f->name, v->string);
		return;
	case DW_FIELD_UINT:
		dw_json_uint(w->j, f->name, v->number);
		return;
	case DW_FIELD_REAL:
		dw_json_fraction(w->j, f->name, v->real);
		return;
	case DW_FIELD_BOOL:
		dw_json_bool(w->j, f->name, v->yes);
		return;
	case DW_FIELD_TIME:
		dw_json_string(w->j, f->name, dw_field_time(w->values, v->number));
		return;
	case DW_FIELD_STRINGS:
		write_list(w, f, v);
		return;
	case DW_FIELD_OBJECT:
		write_object(w, f->name, f->members, v->object);
		return;
	case DW_FIELD_OBJECTS:
		write_objects(w, f, v);
		return;
	case DW_FIELD_NULL:
	case DW_FIELD_UNKNOWN:
	case DW_FIELD_COUNT:
		break;
	}
	dw_json_null(w->j, f->name);
}

static void write_members(struct writer *w, const struct dw_field *fields, const void *object)
{
	for (const struct dw_field *f = fields; f->name; f++) {
		struct dw_value v;

		dw_field_read(f, w->values, object, &v);
		if (v.known)
			write_value(w, f, &v);
		else
			dw_json_null(w->j, f->name);
	}
}

static void write_object(struct writer *w, const char *key, const struct dw_field *fields,
			 const void *object)
{
	dw_json_object(w->j, key);
	if (fields == dw_fields_why_door) /* a door as everywhere, and what `why` adds */
		write_members(w, dw_fields_door, object);
	if (fields == dw_fields_scan_more)
		write_members(w, dw_fields_scan, ((const struct dw_scan_compared *)object)->scan);
	write_members(w, fields, object);
	if (fields == dw_fields_scan_line) /* where it is, then the port as everywhere */
		write_members(w, dw_fields_scan_port, ((const struct dw_scan_line *)object)->port);
	dw_json_end_object(w->j);
}

static int write_document(const struct dw_field *fields, const void *object, FILE *out, bool pretty,
			  struct dw_error *e)
{
	struct writer w = dw_writer_new(dw_json_new(out, pretty), !pretty);

	write_object(&w, NULL, fields, object);
	dw_writer_free(&w);
	if (!pretty) /* an indented document ends with a newline by itself */
		dw_json_line(w.j);
	return dw_json_close(w.j, e);
}

int dw_report_why_json(const struct dw_found *f, FILE *out, bool pretty, struct dw_error *e)
{
	return write_document(dw_fields_why, f, out, pretty, e);
}

int dw_report_plan_json(const struct dw_report_plan *p, FILE *out, bool pretty, struct dw_error *e)
{
	return write_document(dw_fields_plan, p, out, pretty, e);
}

int dw_report_history_json(const struct dw_report_history *h, FILE *out, bool pretty,
			   struct dw_error *e)
{
	return write_document(dw_fields_history, h, out, pretty, e);
}

int dw_report_verify_json(const struct dw_report_verify *r, FILE *out, bool pretty,
			  struct dw_error *e)
{
	return write_document(dw_fields_verify, r, out, pretty, e);
}

int dw_report_scan_compared_json(const struct dw_scan_compared *s, FILE *out, bool pretty,
				 struct dw_error *e)
{
	return write_document(dw_fields_scan_more, s, out, pretty, e);
}

int dw_report_scan_json(const struct dw_scan *s, FILE *out, bool pretty, struct dw_error *e)
{
	return dw_report_scan_compared_json(&(struct dw_scan_compared){ .scan = s }, out, pretty,
					    e);
}

int dw_report_compare_json(const struct dw_report_compare *r, FILE *out, bool pretty,
			   struct dw_error *e)
{
	return write_document(dw_fields_compare, r, out, pretty, e);
}

int dw_report_fence_json(const struct dw_report_fence *r, FILE *out, bool pretty,
			 struct dw_error *e)
{
	return write_document(dw_fields_fence_show, r, out, pretty, e);
}

int dw_report_rehearsed_json(const struct dw_report_rehearsed *r, FILE *out, bool pretty,
			     struct dw_error *e)
{
	return write_document(dw_fields_fence_rehearse, r, out, pretty, e);
}

int dw_report_rules_json(const struct dw_report_rules *r, FILE *out, bool pretty,
			 struct dw_error *e)
{
	return write_document(dw_fields_fence_preview, r, out, pretty, e);
}

int dw_report_diff_json(const struct dw_report_diff *r, FILE *out, bool pretty, struct dw_error *e)
{
	return write_document(dw_fields_diff, r, out, pretty, e);
}

int dw_report_baselines_json(const struct dw_report_baselines *r, FILE *out, bool pretty,
			     struct dw_error *e)
{
	return write_document(dw_fields_baselines, r, out, pretty, e);
}

int dw_report_usage_json(const struct dw_report_usage *r, FILE *out, bool pretty,
			 struct dw_error *e)
{
	return write_document(dw_fields_usage, r, out, pretty, e);
}

int dw_report_host_json(const struct dw_report_host *r, FILE *out, bool pretty, struct dw_error *e)
{
	return write_document(dw_fields_host, r, out, pretty, e);
}

int dw_report_host_jsonl(const struct dw_report_host *r, FILE *out, struct dw_error *e)
{
	struct writer w = dw_writer_new(dw_json_new(out, false), true);

	for (size_t i = 0; i < r->n; i++) {
		write_object(&w, NULL, dw_fields_host_check, &r->v[i]);
		dw_json_line(w.j);
	}
	dw_writer_free(&w);
	return dw_json_close(w.j, e);
}

int dw_report_host_fix_json(const struct dw_report_host_fix *r, FILE *out, bool pretty,
			    struct dw_error *e)
{
	return write_document(dw_fields_host_fix, r, out, pretty, e);
}

int dw_report_confine_json(const struct dw_report_confine *r, FILE *out, bool pretty,
			   struct dw_error *e)
{
	return write_document(dw_fields_confine, r, out, pretty, e);
}

int dw_report_suggest_json(const struct dw_report_suggest *r, FILE *out, bool pretty,
			   struct dw_error *e)
{
	return write_document(dw_fields_suggest, r, out, pretty, e);
}

int dw_report_whole_json(const struct dw_report_whole *w, FILE *out, bool pretty,
			 struct dw_error *e)
{
	return write_document(dw_fields_whole, w, out, pretty, e);
}

int dw_report_compare_line(const struct dw_report_compare *r, FILE *out, struct dw_error *e)
{
	struct writer w = dw_writer_new(dw_json_new(out, false), true);

	dw_json_object(w.j, NULL);
	write_object(&w, "comparison", dw_fields_compare, r);
	dw_json_end_object(w.j);
	dw_json_line(w.j);
	dw_writer_free(&w);
	return dw_json_close(w.j, e);
}

int dw_report_scan_line(const struct dw_scan_line *l, FILE *out, struct dw_error *e)
{
	return write_document(dw_fields_scan_line, l, out, false, e);
}

int dw_report_json(const struct dw_report *r, FILE *out, bool pretty, struct dw_error *e)
{
	return write_document(dw_fields_document, r, out, pretty, e);
}

int dw_report_jsonl(const struct dw_report *r, FILE *out, struct dw_error *e)
{
	struct writer w = dw_writer_new(dw_json_new(out, false), true);

	for (size_t i = 0; i < r->n_doors; i++) {
		dw_write_item(&w, dw_fields_door, &r->doors[i]);
		dw_json_line(w.j);
	}
	for (size_t i = 0; i < r->snapshot->n_incomplete; i++) {
		dw_json_object(w.j, NULL);
		write_object(&w, "incomplete", dw_fields_incomplete, &r->snapshot->incomplete[i]);
		dw_json_end_object(w.j);
		dw_json_line(w.j);
	}
	dw_writer_free(&w);
	return dw_json_close(w.j, e);
}
