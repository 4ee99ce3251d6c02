/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_teller.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "dw_backoff.h"
#include "dw_json.h"
#include "dw_news.h"
#include "dw_spawn.h"
#include "dw_str.h"
#include "dw_webhook.h"

#define OUTPUT_MAX ((size_t)64 * 1024)
#define LOOK_MS    30000 /* the store is asked that often though nobody woke us */
/* What a webhook calls a bad message is given up after so many attempts: it would hold up all behind it. */
#define REFUSED_MAX 5

struct dw_teller {
	struct dw_teller_options o;
	struct dw_arena *own;
	struct dw_sys *sys;
	struct dw_watch_store *store;
	struct dw_webhook *hook;
	struct dw_backoff backoff;
	int64_t told;       /* up to there, though it could not be written down yet */
	uint64_t told_lost; /* > 0: that was a loss of so many */
	int64_t refused;    /* the number that was refused, */
	unsigned refusal;   /* and how often */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under the lock */
	bool woken, stop;
	struct dw_teller_state state;
};

/* Members of the JSON text that a script wants without a parser. */
static const struct {
	const char *variable, *path[4];
} variables[] = {
	{ "DOORWARD_HOST", { "host" } },
	{ "DOORWARD_KEY", { "key" } },
	{ "DOORWARD_VERDICT", { "verdict" } },
	{ "DOORWARD_PROTOCOL", { "door", "protocol" } },
	{ "DOORWARD_ADDRESS", { "door", "address" } },
	{ "DOORWARD_PORT", { "door", "port" } },
	{ "DOORWARD_NETNS", { "door", "netns" } },
	{ "DOORWARD_PROGRAM", { "door", "program" } },
	{ "DOORWARD_STARTER", { "door", "starter", "id" } },
};

static const struct dw_json_value *member(const struct dw_json_value *v, const char *const *path)
{
	for (; v && *path; path++)
		v = dw_json_get(v, *path, NULL);
	return v;
}

static void add_variable(struct dw_arena *a, struct dw_strings *list, const char *name,
			 const struct dw_json_value *v)
{
	const char *text = dw_json_text(v);
	uint64_t number;

	if (!text && dw_json_unsigned(v, &number))
		text = dw_arena_printf(a, "%llu", (unsigned long long)number);
	dw_vec_push(a, list, dw_arena_printf(a, "%s=%s", name, text ? text : ""));
}

