/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps in plain words; private to src/report. */
#ifndef DW_REPORT_STEPS_H
#define DW_REPORT_STEPS_H

#include "dw_change.h"

/* A link is taken away. */
bool dw_step_is_link(const struct dw_step *s);
/* The same command does both: they are shown as one. */
bool dw_steps_are_one(const struct dw_step *a, const struct dw_step *b);
/* "Disable cups.service: 2 links below /etc/systemd/system"; escaped, in the arena. */
const char *dw_report_steps_words(const struct dw_step *const *v, size_t n, struct dw_arena *a);
/* Steps in a row that differ in their names alone: "Stop these 18 units: ..." tells them all. */
bool dw_steps_are_alike(const struct dw_step *a, const struct dw_step *b);
const char *dw_report_alike_words(const struct dw_step *const *v, size_t n, struct dw_arena *a);

/* One page of text. */
struct page {
	FILE *out;
	const struct dw_report_style *style;
	struct dw_arena *a;
};
/* A heading that stands alone, with an empty line before it. */
void dw_page_head(const struct page *p, const char *text);
/* Wrapped text behind `indent` blanks; lines after the first stand `more` further right. Escaped already. */
void dw_page_put(const struct page *p, size_t indent, size_t more, const char *text);
/* As dw_page_put(), and never cut: a list of names that are all meant. Wrapped in a pipe too. */
void dw_page_long(const struct page *p, size_t indent, size_t more, const char *text);
/* What somebody may want to copy, or a line of a file: escapes it; cut where the line ends, unless `whole`. */
void dw_page_raw(const struct page *p, size_t indent, const char *text, bool whole);
/* Lines of a diff; of a long one those that change, the first of them unless --wide. */
void dw_page_diff(const struct page *p, size_t indent, const char *diff);
/* "a, b and 3 more" of escaped names. */
const char *dw_page_list(const struct page *p, const struct dw_strings *names, size_t most);
/* All steps of a plan, with a heading. */
void dw_page_steps(const struct page *p, const struct dw_steps *all);

#endif
