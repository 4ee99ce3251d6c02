/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose turn it is: the part of the queue (due.c) that knows no clock. Private to src/watch. */
#ifndef DW_WATCH_DUE_TURN_H
#define DW_WATCH_DUE_TURN_H

#include "dw_due.h"

struct due_turns;

struct due_turns *due_turns_new(void);
void due_turns_free(struct due_turns *t); /* the items are the caller's */

/* It waits for its time. */
void due_turns_add(struct due_turns *t, struct dw_due_head *item);
/* Its time has come. */
void due_turns_ripen(struct dw_due_head *item);
bool due_turns_is_ripe(const struct dw_due_head *item);
void due_turns_remove(struct due_turns *t, struct dw_due_head *item);

/* The ripe one whose turn it is; NULL: none. Left where it is. */
struct dw_due_head *due_turns_peek(const struct due_turns *t);
/* ... and after it, it is the next one's turn. */
void due_turns_pass(struct due_turns *t);

/* Hands out up to `most` of those who have most, newest first, at least one if there is any: fn removes it. */
size_t due_turns_shed(struct due_turns *t, size_t most,
		      void (*fn)(void *data, struct dw_due_head *item), void *data);

#endif
