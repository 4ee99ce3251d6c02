/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long it took, as shares: 8 buckets for each power of two, so within 9 %. Pure. */
#ifndef DW_LATENCY_H
#define DW_LATENCY_H

#include <stdint.h>

#define DW_LATENCY_BUCKETS (64 * 8)

struct dw_latency {
	uint64_t n, max; /* microseconds */
	uint64_t bucket[DW_LATENCY_BUCKETS];
};

void dw_latency_add(struct dw_latency *l, uint64_t us);
/* The least that share (0 .. 1) of all are not above; 0: there are none. */
uint64_t dw_latency_share(const struct dw_latency *l, double share);

#endif
