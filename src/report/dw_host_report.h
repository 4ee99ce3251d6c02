/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of a host, written down for people and for programs. Borrows all it is given. */
#ifndef DW_HOST_REPORT_H
#define DW_HOST_REPORT_H

#include "dw_host.h"
#include "dw_report.h"

struct dw_report_host {
	const char *version, *host;
	uint64_t time;
	const struct dw_host_result *v; /* by category */
	size_t n;
	bool whole;    /* somebody asked for these checks: their whole story */
	bool offline;  /* a file system that does not run: nothing is fixed there */
	bool not_root; /* who looked was not root: more could be seen */
};

/* What there is of each kind. */
struct dw_host_counts {
	size_t checks, looked, ok, fails, accepted, unknown, not_applicable;
	/* of what could be looked at, applies and is not accepted: how much is well, by severity, in hundredths;
	   -1: nothing is */
	int score;
};
struct dw_host_counts dw_report_host_counts(const struct dw_report_host *r);
/* DW_REPORT_TO_DO, DW_REPORT_BLIND */
unsigned dw_report_host_outcome(const struct dw_report_host *r);

int dw_report_host_text(const struct dw_report_host *r, FILE *out,
			const struct dw_report_style *style, struct dw_error *e);
int dw_report_host_json(const struct dw_report_host *r, FILE *out, bool pretty, struct dw_error *e);
/* One check a line. */
int dw_report_host_jsonl(const struct dw_report_host *r, FILE *out, struct dw_error *e);
/* What there is to check. */
int dw_report_host_list(const struct dw_host_about *const *v, size_t n, FILE *out,
			const struct dw_report_style *style, struct dw_error *e);

/* What `host fix` would do, before it is done. */
struct dw_report_host_fix {
	const char *version, *host;
	const struct dw_steps *steps;
	const struct dw_host_result *v; /* the checks that fail, accepted ones not */
	size_t n;
	const char *options; /* to be typed again: checks and options; NULL: "" */
};
int dw_report_host_fix_text(const struct dw_report_host_fix *r, FILE *out,
			    const struct dw_report_style *style, struct dw_error *e);
int dw_report_host_fix_json(const struct dw_report_host_fix *r, FILE *out, bool pretty,
			    struct dw_error *e);

#endif
