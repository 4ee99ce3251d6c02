/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts become doors. Pure: no I/O, no clock, no globals. */
#ifndef DW_JOIN_H
#define DW_JOIN_H

#include "dw_facts.h"

/*
 * One door for each endpoint, starter and program: sockets that share all three (SO_REUSEPORT, forked
 * workers) are one. Sleepers that are open already are dropped. The snapshot owns its own arena, but borrows
 * the strings of the facts: free the facts after it.
 */
struct dw_snapshot *dw_join(const struct dw_facts *f);
void dw_snapshot_free(struct dw_snapshot *s); /* NULL allowed */

#endif
