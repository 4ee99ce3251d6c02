/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BPF programs of a cgroup see what its sockets get and send, behind all rules (IPAddressDeny= of
 * systemd.resource-control(5) is one). A socket obeys those of the cgroup that it was made in, and of those above,
 * wherever its holder went since; so do the connections that a listener accepts. Those of bind(2) have spoken already,
 * those of recvmsg(2) cannot refuse.
 */
#include <stdlib.h>
#include <string.h>

#include "audit-private.h"
#include "dw_ask.h"
#include "dw_cgroup.h"
#include "dw_str.h"

#define LETS_PASS 1 /* the answer of such a program to a packet that may go on */

static const struct {
	enum dw_bpf_cgroup_place place;
	const char *words;
} places[] = {
	{ DW_BPF_CGROUP_INGRESS, "sees what comes in" },
	{ DW_BPF_CGROUP_EGRESS, "sees the answers" },
};

/* What was found of a cgroup, once. */
struct seen_cgroup {
	uint64_t number; /* 0: asked by its path */
	const char *path,
		*why; /* why NULL: nothing is in the way; path NULL: the number leads nowhere */
};

struct cgroups {
	struct auditing *a;
	struct dw_arena *arena; /* the snapshot's */
	DW_VEC(struct seen_cgroup) seen;
	const struct dw_socket_fact **sockets; /* by their end */
};

static const char *words(const struct cgroups *c, const char *path, size_t place, uint32_t id)
{
	struct dw_bpf_program p = { 0 };

	(void)dw_bpf_program(c->a->sys, id, &p, NULL);
	return dw_arena_printf(c->arena, "the cgroup %s has a program that %s (%s%snumber %u)",
			       path, places[place].words, p.name, p.name[0] ? ", " : "", id);
}

