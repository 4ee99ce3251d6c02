/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that are to be looked at, in the order of the time for it; and found again by their cookies. Pure. */
#ifndef DW_DUE_H
#define DW_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DW_DUE_MAX 65536 /* that wait; what comes beyond is lost, and heals by a whole look */

struct dw_due_head {
	uint64_t due;    /* when it is to be looked at: any clock that nobody sets */
	uint64_t cookie; /* 0: cannot be found by it */
	size_t place;    /* of the queue's own */
};

struct dw_due;

struct dw_due *dw_due_new(void);
/* item: begins with a struct dw_due_head, is from malloc(3) and belongs to the queue. -ENOBUFS: full, item is freed. */
int dw_due_put(struct dw_due *q, struct dw_due_head *item);
/* Takes out the first whose time has come; NULL: none. The caller's to free or to put back. */
void *dw_due_take(struct dw_due *q, uint64_t now);
/* Takes out the one of that socket. */
void *dw_due_take_cookie(struct dw_due *q, uint64_t cookie);
uint64_t dw_due_next(const struct dw_due *q); /* UINT64_MAX: nothing waits */
size_t dw_due_count(const struct dw_due *q);
void dw_due_free(struct dw_due *q); /* NULL allowed; and all that waits */

#endif
