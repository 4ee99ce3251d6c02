/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom the host's own packet filter lets through to a door, as a rehearsal saw it (src/fence): who may send to the
 * door's address and port, and be heard there (or, where a rule leads the port elsewhere, at its target). Where no
 * filter stands before the door the bound address alone decides.
 */
#ifndef DW_FILTERED_H
#define DW_FILTERED_H

#include <stdbool.h>
#include <stddef.h>

#include "dw_policy.h"

enum dw_filtered_kind {
	DW_FILTERED_UNKNOWN = 0, /* cannot be told: `why`, and the rule that is in doubt */
	DW_FILTERED_NOBODY,
	DW_FILTERED_HOST, /* this host alone */
	DW_FILTERED_NETWORKS,
	DW_FILTERED_ANYONE,
};

/* One source of packets beside what becomes of them. */
struct dw_filtered_source {
	const char *words; /* "10.9.0.0/24", "this host", "anyone" */
	bool known, passes;
	bool sender;        /* passes only as a packet that is made so on purpose: see the rule */
	const char *rule;   /* that decided, or is in doubt; NULL: none did */
	bool counted;       /* that rule has a counter */
	uint64_t packets;   /* which says so */
	const char *to;     /* a rule leads it there: ADDRESS:PORT; NULL: it stays */
	const char *led_by; /* that rule; NULL: not seen */
	bool led_counted;
	uint64_t led_packets; /* which its counter says */
	const char *why;      /* not known: one sentence */
};

struct dw_filtered {
	enum dw_filtered_kind kind;
	/* "nobody", "this host", "10.9.0.0/24, 10.8.0.7", "anyone", "anyone but 10.9.0.7", "unknown" */
	const char *words;
	/*
	 * NETWORKS: all that may, besides this host; ANYONE: those that may not. Too many for a list:
	 * `complete` is false.
	 */
	const struct dw_network *networks;
	size_t n_networks;
	bool complete;
	bool sender; /* somebody passes only with packets that are made so on purpose: see the rule */
	bool rehearsed;   /* packets were sent; false: by the bound address, or why it is unknown */
	const char *rule; /* that decided; NULL: several, or none */
	const char *why;  /* UNKNOWN: one sentence; else a remark, or NULL */
	const struct dw_filtered_source *sources;
	size_t n_sources;
};

const char *dw_filtered_kind_name(enum dw_filtered_kind k);
/* Nobody beyond this host gets through, and that is known. */
static inline bool dw_filtered_is_shut(const struct dw_filtered *f)
{
	return f && (f->kind == DW_FILTERED_NOBODY || f->kind == DW_FILTERED_HOST);
}

#endif