/* A program that only counts is in nobody's way. */
static const char *look(const struct cgroups *c, const char *path)
{
	for (size_t k = 0; k < DW_ARRAY_SIZE(places); k++) {
		uint32_t ids[DW_BPF_ATTACHED_MAX];
		size_t n = DW_ARRAY_SIZE(ids);

		if (dw_bpf_in_cgroup(c->a->sys, path, places[k].place, ids, &n, NULL) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (!dw_bpf_program_returns(c->a->sys, ids[i], LETS_PASS))
				return words(c, path, k, ids[i]);
		if (n == DW_ARRAY_SIZE(ids))
			return dw_arena_printf(
				c->arena, "the cgroup %s has too many programs to look at", path);
	}
	return NULL;
}

static const char *doubt_of(struct cgroups *c, const char *path)
{
	struct seen_cgroup new = { .path = path };

	for (size_t i = 0; i < c->seen.n; i++)
		if (c->seen.v[i].number == 0 && dw_streq(c->seen.v[i].path, path))
			return c->seen.v[i].why;
	new.why = look(c, path);
	dw_vec_push(c->arena, &c->seen, new);
	return new.why;
}

/* A cgroup that was removed, or that lies beyond what our namespace shows, has no path. */
static const struct seen_cgroup *numbered(struct cgroups *c, uint64_t number)
{
	struct seen_cgroup new = { .number = number };

	for (size_t i = 0; i < c->seen.n; i++)
		if (c->seen.v[i].number == number)
			return &c->seen.v[i];
	if (dw_cgroup_path(c->a->sys, number, c->arena, &new.path, NULL) == 0)
		new.why = doubt_of(c, new.path);
	else
		new.path = NULL;
	dw_vec_push(c->arena, &c->seen, new);
	return &c->seen.v[c->seen.n - 1];
}

static int compare_ends(const struct dw_endpoint *x, const struct dw_endpoint *y)
{
	const uint64_t a[] = { x->netns, x->protocol, x->family, x->port, x->ifindex };
	const uint64_t b[] = { y->netns, y->protocol, y->family, y->port, y->ifindex };

	for (size_t i = 0; i < DW_ARRAY_SIZE(a); i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return memcmp(x->address, y->address, sizeof(x->address));
}

static int by_end(const void *a, const void *b)
{
	const struct dw_socket_fact *const *x = a, *const *y = b;

	return compare_ends(&(*x)->at, &(*y)->at);
}

static size_t first_at(const struct cgroups *c, const struct dw_endpoint *at)
{
	size_t low = 0, high = c->a->facts->sockets.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_ends(&c->sockets[middle]->at, at) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* By the sockets that make the door; *ret_all: of each of them it is known. */
static const char *by_sockets(struct cgroups *c, const struct dw_door *d, bool *ret_all)
{
	size_t first = first_at(c, &d->at), i = first;
	const char *why = NULL;

	*ret_all = true;
	for (; i < c->a->facts->sockets.n && !why; i++) {
		const struct dw_socket_fact *s = c->sockets[i];
		const struct seen_cgroup *of;

		if (compare_ends(&s->at, &d->at) != 0)
			break;
		of = s->cgroup ? numbered(c, s->cgroup) : NULL;
		*ret_all &= of && of->path;
		why = of ? of->why : NULL;
	}
	*ret_all &= i > first;
	return why;
}

/* Where the sockets do not tell: the cgroups that their holders are in now; and the root, which sees all. */
static const char *by_owners(struct cgroups *c, const struct dw_door *d)
{
	const char *why = NULL;

	for (size_t i = 0; i < d->n_owners && !why; i++)
		if (d->owners[i].cgroup)
			why = doubt_of(c, d->owners[i].cgroup);
	return why ? why : doubt_of(c, "/");
}

static void look_at_door(struct cgroups *c, struct dw_door *d)
{
	struct dw_filtered *doubtful;
	bool all = false;
	const char *why;

	/* such a program only takes away: whom the rules keep out stays out */
	if (!d->filtered || d->filtered->kind == DW_FILTERED_UNKNOWN ||
	    d->filtered->kind == DW_FILTERED_NOBODY || d->filtered->kind == DW_FILTERED_HOST)
		return;
	why = by_sockets(c, d, &all);
	if (!why && !all)
		why = by_owners(c, d);
	if (!why)
		return;
	doubtful = dw_new(c->arena, struct dw_filtered);
	*doubtful = *d->filtered;
	doubtful->kind = DW_FILTERED_UNKNOWN;
	doubtful->words = "unknown";
	doubtful->why = why;
	d->filtered = doubtful;
}

static bool is_holder_doubtful(struct cgroups *c)
{
	const struct dw_facts *f = c->a->facts;

	for (size_t i = 0; i < f->processes.n; i++) {
		const char *path = f->processes.v[i].cgroup;

		if (path && (i == 0 || path != f->processes.v[i - 1].cgroup) && doubt_of(c, path))
			return true;
	}
	return false;
}

/* Mostly no cgroup has such a program, and no door needs to be asked for its sockets. */
static bool is_any_doubtful(struct cgroups *c)
{
	const struct dw_facts *f = c->a->facts;
	const struct seen_cgroup *of = NULL;
	bool all = true; /* each socket tells its own */

	if (doubt_of(c, "/"))
		return true;
	for (size_t i = 0; i < f->sockets.n; i++) {
		uint64_t number = f->sockets.v[i].cgroup;

		if (i == 0 || number != f->sockets.v[i - 1].cgroup)
			of = number ? numbered(c, number) : NULL;
		if (of && of->why)
			return true;
		all &= of && of->path;
	}
	return !all && is_holder_doubtful(c);
}

void dw_lib_doubt_cgroups(struct auditing *a, struct dw_snapshot *s)
{
	struct cgroups c = { .a = a, .arena = s->arena };

	if (!is_any_doubtful(&c))
		return;
	c.sockets = dw_arena_array(s->arena, a->facts->sockets.n + 1, sizeof(*c.sockets));
	for (size_t i = 0; i < a->facts->sockets.n; i++)
		c.sockets[i] = &a->facts->sockets.v[i];
	qsort(c.sockets, a->facts->sockets.n, sizeof(*c.sockets), by_end);
	for (size_t i = 0; i < s->n_doors; i++)
		look_at_door(&c, &s->doors[i]);
}
