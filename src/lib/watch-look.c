/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From events to doors. An event says where to look: the socket, its namespace and its process are looked at, and what
 * is found is judged beside all other doors, as an audit would.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dw_cgroup.h"
#include "dw_join.h"
#include "dw_netlink.h"
#include "dw_str.h"
#include "watch-private.h"

/* The event comes before the socket is in its table: first look, then again after so long. */
static const uint64_t not_found_us[] = { 500, 4000, 20000 };
/* A program that takes over what it inherited (exec), or whose parent ends, does so soon after. */
static const uint64_t again_us[] = { 300000, 2000000 };
#define LATE_US     1000000
#define TOGETHER_US 100000
#define UNHELD_US   3000000 /* until a whole look that was asked for is surely done */
#define AGAIN_MAX   1024    /* that wait for it; beyond, the next whole look tells */

struct looking {
	struct watching *w;
	struct auditing a;
	struct watch_item **items; /* beside socket */
	size_t *socket;            /* index into facts->sockets; DW_NONE: not to be told */
	bool *gone;
	size_t n;
	uint64_t begun; /* microseconds */
};

/* --- one look ------------------------------------------------------------------------------------- */

void dw_watch_look_open(struct watching *w, struct auditing *ret)
{
	const struct dw_facts *known = w->context->facts;
	struct dw_facts *f = dw_facts_new();

	f->host = w->host;
	f->time = dw_sys_now(w->sys);
	f->method = known->method;
	f->service_manager = known->service_manager;
	*ret = (struct auditing){ .sys = w->sys,
				  .facts = f,
				  .procs = dw_procs_new(w->sys, f->arena) };
	ret->collect = (struct dw_collect){
		.sys = w->sys, .procs = ret->procs, .facts = f, .rungs = DW_RUNG_NETLINK
	};
	for (size_t i = 0; i < known->netns.n; i++)
		dw_collect_netns_known(&ret->collect, &known->netns.v[i]);
}

void dw_watch_look_close(struct watching *w, struct auditing *a, uint64_t begun)
{
	dw_kin_take(w->kin, a->procs, begun);
	dw_collect_close(&a->collect);
	dw_procs_close(a->procs);
	dw_facts_free(a->facts);
}

/* The process may be gone as well: what the event told of it is all. */
static void seed_process(struct looking *k, const struct watch_item *i)
{
	struct dw_arena *a = k->a.facts->arena;
	struct dw_procinfo p = {
		.pid = i->hint.pid,
		.started_ns = i->hint.started_ns,
		.comm = dw_arena_strdup(a, i->comm),
		.command = dw_arena_strdup(a, i->comm),
		.uid = i->hint.uid,
		.euid = i->hint.uid,
		.gid = UINT32_MAX,
		.egid = UINT32_MAX,
		.no_new_privs = -1,
		.seccomp = -1,
		.loginuid = UINT32_MAX,
		.netns = i->hint.at.netns,
	};

	if (i->hint.pid <= 0 || dw_procs_get(k->a.procs, i->hint.pid))
		return;
	dw_procs_complete(k->a.procs, &p, 0, NULL);
	(void)dw_cgroup_path(k->w->sys, i->cgroup, a, &p.cgroup, NULL);
	dw_procs_seed(k->a.procs, &p);
}

static void again_later(struct watching *w, struct watch_item *i, uint64_t us)
{
	i->head.due = dw_watch_now(w) + us;
	dw_watch_put(w, i);
}

/* Where many open, many are looked at again in one go. */
static void again_together(struct watching *w, struct watch_item *i, uint64_t us)
{
	uint64_t due = dw_watch_now(w) + us;

	i->head.due = due + TOGETHER_US - due % TOGETHER_US;
	dw_watch_put(w, i);
}

/* True: it is put back, to be looked for again. */
static bool look_again(struct watching *w, struct watch_item *i)
{
	if (i->closed || i->again || i->tries >= DW_ARRAY_SIZE(not_found_us))
		return false;
	again_later(w, i, not_found_us[i->tries++]);
	return true;
}

/* What is not there (any more) is told from its event, unless it was some client's. False: it is not to be told. */
static bool take_gone(struct looking *k, size_t n)
{
	struct watch_item *i = k->items[n];
	bool autobind = (i->low_flags & DW_BPF_WATCH_F_AUTOBIND) != 0;

	if (i->again || i->waited || i->time_us == 0 ||
	    (i->hint.kind == DW_KIND_DATAGRAM && autobind)) {
		k->w->s.clients += i->hint.kind == DW_KIND_DATAGRAM;
		return false;
	}
	seed_process(k, i);
	k->gone[n] = true;
	k->socket[n] = dw_collect_hint_gone(
		&k->a.collect, &i->hint,
		i->low_flags & DW_BPF_WATCH_F_FILTER ? "a filter, which is gone" : NULL);
	return true;
}

/* A whole look will find who holds it; should it be shut before, it is told by its event. */
static void wait_for_whole(struct watching *w, struct watch_item *i)
{
	if (i->again || i->unheld || i->time_us == 0) {
		free(i);
		return;
	}
	i->unheld = true;
	again_later(w, i, UNHELD_US);
}

