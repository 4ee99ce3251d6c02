/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_backoff.h"

void dw_backoff_ok(struct dw_backoff *b)
{
	b->failures = 0;
}

/* xorshift64 */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

uint64_t dw_backoff_failed(struct dw_backoff *b)
{
	uint64_t wait = b->first_ms;

	for (unsigned i = 0; i < b->failures && wait < b->max_ms; i++)
		wait *= 2;
	b->failures++;
	if (wait > b->max_ms)
		wait = b->max_ms;
	if (wait < 2)
		return wait;
	if (b->seed == 0)
		b->seed = 1;
	return wait / 2 + next(&b->seed) % (wait / 2 + 1);
}
