/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peers.h"

#include <stdlib.h>
#include <string.h>

#include "dw_str.h"

/* Connections of one door. */
struct bag {
	DW_VEC(const struct dw_connection_fact *) of;
};

/* The doors by what every connection of theirs shares. */
struct place {
	uint32_t netns, port;
	enum dw_protocol protocol;
	size_t door;
};

static int compare_places(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->netns != b->netns)
		return a->netns < b->netns ? -1 : 1;
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

/* Then as the doors stand, so that the same facts give the same answer. */
static int by_place(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	int r = compare_places(a, b);

	return r ? r : (a->door > b->door) - (a->door < b->door);
}

static struct place *places_of(const struct dw_door *doors, size_t n, struct dw_arena *a,
			       size_t *ret_n)
{
	struct place *p = dw_arena_array(a, n + 1, sizeof(*p));

	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (doors[i].at.has_port && doors[i].sockets > 0 &&
		    (doors[i].kind == DW_KIND_LISTENER || doors[i].kind == DW_KIND_DATAGRAM))
			p[(*ret_n)++] = (struct place){ doors[i].at.netns, doors[i].at.port,
							doors[i].at.protocol, i };
	if (*ret_n > 1)
		qsort(p, *ret_n, sizeof(*p), by_place);
	return p;
}

