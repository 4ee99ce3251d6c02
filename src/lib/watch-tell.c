/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * News to sinks. First they are written down (committed, not synced: that outlives us, and costs a tenth of a
 * millisecond), then told, then it is written down how far each sink is. Who is killed in between finds what was not
 * told at the next start.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "watch-private.h"

#define UNSAVED_MAX 10000                /* that the disk does not take are kept in memory */
#define SAVE_US     (5 * 1000 * 1000ULL) /* then it is tried again */
#define RETRY_US    (1000 * 1000ULL)
#define BUSY_MS     5 /* somebody else writes (minutely): so long that is waited for, */
#define BUSY_US     (10 * 1000ULL)  /* then tried again so much later, */
#define ANEW_US     1000            /* its log is begun anew: a few syncs */
#define BUSY_MAX_US (500 * 1000ULL) /* for so long; then it is told without the disk */
#define LAST_WAIT   5000            /* ms: at the end */
#define REPLAY_MAX  1000            /* told in one go */
#define TIMEOUT_MS  30000
#define FIRST_MS    1000
#define LAST_MS     (5 * 60 * 1000)

/* --- the sinks --------------------------------------------------------------------------------- */

static void add_sink(struct watching *w, const char *name,
		     int (*tell)(struct watching *w, const struct dw_watch_news *n,
				 struct dw_error *e),
		     bool (*has)(struct watching *w, const struct dw_watch_news *n))
{
	w->sinks[w->n_sinks++] = (struct watch_sink){ .name = name, .tell = tell, .has = has };
}

static int start(struct watching *w, enum dw_teller_kind kind, const char *what, const char *name,
		 struct dw_teller **ret, struct dw_error *e)
{
	struct dw_teller_options o = {
		.kind = kind,
		.what = what,
		.name = name,
		.state = w->state,
		.host = w->host,
		.timeout_ms = TIMEOUT_MS,
		.first_ms = FIRST_MS,
		.max_ms = LAST_MS,
	};

	return what ? dw_teller_start(&o, ret, e) : 0;
}

int dw_watch_sinks_open(struct watching *w, struct dw_error *e)
{
	const char *exec = w->o.exec ? dw_arena_printf(w->arena, "exec %s", w->o.exec) : NULL,
		   *hook = w->o.webhook ? dw_arena_printf(w->arena, "webhook %s", w->o.webhook)
					: NULL;
	struct dw_strings names = { 0 };
	int r;

	if (w->o.tell)
		add_sink(w, w->o.tell_name ? w->o.tell_name : "caller", dw_watch_tell_caller,
			 w->o.has ? dw_watch_caller_has : NULL);
	if (w->o.journal)
		add_sink(w, "journal", dw_watch_tell_journal, dw_watch_journal_has);
	if (w->o.syslog)
		add_sink(w, "syslog", dw_watch_tell_syslog, NULL);
	for (size_t i = 0; i < w->n_sinks; i++)
		dw_vec_push(w->arena, &names, w->sinks[i].name);
	if (exec)
		dw_vec_push(w->arena, &names, exec);
	if (hook)
		dw_vec_push(w->arena, &names, hook);
	r = dw_watch_store_sinks(w->store, names.v, names.n, e);
	/* the loop waits for nobody: see dw_watch_flush() */
	dw_watch_store_patience(w->store, BUSY_MS);
	if (r == 0)
		r = start(w, DW_TELLER_EXEC, w->o.exec, exec, &w->exec, e);
	if (r == 0)
		r = start(w, DW_TELLER_WEBHOOK, w->o.webhook, hook, &w->webhook, e);
	/* what the one before us did not get told */
	for (size_t i = 0; r == 0 && i < w->n_sinks; i++)
		w->sinks[i].failing = true;
	return r;
}

void dw_watch_sinks_close(struct watching *w)
{
	dw_teller_stop(w->exec);
	dw_teller_stop(w->webhook);
	while (w->unsaved) {
		struct watch_unsaved *u = w->unsaved;

		w->unsaved = u->next;
		dw_arena_free(u->own);
	}
	dw_watch_unkept_free(w);
}

