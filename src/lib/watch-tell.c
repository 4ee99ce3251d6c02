/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * News to sinks. First they are written down (committed, not synced: that outlives us, and costs a tenth of a
 * millisecond), then told, then it is written down how far each sink is. Who is killed in between finds what was not
 * told at the next start.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "dw_daemon.h"
#include "dw_str.h"
#include "watch-private.h"

#define UNSAVED_MAX 10000                /* that the disk does not take are kept in memory */
#define SAVE_US     (5 * 1000 * 1000ULL) /* then it is tried again */
#define RETRY_US    (1000 * 1000ULL)
#define REPLAY_MAX  1000 /* told in one go */
#define TIMEOUT_MS  30000
#define FIRST_MS    1000
#define LAST_MS     (5 * 60 * 1000)

/* --- sinks that are told at once ------------------------------------------------------------------ */

static int tell_caller(struct watching *w, const struct dw_watch_news *n, struct dw_error *e)
{
	int r = w->o.tell(w->o.data, (long long)n->id, n->summary, n->json);

	if (r == -EPIPE)
		w->ended = true;
	return r < 0 ? dw_error_errno(e, r, "%s", w->o.tell_name) : 0;
}

static const char *member(struct dw_arena *a, const struct dw_json_value *v, const char *one,
			  const char *two)
{
	const struct dw_json_value *m =
		two ? dw_json_get(v, one, two, NULL) : dw_json_get(v, one, NULL);
	uint64_t number;

	if (dw_json_text(m))
		return dw_arena_strdup(a, dw_json_text(m));
	return dw_json_unsigned(m, &number) ? dw_arena_printf(a, "%llu", (unsigned long long)number)
					    : "";
}

static int priority_of(const struct dw_watch_news *n, const char *verdict)
{
	if (dw_streq(n->event, "shut"))
		return LOG_INFO;
	if (dw_streq(verdict, "investigate") || dw_streq(verdict, "close"))
		return LOG_WARNING;
	return dw_streq(n->event, "lost") ? LOG_ERR : LOG_NOTICE;
}

static int tell_journal(struct watching *w, const struct dw_watch_news *n, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_json_value *v = NULL;
	const char *verdict;
	int r;

	if (dw_json_parse(n->json, strlen(n->json), &v, NULL) < 0)
		v = NULL;
	verdict = member(a, v, "verdict", NULL);
	{
		const struct dw_journal_field fields[] = {
			{ "MESSAGE", n->summary },
			{ "MESSAGE_ID", DW_NEWS_MESSAGE_ID },
			{ "PRIORITY", dw_arena_printf(a, "%d", priority_of(n, verdict)) },
			{ "SYSLOG_IDENTIFIER", "doorward" },
			{ "DOORWARD_ID", dw_arena_printf(a, "%lld", (long long)n->id) },
			{ "DOORWARD_EVENT", n->event },
			{ "DOORWARD_VERDICT", verdict },
			{ "DOORWARD_KEY", member(a, v, "key", NULL) },
			{ "DOORWARD_PROTOCOL", member(a, v, "door", "protocol") },
			{ "DOORWARD_ADDRESS", member(a, v, "door", "address") },
			{ "DOORWARD_PORT", member(a, v, "door", "port") },
			{ "DOORWARD_NETNS", member(a, v, "door", "netns") },
			{ "DOORWARD_PROGRAM", member(a, v, "door", "program") },
			{ "DOORWARD_JSON", n->json },
		};

		r = dw_daemon_journal(w->sys, fields, DW_ARRAY_SIZE(fields), e);
	}
	dw_json_free(v);
	return r;
}

static int tell_syslog(struct watching *w, const struct dw_watch_news *n, struct dw_error *e)
{
	return dw_daemon_syslog(w->sys, priority_of(n, ""), n->summary, e);
}

static void add_sink(struct watching *w, const char *name,
		     int (*tell)(struct watching *w, const struct dw_watch_news *n,
				 struct dw_error *e))
{
	w->sinks[w->n_sinks++] = (struct watch_sink){ .name = name, .tell = tell };
}

/* --- the others ----------------------------------------------------------------------------------- */

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
		add_sink(w, w->o.tell_name ? w->o.tell_name : "caller", tell_caller);
	if (w->o.journal)
		add_sink(w, "journal", tell_journal);
	if (w->o.syslog)
		add_sink(w, "syslog", tell_syslog);
	for (size_t i = 0; i < w->n_sinks; i++)
		dw_vec_push(w->arena, &names, w->sinks[i].name);
	if (exec)
		dw_vec_push(w->arena, &names, exec);
	if (hook)
		dw_vec_push(w->arena, &names, hook);
	r = dw_watch_store_sinks(w->store, names.v, names.n, e);
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
}

/* --- writing down --------------------------------------------------------------------------------- */

