/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that is known of a host as one document: a page of HTML, Markdown, JSON, SARIF, or the ports as nmap would
 * have them. Borrows all it is given; does no I/O but writing to the stream.
 */
#ifndef DW_WHOLE_REPORT_H
#define DW_WHOLE_REPORT_H

#include "dw_change.h"
#include "dw_compare_report.h"
#include "dw_diff_report.h"
#include "dw_host_report.h"

/* Beside the doors, which are always there. In the order in which they are told. */
enum dw_whole_part {
	DW_WHOLE_PLAN = 0,
	DW_WHOLE_CHANGES,
	DW_WHOLE_OUTSIDE,
	DW_WHOLE_HOST,
	DW_WHOLE_USAGE,
	DW_WHOLE_HISTORY,
	DW_WHOLE_PARTS
};

enum dw_whole_state {
	DW_WHOLE_UNKNOWN = 0,
	DW_WHOLE_TOLD,
	DW_WHOLE_LEFT_OUT, /* the user did not want it */
	DW_WHOLE_NOTHING,  /* there is none yet: no baseline, no scan, no run */
	DW_WHOLE_FAILED,   /* it could not be had */
	DW_WHOLE_STATES
};

struct dw_whole_section {
	enum dw_whole_state state;
	const char *why; /* one sentence, when it is not told; NULL: nothing to say */
};

struct dw_report_whole {
	const struct dw_report *audit; /* its doors may have steps, dependants and relations */
	const char *command;           /* as it was typed; NULL */
	struct dw_whole_section sections[DW_WHOLE_PARTS];
	/* NULL where the section is not told */
	const struct dw_report_plan *plan;
	const struct dw_report_diff *changes;
	const struct dw_report_compare *outside;
	const struct dw_report_host *host;
	const struct dw_report_usage *usage;
	const struct dw_report_history *history;
};

/* "plan", "history" ...: what people leave out by. DW_WHOLE_PARTS: it is none. */
const char *dw_whole_part_name(enum dw_whole_part p);
enum dw_whole_part dw_whole_part_parse(const char *name, size_t n);
const char *dw_whole_part_title(enum dw_whole_part p); /* "Changes since the baseline" */
const char *dw_whole_state_name(enum dw_whole_state s);
/* DW_REPORT_TO_DO: of the doors and of the checks of the host. DW_REPORT_BLIND: something could not be looked at. */
unsigned dw_report_whole_outcome(const struct dw_report_whole *w);

/* Each writes to out, flushes it, and says -errno when not everything could be written. */
int dw_report_whole_html(const struct dw_report_whole *w, FILE *out, struct dw_error *e);
int dw_report_whole_markdown(const struct dw_report_whole *w, FILE *out, struct dw_error *e);
/* schema/report.schema.json */
int dw_report_whole_json(const struct dw_report_whole *w, FILE *out, bool pretty,
			 struct dw_error *e);
/* SARIF 2.1.0 (OASIS): a result for each door and check that calls for something. */
int dw_report_whole_sarif(const struct dw_report_whole *w, FILE *out, struct dw_error *e);
/* The doors as a scan of each of the host's addresses would list them, as nmap -oX. */
int dw_report_inside_xml(const struct dw_report *r, const char *command, FILE *out,
			 struct dw_error *e);

#endif
