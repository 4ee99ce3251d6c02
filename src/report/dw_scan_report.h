/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan, written down for people and for programs. Borrows all it is given; all text of strangers is escaped. */
#ifndef DW_SCAN_REPORT_H
#define DW_SCAN_REPORT_H

#include "dw_report.h"
#include "dw_scan.h"

/* One finding. */
struct dw_scan_line {
	const struct dw_scan *scan;
	const struct dw_scan_host *host;
	const struct dw_scan_port *port;
};

/* Each writes to out (borrowed), flushes it, and says -errno when not everything could be written. */
int dw_report_scan_text(const struct dw_scan *s, FILE *out, const struct dw_report_style *style,
			struct dw_error *e);
int dw_report_scan_json(const struct dw_scan *s, FILE *out, bool pretty, struct dw_error *e);
/* One finding, one line. */
int dw_report_scan_line(const struct dw_scan_line *l, FILE *out, struct dw_error *e);
/* All findings, one a line. */
int dw_report_scan_jsonl(const struct dw_scan *s, FILE *out, struct dw_error *e);
/* As nmap -oX writes it (nmap.dtd, xmloutputversion 1.05). */
int dw_report_scan_xml(const struct dw_scan *s, FILE *out, struct dw_error *e);
/* As nmap -oG. */
int dw_report_scan_grepable(const struct dw_scan *s, FILE *out, struct dw_error *e);
/* ADDRESS:PORT/PROTOCOL of each open port, one a line. */
int dw_report_scan_list(const struct dw_scan *s, FILE *out, struct dw_error *e);
/* "2026-01-31T12:00:00Z HOST doorward: SCAN=open DST=...": in the arena, without a newline. */
const char *dw_report_scan_log(const struct dw_scan_line *l, struct dw_arena *a);
int dw_report_scan_log_all(const struct dw_scan *s, FILE *out, struct dw_error *e);

/* "OpenSSH 9.2p1 (Debian); TLS 1.3": what is behind the port, escaped for a terminal; "" nothing is known. */
const char *dw_report_scan_says(const struct dw_scan_port *p, struct dw_arena *a);
/* What is listed nowhere, by state: counts less the ports that are. */
struct dw_scan_counts dw_report_scan_rest(const struct dw_scan_host *h, enum dw_protocol p);
const struct dw_scan_counts *dw_report_scan_counts(const struct dw_scan_host *h,
						   enum dw_protocol p);

#endif
