/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's counters of doors into the store of usage: what came since the last time, for the door that it came to.
 */
#ifndef DW_WATCH_USAGE_H
#define DW_WATCH_USAGE_H

#include "dw_model.h"
#include "dw_store_usage.h"
#include "dw_watch.h"

/* What was counted and looked at the last time; one for each dw_usage_open(). */
struct dw_watch_usage;
struct dw_watch_usage *dw_watch_usage_new(void);
void dw_watch_usage_free(struct dw_watch_usage *w); /* NULL allowed */

/*
 * Reads the counters, and stores what is new. now_realtime: seconds since the epoch; now_boottime: CLOCK_BOOTTIME,
 * nanoseconds. A door counts as watched from the tick that first saw it. When it fails (-ENOSPC, -EBADMSG ...) nothing
 * is lost: the next tick stores it as well.
 */
int dw_watch_usage_tick(struct dw_watch_usage *w, struct dw_usage_store *store,
			struct dw_usage *counters, const struct dw_snapshot *doors,
			uint64_t now_realtime, uint64_t now_boottime, struct dw_error *e);

/* The two halves of a tick, for tests: one counter as dw_usage_read() hands it out; then all that were taken. */
int dw_watch_usage_take(void *w, const struct dw_bpf_usage_key *k, const struct dw_bpf_usage *v);
int dw_watch_usage_flush(struct dw_watch_usage *w, struct dw_usage_store *store,
			 const struct dw_usage_status *status, const struct dw_snapshot *doors,
			 uint64_t now_realtime, uint64_t now_boottime, struct dw_error *e);

#endif
