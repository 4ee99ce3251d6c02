/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_known.h"

#include <uthash.h>

#include "dw_str.h"
#include "fleeting.h"

/* A program that shuts thousands of doors at once is not followed. */
enum { MOVED_MAX = 64 };

enum state { OPEN = 0, CLOSING, HANDED_OUT };

/* Where an event says that something shut: the address is left out, for a wildcard may be told in two ways. */
struct spot {
	uint32_t netns, protocol, port;
};

struct group;

struct entry {
	struct dw_known_door door;
	struct dw_arena *own; /* all its texts */
	enum state state;
	uint64_t deadline;
	unsigned look; /* the whole look that saw it last */
	bool moved;    /* was told under its new port */
	struct group *at;
	struct entry *next_there, **link_there;
	struct entry *next_closing, **link_closing;
	UT_hash_handle hh;
};

struct group {
	struct spot spot;
	struct entry *first;
	UT_hash_handle hh;
};

/* How many ports of its own choice a program has, in one namespace. */
struct holder {
	char *name;
	unsigned ports;
	UT_hash_handle hh;
};

struct dw_known {
	struct entry *by_key;
	struct group *by_spot;
	struct holder *holders;
	struct fleeting *fleeting;
	struct entry *closing, **closing_end; /* in the order of their deadlines */
	unsigned look;
	bool looking;
};

static void *zeroed(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		dw_oom();
	return p;
}

struct dw_known *dw_known_new(void)
{
	struct dw_known *k = zeroed(sizeof(*k));

	k->closing_end = &k->closing;
	return k;
}

/* --- the lists ------------------------------------------------------------------------------------ */

static struct spot spot_of(const struct dw_endpoint *at)
{
	return (struct spot){ .netns = at->netns,
			      .protocol = (uint32_t)at->protocol,
			      .port = at->has_port ? at->port : 0 };
}

static void leave_closing(struct dw_known *k, struct entry *e)
{
	if (!e->link_closing)
		return;
	*e->link_closing = e->next_closing;
	if (e->next_closing)
		e->next_closing->link_closing = e->link_closing;
	else
		k->closing_end = e->link_closing;
	e->link_closing = NULL;
	e->next_closing = NULL;
}

/* Every deadline is as far away as the others when it is set: the list stays in order. */
static void enter_closing(struct dw_known *k, struct entry *e, uint64_t now)
{
	leave_closing(k, e);
	e->state = CLOSING;
	e->deadline = now + (e->door.ephemeral ? DW_KNOWN_EPHEMERAL_MS : DW_KNOWN_HOLD_MS);
	if (e->door.ephemeral)
		return; /* looked for at the end of a whole look */
	e->link_closing = k->closing_end;
	*k->closing_end = e;
	k->closing_end = &e->next_closing;
}

static void leave_spot(struct dw_known *k, struct entry *e)
{
	struct group *g = e->at;

	if (!g)
		return;
	*e->link_there = e->next_there;
	if (e->next_there)
		e->next_there->link_there = e->link_there;
	e->at = NULL;
	if (g->first)
		return;
	HASH_DEL(k->by_spot, g);
	free(g);
}

static void enter_spot(struct dw_known *k, struct entry *e)
{
	struct spot spot = spot_of(&e->door.at);
	struct group *g;

	if (!e->door.socket || e->door.ephemeral)
		return;
	HASH_FIND(hh, k->by_spot, &spot, sizeof(spot), g);
	if (!g) {
		g = zeroed(sizeof(*g));
		g->spot = spot;
		HASH_ADD(hh, k->by_spot, spot, sizeof(g->spot), g);
	}
	e->at = g;
	e->next_there = g->first;
	e->link_there = &g->first;
	if (g->first)
		g->first->link_there = &e->next_there;
	g->first = e;
}

static bool has_own_port(const struct entry *e)
{
	return e->door.at.protocol == DW_PROTOCOL_UDP && e->door.at.port >= 1024 &&
	       !e->door.ephemeral;
}

static const char *holder_name(struct dw_arena *a, uint32_t netns, const char *holder)
{
	return dw_arena_printf(a, "%u %s", netns, holder);
}

static void count_port(struct dw_known *k, const struct entry *e, bool more)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct holder *h;
	const char *name;

	if (!has_own_port(e))
		return;
	name = holder_name(a, e->door.at.netns, e->door.holder);
	HASH_FIND_STR(k->holders, name, h);
	if (!h && !more)
		return;
	if (!h) {
		h = zeroed(sizeof(*h));
		h->name = strdup(name);
		if (!h->name)
			dw_oom();
		HASH_ADD_KEYPTR(hh, k->holders, h->name, strlen(h->name), h);
	}
	h->ports = more ? h->ports + 1 : h->ports - 1;
	if (h->ports > 0)
		return;
	HASH_DEL(k->holders, h);
	free(h->name);
	free(h);
}

