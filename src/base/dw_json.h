/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON: a streaming writer (nothing is built in memory), and a reader of small documents through YAJL.
 */
#ifndef DW_JSON_H
#define DW_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dw_arena.h"
#include "dw_error.h"

struct dw_json;

/* Writes to out (borrowed). pretty: indented, for people. */
struct dw_json *dw_json_new(FILE *out, bool pretty);
/* Flushes and frees; -EIO when something could not be written, -EINVAL when the document is not whole. */
int dw_json_close(struct dw_json *j, struct dw_error *e);

/* key NULL: a member of an array (or the document itself). A name of ours: it is written as it is. */
void dw_json_object(struct dw_json *j, const char *key);
void dw_json_end_object(struct dw_json *j);
void dw_json_array(struct dw_json *j, const char *key);
void dw_json_end_array(struct dw_json *j);
/* s NULL: null. Bytes that are no UTF-8 come out as \xNN (see dw_escape_utf8). */
void dw_json_string(struct dw_json *j, const char *key, const char *s);
void dw_json_uint(struct dw_json *j, const char *key, uint64_t v);
/* With at most 6 digits; what is no number (NaN, infinity) is null. */
void dw_json_fraction(struct dw_json *j, const char *key, double v);
void dw_json_bool(struct dw_json *j, const char *key, bool v);
void dw_json_null(struct dw_json *j, const char *key);
/* JSON that is ready-made (n bytes, compact); the caller vouches for it. */
void dw_json_raw(struct dw_json *j, const char *key, const char *json, size_t n);
/* Ends a top-level document with a newline, so that another may follow (JSON Lines). */
void dw_json_line(struct dw_json *j);

/*
 * Members of an array, written apart and kept in memory: by another thread, or to be used again. They are written with
 * the calls above, compact, and freed with dw_json_free_members().
 */
struct dw_json *dw_json_new_members(void);
void dw_json_empty_members(struct dw_json *j); /* begins anew */
void dw_json_free_members(struct dw_json *j); /* NULL allowed */
/* Puts them into the open array of j, a compact document. */
void dw_json_put_members(struct dw_json *j, const struct dw_json *members);

/* --- reading -------------------------------------------------------------------------------------- */

struct dw_json_value; /* a node of a parsed document */
/* Parses a whole document; nesting deeper than 64 and sizes over 16 MiB are refused. Free with dw_json_free. */
int dw_json_parse(const char *text, size_t n, struct dw_json_value **ret, struct dw_error *e);
/* The same, with another size beyond which it is refused. */
int dw_json_parse_long(const char *text, size_t n, size_t max, struct dw_json_value **ret,
		       struct dw_error *e);
void dw_json_free(struct dw_json_value *v); /* NULL allowed */
/* Member of an object along a path of keys, ended by NULL; NULL when it is not there. */
const struct dw_json_value *dw_json_get(const struct dw_json_value *v, ...) __attribute__((sentinel));
const char *dw_json_text(const struct dw_json_value *v);  /* NULL: not a string */
bool dw_json_number(const struct dw_json_value *v, int64_t *ret);
/* Up to UINT64_MAX; no fraction. */
bool dw_json_unsigned(const struct dw_json_value *v, uint64_t *ret);
bool dw_json_real(const struct dw_json_value *v, double *ret); /* any number; finite */
bool dw_json_is_null(const struct dw_json_value *v);           /* null, or not there */
bool dw_json_is_false(const struct dw_json_value *v);
bool dw_json_is_object(const struct dw_json_value *v);
bool dw_json_is_array(const struct dw_json_value *v);
bool dw_json_true(const struct dw_json_value *v);
size_t dw_json_count(const struct dw_json_value *v); /* of an array's or object's members; 0 for others */
/* i-th member of an array or object; *ret_key (NULL allowed) is its key, NULL in an array. */
const struct dw_json_value *dw_json_at(const struct dw_json_value *v, size_t i, const char **ret_key);

#endif
