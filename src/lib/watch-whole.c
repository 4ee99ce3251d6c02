/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole looks: the first, which says what is there; after events were lost; where a holder has to be searched for; and
 * every few minutes, for what no event tells (a rule that forwards, a socket that was passed on). And polling, which
 * finds out cheaply whether one is needed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <uthash.h>

#include "dw_daemon.h"
#include "dw_door_key.h"
#include "dw_str.h"
#include "watch-private.h"

/* Not more often, whatever happens: it takes some tens of milliseconds. */
#define APART_US   (1000 * 1000ULL)
#define REGULAR_US (300 * 1000 * 1000ULL)
/* A datagram socket at a port that the kernel may have chosen is a client's, unless it is still there so much later. */
#define CLIENT_POLLS 3

struct watch_whole {
	pthread_t thread;
	struct dw_audit_options options;
	uint64_t begun;
	int bell;
	struct dw_audit *audit;
	struct dw_error error;
	int r;
	atomic_bool done;
};

void dw_watch_want_whole(struct watching *w, uint64_t in_us)
{
	uint64_t at = dw_watch_now(w) + in_us;

	if (w->looked_at && at < w->looked_at + APART_US)
		at = w->looked_at + APART_US;
	/* what is under way may have begun too early */
	if (w->whole)
		at = DW_MAX(at, w->whole->begun + APART_US);
	if (!w->look_at || at < w->look_at)
		w->look_at = at;
}

static bool is_told(const struct dw_finding *f)
{
	return f->door->kind != DW_KIND_SLEEPING;
}

/*
 * late: the look took its time in another thread. What is known meanwhile goes by its events, and what is new may be
 * shut already: it is looked at again, as if an event had told so. True: it was taken in.
 */
static bool tell_door(struct watching *w, const struct watch_told *t, bool late, struct dw_arena *a)
{
	struct dw_news n = { .time = dw_sys_now(w->sys),
			     .host = w->host,
			     .door = &t->known,
			     .verdict = t->verdict,
			     .reason = t->reason,
			     .away = w->away };
	const struct dw_known_door *before = dw_known_find(w->known, t->known.key);
	bool known = before != NULL;
	uint64_t now = dw_watch_now(w) / 1000;

	/* of one that the store told of nobody knows which socket it is: it could not be asked if it is still there */
	if (known && late && before->at.protocol != DW_PROTOCOL_UNKNOWN)
		return false;
	n.kind = dw_known_opened(w->known, &t->known, now, a, &n.was);
	if (w->first && !known)
		dw_watch_tell(w, NULL, &t->known, NULL);
	else if (n.kind != DW_NEWS_NONE)
		dw_watch_tell(w, &n, &t->known, n.kind == DW_NEWS_CHANGED ? n.was->key : NULL);
	if (!w->first && n.kind != DW_NEWS_NONE && t->enforce)
		dw_watch_enforce(w, dw_endpoint_text(a, &t->known.at));
	return true;
}

/* What is known as it is needs no more than a mark: writing a door down as JSON takes longer than finding it. */
static bool is_as_known(const struct watching *w, const struct dw_door *d, const char *key)
{
	const struct dw_known_door *known = dw_known_find(w->known, key);

	return known && !known->ephemeral && dw_endpoint_compare(&known->at, &d->at) == 0;
}

struct comparing {
	struct dw_arena *arena;
	struct dw_strings keys;
	struct watch_told *told;
	size_t n;
};

static void look_at_door(struct watching *w, struct comparing *c, const struct dw_finding *f)
{
	bool ephemeral = dw_watch_is_ephemeral(w, f, NULL);
	const char *key = dw_door_key(c->arena, f->door, ephemeral);

	dw_vec_push(c->arena, &c->keys, key);
	if (!is_as_known(w, f->door, key))
		dw_watch_door(w, f, ephemeral, c->arena, &c->told[c->n++]);
}

