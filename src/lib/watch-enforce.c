/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Closes new doors of which the policy says so, as `doorward close` would: plan, journal, verification, the way back. A
 * thread of its own, for verifying takes seconds. What the plan refuses (the operator's session, the last way in, a
 * neighbour that is kept) stays open, and is told.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "change-private.h"
#include "dw_policy_file.h"
#include "dw_spared.h"
#include "dw_str.h"
#include "watch-private.h"

#define WAITING_MAX 64
#define RUNS_MAX    200 /* of the journal, the newest, that are asked whether one was taken back */

struct watch_enforcer {
	const struct watching *w;
	struct doorward *d; /* a context of its own: this thread's */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under the lock */
	char *doors[WAITING_MAX];
	size_t n;
	volatile int stop;
	uint64_t closed;
};

/* The neighbours of a door that go with it must be to close as well. */
static const char *kept_neighbour(const struct doorward_plan *p)
{
	for (size_t i = 0; i < p->plan->n_closes + p->plan->n_also; i++) {
		const struct dw_plan_door *d = i < p->plan->n_closes
						       ? p->plan->closes[i]
						       : p->plan->also[i - p->plan->n_closes];

		if (!dw_streq0(d->verdict, "close"))
			return dw_endpoint_text(p->arena, &d->door->at);
	}
	return NULL;
}

/* When the policy was changed last, seconds since the epoch; its directory tells of a file put in its place. */
static uint64_t policy_changed(const struct watching *w, struct dw_sys *s)
{
	const char *path = w->d->policy ? w->d->policy : DW_POLICY_FILE;
	struct stat st = { 0 };

	if (dw_sys_file_stat(s, path, true, &st, NULL) < 0)
		return UINT64_MAX;
	return (uint64_t)DW_MAX(st.st_mtim.tv_sec, st.st_ctim.tv_sec);
}

/* The runs of the journal, the newest first, with their doors. */
static int load_runs(struct watch_enforcer *f, struct dw_arena *a, struct dw_run **ret,
		     size_t *ret_n, struct dw_error *e)
{
	struct dw_store *store = NULL;
	struct dw_run *v = NULL;
	size_t n = 0;
	int r = dw_store_open(dw_change_state(f->d), false, &store, e);

	if (r == 0)
		r = dw_store_runs(store, a, &v, &n, e);
	n = DW_MIN(n, (size_t)RUNS_MAX);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = dw_store_load(store, v[i].id, a, &v[i], e);
	dw_store_free(store);
	*ret = v;
	*ret_n = r == 0 ? n : 0;
	return r == -ENOENT ? 0 : r;
}

/*
 * Who takes a closing back wants the door open: it stays so until the policy changes, or the door does. A journal that
 * cannot be read says nothing of the kind: the policy counts.
 */
static long long undone_by(struct watch_enforcer *f, const struct doorward_plan *p)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	const struct dw_run *spared = NULL;
	struct dw_error e = { 0 };
	struct dw_run *runs = NULL;
	size_t n = 0;

	if (dw_sys_open(NULL, &s, &e) < 0 || load_runs(f, a, &runs, &n, &e) < 0) {
		dw_watch_notice(f->w, "whether a closing was taken back is not known: %s",
				e.message);
		return 0;
	}
	for (size_t i = 0; i < p->plan->n_closes && !spared; i++)
		spared = dw_spared_by(runs, n, p->plan->closes[i]->door, policy_changed(f->w, s));
	return spared ? (long long)spared->id : 0;
}

static void carry_out(struct watch_enforcer *f, struct doorward_plan *p, const char *door)
{
	struct doorward_close_options o = { .size = sizeof(o),
					    .command = "doorward watch --enforce",
					    .stop = &f->stop };
	const char *kept = kept_neighbour(p);
	long long run = 0, undone;
	int r;

	if (kept) {
		dw_watch_notice(f->w,
				"%s stays open: closing it would close %s too, which the "
				"policy does not say",
				door, kept);
		return;
	}
	undone = undone_by(f, p);
	if (undone) {
		dw_watch_notice(
			f->w,
			"%s stays open: run %lld, which closed it, was taken back; it stays so "
			"until the policy or the door changes",
			door, undone);
		return;
	}
	if (doorward_plan_steps(p) == 0) {
		if (p->already.n > 0) /* it went with the one before */
			return;
		dw_watch_notice(f->w, "%s stays open: %s", door,
				p->plan->n_refused ? p->plan->refused[0].text
						   : "nothing is known that would close it");
		return;
	}
	r = doorward_close(f->d, p, &o, &run);
	if (r < 0) {
		/* cancelled: a process that nobody starts is gone all the same, no undo brings it back */
		dw_watch_notice(
			f->w,
			r == -ECANCELED
				? "closing %s failed, and what can be put back was put back: %s"
				: "%s was not closed: %s",
			door, doorward_last_error(f->d));
		return;
	}
	dw_watch_notice(f->w,
			"%s was closed, for the policy says so: run %lld, doorward undo %lld "
			"takes it back",
			door, run, run);
	(void)pthread_mutex_lock(&f->lock);
	f->closed++;
	(void)pthread_mutex_unlock(&f->lock);
}