/* False: the item was put back or is done with. */
static bool look_at(struct looking *k, size_t n)
{
	struct watch_item *i = k->items[n];
	struct watching *w = k->w;
	enum dw_hint_answer answer;
	enum dw_client_answer client;
	uint64_t ms;

	/* the list of all sockets has the last word, not each */
	i->hint.alone = i->again || i->tries < DW_ARRAY_SIZE(not_found_us);
	answer = i->closed ? DW_HINT_GONE : dw_collect_hint(&k->a.collect, &i->hint, &k->socket[n]);
	if (answer == DW_HINT_THERE || answer == DW_HINT_UNHELD) {
		client = dw_watch_client(w, &k->a.facts->sockets.v[k->socket[n]], i, &ms);
		if (ms > 0) {
			k->socket[n] = DW_NONE;
			i->waited = true;
			i->any = client == DW_CLIENT_WAIT_ANY;
			again_later(w, i, ms * 1000);
			return false;
		}
	}
	if (answer == DW_HINT_THERE)
		return true;
	k->socket[n] = DW_NONE;
	if (look_again(w, i))
		return false;
	if (answer != DW_HINT_GONE)
		dw_watch_want_whole(w, i->again ? 0 : DW_WATCH_WHOLE_US);
	if (answer == DW_HINT_UNHELD) {
		wait_for_whole(w, i);
		return false;
	}
	if (!take_gone(k, n)) {
		free(i);
		return false;
	}
	return true;
}

/* Sockets that were told beside those that were asked for go. */
static void keep_asked(struct looking *k)
{
	struct dw_facts *f = k->a.facts;
	size_t *place = dw_arena_array(f->arena, f->sockets.n + 1, sizeof(*place)), kept = 0;
	struct dw_socket_fact *v = dw_arena_array(f->arena, k->n + 1, sizeof(*v));

	for (size_t i = 0; i < f->sockets.n; i++)
		place[i] = DW_NONE;
	for (size_t n = 0; n < k->n; n++) {
		size_t from = k->socket[n];

		if (place[from] == DW_NONE) {
			place[from] = kept;
			v[kept++] = f->sockets.v[from];
		}
		k->socket[n] = place[from];
	}
	for (size_t i = 0; i < f->holds.n; i++)
		f->holds.v[i].socket = place[f->holds.v[i].socket];
	f->sockets.v = v;
	f->sockets.n = f->sockets.cap = kept;
}

/* --- telling -------------------------------------------------------------------------------------- */

static size_t item_of_door(const struct looking *k, const struct dw_door *d)
{
	for (size_t n = 0; n < k->n; n++)
		if (dw_endpoint_compare(&k->a.facts->sockets.v[k->socket[n]].at, &d->at) == 0)
			return n;
	return k->n;
}

/* looked: a whole look may have told it since, by another holder. */
static void tell_gone(struct watching *w, const struct dw_news *n, const char *program, bool looked,
		      uint64_t now_ms)
{
	struct dw_news news = *n;

	if (looked && dw_known_is_there(w->known, n->door))
		return;
	/* its program was not seen: a restart that came to nothing is no news, as any other */
	if (!program && dw_known_is_like(w->known, n->door))
		return;
	news.kind = dw_known_fleeting(w->known, n->door->key, now_ms, &news.times);
	if (news.kind == DW_NEWS_NONE)
		return;
	dw_watch_tell(w, &news, NULL, NULL);
}

static bool keeps_looking(struct looking *k, size_t n, enum dw_news_kind kind)
{
	struct watch_item *i = k->items[n];

	if (kind == DW_NEWS_NONE && !i->again)
		return false;
	if (i->tries >= DW_ARRAY_SIZE(again_us))
		return false;
	return dw_due_count(k->w->later) < AGAIN_MAX;
}

static void tell_there(struct looking *k, size_t n, struct watch_told *t, struct dw_arena *a)
{
	struct watching *w = k->w;
	struct watch_item *i = k->items[n];
	uint64_t now_ms = dw_watch_now(w) / 1000;
	struct dw_news news = { .time = dw_sys_now(w->sys),
				.host = w->host,
				.door = &t->known,
				.verdict = t->verdict,
				.reason = t->reason };

	if (k->gone[n]) {
		tell_gone(w, &news, t->program, i->unheld, now_ms);
		return;
	}
	/* the same socket, held by another program now */
	if (i->again && !dw_known_find(w->known, t->known.key))
		dw_known_closing(w->known, &t->known.at, now_ms);
	news.kind = dw_known_opened(w->known, &t->known, now_ms, a, &news.was);
	if (news.kind != DW_NEWS_NONE) {
		w->changed = true;
		dw_watch_tell(w, &news, &t->known,
			      news.kind == DW_NEWS_CHANGED ? news.was->key : NULL);
		if (t->enforce)
			dw_watch_enforce(w, dw_endpoint_text(a, &t->known.at));
	}
	if (!keeps_looking(k, n, news.kind))
		return;
	if (!i->again)
		i->tries = 0;
	i->again = true;
	k->items[n] = NULL;
	again_together(w, i, again_us[i->tries++]);
}

