/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors that closed some seconds ago: are they shut? */
#include <errno.h>
#include <string.h>

#include "dw_netlink.h"
#include "watch-private.h"

/* The sockets of a namespace are listed for it no more often: microseconds. */
#define SHUT_APART_US 200000

static bool is_open(const struct dw_facts *f, const struct dw_known_door *d)
{
	for (size_t i = 0; i < f->sockets.n; i++) {
		const struct dw_endpoint *at = &f->sockets.v[i].at;

		if (at->netns == d->at.netns && at->protocol == d->at.protocol &&
		    at->port == d->at.port && at->ifindex == d->at.ifindex &&
		    memcmp(at->address, d->at.address, sizeof(at->address)) == 0)
			return true;
	}
	return false;
}

/* The namespaces that were asked, each once. */
struct asked {
	struct watching *w;
	struct auditing a;
	bool entered; /* all that there are can be entered */
	size_t n;
	uint32_t netns[DW_WATCH_BATCH];
	bool there[DW_WATCH_BATCH];
};

/* A namespace that is not there any more is gone with its doors. False: it could not be looked at. */
static bool ask_namespace(struct asked *k, uint32_t netns, bool *ret_there)
{
	struct dw_collect *c = &k->a.collect;
	size_t i = 0;
	int r;

	while (i < k->n && k->netns[i] != netns)
		i++;
	if (i == DW_WATCH_BATCH)
		return false;
	if (i == k->n) {
		if (!k->entered && netns != dw_netns_self(k->w->sys) &&
		    dw_collect_netns(c, NULL) < 0)
			return false;
		k->entered |= netns != dw_netns_self(k->w->sys);
		r = dw_collect_poll_one(c, netns, 0, NULL);
		if (r < 0 && r != -ENOENT)
			return false;
		k->there[k->n] = r == 0;
		k->netns[k->n++] = netns;
	}
	*ret_there = k->there[i];
	return true;
}

static void tell_shut(struct watching *w, const char *key, struct dw_arena *a)
{
	uint64_t now = dw_watch_now(w) / 1000;
	const struct dw_known_door *was = dw_known_shut(w->known, key, now, a);
	struct dw_news n = { .time = dw_sys_now(w->sys),
			     .kind = DW_NEWS_SHUT,
			     .host = w->host,
			     .door = was,
			     .away = w->away };

	dw_watch_tell(w, was ? &n : NULL, NULL, key);
}

static bool is_still_open(struct asked *k, const struct dw_known_door *d)
{
	const struct dw_hint place = { .at = d->at };
	bool there = false;

	if (!d->socket || dw_collect_hint_nobody(&k->a.collect, &place))
		return false;
	if (!ask_namespace(k, d->at.netns, &there))
		return true;
	return there && is_open(k->a.facts, d);
}

/* In one go: few, for something new may come in; more where all sockets had to be listed for it. */
static size_t most_shut(const struct asked *k)
{
	return k->n > 0 ? DW_WATCH_BATCH : DW_WATCH_SLICE;
}

void dw_watch_look_shut(struct watching *w)
{
	uint64_t now = dw_watch_now(w) / 1000;
	const struct dw_known_door *d;
	struct asked k = { .w = w };
	bool stays = false;

	if (now * 1000 < w->shut_at || !(d = dw_known_due(w->known, now)))
		return;
	dw_watch_look_open(w, &k.a);
	for (size_t n = 0; d; d = ++n < most_shut(&k) ? dw_known_due(w->known, now) : NULL) {
		const char *key = dw_arena_strdup(k.a.facts->arena, d->key);

		if (is_still_open(&k, d)) {
			dw_known_stays(w->known, key);
			stays = true;
		} else {
			tell_shut(w, key, k.a.facts->arena);
		}
	}
	w->shut_at = k.n > 0 ? now * 1000 + SHUT_APART_US : 0;
	dw_watch_look_close(w, &k.a, now * 1000);
	dw_watch_flush(w);
	/* somebody holds it: is it the same one? */
	if (stays)
		dw_watch_want_whole(w, DW_WATCH_WHOLE_US);
}
