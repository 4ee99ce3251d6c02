/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Audits made by hand, for the tests of what is shown and of the command line. */
#ifndef DW_MOCK_H
#define DW_MOCK_H

#include "dw_audit.h"
#include "dw_report.h"

/*
 * "host": a server with a bit of everything; "calm": nothing to do; "blind": nothing to do, not all seen;
 * "empty": no door; "hostile": names that attack the terminal; "many": 5,650 doors, as the heavy host of the
 * benchmark; "crowd": 300 doors that are all different. NULL: no such audit. Free with dw_mock_free.
 */
struct dw_audit *dw_mock_audit(const char *which);
void dw_mock_free(struct dw_audit *a);
/* The audit as the report room gets it; lies in the audit's arena. */
struct dw_report dw_mock_report(const struct dw_audit *a);

#endif
