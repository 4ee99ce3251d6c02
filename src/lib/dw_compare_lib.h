/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A comparison, for the public API and for `scan --expect`. */
#ifndef DW_COMPARE_LIB_H
#define DW_COMPARE_LIB_H

#include "doorward/doorward.h"
#include "dw_compare_report.h"
#include "dw_error.h"
#include "dw_scan.h"

/* As doorward_compare_run(), of a scan that the caller has; it must live as long as the comparison. */
int dw_compare_of_scan(struct doorward *d, const struct dw_scan *scan,
		       const struct doorward_compare_options *o, struct doorward_compare **ret,
		       struct dw_error *e);
/*
 * The newest scan that is kept against the audit, which must have been made with the host's addresses and is borrowed.
 * -ENOENT: there is none.
 */
int dw_compare_with_audit(struct doorward *d, struct doorward_audit *audit,
			  struct doorward_compare **ret, struct dw_error *e);
/* As the report room gets it; what is made lies in the arena. */
struct dw_report_compare dw_compare_report(const struct doorward_compare *c, struct dw_arena *a);

#endif
