/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one table of what is known of a door: its name in JSON, its type, where the value is, and what to tell
 * a person about it. JSON, `doorward help fields`, the man page, docs/json.md and the check of the schema
 * are made from it.
 */
#ifndef DW_FIELDS_H
#define DW_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_vec.h"

enum dw_field_type {
	DW_FIELD_UNKNOWN = 0,
	DW_FIELD_STRING,
	DW_FIELD_UINT,
	DW_FIELD_BOOL,
	DW_FIELD_TIME,    /* seconds since the epoch; in JSON an RFC 3339 string in UTC */
	DW_FIELD_STRINGS, /* array of strings */
	DW_FIELD_OBJECT,
	DW_FIELD_OBJECTS, /* array of objects */
	DW_FIELD_REAL,    /* a number with a fraction */
	DW_FIELD_NULL,    /* always null in this version */
	DW_FIELD_COUNT
};

/* A value as it comes out of a struct; not known: null. Which member holds it is the field's type. */
struct dw_value {
	bool known;
	bool yes;        /* BOOL */
	double real;     /* REAL */
	uint64_t number; /* UINT, TIME; STRINGS: not 0: lists with the same number are the same */
	const char *string; /* STRING, raw bytes */
	const void *object; /* OBJECT; OBJECTS: the first one */
	size_t n, size;     /* OBJECTS: how many, and the size of one in bytes */
	struct dw_strings strings;
};

struct dw_field {
	const char *name; /* NULL ends a table */
	enum dw_field_type type;
	bool nullable; /* may be null */
	/* The value; ret comes zeroed. What had to be made lies in the arena. */
	void (*get)(struct dw_arena *a, const void *object, struct dw_value *ret);
	size_t offset; /* get NULL: where in the object a `const char *` (STRING) lies */
	const struct dw_field *members; /* OBJECT, OBJECTS */
	const char *description;        /* one line for a person */
	const char *source;             /* where doorward has it from; NULL: its own */
};

/* Of the whole document; its object is a struct dw_report. */
extern const struct dw_field dw_fields_document[];
/* Of a door; its object is a struct dw_report_door. */
extern const struct dw_field dw_fields_door[];
/* Of one thing that could not be seen; its object is a struct dw_incomplete. */
extern const struct dw_field dw_fields_incomplete[];
/* Of a process that holds a door; its object is a struct dw_owner. */
extern const struct dw_field dw_fields_owner[];
extern const struct dw_field dw_fields_package[];
extern const struct dw_field dw_fields_probed[];
extern const struct dw_field dw_fields_used[];
extern const struct dw_field dw_fields_door_usage[]; /* its object is a struct dw_report_door */
extern const struct dw_field dw_fields_filtered[];
/* Of one sender; its object is a struct dw_filtered_source. */
extern const struct dw_field dw_fields_filtered_source[];
/* Of the document of `why`; its object is a struct dw_found. Its doors have the members of a door before those here. */
extern const struct dw_field dw_fields_why[];
extern const struct dw_field dw_fields_why_door[];

/* Of the documents of plan, history and verify; their objects are those of dw_change.h. */
extern const struct dw_field dw_fields_plan[];
extern const struct dw_field dw_fields_history[];
extern const struct dw_field dw_fields_verify[];

/* Of the document of a scan; its object is a struct dw_scan. Of a line of JSON Lines: a struct dw_scan_line. */
extern const struct dw_field dw_fields_scan[];
/* What follows these in the document; its object is a struct dw_scan_compared. */
extern const struct dw_field dw_fields_scan_more[];
/* Of the document of compare; its object is a struct dw_report_compare. */
extern const struct dw_field dw_fields_compare[];
/* Of the documents of diff, baseline list and usage; their objects are those of dw_diff_report.h. */
extern const struct dw_field dw_fields_diff[];
extern const struct dw_field dw_fields_baselines[];
extern const struct dw_field dw_fields_usage[];
/* Of the documents of host and host fix; their objects are those of dw_host_report.h. A check: dw_host_result. */
extern const struct dw_field dw_fields_host[];
extern const struct dw_field dw_fields_host_check[];
extern const struct dw_field dw_fields_host_fix[];
/* Of the document of report; its object is a struct dw_report_whole. */
extern const struct dw_field dw_fields_whole[];
/* Of the document of confine; its object is a struct dw_report_confine. */
extern const struct dw_field dw_fields_confine[];
/* Of a service in it; its object is a struct dw_confine_service. */
extern const struct dw_field dw_fields_confine_service[];
/* Of the document of confine suggest; its object is a struct dw_report_suggest. */
extern const struct dw_field dw_fields_suggest[];
extern const struct dw_field dw_fields_scan_line[];
extern const struct dw_field dw_fields_scan_port[];

/* Of the documents of `fence`: show, rehearse, preview; their objects are those of dw_fence_report.h. */
extern const struct dw_field dw_fields_fence_show[];
extern const struct dw_field dw_fields_fence_rehearse[];
extern const struct dw_field dw_fields_fence_preview[];

/*
 * Into the caller's own: returned, a value would be copied sixteen bytes at a time right after it was written eight at
 * a time, and such a load waits until all the stores are through. It was a third of the writing of JSON.
 */
void dw_field_read(const struct dw_field *f, struct dw_arena *a, const void *object, struct dw_value *ret);
/* A value of the object by its path, in the arena; NULL: null or not there. */
const char *dw_field_get(const struct dw_field *fields, const void *object, const char *path,
			 struct dw_arena *a);
const char *dw_field_type_name(enum dw_field_type t);
/* RFC 3339 in UTC, in the arena: 2026-01-31T12:00:00Z. */
const char *dw_field_time(struct dw_arena *a, uint64_t seconds);

#endif