static void drop(struct dw_known *k, struct entry *e)
{
	count_port(k, e, false);
	leave_closing(k, e);
	leave_spot(k, e);
	HASH_DEL(k->by_key, e);
	dw_arena_free(e->own);
	free(e);
}

static struct entry *find(const struct dw_known *k, const char *key)
{
	struct entry *e;

	HASH_FIND_STR(k->by_key, key, e);
	return e;
}

static struct dw_known_door copy(struct dw_arena *a, const struct dw_known_door *d)
{
	struct dw_known_door c = *d;

	c.key = dw_arena_strdup(a, d->key);
	c.place = dw_arena_strdup(a, d->place);
	c.holder = dw_arena_strdup(a, d->holder);
	c.summary = dw_arena_strdup(a, d->summary);
	c.json = dw_arena_strdup(a, d->json);
	c.comm = d->comm ? dw_arena_strdup(a, d->comm) : NULL;
	c.cgroup = d->cgroup ? dw_arena_strdup(a, d->cgroup) : NULL;
	c.at.ifname = NULL;
	return c;
}

static void put_in(struct dw_known *k, const struct dw_known_door *d)
{
	struct entry *e = zeroed(sizeof(*e));

	e->own = dw_arena_new();
	e->door = copy(e->own, d);
	e->look = k->look;
	HASH_ADD_KEYPTR(hh, k->by_key, e->door.key, strlen(e->door.key), e);
	enter_spot(k, e);
	count_port(k, e, true);
}

void dw_known_free(struct dw_known *k)
{
	struct entry *e, *next;

	if (!k)
		return;
	HASH_ITER (hh, k->by_key, e, next)
		drop(k, e);
	fleeting_free(k->fleeting);
	free(k);
}

size_t dw_known_count(const struct dw_known *k)
{
	return HASH_COUNT(k->by_key);
}

const struct dw_known_door *dw_known_find(const struct dw_known *k, const char *key)
{
	const struct entry *e = find(k, key);

	return e ? &e->door : NULL;
}

void dw_known_load(struct dw_known *k, const struct dw_known_door *d)
{
	if (!find(k, d->key) && dw_known_count(k) < DW_KNOWN_MAX)
		put_in(k, d);
}

/* --- seen ----------------------------------------------------------------------------------------- */

/* What is told of it may have changed with its process; the lists follow where it is. */
static void refresh(struct dw_known *k, struct entry *e, const struct dw_known_door *d)
{
	uint64_t since = e->door.since;
	struct dw_arena *old = e->own;

	leave_closing(k, e);
	leave_spot(k, e);
	count_port(k, e, false);
	HASH_DEL(k->by_key, e);
	e->own = dw_arena_new();
	e->door = copy(e->own, d);
	e->door.since = since;
	e->state = OPEN;
	e->look = k->look;
	e->moved = false;
	dw_arena_free(old);
	HASH_ADD_KEYPTR(hh, k->by_key, e->door.key, strlen(e->door.key), e);
	enter_spot(k, e);
	count_port(k, e, true);
}

static bool is_going(const struct dw_known *k, const struct entry *e)
{
	return e->state != OPEN || (k->looking && e->look != k->look);
}

static struct entry *gone_from_place(struct dw_known *k, const struct dw_known_door *d)
{
	struct spot spot = spot_of(&d->at);
	struct group *g;

	HASH_FIND(hh, k->by_spot, &spot, sizeof(spot), g);
	for (struct entry *e = g ? g->first : NULL; e; e = e->next_there)
		if (is_going(k, e) && dw_streq(e->door.place, d->place))
			return e;
	return NULL;
}

static bool same_but_port(const struct entry *e, const struct dw_known_door *d)
{
	return e->door.at.netns == d->at.netns && e->door.at.protocol == d->at.protocol &&
	       dw_streq(e->door.holder, d->holder) && !dw_streq(e->door.holder, "- -");
}

static struct entry *moved_from(struct dw_known *k, const struct dw_known_door *d)
{
	unsigned looked = 0;

	for (struct entry *e = k->closing; e && looked < MOVED_MAX; e = e->next_closing, looked++)
		if (!e->moved && same_but_port(e, d))
			return e;
	return NULL;
}

enum dw_news_kind dw_known_opened(struct dw_known *k, const struct dw_known_door *d, uint64_t now,
				  struct dw_arena *a, const struct dw_known_door **ret_was)
{
	struct entry *e = find(k, d->key), *old;
	enum dw_news_kind kind = DW_NEWS_OPENED;
	struct dw_known_door *was;

