/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long to wait after a failure: twice as long each time, never the same for two who began at once. Pure. */
#ifndef DW_BACKOFF_H
#define DW_BACKOFF_H

#include <stdint.h>

struct dw_backoff {
	uint64_t first_ms, max_ms;
	unsigned failures;
	uint64_t seed; /* of the spread; not 0 */
};

void dw_backoff_ok(struct dw_backoff *b);
/* Another failure: milliseconds to wait, between half and all of what doubling gives. */
uint64_t dw_backoff_failed(struct dw_backoff *b);

#endif
