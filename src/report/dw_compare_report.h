/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside against outside, written down. The report room does not see the judge: classes come by name. */
#ifndef DW_COMPARE_REPORT_H
#define DW_COMPARE_REPORT_H

#include "dw_report.h"
#include "dw_scan.h"

struct dw_report_compared {
	const char *kind; /* as in the JSON */
	bool urgent, blind, expected;
	const char *address, *host; /* NULL: not known */
	const char *port;           /* "22/tcp"; NULL: about the address as a whole */
	const char *state;
	const char *answers; /* what was recognised; NULL */
	const char *inside;  /* the door, as "0.0.0.0:22/tcp"; NULL: none */
	const char *program, *service;
	const struct dw_reason *reasons;
	size_t n_reasons;
};

struct dw_report_compare {
	const char *version, *targets, *scanner, *expect;
	int64_t scan;   /* 0: from a file */
	uint64_t time;  /* of the scan */
	int64_t before; /* the earlier scan; 0: none */
	size_t hosts, as_expected;
	bool urgent, blind;
	const struct dw_report_compared *v;
	size_t n;
};

int dw_report_compare_text(const struct dw_report_compare *r, FILE *out,
			   const struct dw_report_style *style, struct dw_error *e);
/* schema/compare.schema.json */
int dw_report_compare_json(const struct dw_report_compare *r, FILE *out, bool pretty,
			   struct dw_error *e);

#endif
