/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a document is made of, whether it comes out as HTML or as Markdown; private to src/report. Every text is raw:
 * the paper escapes it. Ids, tones and column names are ours.
 */
#ifndef DW_REPORT_PAPER_H
#define DW_REPORT_PAPER_H

#include "dw_vec.h"
#include "dw_whole_report.h"

enum paper_tone { PAPER_PLAIN = 0, PAPER_GOOD, PAPER_NOTE, PAPER_WARN, PAPER_BAD, PAPER_TONES };

struct paper_ops;
struct paper {
	const struct paper_ops *ops;
	FILE *out;
	struct dw_arena *a;       /* for as long as the document is written */
	struct dw_arena *scratch; /* emptied after each text */
	const char *const *columns; /* of the open table; NULL: cells of HTML do not say theirs */
	size_t n_columns, cell;
};

struct paper_ops {
	void (*section)(struct paper *p, const char *id, const char *title);
	void (*end_section)(struct paper *p);
	void (*head)(struct paper *p, const char *text);
	void (*say)(struct paper *p, enum paper_tone tone, const char *text);
	void (*list)(struct paper *p, const struct dw_strings *items);
	void (*code)(struct paper *p, const char *text); /* lines, as they are */
	void (*facts)(struct paper *p);
	void (*fact)(struct paper *p, const char *label, const char *text, bool raw); /* raw: to be copied */
	/* further texts of the fact before: more than somebody reads who did not ask for them */
	void (*more_facts)(struct paper *p, const struct dw_strings *texts);
	void (*end_facts)(struct paper *p);
	/* the first column names its row; columns must live until the table ends */
	void (*table)(struct paper *p, const char *caption, const char *const *columns, size_t n);
	void (*row)(struct paper *p, enum paper_tone tone);
	void (*cell)(struct paper *p, const char *text); /* NULL: nothing */
	void (*bars)(struct paper *p, const uint64_t *v, size_t n, const char *label); /* a cell */
	void (*end_row)(struct paper *p);
	void (*end_table)(struct paper *p);
	/* something that opens when somebody wants to see it */
	void (*fold)(struct paper *p, const char *summary, enum paper_tone tone);
	void (*end_fold)(struct paper *p);
};
extern const struct paper_ops paper_html, paper_markdown;

struct paper paper_new(const struct paper_ops *ops, FILE *out);
void paper_free(struct paper *p);

/* All sections behind the doors. */
void paper_sections(struct paper *p, const struct dw_report_whole *w);
/* What could not be looked at. */
void paper_coverage(struct paper *p, const struct dw_report_whole *w);
/* "29 doors: look into 1, close 1, 25 fine." */
const char *paper_verdicts(const struct dw_report *r, struct dw_arena *a);
/* Each a line: of which host, when and how it was looked at. */
void paper_about(struct paper *p, const struct dw_report_whole *w);

/* Text inside of tags of one's own. */
void paper_html_put(struct paper *p, const char *text);
void paper_markdown_put(struct paper *p, const char *text);

#endif