/* --- writing down --------------------------------------------------------------------------------- */

struct dw_watch_known dw_watch_kept(const struct dw_known_door *d)
{
	return (struct dw_watch_known){ .key = d->key,
					.place = d->place,
					.summary = d->summary,
					.door = d->json,
					.since = d->since,
					.seen = d->seen,
					.ephemeral = d->ephemeral };
}

static struct dw_watch_known copied(struct dw_arena *a, const struct dw_known_door *d)
{
	struct dw_watch_known k = dw_watch_kept(d);

	k.key = dw_arena_strdup(a, k.key);
	k.place = dw_arena_strdup(a, k.place);
	k.summary = dw_arena_strdup(a, k.summary);
	k.door = dw_arena_strdup(a, k.door);
	return k;
}

static void note_last(struct watching *w, const struct dw_watch_news *n)
{
	w->s.news++;
	(void)snprintf(w->last, sizeof(w->last), "%.255s", n->summary);
	w->s.last = w->last;
	w->s.last_time = n->time;
}

void dw_watch_tell(struct watching *w, const struct dw_news *n, const struct dw_known_door *keep,
		   const char *forget)
{
	struct dw_arena *own = dw_arena_new();
	struct watch_unsaved *u = dw_new(own, struct watch_unsaved);
	struct dw_news news;

	u->own = own;
	if (keep)
		u->keep = copied(own, keep);
	if (forget)
		u->forget = dw_arena_strdup(own, forget);
	if (n) {
		news = *n;
		news.id = w->next_id++;
		u->news = (struct dw_watch_news){ .id = news.id,
						  .time = news.time,
						  .event = dw_news_kind_name(news.kind),
						  .summary = dw_news_line(own, &news),
						  .json = dw_news_json(own, &news) };
		note_last(w, &u->news);
	}
	*w->unsaved_end = u;
	w->unsaved_end = &u->next;
	w->n_unsaved++;
}

static int save_one(struct watching *w, const struct watch_unsaved *u, struct dw_error *e)
{
	int r = 0;

	if (u->forget)
		r = dw_watch_store_forget(w->store, u->forget, e);
	if (r == 0 && u->keep.key)
		r = dw_watch_store_keep(w->store, &u->keep, e);
	if (r == 0 && u->news.id)
		r = dw_watch_store_add(w->store, &u->news, e);
	return r;
}

/* -EAGAIN: its log is being begun anew, which takes some milliseconds. */
static int begin(struct watching *w, struct dw_error *e)
{
	int r = w->at_end ? pthread_mutex_lock(&w->gate) : pthread_mutex_trylock(&w->gate);

	if (r != 0)
		return dw_error_set(e, -EAGAIN,
				    "the log of the watch was rotated, and is begun anew");
	r = dw_watch_store_begin(w->store, e);
	if (r < 0)
		(void)pthread_mutex_unlock(&w->gate);
	return r;
}

static int end(struct watching *w, int r, struct dw_error *e)
{
	r = dw_watch_store_end(w->store, r, e);
	(void)pthread_mutex_unlock(&w->gate);
	return r;
}

static int save_all(struct watching *w, struct dw_error *e)
{
	int r = begin(w, e);

	if (r < 0)
		return r;
	r = dw_watch_unkept_save(w, e);
	for (const struct watch_unsaved *u = w->unsaved; r == 0 && u; u = u->next)
		r = save_one(w, u, e);
	if (r == 0 && w->lost_unsaved)
		r = dw_watch_store_lost(w->store, w->lost_unsaved, e);
	return end(w, r, e);
}

static void drop_first(struct watching *w)
{
	struct watch_unsaved *u = w->unsaved;

	w->unsaved = u->next;
	if (!w->unsaved)
		w->unsaved_end = &w->unsaved;
	w->n_unsaved--;
	dw_arena_free(u->own);
}

static void lose_first(struct watching *w)
{
	const struct watch_unsaved *u = w->unsaved;

	w->lost_unsaved += u->news.id != 0;
	if (u->keep.key)
		dw_watch_unkept_add(w, u->keep.key);
	if (u->forget)
		dw_watch_unkept_add(w, u->forget);
	drop_first(w);
}