	*ret_was = NULL;
	if (e) {
		refresh(k, e, d);
		return DW_NEWS_NONE;
	}
	old = gone_from_place(k, d);
	if (old)
		kind = DW_NEWS_CHANGED;
	else if ((old = moved_from(k, d)))
		kind = DW_NEWS_MOVED;
	if (old) {
		was = dw_new(a, struct dw_known_door);
		*was = copy(a, &old->door);
		*ret_was = was;
		old->moved = true;
		if (kind == DW_NEWS_CHANGED)
			drop(k, old);
	}
	if (dw_known_count(k) < DW_KNOWN_MAX)
		put_in(k, d);
	return kind;
}

bool dw_known_is_like(const struct dw_known *k, const struct dw_known_door *d)
{
	struct spot spot = spot_of(&d->at);
	struct group *g;

	if (!d->comm || !d->cgroup)
		return false;
	HASH_FIND(hh, k->by_spot, &spot, sizeof(spot), g);
	for (const struct entry *e = g ? g->first : NULL; e; e = e->next_there)
		if (dw_streq(e->door.place, d->place) && dw_streq0(e->door.comm, d->comm) &&
		    dw_streq0(e->door.cgroup, d->cgroup))
			return true;
	return false;
}

bool dw_known_is_there(const struct dw_known *k, const struct dw_known_door *d)
{
	struct spot spot = spot_of(&d->at);
	struct group *g;

	HASH_FIND(hh, k->by_spot, &spot, sizeof(spot), g);
	for (const struct entry *e = g ? g->first : NULL; e; e = e->next_there)
		if (dw_streq(e->door.place, d->place))
			return true;
	return false;
}

enum dw_news_kind dw_known_fleeting(struct dw_known *k, const char *key, uint64_t now,
				    unsigned *ret_times)
{
	return !find(k, key) && fleeting_is_news(&k->fleeting, key, now, ret_times)
		       ? DW_NEWS_FLEETING
		       : DW_NEWS_NONE;
}

/* --- shut ----------------------------------------------------------------------------------------- */

void dw_known_closing(struct dw_known *k, const struct dw_endpoint *at, uint64_t now)
{
	struct spot spot = spot_of(at);
	struct group *g;

	HASH_FIND(hh, k->by_spot, &spot, sizeof(spot), g);
	for (struct entry *e = g ? g->first : NULL; e; e = e->next_there)
		if (e->state == OPEN)
			enter_closing(k, e, now);
}

uint64_t dw_known_next(const struct dw_known *k)
{
	return k->closing ? k->closing->deadline : UINT64_MAX;
}

const struct dw_known_door *dw_known_due(struct dw_known *k, uint64_t now)
{
	struct entry *e = k->closing;

	if (!e || e->deadline > now)
		return NULL;
	leave_closing(k, e);
	e->state = HANDED_OUT;
	return &e->door;
}

const struct dw_known_door *dw_known_shut(struct dw_known *k, const char *key, uint64_t now,
					  struct dw_arena *a)
{
	struct entry *e = find(k, key);
	struct dw_known_door *was;
	bool moved;

	if (!e)
		return NULL;
	was = dw_new(a, struct dw_known_door);
	*was = copy(a, &e->door);
	moved = e->moved || e->door.ephemeral;
	drop(k, e);
	return moved ? NULL : was;
}

void dw_known_stays(struct dw_known *k, const char *key)
{
	struct entry *e = find(k, key);

	if (!e)
		return;
	leave_closing(k, e);
	e->state = OPEN;
	e->moved = false;
}

void dw_known_begin(struct dw_known *k)
{
	k->look++;
	k->looking = true;
}

void dw_known_mark(struct dw_known *k, const char *key)
{
	struct entry *e = find(k, key);

	if (e)
		e->look = k->look;
}

void dw_known_end(struct dw_known *k, uint64_t now)
{
	struct entry *e, *next;

	k->looking = false;
	HASH_ITER (hh, k->by_key, e, next) {
		if (e->look == k->look)
			continue;
		if (e->state == OPEN)
			enter_closing(k, e, now);
		else if (e->door.ephemeral && now >= e->deadline)
			drop(k, e);
	}
	fleeting_forget_old(&k->fleeting, now);
}

unsigned dw_known_ports(const struct dw_known *k, uint32_t netns, const char *holder)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *name = holder_name(a, netns, holder);
	struct holder *h;

	HASH_FIND_STR(k->holders, name, h);
	return h ? h->ports : 0;
}

void dw_known_each(const struct dw_known *k, void (*fn)(void *data, const struct dw_known_door *d),
		   void *data)
{
	for (const struct entry *e = k->by_key; e; e = e->hh.next)
		fn(data, &e->door);
}
