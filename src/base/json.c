/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_json.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#include "dw_parse.h"
#include "dw_str.h"

#define DEPTH_MAX     64
#define SIZE_MAX_JSON ((size_t)16 * 1024 * 1024)

/* Reading; the writer is in jsonwrite.c. */
struct dw_json_value {
	char unused; /* really a struct yajl_val_s: never looked into here */
};

static yajl_val node(const struct dw_json_value *v)
{
	return (yajl_val)(uintptr_t)v;
}

static const struct dw_json_value *value(yajl_val n)
{
	return (const struct dw_json_value *)n;
}

/* YAJL's tree builder recurses nowhere, but freeing a tree does: refuse what nests deeper than anyone needs. */
static bool too_deep(const char *text, size_t n)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < n; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!quoted && (text[i] == '}' || text[i] == ']'))
			depth--;
		if (depth > DEPTH_MAX)
			return true;
	}
	return false;
}

int dw_json_parse(const char *text, size_t n, struct dw_json_value **ret, struct dw_error *e)
{
	return dw_json_parse_long(text, n, SIZE_MAX_JSON, ret, e);
}

int dw_json_parse_long(const char *text, size_t n, size_t max, struct dw_json_value **ret,
		       struct dw_error *e)
{
	_cleanup_free_ char *copy = NULL;
	char why[256] = "";
	yajl_val tree;

	if (n > max)
		return dw_error_set(e, -EFBIG, "JSON document of more than %zu MiB",
				    max / 1024 / 1024);
	if (memchr(text, '\0', n) || too_deep(text, n))
		return dw_error_set(e, -EBADMSG,
				    "JSON document with a NUL byte or nested too deeply");
	copy = strndup(text, n);
	if (!copy)
		dw_oom();
	tree = yajl_tree_parse(copy, why, sizeof(why));
	if (!tree) {
		why[strcspn(why, "\n")] = '\0';
		return dw_error_set(e, -EBADMSG, "no valid JSON: %s", why);
	}
	*ret = (struct dw_json_value *)tree;
	return 0;
}

void dw_json_free(struct dw_json_value *v)
{
	yajl_tree_free(node(v));
}

static yajl_val member(yajl_val n, const char *key)
{
	if (!YAJL_IS_OBJECT(n))
		return NULL;
	for (size_t i = 0; i < n->u.object.len; i++)
		if (dw_streq(n->u.object.keys[i], key))
			return n->u.object.values[i];
	return NULL;
}

const struct dw_json_value *dw_json_get(const struct dw_json_value *v, ...)
{
	yajl_val n = node(v);
	const char *key;
	va_list ap;

	va_start(ap, v);
	while (n && (key = va_arg(ap, const char *)))
		n = member(n, key);
	va_end(ap);
	return value(n);
}

const char *dw_json_text(const struct dw_json_value *v)
{
	return YAJL_GET_STRING(node(v));
}

bool dw_json_number(const struct dw_json_value *v, int64_t *ret)
{
	if (!YAJL_IS_INTEGER(node(v)))
		return false;
	*ret = YAJL_GET_INTEGER(node(v));
	return true;
}

bool dw_json_unsigned(const struct dw_json_value *v, uint64_t *ret)
{
	/* beyond INT64_MAX YAJL keeps no integer, but the digits */
	return YAJL_IS_NUMBER(node(v)) &&
	       dw_parse_u64(YAJL_GET_NUMBER(node(v)), 10, UINT64_MAX, ret);
}

bool dw_json_real(const struct dw_json_value *v, double *ret)
{
	if (!YAJL_IS_DOUBLE(node(v)) || !isfinite(YAJL_GET_DOUBLE(node(v))))
		return false;
	*ret = YAJL_GET_DOUBLE(node(v));
	return true;
}

bool dw_json_is_null(const struct dw_json_value *v)
{
	return !v || YAJL_IS_NULL(node(v));
}

bool dw_json_is_false(const struct dw_json_value *v)
{
	return v && YAJL_IS_FALSE(node(v));
}

bool dw_json_is_object(const struct dw_json_value *v)
{
	return YAJL_IS_OBJECT(node(v));
}

bool dw_json_is_array(const struct dw_json_value *v)
{
	return YAJL_IS_ARRAY(node(v));
}

bool dw_json_true(const struct dw_json_value *v)
{
	return YAJL_IS_TRUE(node(v));
}

size_t dw_json_count(const struct dw_json_value *v)
{
	yajl_val n = node(v);

	if (YAJL_IS_ARRAY(n))
		return n->u.array.len;
	return YAJL_IS_OBJECT(n) ? n->u.object.len : 0;
}

const struct dw_json_value *dw_json_at(const struct dw_json_value *v, size_t i,
				       const char **ret_key)
{
	yajl_val n = node(v);

	if (ret_key)
		*ret_key = YAJL_IS_OBJECT(n) ? n->u.object.keys[i] : NULL;
	return value(YAJL_IS_OBJECT(n) ? n->u.object.values[i] : n->u.array.values[i]);
}
