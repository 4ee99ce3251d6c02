/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts: what to do about a door, with reasons. Pure: no I/O, no clock, no globals. */
#ifndef DW_JUDGE_H
#define DW_JUDGE_H

#include "dw_model.h"

enum dw_verdict {
	DW_VERDICT_UNKNOWN = 0, /* could not look */
	DW_VERDICT_KEEP,
	DW_VERDICT_RESTRICT,
	DW_VERDICT_CLOSE,
	DW_VERDICT_ASK,
	DW_VERDICT_INVESTIGATE,
	DW_VERDICT_COUNT
};

struct dw_finding {
	const struct dw_door *door;
	enum dw_verdict verdict;
	struct dw_reason *reasons; /* what matters most first; never empty */
	size_t n_reasons;
};

struct dw_findings {
	struct dw_arena *arena;
	struct dw_finding *v; /* one for each door of the snapshot, same order */
	size_t n;
};

const char *dw_verdict_name(enum dw_verdict v);
/* Borrows the snapshot: free the findings before it. */
struct dw_findings *dw_judge(const struct dw_snapshot *s);
void dw_findings_free(struct dw_findings *f); /* NULL allowed */

#endif
