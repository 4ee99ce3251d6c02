/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_json.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>
#include <yajl/yajl_tree.h>

#include "dw_parse.h"
#include "dw_str.h"

#define DEPTH_MAX     64
#define BUFFER_SIZE   ((size_t)32 * 1024)
#define SIZE_MAX_JSON ((size_t)16 * 1024 * 1024)

struct dw_json {
	yajl_gen gen;
	FILE *out;
	struct dw_arena *scratch; /* for texts that had to be escaped */
	bool failed, any;
	unsigned depth;
	/* YAJL hands out each bracket, comma and word on its own: fwrite's lock would cost more than all the rest */
	size_t used;
	char buffer[BUFFER_SIZE];
};

static void drain(struct dw_json *j)
{
	if (fwrite(j->buffer, 1, j->used, j->out) != j->used)
		j->failed = true;
	j->used = 0;
}

static void print(void *arg, const char *s, size_t n)
{
	struct dw_json *j = arg;

	if (n > BUFFER_SIZE - j->used)
		drain(j);
	if (n > BUFFER_SIZE) {
		j->failed |= fwrite(s, 1, n, j->out) != n;
		return;
	}
	memcpy(j->buffer + j->used, s, n);
	j->used += n;
}

struct dw_json *dw_json_new(FILE *out, bool pretty)
{
	struct dw_json *j = calloc(1, sizeof(*j));

	if (!j)
		dw_oom();
	j->out = out;
	j->gen = yajl_gen_alloc(NULL);
	if (!j->gen)
		dw_oom();
	yajl_gen_config(j->gen, yajl_gen_print_callback, print, j);
	yajl_gen_config(j->gen, yajl_gen_beautify, pretty ? 1 : 0);
	yajl_gen_config(j->gen, yajl_gen_indent_string, "  ");
	return j;
}

int dw_json_close(struct dw_json *j, struct dw_error *e)
{
	bool whole = j->depth == 0;
	int failed;

	drain(j);
	failed = j->failed || fflush(j->out) != 0 || ferror(j->out);

	yajl_gen_free(j->gen);
	dw_arena_free(j->scratch);
	free(j);
	if (failed)
		return dw_error_set(e, -EIO, "the JSON document could not be written whole");
	return whole ? 0 : dw_error_set(e, -EINVAL, "the JSON document is not closed");
}

static void check(struct dw_json *j, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok && status != yajl_gen_generation_complete)
		j->failed = true;
}

static void put_string(struct dw_json *j, const char *s)
{
	size_t n = strlen(s);
	const char *clean = s;

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < 0x80)
			continue;
		/* only what is not plain ASCII is worth the closer look */
		if (!j->scratch)
			j->scratch = dw_arena_new();
		clean = dw_escape_utf8(j->scratch, s, n);
		n = strlen(clean);
		break;
	}
	check(j, yajl_gen_string(j->gen, (const unsigned char *)clean, n));
}

static void put_key(struct dw_json *j, const char *key)
{
	if (key)
		put_string(j, key);
}

void dw_json_object(struct dw_json *j, const char *key)
{
	put_key(j, key);
	check(j, yajl_gen_map_open(j->gen));
	j->depth++;
}

void dw_json_end_object(struct dw_json *j)
{
	check(j, yajl_gen_map_close(j->gen));
	j->depth--;
}

void dw_json_array(struct dw_json *j, const char *key)
{
	put_key(j, key);
	check(j, yajl_gen_array_open(j->gen));
	j->depth++;
}

void dw_json_end_array(struct dw_json *j)
{
	check(j, yajl_gen_array_close(j->gen));
	j->depth--;
}

void dw_json_string(struct dw_json *j, const char *key, const char *s)
{
	put_key(j, key);
	if (s)
		put_string(j, s);
	else
		check(j, yajl_gen_null(j->gen));
}

void dw_json_uint(struct dw_json *j, const char *key, uint64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);

	put_key(j, key);
	/* yajl_gen_integer is signed: masks of capabilities may not be */
	check(j, yajl_gen_number(j->gen, text, (size_t)n));
}

void dw_json_fraction(struct dw_json *j, const char *key, double v)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.6g", v);

	/* JSON has no NaN; a comma for the point is the locale's (LC_NUMERIC), which we do not touch */
	if (!(v - v == 0) || n < 0 || (size_t)n >= sizeof(text)) {
		dw_json_null(j, key);
		return;
	}
	for (char *p = text; *p; p++)
		if (*p == ',')
			*p = '.';
	put_key(j, key);
	check(j, yajl_gen_number(j->gen, text, (size_t)n));
}

void dw_json_bool(struct dw_json *j, const char *key, bool v)
{
	put_key(j, key);
	check(j, yajl_gen_bool(j->gen, v));
}

void dw_json_null(struct dw_json *j, const char *key)
{
	put_key(j, key);
	check(j, yajl_gen_null(j->gen));
}

void dw_json_raw(struct dw_json *j, const char *key, const char *json, size_t n)
{
	put_key(j, key);
	/* YAJL passes the text of a number through as it is */
	check(j, yajl_gen_number(j->gen, json, n));
}

void dw_json_line(struct dw_json *j)
{
	yajl_gen_reset(j->gen, NULL);
	print(j, "\n", 1);
}

/* --- reading -------------------------------------------------------------------------------------- */

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
	_cleanup_free_ char *copy = NULL;
	char why[256] = "";
	yajl_val tree;

	if (n > SIZE_MAX_JSON)
		return dw_error_set(e, -EFBIG, "JSON document of more than 16 MiB");
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