static struct dw_watch_known kept(struct dw_arena *a, const struct dw_known_door *d)
{
	return (struct dw_watch_known){ .key = dw_arena_strdup(a, d->key),
					.place = dw_arena_strdup(a, d->place),
					.summary = dw_arena_strdup(a, d->summary),
					.door = dw_arena_strdup(a, d->json),
					.since = d->since,
					.seen = d->seen,
					.ephemeral = d->ephemeral };
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
		u->keep = kept(own, keep);
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

static int save_all(struct watching *w, struct dw_error *e)
{
	int r = dw_watch_store_begin(w->store, e);

	if (r < 0)
		return r;
	for (const struct watch_unsaved *u = w->unsaved; r == 0 && u; u = u->next)
		r = save_one(w, u, e);
	if (r == 0 && w->lost_unsaved)
		r = dw_watch_store_lost(w->store, w->lost_unsaved, e);
	return dw_watch_store_end(w->store, r, e);
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

/* Memory is bounded too: what goes is counted, and told when the disk takes something again. */
static void not_saved(struct watching *w, const struct dw_error *e)
{
	if (!*w->disk)
		dw_watch_notice(w, "news cannot be written down: %s", e->message);
	(void)snprintf(w->disk, sizeof(w->disk), "%.255s", *e->message ? e->message : "failed");
	while (w->n_unsaved > UNSAVED_MAX) {
		w->lost_unsaved += w->unsaved->news.id != 0;
		drop_first(w);
	}
	w->save_at = dw_watch_now(w) + SAVE_US;
}

/* --- telling -------------------------------------------------------------------------------------- */

static int tell(struct watching *w, struct watch_sink *k, const struct dw_watch_news *n)
{
	struct dw_error e = { 0 };
	int r = k->tell(w, n, &e);

	if (r == 0) {
		k->told++;
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

/* Tells what was just written down; the number of the last that it got, 0: none. */
static int64_t tell_fresh(struct watching *w, struct watch_sink *k)
{
	int64_t last = 0;

	for (const struct watch_unsaved *u = w->unsaved; u && !k->failing; u = u->next)
		if (u->news.id && tell(w, k, &u->news) == 0)
			last = u->news.id;
	return last;
}

static void fill_in(struct watching *w, struct dw_watch_news *n, struct dw_arena *a)
{
	if (n->lost == 0)
		return;
	n->time = dw_sys_now(w->sys);
	n->summary = dw_news_lost_line(a, n->lost);
	n->json = dw_news_lost_json(a, n->id, n->time, w->host, n->lost);
}

/* What a sink did not take goes to it in its order, from the store. */
static void replay(struct watching *w, struct watch_sink *k)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_news n;
	int r = 1;

	k->failing = false;
	for (unsigned i = 0; r > 0 && !k->failing && i < REPLAY_MAX; i++) {
		r = dw_watch_store_next(w->store, k->name, a, &n, NULL);
		if (r <= 0)
			break;
		fill_in(w, &n, a);
		if (tell(w, k, &n) == 0)
			(void)dw_watch_store_told(w->store, k->name, n.id, NULL);
		dw_arena_reset(a);
	}
	if (r > 0)
		k->failing = true;
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
}

static void wake_tellers(struct watching *w)
{
	if (w->exec)
		dw_teller_wake(w->exec);
	if (w->webhook)
		dw_teller_wake(w->webhook);
}

/*
 * Without the disk: who is told at once is told, or it would wait for a disk that may stay full. It may come once more
 * then, by the same number, should we die before it could be written down.
 */
static void tell_unsaved(struct watching *w)
{
	for (size_t i = 0; i < w->n_sinks; i++) {
		struct watch_sink *k = &w->sinks[i];

		for (struct watch_unsaved *u = w->unsaved; u && !k->failing; u = u->next)
			if (u->news.id > w->told_unsaved[i] && tell(w, k, &u->news) == 0)
				w->told_unsaved[i] = u->news.id;
	}
}

static void forget_unsaved(struct watching *w)
{
	while (w->unsaved)
		drop_first(w);
	w->lost_unsaved = 0;
	w->save_at = 0;
	w->disk[0] = '\0';
}

void dw_watch_flush(struct watching *w)
{
	struct dw_error e = { 0 };
	int64_t last[WATCH_SINKS] = { 0 };
	bool news = false;

	if (!w->unsaved && !w->lost_unsaved)
		return;
	if (save_all(w, &e) < 0) {
		not_saved(w, &e);
		tell_unsaved(w);
		return;
	}
	for (size_t i = 0; i < w->n_sinks; i++) {
		if (w->told_unsaved[i] == 0)
			last[i] = tell_fresh(w, &w->sinks[i]);
		else
			last[i] = w->told_unsaved[i];
		/* some of it was told without the disk: the rest comes from there, in its order */
		w->sinks[i].failing |= w->told_unsaved[i] != 0;
		w->told_unsaved[i] = 0;
	}
	for (const struct watch_unsaved *u = w->unsaved; u; u = u->next)
		news |= u->news.id != 0;
	for (size_t i = 0; i < w->n_sinks; i++)
		if (last[i])
			(void)dw_watch_store_told(w->store, w->sinks[i].name, last[i], NULL);
	forget_unsaved(w);
	if (news)
		wake_tellers(w);
}
