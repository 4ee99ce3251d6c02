/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_fields.h"
#include "dw_json.h"
#include "dw_macros.h"
#include "dw_report.h"

static void write_object(struct dw_json *j, const char *key, const struct dw_field *fields,
			 struct dw_arena *a, const void *object);

static void write_objects(struct dw_json *j, const struct dw_field *f, struct dw_arena *a,
			  const struct dw_value *v)
{
	dw_json_array(j, f->name);
	for (size_t i = 0; i < v->n; i++)
		write_object(j, NULL, f->members, a, (const char *)v->object + i * v->size);
	dw_json_end_array(j);
}

static void write_strings(struct dw_json *j, const char *key, const struct dw_strings *s)
{
	dw_json_array(j, key);
	for (size_t i = 0; i < s->n; i++)
		dw_json_string(j, NULL, s->v[i]);
	dw_json_end_array(j);
}

static void write_value(struct dw_json *j, const struct dw_field *f, struct dw_arena *a,
			const struct dw_value *v)
{
	switch (f->type) {
	case DW_FIELD_STRING:
		dw_json_string(j, f->name, v->string);
		return;
	case DW_FIELD_UINT:
		dw_json_uint(j, f->name, v->number);
		return;
	case DW_FIELD_BOOL:
		dw_json_bool(j, f->name, v->yes);
		return;
	case DW_FIELD_TIME:
		dw_json_string(j, f->name, dw_field_time(a, v->number));
		return;
	case DW_FIELD_STRINGS:
		write_strings(j, f->name, &v->strings);
		return;
	case DW_FIELD_OBJECT:
		write_object(j, f->name, f->members, a, v->object);
		return;
	case DW_FIELD_OBJECTS:
		write_objects(j, f, a, v);
		return;
	case DW_FIELD_NULL:
	case DW_FIELD_UNKNOWN:
	case DW_FIELD_COUNT:
		break;
	}
	dw_json_null(j, f->name);
}

static void write_object(struct dw_json *j, const char *key, const struct dw_field *fields,
			 struct dw_arena *a, const void *object)
{
	dw_json_object(j, key);
	for (const struct dw_field *f = fields; f->name; f++) {
		struct dw_value v = dw_field_value(f, a, object);

		if (v.known)
			write_value(j, f, a, &v);
		else
			dw_json_null(j, f->name);
	}
	dw_json_end_object(j);
}

int dw_report_json(const struct dw_report *r, FILE *out, bool pretty, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_json *j = dw_json_new(out, pretty);

	write_object(j, NULL, dw_fields_document, a, r);
	if (!pretty) /* YAJL ends an indented document with a newline itself */
		dw_json_line(j);
	return dw_json_close(j, e);
}

int dw_report_jsonl(const struct dw_report *r, FILE *out, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_json *j = dw_json_new(out, false);

	for (size_t i = 0; i < r->n_doors; i++) {
		write_object(j, NULL, dw_fields_door, a, &r->doors[i]);
		dw_json_line(j);
	}
	for (size_t i = 0; i < r->snapshot->n_incomplete; i++) {
		dw_json_object(j, NULL);
		write_object(j, "incomplete", dw_fields_incomplete, a, &r->snapshot->incomplete[i]);
		dw_json_end_object(j);
		dw_json_line(j);
	}
	return dw_json_close(j, e);
}
