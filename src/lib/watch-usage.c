/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Usage while the watch runs: the kernel counts, once a minute and at the end it goes into usage.db. Whatever fails here
 * is said once, and the watch goes on.
 */
#include <errno.h>

#include "dw_daemon.h"
#include "dw_watch_usage.h"
#include "watch-private.h"

#define EVERY_US   (60 * 1000 * 1000ULL)
#define DELAY_US   (1000 * 1000ULL)
#define DELAYS_MAX 10
#define TIDY_US    (3600 * 1000 * 1000ULL)

struct watch_usage {
	struct dw_usage *counters;
	struct dw_usage_store *store;
	struct dw_watch_usage *state;
	uint64_t next, tidy; /* microseconds */
	bool failing;
	unsigned delayed;
};

void dw_watch_usage_start(struct watching *w)
{
	struct watch_usage *u = calloc(1, sizeof(*u));
	struct dw_error e = { 0 };
	int r;

	if (!u)
		dw_oom();
	r = dw_usage_store_open(w->state, true, &u->store, &e);
	if (r == 0 && w->d->rungs & DW_RUNG_BPF)
		r = dw_usage_open(w->sys, &u->counters, &e);
	else if (r == 0)
		r = -ENOTSUP;
	if (r < 0) {
		dw_watch_notice(w, "how doors are used is not counted: %s",
				*e.message ? e.message : "that needs BPF");
		dw_usage_store_free(u->store);
		free(u);
		return;
	}
	u->state = dw_watch_usage_new();
	/* a door counts as watched from the first time on */
	u->next = dw_watch_now(w);
	u->tidy = u->next + EVERY_US;
	w->usage = u;
}

static void tick(struct watching *w, struct watch_usage *u)
{
	struct dw_error e = { 0 };
	int r;

	r = dw_watch_usage_tick(u->state, u->store, u->counters, w->context->snapshot,
				dw_sys_now(w->sys), dw_daemon_boottime_ns(w->sys), &e);
	if (r < 0 && !u->failing)
		dw_watch_notice(w, "what was counted is kept for the next time: %s", e.message);
	u->failing = r < 0;
}

uint64_t dw_watch_usage_next(const struct watching *w)
{
	return w->usage ? w->usage->next : 0;
}

void dw_watch_usage_turn(struct watching *w)
{
	struct watch_usage *u = w->usage;
	uint64_t now = dw_watch_now(w);

	if (!u || u->next > now)
		return;
	/* doors that came since the last whole look have to be among those that are counted */
	if (w->changed && u->delayed++ < DELAYS_MAX) {
		dw_watch_want_whole(w, 0);
		u->next = now + DELAY_US;
		return;
	}
	u->delayed = 0;
	tick(w, u);
	u->next = now + EVERY_US;
	if (u->tidy > now)
		return;
	(void)dw_usage_store_tidy(u->store, dw_sys_now(w->sys), NULL);
	u->tidy = now + TIDY_US;
}

void dw_watch_usage_end(struct watching *w)
{
	struct watch_usage *u = w->usage;

	if (!u)
		return;
	if (w->context)
		tick(w, u);
	dw_watch_usage_free(u->state);
	dw_usage_close(u->counters);
	dw_usage_store_free(u->store);
	free(u);
	w->usage = NULL;
}