static void note_latency(struct looking *k, const uint64_t *times, size_t n)
{
	uint64_t now = dw_watch_now(k->w);

	for (size_t i = 0; i < n; i++)
		if (now >= times[i])
			dw_latency_add(&k->w->latency, now - times[i]);
}

/* Judged beside the others: what a door is depends on them. */
static void judge_and_tell(struct looking *k, const struct dw_snapshot *fresh)
{
	const struct dw_snapshot *context = k->w->context->snapshot;
	size_t n = k->w->n_beside;
	struct dw_arena *a = fresh->arena;
	struct dw_snapshot all = *fresh;
	struct dw_findings *found;

	all.incomplete = context->incomplete;
	all.n_incomplete = context->n_incomplete;
	all.doors = dw_arena_array(a, n + fresh->n_doors, sizeof(*all.doors));
	for (size_t i = 0; i < n; i++)
		all.doors[i] = *k->w->beside[i].door;
	memcpy(all.doors + n, fresh->doors, fresh->n_doors * sizeof(*all.doors));
	all.n_doors = n + fresh->n_doors;
	found = dw_judge(&all,
			 &(struct dw_judge_input){ .policy = dw_watch_base_policy(k->w->base),
						   .knowledge = dw_watch_base_knowledge(k->w->base),
						   .index = dw_knowledge_index_share(
							   a, dw_watch_base_index(k->w->base)) });
	for (size_t i = n; i < found->n; i++) {
		const struct dw_finding *f = &found->v[i];
		size_t item = item_of_door(k, f->door);
		struct watch_told t;
		bool ephemeral;

		if (item == k->n || !k->items[item])
			continue;
		ephemeral = k->items[item]->any ||
			    (k->gone[item] && f->door->kind == DW_KIND_DATAGRAM &&
			     f->door->at.port >= 1024 && !f->identity.service) ||
			    dw_watch_is_ephemeral(k->w, f, k->items[item]);
		dw_watch_door(k->w, f, ephemeral, a, &t);
		tell_there(k, item, &t, a);
	}
	dw_findings_free(found);
}

static void finish_look(struct looking *k)
{
	uint64_t times[DW_WATCH_BATCH];
	struct dw_snapshot *fresh;
	uint64_t news = k->w->s.news;
	size_t n_times = 0;

	for (size_t n = 0; n < k->n; n++)
		if (k->items[n]->time_us && k->items[n]->tries == 0 && !k->items[n]->waited)
			times[n_times++] = k->items[n]->time_us;
	keep_asked(k);
	dw_watch_base_claim(k->w->base, &k->a);
	fresh = dw_join(k->a.facts);
	judge_and_tell(k, fresh);
	dw_watch_flush(k->w);
	if (k->w->s.news > news)
		note_latency(k, times, n_times);
	dw_snapshot_free(fresh);
	for (size_t n = 0; n < k->n; n++)
		free(k->items[n]);
}

static void look_at_some(struct watching *w, struct watch_item **items, size_t n)
{
	struct dw_error e = { 0 };
	size_t socket[DW_WATCH_BATCH];
	bool gone[DW_WATCH_BATCH] = { false };
	struct looking k = {
		.w = w, .items = items, .socket = socket, .gone = gone, .begun = dw_watch_now(w)
	};
	int holders[DW_WATCH_BATCH];

	(void)dw_watch_base_fresh(w, &e);
	dw_watch_look_open(w, &k.a);
	for (size_t i = 0; i < n; i++)
		holders[i] = items[i]->hint.pid;
	dw_kin_seed(w->kin, k.a.procs, holders, n, k.begun);
	for (size_t i = 0; i < n; i++) {
		items[k.n] = items[i];
		gone[k.n] = false;
		if (look_at(&k, k.n))
			k.n++;
	}
	if (k.n > 0)
		finish_look(&k);
	dw_watch_look_close(w, &k.a, k.begun);
	w->s.looks += n;
	w->s.looks_us += dw_watch_now(w) - k.begun;
}

static size_t look_at_due(struct watching *w, struct dw_due *q, size_t most, uint64_t now)
{
	struct watch_item *items[DW_WATCH_BATCH], *i;
	size_t n = 0;

	while (n < most && (i = dw_due_take(q, now)))
		items[n++] = i;
	if (n > 0)
		look_at_some(w, items, n);
	return n;
}

/* What is new goes first; what was told waits for a moment without, or until it is late. */
void dw_watch_look_due(struct watching *w)
{
	uint64_t now = dw_watch_now(w);

	if (look_at_due(w, w->due, DW_WATCH_BATCH, now) == 0 ||
	    dw_due_next(w->later) < now - DW_MIN(now, (uint64_t)LATE_US))
		(void)look_at_due(w, w->later, DW_WATCH_SLICE, now);
}
