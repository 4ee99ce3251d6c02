/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Today's packet filter, written down: door by door, and what is odd about it. */
#ifndef DW_FENCE_REPORT_H
#define DW_FENCE_REPORT_H

#include "dw_report.h"

/* Ports that the filter lets somebody reach, and that nothing listens on. */
struct dw_report_unused {
	enum dw_protocol protocol;
	uint16_t first, last;
	const char *who;  /* "10.9.0.0/24" */
	const char *rule; /* NULL: several, or none */
};

struct dw_report_rule {
	const char *words; /* "inet filter input handle 7 (comment)" */
	bool counted;
	uint64_t packets;
};

struct dw_report_fence {
	const char *version, *host;
	uint64_t time;
	bool stands; /* there are rules; else nothing below is filled in but the doors */
	bool blind;
	const struct dw_report_door *doors; /* of the namespace that is told about */
	size_t n_doors;
	const struct dw_report_unused *unused;
	size_t n_unused;
	const struct dw_report_rule *idle; /* that none of the packets met */
	size_t n_idle;
	size_t n_rules;
	const struct dw_door *const *around; /* published ports that go round the input rules */
	size_t n_around;
	struct dw_strings doubts; /* sentences: what could not be copied, what could not be told */
	uint64_t asked, traced;   /* packets */
};

int dw_report_fence_text(const struct dw_report_fence *r, FILE *out,
			 const struct dw_report_style *style, struct dw_error *e);
/* schema/fence-show.schema.json */
int dw_report_fence_json(const struct dw_report_fence *r, FILE *out, bool pretty,
			 struct dw_error *e);

#endif
