/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a JSON document that somebody gives us: it may be hostile. Every size is capped; the first mistake stays,
 * with its place ("hosts[3].ports[0].port"), and what is read after it is as if it were not there.
 */
#ifndef DW_DOC_H
#define DW_DOC_H

#include "dw_error.h"
#include "dw_json.h"
#include "dw_scan.h"

struct dw_doc {
	struct dw_arena *arena;
	struct dw_error *e;
	const char *name; /* of the document, for the message */
	int r;            /* 0, or -EBADMSG */
	/* where we are: three levels deep at most */
	const char *list[3];
	size_t index[3];
	unsigned depth;
};

/* Notes a mistake at the place (and key; NULL: none), if it is the first; returns -EBADMSG. */
int dw_doc_wrong(struct dw_doc *d, const char *key, const char *fmt, ...) dw_printf_like(3, 4);

/* Members that are not there, or null, leave NULL, 0 or false. */
const char *dw_doc_text(struct dw_doc *d, const struct dw_json_value *o, const char *key,
			size_t max);
uint64_t dw_doc_number(struct dw_doc *d, const struct dw_json_value *o, const char *key,
		       uint64_t max);
float dw_doc_share(struct dw_doc *d, const struct dw_json_value *o, const char *key); /* 0..1 */
bool dw_doc_bool(struct dw_doc *d, const struct dw_json_value *o, const char *key);
/* Seconds since the epoch, of an RFC 3339 time in UTC ("2026-01-31T12:00:00Z", a fraction is cut off). */
uint64_t dw_doc_time(struct dw_doc *d, const struct dw_json_value *o, const char *key);
/* "2026-01-31T12:00:00Z" */
const char *dw_doc_time_text(struct dw_arena *a, uint64_t seconds);
bool dw_doc_parse_time(const char *text, uint64_t *ret_seconds, unsigned *ret_ms);
/* "192.0.2.1", "fe80::1%3"; false: it is none. A scope that is a name counts as 0. */
bool dw_doc_parse_address(const char *text, struct dw_address *ret);
/* An array of at most max members; NULL: there is none. */
const struct dw_json_value *dw_doc_array(struct dw_doc *d, const struct dw_json_value *o,
					 const char *key, size_t max, size_t *ret_n);
/* Goes into the i-th member of the array (it must be an object, else NULL), and out again. */
const struct dw_json_value *dw_doc_enter(struct dw_doc *d, const struct dw_json_value *array,
					 const char *key, size_t i);
void dw_doc_leave(struct dw_doc *d);
/* An array of strings. */
const char **dw_doc_strings(struct dw_doc *d, const struct dw_json_value *o, const char *key,
			    size_t max, size_t *ret_n);

#endif
