/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets seen so far, by inode. Several facts may have one inode: an SCTP socket bound to
 * several addresses; and sockets of one inode that are one door come together here: MPTCP and the
 * TCP subflow that the kernel makes for it share their inode (mptcp_subflow_create_socket).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Inodes count upwards: one multiplication spreads them (uthash's own function is slow, and clang
 * warns of it).
 */
#undef HASH_FUNCTION /* the choice of the build, for strings */
#define HASH_FUNCTION(key, size, hash)                                                             \
	do {                                                                                       \
		uint64_t hash_key_;                                                                \
		memcpy(&hash_key_, (key), sizeof(hash_key_));                                      \
		(hash) = (unsigned)(hash_key_ * 0x9e3779b97f4a7c15ULL >> 32);                      \
	} while (0)
#define uthash_fatal(message) dw_oom()
#include <uthash.h>

#include "netcol.h"

struct by_inode {
	uint64_t inode;
	size_t first, last;
	UT_hash_handle hh;
};

struct dw_sock_index {
	struct dw_arena *arena; /* freed with the index: buckets of dropped sockets too */
	struct by_inode *table;
	size_t covered; /* facts->sockets up to here are in the table */
	DW_VEC(size_t) next;
	DW_VEC(uint8_t) again;
	DW_VEC(struct dw_netns_state) netns;
	size_t last_netns;
	struct dw_wanted_ends wanted;
};

static struct dw_sock_index *index_of(struct dw_collect *c)
{
	if (!c->index) {
		struct dw_arena *a = dw_arena_new();

		c->index = dw_new(a, struct dw_sock_index);
		c->index->arena = a;
	}
	return c->index;
}

void dw_sock_index_free(struct dw_sock_index *x)
{
	if (!x)
		return;
	HASH_CLEAR(hh, x->table);
	dw_arena_free(x->arena);
}

struct dw_wanted_ends *dw_wanted_ends(struct dw_collect *c)
{
	return &index_of(c)->wanted;
}

struct dw_netns_state *dw_netns_state(struct dw_collect *c, size_t netns)
{
	struct dw_sock_index *x = index_of(c);

	while (x->netns.n <= netns)
		*dw_vec_add(x->arena, &x->netns) = (struct dw_netns_state){ .first = DW_NONE };
	return &x->netns.v[netns];
}

static void note_first(struct dw_collect *c, struct dw_sock_index *x, size_t socket)
{
	uint32_t inode = c->facts->sockets.v[socket].at.netns;
	struct dw_netns_state *state;

	if (x->last_netns >= c->facts->netns.n || c->facts->netns.v[x->last_netns].inode != inode)
		x->last_netns = dw_netns_find(c, inode);
	if (x->last_netns == DW_NONE)
		return;
	state = dw_netns_state(c, x->last_netns);
	state->first = DW_MIN(state->first, socket);
}

static void enter(struct dw_collect *c, struct dw_sock_index *x, size_t socket)
{
	uint64_t inode = c->facts->sockets.v[socket].inode;
	struct by_inode *found;

	dw_vec_push(x->arena, &x->next, DW_NONE);
	dw_vec_push(x->arena, &x->again, 0);
	note_first(c, x, socket);
	HASH_FIND(hh, x->table, &inode, sizeof(inode), found);
	if (found) {
		x->next.v[found->last] = socket;
		found->last = socket;
		return;
	}
	found = dw_new(x->arena, struct by_inode);
	*found = (struct by_inode){ .inode = inode, .first = socket, .last = socket };
	HASH_ADD(hh, x->table, inode, sizeof(found->inode), found);
}

/* Others add to facts->sockets too (BPF): take in what came since. */
static struct dw_sock_index *synced(struct dw_collect *c)
{
	struct dw_sock_index *x = index_of(c);

	while (x->covered < c->facts->sockets.n)
		enter(c, x, x->covered++);
	return x;
}

static struct by_inode *find(const struct dw_sock_index *x, uint64_t inode)
{
	struct by_inode *found;

	HASH_FIND(hh, x->table, &inode, sizeof(inode), found);
	return found;
}

size_t dw_sock_first(struct dw_collect *c, uint64_t inode)
{
	struct by_inode *found = inode ? find(synced(c), inode) : NULL;

	return found ? found->first : DW_NONE;
}

size_t dw_sock_next(struct dw_collect *c, size_t socket)
{
	return c->index->next.v[socket];
}

bool dw_sock_known(const void *arg, uint64_t inode)
{
	const struct dw_collect *c = arg;

	return c->index && find(c->index, inode) != NULL;
}

