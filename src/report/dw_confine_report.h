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

#endif