/* Memory is bounded too: what goes is counted, and told when the disk takes something again. */
static void not_saved(struct watching *w, const struct dw_error *e)
{
	if (!*w->disk)
		dw_watch_notice(w, "news cannot be written down: %s", e->message);
	(void)snprintf(w->disk, sizeof(w->disk), "%.255s", *e->message ? e->message : "failed");
	while (w->n_unsaved > UNSAVED_MAX)
		lose_first(w);
	w->save_at = dw_watch_now(w) + SAVE_US;
}

/* --- telling -------------------------------------------------------------------------------------- */

static int tell(struct watching *w, struct watch_sink *k, const struct dw_watch_news *n)
{
	struct dw_error e = { 0 };
	int r = k->tell(w, n, &e);

	if (r == 0) {
		k->told++;
		k->got = DW_MAX(k->got, n->id);
		k->got_lost = n->lost;
		k->unnoted = true;
		return 0;
	}
	k->failures++;
	if (!*k->words)
		dw_watch_notice(w, "%s: what could not be told is kept, and comes later: %s",
				k->name, e.message);
	k->failing = true;
	k->again_us = dw_watch_now(w) + RETRY_US;
	(void)snprintf(k->words, sizeof(k->words), "%.255s", e.message);
	return r;
}

/* Tells what waits in memory. A sink that failed gets the rest from the store, when it is there. */
static void tell_fresh(struct watching *w, struct watch_sink *k)
{
	for (const struct watch_unsaved *u = w->unsaved; u && !k->failing; u = u->next)
		if (u->news.id > k->got)
			(void)tell(w, k, &u->news);
}

/* Where a sink is, is written down; what cannot be is known here, and written with the next. */
static int note_told(struct watching *w, struct watch_sink *k)
{
	int r;

	if (!k->unnoted)
		return 0;
	if (k->got_lost)
		r = dw_watch_store_told_lost(w->store, k->name, k->got, k->got_lost, NULL);
	else
		r = dw_watch_store_told(w->store, k->name, k->got, NULL);
	return r;
}

static void note_all(struct watching *w)
{
	int r = begin(w, NULL);

	if (r == 0) {
		for (size_t i = 0; r == 0 && i < w->n_sinks; i++)
			r = note_told(w, &w->sinks[i]);
		r = end(w, r, NULL);
	}
	for (size_t i = 0; r == 0 && i < w->n_sinks; i++)
		w->sinks[i].unnoted = false;
	w->note_at = r < 0 ? dw_watch_now(w) + (r == -EAGAIN ? ANEW_US : RETRY_US) : 0;
}

/* What all have goes a little at a time: who drops a storm's news at once locks the store for seconds. */
static void drop_told(struct watching *w)
{
	unsigned n = 0;

	if (w->droppable < DW_WATCH_DROP_MAX || pthread_mutex_trylock(&w->gate) != 0)
		return;
	if (dw_watch_store_drop(w->store, DW_WATCH_DROP_MAX, &n, NULL) == 0)
		w->droppable = n < DW_WATCH_DROP_MAX ? 0 : w->droppable - n;
	(void)pthread_mutex_unlock(&w->gate);
}

static void fill_in(struct watching *w, struct dw_watch_news *n, struct dw_arena *a)
{
	if (n->lost == 0)
		return;
	n->time = dw_sys_now(w->sys);
	n->summary = dw_news_lost_line(a, n->lost);
	n->json = dw_news_lost_json(a, n->id, n->time, w->host, n->lost);
}

/*
 * We may have been killed behind telling and before that was written down. It was told in order: behind the first piece
 * that it does not have there is none.
 */
static bool got_before(struct watching *w, struct watch_sink *k, const struct dw_watch_news *n)
{
	if (!k->has || n->lost || !k->has(w, n)) {
		k->has = NULL;
		return false;
	}
	k->got = n->id;
	k->got_lost = 0;
	k->unnoted = true;
	return true;
}

