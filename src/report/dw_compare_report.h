/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside against outside, written down. The report room does not see the judge: classes come by name. */
#ifndef DW_COMPARE_REPORT_H
#define DW_COMPARE_REPORT_H

#include "dw_report.h"
#include "dw_scan.h"

struct dw_report_compared {
	const char *kind; /* as in the JSON */
	bool urgent, blind, expected;
	const char *address, *host;       /* NULL: not known */
	enum dw_protocol protocol;        /* UNKNOWN: it is about the address as a whole */
	uint16_t port;                    /* then no port */
	enum dw_scan_state state, before; /* UNKNOWN: not looked at */
	const char *answers;              /* what was recognised; NULL */
	const char *inside;               /* the door, as "0.0.0.0:22/tcp"; NULL: none */
	const char *program, *service;
	const char *source; /* where the look from inside comes from; NULL: there is none */
	const struct dw_reason *reasons;
	size_t n_reasons;
};

/* A host as it was seen from inside. */
struct dw_report_inside {
	const char *host, *source;
	uint64_t time;
};

struct dw_report_compare {
	const char *version, *targets, *scanner, *expect;
	const char *scan_file;   /* NULL: of the journal */
	int64_t scan;            /* its number there; 0: none */
	uint64_t time;           /* of the scan */
	const char *before_file; /* as scan_file */
	int64_t before;          /* the earlier scan; 0: none of the journal */
	uint64_t before_time;    /* 0: there is no earlier scan */
	const struct dw_report_inside *insides;
	size_t n_insides;
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

/* A scan and what it was held against: the document of a scan, with its member "comparison". */
struct dw_scan_compared {
	const struct dw_scan *scan;
	const struct dw_report_compare *comparison; /* NULL: it was not asked for */
};
int dw_report_scan_compared_json(const struct dw_scan_compared *s, FILE *out, bool pretty,
				 struct dw_error *e);
/* {"comparison": ...}: the line behind the findings of a scan. */
int dw_report_compare_line(const struct dw_report_compare *r, FILE *out, struct dw_error *e);

#endif
