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
	/* where each line goes: its label (NULL: the one before), whether somebody may copy it. NULL: to out */
	void (*put)(void *data, const char *label, const char *text, bool raw);
	void *data;
};

struct stories {
	struct story *v;
	size_t n;
};

/* The doors that were found, those that are alike as one story; all lies in the arena. */
struct stories dw_stories_make(const struct dw_report *r, const struct dw_found *f,
			       const struct dw_report_style *style, FILE *out, struct dw_arena *a);

/* All lines of it but the title. */
void dw_story_tell(const struct story *s);
/* The doors as a list of at most so many words: "*:22/tcp, 10.0.0.5:22/tcp and 3 more". */
const char *dw_story_addresses(const struct dw_report_door *const *v, size_t n, size_t most,
			       struct dw_arena *a);

struct story_reason {
	const struct dw_reason *reason;
	const char *whose; /* "(udp) "; "": of every door of the story */
};

struct story_reasons {
	DW_VEC(struct story_reason);
	size_t more; /* that are not told */
};

/* Each once, in the order of the doors. */
struct story_reasons dw_story_reasons(const struct story *s);
struct story_reasons dw_story_notes(const struct story *s);

enum { DW_STORY_LABEL = 13 }; /* columns of what stands on the left */

/* Text beside its label, wrapped; label NULL: one more line under the last one. Nothing when text is NULL. */
void dw_story_put(const struct story *s, const char *label, const char *text);
/* The same, not wrapped: what somebody may want to copy. */
void dw_story_put_raw(const struct story *s, const char *label, const char *text);

void dw_story_what(const struct story *s);
void dw_story_started(const struct story *s);
void dw_story_relations(const struct story *s);
void dw_story_reach(const struct story *s);
void dw_story_filter(const struct story *s);
void dw_story_users(const struct story *s);
void dw_story_rights(const struct story *s);
void dw_story_package(const struct story *s);

#endif
