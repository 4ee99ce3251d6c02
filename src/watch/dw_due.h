/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets that are to be looked at when the time for it has come; and found again by their cookies. Whose time has come
 * go in turn: of each group one, in it of each user, of each name of his, of each process. So a program that opens a
 * million holds up its own. What one of them has goes in order. Pure.
 */
#ifndef DW_DUE_H
#define DW_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DW_DUE_MAX 65536 /* that wait; what comes beyond is lost, and heals by a whole look */
/* at most so many of those who have most are dropped at once where it is full */
#define DW_DUE_SHED 1024

enum dw_due_level { DW_DUE_GROUP = 0, DW_DUE_USER, DW_DUE_NAME, DW_DUE_PROCESS, DW_DUE_LEVELS };

struct due_node;

struct dw_due_head {
	uint64_t due;    /* when it is to be looked at: any clock that nobody sets */
	uint64_t cookie; /* 0: cannot be found by it */
	/* numbers of any kind: the same is one and the same; must not change meanwhile */
	uint64_t whose[DW_DUE_LEVELS];
	/* of the queue's own */
	uint64_t came;
	size_t place;
	struct due_node *node;
	struct dw_due_head *prev, *next;
};

struct dw_due;

/* dropped: is told of each that is dropped, before it is freed; NULL: nobody is. */
struct dw_due *dw_due_new(void (*dropped)(void *data, const void *item), void *data);

/*
 * item: begins with a struct dw_due_head, is from malloc(3) and belongs to the queue. Full: the newest of those who
 * have most are dropped to make room for it, it may be among them. Returns how many.
 */
size_t dw_due_put(struct dw_due *q, struct dw_due_head *item);

/* Takes out one whose time has come; NULL: none. The caller's to free or to put back. */
void *dw_due_take(struct dw_due *q, uint64_t now);

/* Takes out the one of that socket. */
void *dw_due_take_cookie(struct dw_due *q, uint64_t cookie);

uint64_t dw_due_next(const struct dw_due *q); /* UINT64_MAX: nothing waits */
size_t dw_due_count(const struct dw_due *q);

void dw_due_free(struct dw_due *q); /* NULL allowed; and all that waits */

#endif
