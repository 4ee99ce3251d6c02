/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doors of a document: rows by urgency, and what `why` says of each kind of them; private to src/report. */
#ifndef DW_REPORT_DOORS_H
#define DW_REPORT_DOORS_H

#include "paper.h"
#include "why.h"

/* A longer cell comes from somebody who wants the rest of the row out of sight; the story has all of it. */
#define CELL_MAX 120

struct doors {
	const struct dw_report *r;
	struct dw_report_door *v; /* copies, in the order of the report */
	struct dw_rows rows;	  /* by urgency; of the copies */
	struct stories stories;
	size_t *story_of;	    /* for each door */
	const char **targets; /* for each door the id of its story */
	bool *told;		    /* for each story */
};

struct doors doors_make(const struct dw_report *r, struct dw_arena *a);
struct story *doors_story(const struct doors *d, const struct dw_row *row);
/* All that is known of the doors of the story, as facts. */
void doors_tell(struct paper *p, const struct dw_report *r, struct story *s);
/* Rows from `from` on that have the same verdict as that one. */
size_t doors_group(const struct doors *d, size_t from);
/* "4 hours ago" */
const char *doors_last_used(const struct dw_report *r, const struct dw_row *row, struct dw_arena *a);

#endif
