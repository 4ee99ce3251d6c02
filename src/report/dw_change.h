/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans, runs and differences, written down for people and for programs. Borrows all it is given. */
#ifndef DW_CHANGE_H
#define DW_CHANGE_H

#include "dw_report.h"
#include "dw_run.h"

struct dw_report_plan {
	const struct dw_snapshot *snapshot;
	const char *version;
	const struct dw_plan *plan;
	const char *const
		*words; /* the doors as they were typed; n_words 0: all whose verdict says so */
	size_t n_words;
	/* for the page that ends with what to type: as the command line had it; NULL: "" */
	const char *options;
	bool blind;                       /* doors may be missing */
	const struct dw_strings *already; /* sentences on doors that an earlier run closed; NULL */
};
int dw_report_plan_text(const struct dw_report_plan *p, FILE *out,
			const struct dw_report_style *style, struct dw_error *e);
int dw_report_plan_json(const struct dw_report_plan *p, FILE *out, bool pretty, struct dw_error *e);
/* "cups.socket and cups.service": a step in one line of plain words, escaped. For the lines of progress too. */
const char *dw_report_step_words(const struct dw_step *s, struct dw_arena *a);

/* What a run is now, for somebody who never saw a journal: "done, in force". now as in struct dw_report_history. */
const char *dw_report_run_words(const struct dw_run *r, uint64_t now, struct dw_arena *a);

/* "done", "was so already" ... */
const char *dw_report_step_state(enum dw_run_step_state s);

struct dw_report_history {
	const struct dw_run *runs; /* the newest first */
	size_t n_runs;
	bool whole;   /* one run, with its steps and doors */
	uint64_t now; /* seconds since the epoch; 0: it is not told how long a trial has left */
};
int dw_report_history_text(const struct dw_report_history *h, FILE *out,
			   const struct dw_report_style *style, struct dw_error *e);
int dw_report_history_json(const struct dw_report_history *h, FILE *out, bool pretty,
			   struct dw_error *e);

/* As dw_verify.h has it; the report room does not see src/plan. */
struct dw_report_difference {
	const char *kind;
	bool grave;
	int64_t run;
	const char *object, *text, *who; /* who NULL: not known */
};

/* Our table in the packet filter, as the last run that loaded it left it. */
enum dw_report_table {
	DW_REPORT_TABLE_NONE = 0, /* no run in force loaded one */
	DW_REPORT_TABLE_STANDS,
	DW_REPORT_TABLE_DIFFERS,
	DW_REPORT_TABLE_UNKNOWN, /* it could not be read */
};

struct dw_report_verify {
	const char *host, *version;
	uint64_t time;
	const int64_t *runs; /* that were looked at */
	size_t n_runs;
	size_t n_closed, n_kept; /* doors that were looked for */
	bool blind;
	enum dw_report_table fence;
	const char *fence_file; /* nft -f of it loads the rules again; NULL: there is none */
	const struct dw_report_difference *v;
	size_t n;
};
int dw_report_verify_text(const struct dw_report_verify *r, FILE *out,
			  const struct dw_report_style *style, struct dw_error *e);
int dw_report_verify_json(const struct dw_report_verify *r, FILE *out, bool pretty,
			  struct dw_error *e);

#endif
