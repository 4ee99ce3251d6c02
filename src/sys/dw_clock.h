/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel knows of its clock. */
#ifndef DW_CLOCK_H
#define DW_CLOCK_H

#include "dw_sys.h"

struct dw_clock {
	bool synchronised;        /* somebody keeps it, and told the kernel so (STA_UNSYNC is not set) */
	uint64_t max_error_us;    /* how far off it may be; grows by 500 ppm since it was last set right */
	uint64_t likely_error_us; /* by whoever keeps it */
};

/*
 * adjtimex(2), which only reads here. A fake answers from the file `adjtimex` of its fixture: "STATUS MAXERROR
 * ESTERROR", numbers.
 */
int dw_clock_read(struct dw_sys *s, struct dw_clock *ret, struct dw_error *e);

#endif
