/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan of a made-up network, and how it went, beside the truth. */
#ifndef DW_TEST_MADE_SCAN_H
#define DW_TEST_MADE_SCAN_H

#include "network.h"

struct made_scan {
	enum dw_protocol protocol; /* 0: TCP */
	uint32_t n_hosts, n_ports;
	struct made_host host;                              /* of all */
	void (*change)(struct made_host *h, uint32_t host); /* makes some different; NULL */
	struct dw_engine_options options;
	uint64_t seed;
	double link_rate, forged_rate, ring_rate, rate;
	bool forged_in_order;
	uint32_t n_payloads; /* the first ports have one */
	const uint64_t *before;
	uint32_t stop_after_turns;
	size_t n_seconds; /* that it lasts at most, where unanswered probes are counted; 0: they are not */
};

struct made_outcome {
	int r;
	uint64_t open, found, missed, wrong,
		doubtful; /* open ports; found, missed; told as open and not; times_open < 2 */
	uint64_t closed, closed_found,
		closed_wrong; /* closed: proven; wrong: told as closed and are not */
	uint64_t sent, us, cpu_ns, told;
	uint64_t two_minutes; /* most unanswered probes in any, by whole seconds */
	uint32_t up, gone, no, unreachable, tarpit, proxy;
	double worst_missed;
	struct dw_arena *arena; /* the caller frees */
	struct dw_engine_result result;
};

void made_scan_run(const struct made_scan *s, struct made_outcome *ret);

#endif