static void enforce(struct watch_enforcer *f, const char *door)
{
	const char *doors[] = { door };
	struct doorward_plan_options o = { .size = sizeof(o), .doors = doors, .n_doors = 1 };
	struct doorward_audit *audit = NULL;
	struct doorward_plan *p = NULL;
	int r = doorward_settle(f->d);

	if (r == 0)
		r = doorward_audit_run(f->d, &audit);
	if (r == 0)
		r = doorward_plan_make(f->d, audit, &o, &p);
	if (r == 0)
		carry_out(f, p, door);
	else if (r != -ENOENT) /* it is gone by itself */
		dw_watch_notice(f->w, "%s was not closed: %s", door, doorward_last_error(f->d));
	doorward_plan_free(p);
	doorward_audit_free(audit);
}

static char *next(struct watch_enforcer *f)
{
	char *door = NULL;

	(void)pthread_mutex_lock(&f->lock);
	while (f->n == 0 && !f->stop)
		(void)pthread_cond_wait(&f->wake, &f->lock);
	if (!f->stop) {
		door = f->doors[0];
		memmove(f->doors, f->doors + 1, --f->n * sizeof(*f->doors));
	}
	(void)pthread_mutex_unlock(&f->lock);
	return door;
}

static void *work(void *arg)
{
	struct watch_enforcer *f = arg;
	char *door;

	while ((door = next(f))) {
		enforce(f, door);
		free(door);
	}
	return NULL;
}

static void free_all(struct watch_enforcer *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->doors[i]);
	(void)pthread_cond_destroy(&f->wake);
	(void)pthread_mutex_destroy(&f->lock);
	doorward_free(f->d);
	free(f);
}

int dw_watch_enforcer_start(struct watching *w, struct dw_error *e)
{
	struct watch_enforcer *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		dw_oom();
	f->w = w;
	f->d = doorward_new();
	f->d->rungs = w->d->rungs;
	dw_facade_replace(&f->d->policy, w->d->policy);
	dw_facade_replace(&f->d->state, w->d->state);
	dw_facade_replace(&f->d->program, w->d->program);
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_cond_init(&f->wake, NULL);
	r = pthread_create(&f->thread, NULL, work, f);
	if (r != 0) {
		free_all(f);
		return dw_error_errno(e, -r, "a thread that closes doors");
	}
	w->enforcer = f;
	return 0;
}

void dw_watch_enforce(struct watching *w, const char *door)
{
	struct watch_enforcer *f = w->enforcer;
	bool full;

	if (!f)
		return;
	(void)pthread_mutex_lock(&f->lock);
	full = f->n == WAITING_MAX;
	for (size_t i = 0; i < f->n && !full; i++)
		if (dw_streq(f->doors[i], door)) {
			(void)pthread_mutex_unlock(&f->lock);
			return;
		}
	if (!full) {
		f->doors[f->n] = strdup(door);
		if (!f->doors[f->n++])
			dw_oom();
	}
	(void)pthread_cond_signal(&f->wake);
	(void)pthread_mutex_unlock(&f->lock);
	if (full)
		dw_watch_notice(w, "%s was not closed: %d others wait for it", door, WAITING_MAX);
}

uint64_t dw_watch_enforced(const struct watching *w)
{
	uint64_t n = 0;

	if (w->enforcer) {
		(void)pthread_mutex_lock(&w->enforcer->lock);
		n = w->enforcer->closed;
		(void)pthread_mutex_unlock(&w->enforcer->lock);
	}
	return n;
}

void dw_watch_enforcer_stop(struct watching *w)
{
	struct watch_enforcer *f = w->enforcer;

	if (!f)
		return;
	(void)pthread_mutex_lock(&f->lock);
	f->stop = 1;
	(void)pthread_cond_signal(&f->wake);
	(void)pthread_mutex_unlock(&f->lock);
	(void)pthread_join(f->thread, NULL);
	w->enforcer = NULL;
	free_all(f);
}
