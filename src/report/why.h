/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The story of doors that are one: the same service, started by the same thing; private to src/report. */
#ifndef DW_REPORT_WHY_H
#define DW_REPORT_WHY_H

#include "dw_str.h"
#include "table.h"

struct story {
	const struct dw_report *r;
	const struct dw_report_door *const *doors; /* one at least */
	size_t n;
	const struct dw_report_style *style;
	FILE *out;
	struct dw_arena *a;
	const char *addresses; /* "*:22/tcp, 10.0.0.5:22/tcp" */
};

enum { DW_STORY_LABEL = 13 }; /* columns of what stands on the left */

/* Text beside its label, wrapped; label NULL: one more line under the last one. Nothing when text is NULL. */
void dw_story_put(const struct story *s, const char *label, const char *text);
/* The same, not wrapped: what somebody may want to copy. */
void dw_story_put_raw(const struct story *s, const char *label, const char *text);

void dw_story_what(const struct story *s);
void dw_story_started(const struct story *s);
void dw_story_reach(const struct story *s);
void dw_story_users(const struct story *s);
void dw_story_rights(const struct story *s);
void dw_story_package(const struct story *s);

#endif