static void compare(struct watching *w, const struct dw_findings *f, bool late)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct comparing c = { .arena = a, .told = dw_arena_array(a, f->n + 1, sizeof(*c.told)) };

	for (size_t i = 0; i < f->n; i++)
		if (is_told(&f->v[i]) && !dw_client_only_sends(&f->v[i].door->at))
			look_at_door(w, &c, &f->v[i]);
	dw_known_begin(w->known);
	for (size_t i = 0; i < c.keys.n; i++) {
		dw_known_mark(w->known, c.keys.v[i]);
		if (!late)
			dw_known_stays(w->known, c.keys.v[i]);
	}
	for (size_t i = 0; i < c.n; i++)
		c.told[i].taken = tell_door(w, &c.told[i], late, a);
	/* It may have shut since the look began. After all are told: what is closing counts as moved to the next. */
	for (size_t i = 0; late && i < c.n; i++)
		if (c.told[i].taken && c.told[i].known.socket)
			dw_known_closing(w->known, &c.told[i].known.at, dw_watch_now(w) / 1000);
	dw_known_end(w->known, dw_watch_now(w) / 1000);
	dw_watch_flush(w);
}

/*
 * Of many doors those that others are judged by: one of each service and what starts it tells what the host is for, and
 * which ways in there are.
 */
static void choose_context(struct watching *w)
{
	const struct dw_findings *f = w->context->findings;

	w->n_beside = 0;
	for (size_t i = 0; i < f->n && w->n_beside < WATCH_BESIDE; i++) {
		const struct dw_finding *v = &f->v[i];
		size_t k = 0;

		if (!v->identity.service)
			continue;
		while (k < w->n_beside &&
		       (w->beside[k].service != v->identity.service ||
			!dw_streq0(w->beside[k].door->starter.id, v->door->starter.id)))
			k++;
		if (k == w->n_beside)
			w->beside[w->n_beside++] =
				(struct watch_beside){ .service = v->identity.service,
						       .door = v->door };
	}
}

/* What could not be seen is not shut: a look that saw less is no reason to tell so. */
static bool is_blind(const struct dw_snapshot *s)
{
	for (size_t i = 0; i < s->n_incomplete; i++)
		if (dw_streq(s->incomplete[i].what, "no-sockets"))
			return true;
	return false;
}

static struct dw_audit_options options_of(const struct watching *w)
{
	struct dw_audit_options o = dw_facade_options(w->d);

	o.progress = NULL;
	o.state = NULL; /* scans that are kept say nothing of what is new */
	return o;
}

static void take(struct watching *w, struct dw_audit *audit, uint64_t us, bool late)
{
	w->looked_at = dw_watch_now(w);
	w->s.whole_looks++;
	w->s.whole_looks_us += us;
	if (is_blind(audit->snapshot) && w->context) {
		dw_audit_free(audit);
		return;
	}
	dw_audit_free(w->context);
	w->context = audit;
	w->changed = false;
	choose_context(w);
	compare(w, audit->findings, late);
}

int dw_watch_look_whole(struct watching *w, struct dw_error *e)
{
	struct dw_audit_options o = options_of(w);
	uint64_t begun = dw_watch_now(w);
	struct dw_audit *audit = NULL;
	int r = dw_watch_base_fresh(w, e);

	w->look_at = begun + REGULAR_US;
	if (r == 0)
		r = dw_audit_run(&o, &audit, e);
	if (r < 0 || !audit)
		return r;
	take(w, audit, dw_watch_now(w) - begun, false);
	return 0;
}

/* --- in a thread of its own ----------------------------------------------------------------------- */

static void *work(void *arg)
{
	struct watch_whole *k = arg;

	dw_daemon_step_back();
	k->r = dw_audit_run(&k->options, &k->audit, &k->error);
	atomic_store(&k->done, true);
	dw_daemon_ring(k->bell);
	return NULL;
}

void dw_watch_whole_begin(struct watching *w)
{
	struct watch_whole *k;
	int r;

	w->look_at = dw_watch_now(w) + REGULAR_US;
	if (w->whole)
		return;
	k = calloc(1, sizeof(*k));
	if (!k)
		dw_oom();
	k->options = options_of(w);
	k->begun = dw_watch_now(w);
	k->bell = w->bell;
	r = pthread_create(&k->thread, NULL, work, k);
	if (r == 0) {
		w->whole = k;
		return;
	}
	free(k);
	dw_watch_notice(w, "no thread for a whole look: %s", strerror(r));
}

