/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values by their path in the document. */
#include <string.h>

#include "dw_fields.h"
#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_report.h"
#include "dw_str.h"

/* The first component of *path, taken off it. False when there is none left. */
static bool component(const char **path, const char **ret, size_t *ret_n)
{
	if (**path == '\0')
		return false;
	*ret = *path;
	*ret_n = strcspn(*path, ".");
	*path += *ret_n + ((*path)[*ret_n] == '.');
	return true;
}

static const struct dw_field *field_of(const struct dw_field *fields, const char *name, size_t n)
{
	for (const struct dw_field *f = fields; f && f->name; f++)
		if (strlen(f->name) == n && memcmp(f->name, name, n) == 0)
			return f;
	return NULL;
}

static bool index_of(const char **path, size_t n, uint64_t *ret)
{
	const char *text;
	size_t length;

	return n > 0 && component(path, &text, &length) &&
	       dw_parse_u64n(text, length, 10, n - 1, ret);
}

/*
 * Follows the path. Returns the field at its end with its value in *ret, or NULL; *ret_index is the member of
 * an array of strings that the path ends with, or DW_WHOLE.
 */
#define DW_WHOLE UINT64_MAX
static const struct dw_field *resolve(const struct dw_field *fields, const void *object,
				      struct dw_arena *a, const char *path, struct dw_value *ret,
				      uint64_t *ret_index)
{
	const struct dw_field *f;
	const char *name;
	size_t n;

	*ret_index = DW_WHOLE;
	while (component(&path, &name, &n)) {
		f = field_of(fields, name, n);
		if (!f)
			return NULL;
		dw_field_read(f, a, object, ret);
		if (*path == '\0')
			return f;
		if (!ret->known)
			return NULL;
		object = ret->object;
		fields = f->members;
		if (f->type == DW_FIELD_STRINGS)
			return index_of(&path, ret->strings.n, ret_index) && *path == '\0' ? f
											   : NULL;
		if (f->type == DW_FIELD_OBJECTS) {
			uint64_t i;

			if (!index_of(&path, ret->n, &i))
				return NULL;
			object = (const char *)ret->object + i * ret->size;
		}
	}
	return NULL;
}

static const char *text_of(const struct dw_field *f, const struct dw_value *v, uint64_t index,
			   struct dw_arena *a)
{
	switch (f->type) {
	case DW_FIELD_STRING:
		return dw_escape_utf8(a, v->string, strlen(v->string));
	case DW_FIELD_UINT:
		return dw_arena_printf(a, "%llu", (unsigned long long)v->number);
	case DW_FIELD_REAL:
		return dw_arena_printf(a, "%.6g", v->real);
	case DW_FIELD_BOOL:
		return v->yes ? "true" : "false";
	case DW_FIELD_TIME:
		return dw_field_time(a, v->number);
	case DW_FIELD_STRINGS:
		return index == DW_WHOLE ? NULL : v->strings.v[index];
	case DW_FIELD_OBJECT:
	case DW_FIELD_OBJECTS:
	case DW_FIELD_NULL:
	case DW_FIELD_UNKNOWN:
	case DW_FIELD_COUNT:
		break;
	}
	return NULL;
}

const char *dw_field_get(const struct dw_field *fields, const void *object, const char *path,
			 struct dw_arena *a)
{
	struct dw_value v = { 0 };
	uint64_t index;
	const struct dw_field *f = resolve(fields, object, a, path, &v, &index);

	return f && v.known ? text_of(f, &v, index, a) : NULL;
}

const char *dw_report_get(const struct dw_report *r, const char *path, struct dw_arena *a)
{
	return dw_field_get(dw_fields_document, r, path, a);
}

size_t dw_report_count(const struct dw_report *r, const char *path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_value v = { 0 };
	uint64_t index;
	const struct dw_field *f = resolve(dw_fields_document, r, a, path, &v, &index);

	if (!f || !v.known || index != DW_WHOLE)
		return 0;
	return f->type == DW_FIELD_OBJECTS ? v.n : f->type == DW_FIELD_STRINGS ? v.strings.n : 0;
}
