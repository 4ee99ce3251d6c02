/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_latency.h"

static unsigned bucket_of(uint64_t us)
{
	unsigned power;

	if (us < 8)
		return (unsigned)us;
	power = 63 - (unsigned)__builtin_clzll(us);
	/* the three bits behind the highest */
	return (power - 2) * 8 + (unsigned)((us >> (power - 3)) & 7);
}

/* The highest value that falls into it. */
static uint64_t top_of(unsigned bucket)
{
	unsigned power = bucket / 8 + 2;

	if (bucket < 8)
		return bucket;
	return ((uint64_t)(8 + bucket % 8 + 1) << (power - 3)) - 1;
}

void dw_latency_add(struct dw_latency *l, uint64_t us)
{
	l->n++;
	if (us > l->max)
		l->max = us;
	l->bucket[bucket_of(us)]++;
}

uint64_t dw_latency_share(const struct dw_latency *l, double share)
{
	uint64_t wanted = (uint64_t)((double)l->n * share), seen = 0;

	if (l->n == 0)
		return 0;
	for (unsigned i = 0; i < DW_LATENCY_BUCKETS; i++) {
		seen += l->bucket[i];
		if (seen > wanted || seen == l->n)
			return top_of(i) < l->max ? top_of(i) : l->max;
	}
	return l->max;
}