/*
 * One socket has one endpoint, but for SCTP; those without a number are told apart by the endpoint
 * alone.
 */
static bool is_same(const struct dw_socket_fact *x, const struct dw_socket_fact *y)
{
	if (x->at.protocol != y->at.protocol || x->at.netns != y->at.netns)
		return false;
	if (x->inode != 0 && x->at.protocol != DW_PROTOCOL_SCTP)
		return true;
	return x->at.port == y->at.port && memcmp(x->at.address, y->at.address, 16) == 0 &&
	       (x->inode != 0 || (x->at.family == y->at.family && x->at.ifindex == y->at.ifindex));
}

/* sock_diag knows IPV6_V6ONLY and the interface, /proc/net does not: the better telling stays. */
static void complete(struct dw_socket_fact *have, const struct dw_socket_fact *s)
{
	bool better = (s->seen & DW_SEEN_DIAG) && !(have->seen & ~(unsigned)DW_SEEN_PROC);

	if (better)
		have->at = s->at;
	if (have->at.ifindex == 0) {
		have->at.ifindex = s->at.ifindex;
		have->at.ifname = s->at.ifname;
	}
	if (!have->at.ifname && have->at.ifindex == s->at.ifindex)
		have->at.ifname = s->at.ifname;
	have->seen |= s->seen;
	have->could_see |= s->could_see;
	have->mptcp |= s->mptcp;
	if (have->cookie == 0)
		have->cookie = s->cookie;
	if (have->cgroup == 0)
		have->cgroup = s->cgroup;
	if (have->uid == UINT32_MAX)
		have->uid = s->uid;
	if (!have->filter)
		have->filter = s->filter;
}

size_t dw_sock_add(struct dw_collect *c, const struct dw_socket_fact *s)
{
	struct dw_sock_index *x = synced(c);
	struct by_inode *found = find(x, s->inode);

	for (size_t i = found ? found->first : DW_NONE; i != DW_NONE; i = x->next.v[i]) {
		if (!is_same(&c->facts->sockets.v[i], s))
			continue;
		complete(&c->facts->sockets.v[i], s);
		x->again.v[i] |= (uint8_t)s->seen;
		return i;
	}
	dw_vec_push(c->facts->arena, &c->facts->sockets, *s);
	x = synced(c);
	x->again.v[x->covered - 1] = (uint8_t)s->seen;
	return x->covered - 1;
}

unsigned dw_sock_again(struct dw_collect *c, size_t socket)
{
	return synced(c)->again.v[socket];
}

void dw_sock_forget(struct dw_collect *c)
{
	struct dw_sock_index *x = synced(c);

	if (x->again.n)
		memset(x->again.v, 0, x->again.n);
}

void dw_sock_reindex(struct dw_collect *c)
{
	struct dw_sock_index *x = index_of(c);

	HASH_CLEAR(hh, x->table);
	x->covered = x->next.n = x->again.n = 0;
	for (size_t i = 0; i < x->netns.n; i++)
		x->netns.v[i].first = DW_NONE;
	(void)synced(c);
}

void dw_sock_drop(struct dw_collect *c, const bool *drop)
{
	struct dw_facts *f = c->facts;
	_cleanup_free_ size_t *now = calloc(f->sockets.n + 1, sizeof(*now));
	size_t kept = 0;

	if (!now)
		dw_oom();
	for (size_t i = 0; i < f->sockets.n; i++) {
		now[i] = kept;
		if (drop[i])
			continue;
		f->sockets.v[kept++] = f->sockets.v[i];
	}
	f->sockets.n = kept;
	for (size_t i = 0; i < f->holds.n; i++)
		f->holds.v[i].socket = now[f->holds.v[i].socket];
	dw_sock_reindex(c);
}

void dw_netns_mark(struct dw_collect *c, size_t netns)
{
	struct dw_netns_state *state = dw_netns_state(c, netns);
	struct dw_facts *f = c->facts;
	uint32_t inode = f->netns.v[netns].inode;

	(void)synced(c);
	for (size_t i = state->first; i < f->sockets.n; i++) {
		struct dw_socket_fact *s = &f->sockets.v[i];
		unsigned bit = DW_PROTOCOL_BIT(s->at.protocol);

		if (s->at.netns != inode)
			continue;
		s->could_see |= (state->diag & bit ? DW_SEEN_DIAG : 0U) |
				(state->proc & bit ? DW_SEEN_PROC : 0U);
	}
}