const char *const *dw_teller_environment(struct dw_arena *a, const struct dw_watch_news *n)
{
	struct dw_json_value *v = NULL;
	struct dw_strings list = { 0 };

	dw_vec_push(a, &list, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	dw_vec_push(a, &list, "LC_ALL=C");
	dw_vec_push(a, &list, dw_arena_printf(a, "DOORWARD_ID=%lld", (long long)n->id));
	dw_vec_push(a, &list, dw_arena_printf(a, "DOORWARD_EVENT=%s", n->event));
	dw_vec_push(a, &list, dw_arena_printf(a, "DOORWARD_SUMMARY=%s", n->summary));
	if (dw_json_parse(n->json, strlen(n->json), &v, NULL) == 0) {
		for (size_t i = 0; i < DW_ARRAY_SIZE(variables); i++)
			add_variable(a, &list, variables[i].variable, member(v, variables[i].path));
		dw_json_free(v);
	}
	dw_vec_push(a, &list, NULL);
	return (const char *const *)list.v;
}

static int run_command(struct dw_teller *t, const struct dw_watch_news *n, struct dw_arena *a,
		       struct dw_error *e)
{
	const char *const argv[] = { t->o.what, n->event, NULL };
	struct dw_spawn what = {
		.argv = argv,
		.environment = dw_teller_environment(a, n),
		.input = dw_arena_printf(a, "%s\n", n->json),
		.timeout_ms = t->o.timeout_ms,
		.output_max = OUTPUT_MAX,
	};
	struct dw_bytes output = { 0 };
	int status = 0, r = dw_spawn_run(t->sys, &what, a, &output, &status, e);

	if (r < 0 || status == 0)
		return r;
	(void)dw_error_set(e, -EIO, "%s: exit status %d", t->o.what, status);
	return -EIO;
}

static bool is_bad_message(unsigned status)
{
	return status == 400 || status == 413 || status == 415 || status == 422;
}

static int post(struct dw_teller *t, const struct dw_watch_news *n, struct dw_arena *a,
		struct dw_error *e)
{
	/* the number of a loss is that of the last that was dropped, which may have been posted and not answered */
	const char *key = dw_arena_printf(a, "%s-%lld%s", t->o.host, (long long)n->id,
					  n->lost ? "-lost" : "");
	unsigned status = 0;
	int r = dw_webhook_post(t->hook, n->json, strlen(n->json), key, &status, e);

	if (r < 0 || (status >= 200 && status < 300))
		return r;
	(void)dw_error_set(e, -EIO, "%s: status %u", t->o.what, status);
	if (!is_bad_message(status))
		return -EIO;
	t->refusal = t->refused == n->id ? t->refusal + 1 : 1;
	t->refused = n->id;
	return t->refusal < REFUSED_MAX ? -EIO : 0;
}

static void note(struct dw_teller *t, int r, const struct dw_error *e)
{
	(void)pthread_mutex_lock(&t->lock);
	t->state.failing = r < 0;
	t->state.told += r == 0;
	t->state.failures += r < 0;
	(void)snprintf(t->state.words, sizeof(t->state.words), "%.255s", r < 0 ? e->message : "");
	(void)pthread_mutex_unlock(&t->lock);
}

/* A loss has a number of its own kind: the last that was dropped. */
static void fill_in(struct dw_teller *t, struct dw_watch_news *n, struct dw_arena *a)
{
	if (n->lost == 0)
		return;
	n->time = dw_sys_now(t->sys);
	n->summary = dw_news_lost_line(a, n->lost);
	n->json = dw_news_lost_json(a, n->id, n->time, t->o.host, n->lost);
}

static int note_told(struct dw_teller *t, struct dw_error *e)
{
	int r = 0;

	if (t->told_lost > 0)
		r = dw_watch_store_told_lost(t->store, t->o.name, t->told, t->told_lost, e);
	else if (t->told > 0)
		r = dw_watch_store_told(t->store, t->o.name, t->told, e);
	if (r < 0)
		return r;
	t->told = 0;
	t->told_lost = 0;
	return 0;
}

/* 1: there may be more; 0: nothing is there; negative: it failed. */
static int tell_one(struct dw_teller *t, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_news n = { 0 };
	int r;

	/* the disk was full when it was to be written down: first that, or it would be told again */
	r = note_told(t, e);
	if (r < 0)
		return r;
	r = dw_watch_store_next(t->store, t->o.name, a, &n, e);
	if (r <= 0)
		return r;
	fill_in(t, &n, a);
	r = t->o.kind == DW_TELLER_EXEC ? run_command(t, &n, a, e) : post(t, &n, a, e);
	note(t, r, e);
	if (r < 0)
		return r;
	t->told = n.id;
	t->told_lost = n.lost;
	r = note_told(t, e);
	return r < 0 ? r : 1;
}

/* True: go on. */
static bool pause_for(struct dw_teller *t, uint64_t ms, bool wakes)
{
	struct timespec until = { 0 };
	bool stop;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_lock(&t->lock);
	while (!t->stop && !(wakes && t->woken) &&
	       pthread_cond_timedwait(&t->wake, &t->lock, &until) == 0)
		;
	if (wakes)
		t->woken = false;
	stop = t->stop;
	(void)pthread_mutex_unlock(&t->lock);
	return !stop;
}

static void *work(void *arg)
{
	struct dw_teller *t = arg;
	bool go_on = true;

	while (go_on) {
		struct dw_error e = { 0 };
		int r = tell_one(t, &e);

		if (r < 0) {
			note(t, r, &e);
			go_on = pause_for(t, dw_backoff_failed(&t->backoff), false);
			continue;
		}
		dw_backoff_ok(&t->backoff);
		go_on = pause_for(t, r > 0 ? 0 : LOOK_MS, true);
	}
	return NULL;
}

static int check(struct dw_teller *t, struct dw_error *e)
{
	struct stat st;

	if (t->o.kind == DW_TELLER_WEBHOOK)
		return dw_webhook_open(t->sys, t->o.what, t->o.timeout_ms, &t->hook, e);
	if (t->o.what[0] != '/' || dw_sys_file_stat(t->sys, t->o.what, true, &st, e) < 0 ||
	    !S_ISREG(st.st_mode) || !(st.st_mode & 0111)) {
		(void)dw_error_set(e, -EINVAL, "%s is no program: --exec wants its whole path",
				   t->o.what);
		return -EINVAL;
	}
	return 0;
}

static void free_all(struct dw_teller *t)
{
	dw_webhook_close(t->hook);
	dw_watch_store_free(t->store);
	dw_sys_free(t->sys);
	dw_arena_free(t->own);
	free(t);
}

static void keep_options(struct dw_teller *t, const struct dw_teller_options *o)
{
	t->own = dw_arena_new();
	t->o = *o;
	t->o.what = dw_arena_strdup(t->own, o->what);
	t->o.name = dw_arena_strdup(t->own, o->name);
	t->o.state = dw_arena_strdup(t->own, o->state);
	t->o.host = dw_arena_strdup(t->own, o->host);
	t->backoff = (struct dw_backoff){ .first_ms = o->first_ms, .max_ms = o->max_ms };
}

static int start_thread(struct dw_teller *t, struct dw_error *e)
{
	pthread_condattr_t attributes;
	int r;

	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	/* nobody sets that clock */
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&t->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	r = pthread_create(&t->thread, NULL, work, t);
	return r == 0 ? 0 : dw_error_errno(e, -r, "a thread for %s", t->o.what);
}

int dw_teller_start(const struct dw_teller_options *o, struct dw_teller **ret, struct dw_error *e)
{
	struct dw_teller *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		dw_oom();
	keep_options(t, o);
	r = dw_sys_open(NULL, &t->sys, e);
	if (r == 0) {
		t->backoff.seed = dw_sys_now(t->sys) + (uint64_t)getpid();
		r = check(t, e);
	}
	if (r == 0)
		r = dw_watch_store_open(o->state, false, &t->store, e);
	if (r == 0)
		r = start_thread(t, e);
	if (r < 0) {
		free_all(t);
		return r;
	}
	*ret = t;
	return 0;
}

void dw_teller_wake(struct dw_teller *t)
{
	(void)pthread_mutex_lock(&t->lock);
	t->woken = true;
	(void)pthread_cond_signal(&t->wake);
	(void)pthread_mutex_unlock(&t->lock);
}

void dw_teller_look(struct dw_teller *t, struct dw_teller_state *ret)
{
	(void)pthread_mutex_lock(&t->lock);
	*ret = t->state;
	(void)pthread_mutex_unlock(&t->lock);
}

void dw_teller_stop(struct dw_teller *t)
{
	if (!t)
		return;
	(void)pthread_mutex_lock(&t->lock);
	t->stop = true;
	(void)pthread_cond_signal(&t->wake);
	(void)pthread_mutex_unlock(&t->lock);
	(void)pthread_join(t->thread, NULL);
	(void)pthread_cond_destroy(&t->wake);
	(void)pthread_mutex_destroy(&t->lock);
	free_all(t);
}