/* 1: it got one; 0: it has all; negative: it could not be read, told, or written down that it was. */
static int replay_one(struct watching *w, struct watch_sink *k, struct dw_arena *a)
{
	struct dw_watch_news n;
	/* first where it is, or it would be told again what it got */
	int r = note_told(w, k);

	if (r < 0)
		return r;
	k->unnoted = false;
	r = dw_watch_store_next(w->store, k->name, a, &n, NULL);
	if (r <= 0)
		return r;
	fill_in(w, &n, a);
	r = got_before(w, k, &n) ? 0 : tell(w, k, &n);
	if (r == 0)
		r = note_told(w, k);
	k->unnoted &= r < 0;
	return r < 0 ? r : 1;
}

/* What a sink did not take goes to it in its order, from the store. */
static void replay(struct watching *w, struct watch_sink *k)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int r = 1;

	for (unsigned i = 0; r > 0 && i < REPLAY_MAX; i++) {
		r = replay_one(w, k, a);
		dw_arena_reset(a);
	}
	k->failing = r != 0;
	if (r < 0)
		k->again_us = dw_watch_now(w) + RETRY_US;
	if (!k->failing)
		k->words[0] = '\0';
}

void dw_watch_retry(struct watching *w)
{
	uint64_t now = dw_watch_now(w);

	for (size_t i = 0; i < w->n_sinks; i++)
		if (w->sinks[i].failing && w->sinks[i].again_us <= now)
			replay(w, &w->sinks[i]);
	if (w->save_at && w->save_at <= now)
		dw_watch_flush(w);
	if (w->note_at && w->note_at <= now)
		note_all(w);
}

static void wake_tellers(struct watching *w)
{
	if (w->exec)
		dw_teller_wake(w->exec);
	if (w->webhook)
		dw_teller_wake(w->webhook);
}

static void forget_unsaved(struct watching *w)
{
	while (w->unsaved)
		drop_first(w);
	dw_watch_unkept_free(w);
	w->lost_unsaved = 0;
	w->save_at = 0;
	w->busy_us = 0;
	w->disk[0] = '\0';
}

static bool is_waiting(const struct watching *w)
{
	uint64_t now = dw_watch_now(w);

	return w->busy_us && now < w->save_at && now < w->busy_us + BUSY_MAX_US;
}

/* True: another one writes, and will soon be done: ours wait, so that nobody is told what may come again. */
static bool waits_for_other(struct watching *w, int r)
{
	uint64_t now = dw_watch_now(w);

	if (r != -EBUSY && r != -EAGAIN)
		return false;
	w->busy_us = w->busy_us ? w->busy_us : now;
	w->save_at = now + (r == -EAGAIN ? ANEW_US : BUSY_US);
	return now < w->busy_us + BUSY_MAX_US;
}

/*
 * Who is told at once is told without the disk, or it would wait for one that may stay full. It may come once more
 * then, should we die before it could be written down.
 */
static void tell_unsaved(struct watching *w, const struct dw_error *e)
{
	not_saved(w, e);
	for (size_t i = 0; i < w->n_sinks; i++)
		tell_fresh(w, &w->sinks[i]);
}

static unsigned count_news(const struct watching *w)
{
	unsigned n = 0;

	for (const struct watch_unsaved *u = w->unsaved; u; u = u->next)
		n += u->news.id != 0;
	return n;
}

void dw_watch_flush(struct watching *w)
{
	struct dw_error e = { 0 };
	unsigned news;
	int r;

	if ((!w->unsaved && !w->lost_unsaved) || is_waiting(w))
		return;
	r = save_all(w, &e);
	if (r < 0 && waits_for_other(w, r))
		return;
	if (r < 0) {
		tell_unsaved(w, &e);
		return;
	}
	news = count_news(w);
	for (size_t i = 0; i < w->n_sinks; i++)
		tell_fresh(w, &w->sinks[i]);
	forget_unsaved(w);
	if (news == 0)
		return;
	note_all(w);
	w->droppable += news;
	w->unsettled += news;
	drop_told(w);
	wake_tellers(w);
}

void dw_watch_flush_last(struct watching *w)
{
	dw_watch_store_patience(w->store, LAST_WAIT);
	w->at_end = true;
	w->busy_us = 0;
	dw_watch_flush(w);
	note_all(w);
}