/* First place that is not before the key. */
static size_t lower(const struct place *p, size_t n, const struct place *key)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_places(&p[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* As the kernel chooses the listener (inet_lhash2_lookup, compute_score); 0: not this door. */
static unsigned closeness(const struct dw_endpoint *door, const struct dw_endpoint *local)
{
	unsigned device = 0;

	/* what a listener bound to a device takes is bound to it too, though /proc does not tell */
	if (door->ifindex && local->ifindex && door->ifindex != local->ifindex)
		return 0;
	if (door->ifindex && local->ifindex)
		device = 4;
	if (!dw_endpoint_is_any(door))
		return door->family == local->family &&
				       memcmp(door->address, local->address, 16) == 0
			       ? 3 + device
			       : 0;
	if (door->family == DW_FAMILY_DUAL)
		return (local->family == DW_FAMILY_IPV6 ? 2 : 1) + device;
	return door->family == local->family ? 2 + device : 0;
}

static bool holds(const struct dw_door *d, const struct dw_connection_fact *c, bool by_program)
{
	for (size_t i = 0; i < d->n_owners; i++)
		if (by_program ? dw_streq0(d->owners[i].executable, c->holder)
			       : d->owners[i].pid == c->pid)
			return true;
	return false;
}

struct choice {
	const struct place *p;
	size_t n; /* places of the connection's port */
	unsigned best;
	bool by_holder, by_program;
};

static bool is_candidate(const struct choice *k, const struct dw_door *doors, size_t i,
			 const struct dw_connection_fact *c)
{
	return closeness(&doors[k->p[i].door].at, &c->at) == k->best;
}

/* Is there a door among the best whose holder has the connection: the very process, or its program? */
static bool some_holder(const struct choice *k, const struct dw_door *doors,
			const struct dw_connection_fact *c, bool by_program)
{
	for (size_t i = 0; i < k->n; i++)
		if (is_candidate(k, doors, i, c) && holds(&doors[k->p[i].door], c, by_program))
			return true;
	return false;
}

static struct choice choose(const struct place *p, size_t n, const struct dw_door *doors,
			    const struct dw_connection_fact *c)
{
	struct choice k = { .p = p };
	size_t candidates = 0;

	while (k.n < n && compare_places(&p[k.n], &p[0]) == 0)
		k.n++;
	for (size_t i = 0; i < k.n; i++)
		k.best = DW_MAX(k.best, closeness(&doors[p[i].door].at, &c->at));
	for (size_t i = 0; i < k.n; i++)
		candidates += is_candidate(&k, doors, i, c);
	if (k.best > 0 && candidates > 1 && c->pid) {
		k.by_holder = some_holder(&k, doors, c, false);
		k.by_program = !k.by_holder && c->holder && some_holder(&k, doors, c, true);
	}
	return k;
}

static void attach(const struct dw_connection_fact *c, const struct place *p, size_t n,
		   struct dw_door *doors, struct bag *bags, struct dw_arena *a)
{
	struct place key = { .netns = c->at.netns, .port = c->at.port, .protocol = c->at.protocol };
	size_t first = lower(p, n, &key);
	struct choice k;

	if (first == n || compare_places(&p[first], &key) != 0)
		return;
	k = choose(p + first, n - first, doors, c);
	for (size_t i = 0; k.best > 0 && i < k.n; i++) {
		size_t door = k.p[i].door;

		if (!is_candidate(&k, doors, i, c) ||
		    ((k.by_holder || k.by_program) && !holds(&doors[door], c, k.by_program)))
			continue;
		dw_vec_push(a, &bags[door].of, c);
		doors[door].carries_session |= c->session;
	}
}

/* --- peers of one door ------------------------------------------------------------------------ */

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int by_peer(const void *x, const void *y)
{
	const struct dw_connection_fact *a = *(const struct dw_connection_fact *const *)x,
					*b = *(const struct dw_connection_fact *const *)y;
	int r = (int)a->at.family - (int)b->at.family;

	if (r == 0)
		r = memcmp(a->peer, b->peer, sizeof(a->peer));
	return r ? r : compare_text(a->program, b->program);
}

/* Connections of one peer, sorted: n from `first` on. */
struct group {
	const struct dw_connection_fact *first;
	unsigned n;
};

static int most_first(const void *x, const void *y)
{
	const struct group *a = x, *b = y;

	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return by_peer(&a->first, &b->first);
}

static const char *peer_address(struct dw_arena *a, const struct dw_connection_fact *c)
{
	struct dw_endpoint e = { .protocol = c->at.protocol,
				 .family = c->at.family,
				 .ifindex = c->at.ifindex };

	memcpy(e.address, c->peer, sizeof(e.address));
	/* a scope belongs to link-local addresses alone */
	if (dw_endpoint_bound(&e) != DW_BOUND_LINK_LOCAL)
		e.ifindex = 0;
	return dw_endpoint_address(a, &e);
}

static void add_peers(struct dw_door *d, struct bag *bag, struct dw_arena *a)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct group *groups = dw_arena_array(scratch, bag->of.n, sizeof(*groups));
	struct dw_peer *peers;
	size_t n = 0;

	qsort(bag->of.v, bag->of.n, sizeof(const void *), by_peer);
	for (size_t i = 0; i < bag->of.n; i++) {
		if (i == 0 || by_peer(&bag->of.v[i], &bag->of.v[i - 1]) != 0)
			groups[n++].first = bag->of.v[i];
		groups[n - 1].n++;
	}
	qsort(groups, n, sizeof(*groups), most_first);
	d->connections = (unsigned)bag->of.n;
	d->n_peers = DW_MIN(n, (size_t)DW_PEERS_MAX);
	peers = dw_arena_array(a, d->n_peers, sizeof(*peers));
	for (size_t i = 0; i < d->n_peers; i++)
		peers[i] = (struct dw_peer){ .address = peer_address(a, groups[i].first),
					     .local = groups[i].first->local,
					     .program = groups[i].first->program,
					     .connections = groups[i].n };
	d->peers = peers;
}

void dw_join_peers(const struct dw_facts *f, struct dw_door *doors, size_t n, struct dw_arena *a)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct bag *bags = dw_arena_array(scratch, n + 1, sizeof(*bags));
	size_t n_places;
	struct place *places = places_of(doors, n, scratch, &n_places);

	for (size_t i = 0; i < f->connections.n; i++)
		attach(&f->connections.v[i], places, n_places, doors, bags, scratch);
	for (size_t i = 0; i < n; i++)
		if (bags[i].of.n > 0)
			add_peers(&doors[i], &bags[i], a);
}
