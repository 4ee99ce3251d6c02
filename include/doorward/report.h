/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdoorward: all that is known of a host as one document. A part of doorward/doorward.h, which includes it. */
#ifndef DOORWARD_REPORT_H
#define DOORWARD_REPORT_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

struct doorward_report;

enum doorward_report_format {
	DOORWARD_REPORT_HTML = 1, /* one file: no script, nothing from elsewhere */
	DOORWARD_REPORT_MARKDOWN,
	DOORWARD_REPORT_CSV,  /* the doors, as DOORWARD_CSV */
	DOORWARD_REPORT_JSON, /* schema/report.schema.json, one line */
	DOORWARD_REPORT_JSON_INDENTED,
	DOORWARD_REPORT_SARIF,    /* SARIF 2.1.0: doors and checks that call for something */
	DOORWARD_REPORT_NMAP_XML, /* the doors as a scan would list them; needs doorward_set_addresses() */
};

struct doorward_report_options {
	size_t size; /* sizeof(struct doorward_report_options) */
	enum doorward_report_format format;
	/* sections with commas between: plan, changes, outside, host, usage, history; NULL: none is left out */
	const char *without;
	const char *command; /* as it was typed, for the document; NULL */
};

/*
 * Gathers what the format has: the plan, changes since the newest baseline, the newest scan that is kept held against
 * the audit (as far as doorward_set_addresses() was on), the checks of the host, usage, runs. What could not be had is
 * told in the document and is no failure. Nothing on the host is changed. *ret is set on success only; borrows the
 * audit; free it with doorward_report_free(). -EINVAL: no such section or format.
 */
DOORWARD_API int doorward_report_make(struct doorward *d, struct doorward_audit *a,
				      const struct doorward_report_options *o,
				      struct doorward_report **ret);
DOORWARD_API void doorward_report_free(struct doorward_report *r); /* NULL allowed */
/*
 * DOORWARD_TO_DO: some verdict, or a check of the host, asks for something. DOORWARD_BLIND: something could not be
 * looked at, a section of the report too.
 */
DOORWARD_API unsigned doorward_report_outcome(const struct doorward_report *r);
/* Writes to out (borrowed) and flushes it. -EIO, -ENOSPC ...: not everything was written. */
DOORWARD_API int doorward_report_write(struct doorward *d, const struct doorward_report *r,
				       FILE *out);
/*
 * Writes the file, mode 0600, whole or not at all: beside it first, then it takes its place. -EINVAL, -EISDIR:
 * something is there that is no file. -ENOENT, -EACCES, -ENOSPC ...
 */
DOORWARD_API int doorward_report_save(struct doorward *d, const struct doorward_report *r,
				      const char *file);

#ifdef __cplusplus
}
#endif

#endif
