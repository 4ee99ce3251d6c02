/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling another program by a named pipe to do something, and waiting until it is done. */
#ifndef DW_WAIT_H
#define DW_WAIT_H

#include "dw_sys.h"

/*
 * Writes to a named pipe (nothing else: -EINVAL) without waiting for a reader. -ENXIO: nobody reads it; n 0: only
 * whether somebody does.
 */
int dw_sys_fifo_write(struct dw_sys *s, const char *path, const char *data, size_t n,
		      struct dw_error *e);

/*
 * Asks until there() answers other than 0, which is returned; 0: not within timeout_ms. Pauses between the questions
 * grow from 2 to 100 ms. Where nothing runs, or a host is recorded, nothing changes by waiting: one question.
 */
int dw_sys_wait(struct dw_sys *s, int (*there)(void *arg, struct dw_error *e), void *arg,
		unsigned timeout_ms, struct dw_error *e);

/* Lets time pass; a signal ends it early. A host that is recorded does not change by waiting: returns at once. */
void dw_sys_pause(struct dw_sys *s, unsigned ms);

/* Microseconds, from any point, of a clock that nobody sets: for timeouts and rates. A recorded host's goes on, too. */
uint64_t dw_sys_clock_us(struct dw_sys *s);

#endif
