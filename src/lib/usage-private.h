/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was counted, beside the doors of an audit; private to src/lib. */
#ifndef DW_LIB_USAGE_PRIVATE_H
#define DW_LIB_USAGE_PRIVATE_H

#include "dw_diff_report.h"
#include "facade-private.h"

/* As doorward_usage_write() tells it; all lies in the arena. The number of doors that `idle` found, or an error. */
int dw_lib_usage(struct doorward *d, const struct dw_report *audit,
		 const struct doorward_usage_options *o, struct dw_arena *a,
		 struct dw_report_usage *ret, struct dw_error *e);

#endif