void dw_watch_whole_take(struct watching *w)
{
	struct watch_whole *k = w->whole;
	struct dw_error e = { 0 };

	dw_daemon_silence(w->bell);
	if (!dw_watch_usage_is_done(w) || !k || !atomic_load(&k->done))
		return;
	(void)pthread_join(k->thread, NULL);
	w->whole = NULL;
	if (k->r == 0)
		k->r = dw_watch_base_fresh(w, &k->error);
	if (k->r == 0)
		take(w, k->audit, dw_watch_now(w) - k->begun, true);
	else
		e = k->error;
	if (k->r < 0) {
		dw_audit_free(k->audit);
		dw_watch_notice(w, "the host could not be looked at: %s", e.message);
	}
	free(k);
}

void dw_watch_whole_end(struct watching *w)
{
	if (!w->whole)
		return;
	(void)pthread_join(w->whole->thread, NULL);
	dw_audit_free(w->whole->audit);
	free(w->whole);
	w->whole = NULL;
}

/* --- polling -------------------------------------------------------------------------------------- */

struct seen {
	struct dw_endpoint at; /* the key: zeroed, ifname NULL */
	unsigned round, rounds;
	UT_hash_handle hh;
};

struct watch_polled {
	struct seen *table;
	unsigned round;
};

void dw_watch_polled_free(struct watch_polled *p)
{
	struct seen *s, *next;

	if (!p)
		return;
	HASH_ITER (hh, p->table, s, next) {
		HASH_DEL(p->table, s);
		free(s);
	}
	free(p);
}

/* Bytes between its members must be alike too: it is a key. */
static void key_of(const struct dw_endpoint *at, struct dw_endpoint *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->netns = at->netns;
	ret->protocol = at->protocol;
	ret->family = at->family;
	memcpy(ret->address, at->address, sizeof(ret->address));
	ret->has_port = at->has_port;
	ret->port = at->port;
	ret->ifindex = at->ifindex;
}

static bool may_be_client(const struct watching *w, const struct dw_socket_fact *s)
{
	return s->kind == DW_KIND_DATAGRAM && s->at.port >= w->port_low &&
	       s->at.port <= w->port_high;
}

/* True: it is new. */
static bool note_seen(const struct watching *w, struct watch_polled *p,
		      const struct dw_socket_fact *fact)
{
	struct dw_endpoint key;
	struct seen *s = NULL;

	if (dw_client_only_sends(&fact->at))
		return false;
	key_of(&fact->at, &key);
	HASH_FIND(hh, p->table, &key, sizeof(key), s);
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			dw_oom();
		s->at = key;
		HASH_ADD(hh, p->table, at, sizeof(s->at), s);
	}
	if (s->round != p->round)
		s->rounds++;
	s->round = p->round;
	return s->rounds == (may_be_client(w, fact) ? CLIENT_POLLS : 1);
}

static void forget_unseen(struct watching *w, struct watch_polled *p)
{
	struct seen *s, *next;

	HASH_ITER (hh, p->table, s, next) {
		if (s->round == p->round)
			continue;
		dw_known_closing(w->known, &s->at, dw_watch_now(w) / 1000);
		HASH_DEL(p->table, s);
		free(s);
	}
}

static void compare_sockets(struct watching *w, const struct dw_facts *f)
{
	bool first = !w->polled;
	unsigned fresh = 0;

	if (first) {
		w->polled = calloc(1, sizeof(*w->polled));
		if (!w->polled)
			dw_oom();
	}
	w->polled->round++;
	for (size_t i = 0; i < f->sockets.n; i++)
		fresh += note_seen(w, w->polled, &f->sockets.v[i]);
	forget_unseen(w, w->polled);
	/* between the first whole look and the first poll something may have opened */
	if (fresh > 0 || first)
		dw_watch_want_whole(w, 0);
}

void dw_watch_poll(struct watching *w)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_procs *procs = dw_procs_new(w->sys, f->arena);
	struct dw_collect c = {
		.sys = w->sys, .procs = procs, .facts = f, .rungs = DW_RUNG_NETLINK
	};
	struct dw_error e = { 0 };

	if (dw_collect_poll(&c, &e) == 0)
		compare_sockets(w, f);
	else
		dw_watch_want_whole(w, 0);
	dw_collect_close(&c);
	dw_procs_close(procs);
	dw_facts_free(f);
}
