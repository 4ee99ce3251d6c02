/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind the doors, written down. Borrows all it is given. */
#ifndef DW_CONFINE_REPORT_H
#define DW_CONFINE_REPORT_H

#include "dw_confine.h"
#include "dw_report.h"

struct dw_report_confine {
	const char *version, *host;
	uint64_t time;                      /* seconds since the epoch */
	const struct dw_confine_service *v; /* the worst first */
	size_t n;
	const char *asked; /* the one that was named: its whole story; NULL: all, as a table */
};
int dw_report_confine_text(const struct dw_report_confine *r, FILE *out,
			   const struct dw_report_style *style, struct dw_error *e);
int dw_report_confine_json(const struct dw_report_confine *r, FILE *out, bool pretty,
			   struct dw_error *e);

/* What a service was seen to use. */
struct dw_report_observed {
	unsigned seconds;
	bool capabilities_known; /* the kernel shows checks of capabilities */
	uint64_t capabilities;   /* that it used */
	struct dw_strings written, started, devices;
	const char *set_uid; /* NULL: none was started */
	uint64_t missed;     /* paths that could not be read, kept, or placed */
};
struct dw_report_suggest {
	const char *version, *host;
	uint64_t time; /* seconds since the epoch */
	const struct dw_confine_service *service;
	const struct dw_report_observed *observed; /* NULL: it was not */
	const char *path, *text;                   /* of the file that would be written; NULL: none */
	struct dw_strings remarks;                 /* on what was left as it is */
	const char *cannot;                        /* why there is no text; NULL */
};
int dw_report_suggest_json(const struct dw_report_suggest *r, FILE *out, bool pretty,
			   struct dw_error *e);

#endif
