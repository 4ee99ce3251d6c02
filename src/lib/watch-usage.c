/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What waits for the disk, once a minute, in a thread of its own: how doors are used, as the kernel counted it, into
 * usage.db; and watch.db is trimmed, more often where there is much news. Whatever fails here is said once, and the
 * watch goes on.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "dw_daemon.h"
#include "dw_watch_usage.h"
#include "watch-private.h"

#define EVERY_US   (60 * 1000 * 1000ULL)
#define DELAY_US   (1000 * 1000ULL)
#define DELAYS_MAX 10
#define TIDY_US    (3600 * 1000 * 1000ULL)
#define DROP_MS    10
#define LOG_LONG   8192 /* pages: 32 MiB */
#define LOG_MAX    49152
#define SLOW_US    (100 * 1000ULL)
#define NEWS_MANY                                                                                  \
	1000 /* pieces: some thousand pages of the log, which are to be taken from it in time */

struct watch_usage {
	struct watching *w;
	/* the thread's own */
	struct dw_sys *sys;
	struct dw_watch_store *news; /* NULL: could not be opened */
	struct dw_usage *counters;   /* NULL: nothing is counted */
	struct dw_usage_store *store;
	struct dw_watch_usage *state;
	const struct dw_snapshot *doors; /* of the context, which stays until the thread is done */
	bool failing, counts, tidies;

	pthread_t thread;
	bool running;
	atomic_bool done;
	uint64_t next, tidy; /* microseconds */
	unsigned delayed;
};

static int open_counters(struct watch_usage *u, struct dw_error *e)
{
	int r;

	if (!(u->w->d->rungs & DW_RUNG_BPF)) {
		(void)dw_error_set(e, -ENOTSUP,
				   "counting who uses doors needs BPF: leave --method out");
		return -ENOTSUP;
	}
	r = dw_usage_store_open(u->w->state, true, &u->store, e);
	if (r == 0)
		r = dw_usage_open(u->sys, &u->counters, e);
	return r;
}

void dw_watch_usage_start(struct watching *w)
{
	struct watch_usage *u = calloc(1, sizeof(*u));
	struct dw_error e = { 0 };

	if (!u)
		dw_oom();
	u->w = w;
	w->usage = u;
	if (dw_sys_open(NULL, &u->sys, &e) < 0) {
		dw_watch_notice(w, "%s", e.message);
		return;
	}
	(void)dw_watch_store_open(w->state, false, &u->news, NULL);
	if (open_counters(u, &e) < 0)
		dw_watch_notice(w, "how doors are used is not counted: %s", e.message);
	else
		u->state = dw_watch_usage_new();
	/* a door counts as watched from the first time on */
	u->next = dw_watch_now(w);
	u->tidy = u->next + EVERY_US;
}

/*
 * The loop stays away while the log is begun anew, which takes some syncs: not often while much is told, and not on a
 * disk that is busy now.
 */
static void take_in(struct watch_usage *u)
{
	struct dw_watch_log log = { 0 };
	uint64_t begun = dw_sys_clock_us(u->sys);
	bool slow;

	if (dw_watch_store_take_in(u->news, &log, NULL) < 0)
		return;
	slow = dw_sys_clock_us(u->sys) - begun > SLOW_US;
	if (log.pages < LOG_MAX && (slow || (log.left > 0 && log.pages < LOG_LONG)))
		return;
	(void)pthread_mutex_lock(&u->w->gate);
	(void)dw_watch_store_settle(u->news, NULL);
	(void)pthread_mutex_unlock(&u->w->gate);
}

static void trim(struct watch_usage *u)
{
	uint64_t dropped = 0;
	unsigned n = DW_WATCH_DROP_MAX;

	if (!u->news)
		return;
	if (dw_watch_store_trim(u->news, DW_WATCH_NEWS_MAX, &dropped, NULL) == 0 && dropped > 0)
		dw_watch_notice(u->w, "%llu pieces of news that a sink did not take were dropped",
				(unsigned long long)dropped);
	/* with pauses, for the loop writes to it too, and is not to wait */
	for (; n == DW_WATCH_DROP_MAX; dw_sys_pause(u->sys, DROP_MS)) {
		n = 0;
		(void)dw_watch_store_drop(u->news, DW_WATCH_DROP_MAX, &n, NULL);
	}
	take_in(u);
}

static void tick(struct watch_usage *u)
{
	struct dw_error e = { 0 };
	int r;

	trim(u);
	if (!u->state || !u->counts)
		return;
	r = dw_watch_usage_tick(u->state, u->store, u->counters, u->doors, dw_sys_now(u->sys),
				dw_daemon_boottime_ns(u->sys), &e);
	if (r < 0 && !u->failing)
		dw_watch_notice(u->w, "what was counted is kept for the next time: %s", e.message);
	u->failing = r < 0;
	if (u->tidies)
		(void)dw_usage_store_tidy(u->store, dw_sys_now(u->sys), NULL);
}

static void *work(void *arg)
{
	struct watch_usage *u = arg;

	tick(u);
	atomic_store(&u->done, true);
	dw_daemon_ring(u->w->bell);
	return NULL;
}

uint64_t dw_watch_usage_next(const struct watching *w)
{
	return w->usage && !w->usage->running ? w->usage->next : 0;
}

bool dw_watch_usage_is_done(struct watching *w)
{
	struct watch_usage *u = w->usage;

	if (!u || !u->running)
		return true;
	if (!atomic_load(&u->done))
		return false;
	(void)pthread_join(u->thread, NULL);
	u->running = false;
	return true;
}

static void set_next(struct watch_usage *u, uint64_t now)
{
	u->next = now + EVERY_US;
	u->delayed = 0;
	u->tidies = u->tidy <= now;
	if (u->tidies)
		u->tidy = now + TIDY_US;
}

static void begin(struct watching *w, struct watch_usage *u, bool counts)
{
	u->doors = w->context->snapshot;
	u->counts = counts;
	w->unsettled = 0;
	atomic_store(&u->done, false);
	u->running = pthread_create(&u->thread, NULL, work, u) == 0;
}

void dw_watch_usage_turn(struct watching *w)
{
	struct watch_usage *u = w->usage;
	uint64_t now = dw_watch_now(w);

	if (!u || !u->next || u->running)
		return;
	if (u->next > now) {
		if (w->unsettled >= NEWS_MANY)
			begin(w, u, false);
		return;
	}
	/* doors that came since the last whole look have to be among those that are counted */
	if (w->changed && u->state && u->delayed++ < DELAYS_MAX) {
		dw_watch_want_whole(w, 0);
		u->next = now + DELAY_US;
		return;
	}
	set_next(u, now);
	begin(w, u, true);
}

void dw_watch_usage_end(struct watching *w)
{
	struct watch_usage *u = w->usage;

	if (!u)
		return;
	if (u->running)
		(void)pthread_join(u->thread, NULL);
	if (u->sys && w->context) {
		u->doors = w->context->snapshot;
		u->counts = true;
		tick(u);
	}
	dw_watch_usage_free(u->state);
	dw_usage_close(u->counters);
	dw_usage_store_free(u->store);
	dw_watch_store_free(u->news);
	dw_sys_free(u->sys);
	free(u);
	w->usage = NULL;
}
