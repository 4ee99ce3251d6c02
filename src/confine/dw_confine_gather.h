/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the doors of a snapshot to the services behind them, as they run and as their manager has them. */
#ifndef DW_CONFINE_GATHER_H
#define DW_CONFINE_GATHER_H

#include "dw_confine.h"
#include "dw_sys.h"

/*
 * One for each starter (or program, where nothing starts it) of doors of this host's own namespaces; doors of the
 * kernel and of containers are nobody's here. What cannot be seen is said in `unknown`, and is no failure. Judged, the
 * worst first. Borrows the snapshot; the rest lies in the arena.
 */
void dw_confine_gather(struct dw_sys *s, const struct dw_snapshot *snapshot,
		       const struct dw_knowledge *knowledge, struct dw_arena *a,
		       struct dw_confine_service **ret, size_t *ret_n);

/* Score, reasons and advice of what is there (score.c, weights.c). Pure. */
void dw_confine_judge(struct dw_confine_service *s, struct dw_arena *a);

/* Points of the i-th thing that counts, for the documentation's check; false: there is none. */
bool dw_confine_weight(size_t i, const char **ret_id, unsigned *ret_points);

/* Is one of these blank-separated words in the list? */
bool dw_confine_has_word(const char *list, const char *word);

#endif
