/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of the texts of a scan; private to src/report. */
#ifndef DW_REPORT_SCAN_WORDS_H
#define DW_REPORT_SCAN_WORDS_H

#include "dw_fields.h"
#include "dw_scan_report.h"

/* "https", "" when it is not known; escaped. */
const char *dw_scan_words_service(const struct dw_scan_port *p, struct dw_arena *a);
/* "no answer to 4 probes", "prohibited, says 192.0.2.1". */
const char *dw_scan_words_why(const struct dw_scan_port *p, struct dw_arena *a);
/* "; that each answer was lost: 1 in 1e+09"; "": not known. */
const char *dw_scan_words_missed(double missed, struct dw_arena *a);
/* 65,535 */
const char *dw_scan_words_number(uint64_t n, struct dw_arena *a);

#endif
