/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot with its verdicts, written down. Borrows all it is given. */
#ifndef DW_REPORT_H
#define DW_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "dw_error.h"
#include "dw_knowledge.h"
#include "dw_model.h"

/* A door beside what was judged of it. The report room does not see the judge: the verdict comes by name. */
struct dw_report_door {
	const struct dw_door *door;
	const char *verdict; /* as in the JSON contract */
	const struct dw_reason *reasons;
	size_t n_reasons;
	const struct dw_service *service; /* what it is known to be; NULL */
};

struct dw_report {
	const struct dw_snapshot *snapshot;
	const char *version;
	const struct dw_report_door *doors; /* one for each of the snapshot's, same order */
	size_t n_doors;
};

enum {
	DW_REPORT_TO_DO = 1 << 0, /* a verdict says close, restrict or investigate */
	DW_REPORT_BLIND = 1 << 1, /* something may be missing */
};
unsigned dw_report_outcome(const struct dw_report *r);

/* Each writes to out (borrowed), flushes it, and says -errno when not everything could be written. */
int dw_report_json(const struct dw_report *r, FILE *out, bool pretty, struct dw_error *e);
int dw_report_jsonl(const struct dw_report *r, FILE *out, struct dw_error *e);

struct dw_report_style {
	unsigned columns; /* 0: no limit, and each door on a line of its own */
	bool colour;
	bool wide;  /* cut nothing, show process ids and whole paths */
	bool quiet; /* the tables alone */
};
int dw_report_text(const struct dw_report *r, FILE *out, const struct dw_report_style *style,
		   struct dw_error *e);

/* A value by its path in the document ("doors.0.starter.id"), in the arena; NULL: null or not there. */
const char *dw_report_get(const struct dw_report *r, const char *path, struct dw_arena *a);
/* Members of the array at path. */
size_t dw_report_count(const struct dw_report *r, const char *path);

#endif
