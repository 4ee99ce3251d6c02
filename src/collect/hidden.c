/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Doors that somebody hides. Two ways: a port that bind(2) finds taken although no view shows a
 * socket there; and a socket that one view shows and another, which should, does not. Both are
 * looked at again before they count, because sockets come and go while we look. What is found is a
 * socket fact whose masks tell it (could_see has bits that seen has not); incomplete[] is for what
 * could not be looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "probe.h"

#define BUDGET_S     60 /* for the sweeps of all namespaces but the host's */
#define SUSPECTS_MAX 4096u

static void wait_a_moment(void)
{
	const struct timespec t = { .tv_nsec = 50 * 1000 * 1000 };

	(void)nanosleep(&t, NULL);
}

/*
 * --- ports nobody admits to
 * -----------------------------------------------------------------------
 */

struct suspect {
	struct dw_endpoint at;
	bool explained; /* bound and not listening: no door */
	size_t holder;  /* index into facts->processes; DW_NONE */
	const char *via;
};

struct suspects {
	struct dw_collect *c;
	const struct dw_probe_ops *ops;
	struct dw_arena *scratch;
	unsigned views;
	DW_VEC(struct suspect) v;
};

static void add_suspect(struct suspects *all, uint32_t netns, bool tcp, unsigned port,
			enum dw_family family)
{
	if (all->v.n >= SUSPECTS_MAX)
		return;
	*dw_vec_add(all->scratch, &all->v) = (struct suspect){
		.at = { .netns = netns,
			.protocol = tcp ? DW_PROTOCOL_TCP : DW_PROTOCOL_UDP,
			.family = family,
			.has_port = true,
			.port = port },
		.holder = DW_NONE,
	};
}

/*
 * Taken for both families: one socket for both, most likely. Which address it has bind(2) does not
 * tell.
 */
static void list(struct suspects *all, uint32_t netns, const struct dw_ports *p)
{
	for (unsigned first = DW_PROBE_TCP4; first < DW_PROBES; first += 2)
		for (unsigned port = 1; port < 65536; port++) {
			bool four = dw_port_bit(p->map[first], port),
			     six = dw_port_bit(p->map[first + 1], port);

			if (four || six)
				add_suspect(all, netns, first == DW_PROBE_TCP4, port,
					    four && six ? DW_FAMILY_DUAL
					    : four      ? DW_FAMILY_IPV4
							: DW_FAMILY_IPV6);
		}
}

static bool fits(const struct suspect *s, const struct dw_held_socket *h)
{
	bool tcp = s->at.protocol == DW_PROTOCOL_TCP;

	return h->port == s->at.port && (h->netns == 0 || h->netns == s->at.netns) &&
	       h->protocol == (tcp ? IPPROTO_TCP : IPPROTO_UDP) &&
	       (h->family == AF_INET6 || s->at.family != DW_FAMILY_IPV6);
}

static size_t process_index(struct dw_collect *c, int pid)
{
	struct dw_facts *f = c->facts;
	const struct dw_procinfo *p;

	for (size_t i = 0; i < f->processes.n; i++)
		if (f->processes.v[i].pid == pid)
			return i;
	p = c->procs ? dw_procs_get(c->procs, pid) : NULL;
	return p ? dw_collect_owner(c, p) : DW_NONE;
}

/*
 * Before Linux 6.8 sock_diag does not show a TCP socket that is bound and does not listen (podman's
 * conmon reserves ports so): that is no door. A descriptor that listens though no view says so is
 * one, with its holder.
 */
static void take_descriptor(struct suspects *all, int pid, int fd)
{
	struct dw_held_socket h;

	if (dw_proc_socket(all->c->sys, pid, fd, &h, NULL) < 0)
		return;
	for (size_t i = 0; i < all->v.n; i++) {
		struct suspect *s = &all->v.v[i];

		if (!fits(s, &h))
			continue;
		if (h.protocol == IPPROTO_TCP && !h.listening) {
			s->explained = true;
		} else {
			s->holder = process_index(all->c, pid);
			s->via = dw_arena_printf(all->c->facts->arena, "fd %d", fd);
			s->at.family = h.family == AF_INET ? DW_FAMILY_IPV4 : s->at.family;
			memcpy(s->at.address, h.address, sizeof(h.address));
		}
	}
}

static void search_process(struct suspects *all, int pid)
{
	const char *directory = dw_arena_printf(all->scratch, "/proc/%d/fd", pid);
	struct dw_strings names = { 0 };

	if (dw_sys_dir_list(all->c->sys, directory, all->scratch, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = dw_arena_printf(all->scratch, "%s/%s", directory, names.v[i]);
		uint64_t fd;
		char *link;

		if (dw_sys_file_readlink(all->c->sys, path, all->scratch, &link, NULL) == 0 &&
		    dw_starts_with(link, "socket:") && dw_parse_u64(names.v[i], 10, INT32_MAX, &fd))
			take_descriptor(all, pid, (int)fd);
	}
}

static void search_descriptors(struct suspects *all)
{
	int *pids;
	size_t n;

	if (all->v.n == 0 || !all->c->procs ||
	    dw_procs_list(all->c->procs, all->scratch, &pids, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		search_process(all, pids[i]);
}

static void report(struct suspects *all)
{
	struct dw_facts *f = all->c->facts;

	for (size_t i = 0; i < all->v.n; i++) {
		const struct suspect *s = &all->v.v[i];
		unsigned fd = s->holder != DW_NONE ? DW_SEEN_FD : 0;

		if (s->explained)
			continue;
		*dw_vec_add(f->arena, &f->sockets) = (struct dw_socket_fact){
			.at = s->at,
			.kind = s->at.protocol == DW_PROTOCOL_TCP ? DW_KIND_LISTENER
								  : DW_KIND_DATAGRAM,
			.uid = UINT32_MAX,
			.seen = DW_SEEN_PROBE | fd,
			.could_see = DW_SEEN_PROBE | fd | all->views,
		};
		if (fd)
			*dw_vec_add(f->arena, &f->holds) = (struct dw_hold_fact){
				.socket = f->sockets.n - 1, .process = s->holder, .via = s->via
			};
	}
}

static void probe_one(struct suspects *all, size_t netns)
{
	_cleanup_free_ struct dw_ports *ports = calloc(1, sizeof(*ports));
	struct dw_facts *f = all->c->facts;
	struct dw_error why = { 0 };
	unsigned views = 0;
	int r;

	if (!ports)
		dw_oom();
	r = dw_probe_netns(all->c, netns, all->ops, ports, &views, &why);
	if (r < 0) {
		dw_facts_incomplete(f, "hidden-probe", NULL, 0, true,
				    "namespace %u could not be searched for hidden ports: %s",
				    f->netns.v[netns].inode, why.message);
		return;
	}
	if (r > 0)
		dw_facts_incomplete(f, "hidden-probe", NULL, 0, true,
				    "%d ports of namespace %u may not be bound by us, so nobody "
				    "knows whether they are "
				    "taken",
				    r, f->netns.v[netns].inode);
	all->views |= views;
	list(all, f->netns.v[netns].inode, ports);
}

void dw_probe_all(struct dw_collect *c, const struct dw_probe_ops *ops)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct suspects all = { .c = c, .ops = ops, .scratch = scratch };
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (size_t i = 0; i < c->netns.n && i < c->facts->netns.n; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (i > 0 && now.tv_sec - begin.tv_sec > BUDGET_S) {
			dw_facts_incomplete(c->facts, "hidden-probe", NULL, 0, true,
					    "%zu namespaces were not searched for hidden ports: it "
					    "took too long",
					    c->netns.n - i);
			break;
		}
		/*
		 * Without a descriptor it is our own (the first) or could not be entered, as was
		 * noted before.
		 */
		if (i == 0 || c->netns.v[i].fd >= 0 || dw_sys_is_fake(c->sys))
			probe_one(&all, i);
	}
	search_descriptors(&all);
	report(&all);
}

/*
 * --- views that disagree
 * --------------------------------------------------------------------------
 */

static bool disagrees(const struct dw_socket_fact *s)
{
	return (s->could_see & ~s->seen) != 0;
}

static bool is_same(const struct dw_socket_fact *x, const struct dw_socket_fact *y)
{
	return dw_endpoint_compare(&x->at, &y->at) == 0 &&
	       (!x->inode || !y->inode || x->inode == y->inode) &&
	       (!x->cookie || !y->cookie || x->cookie == y->cookie);
}

/* What the second look says of a socket. Gone: it was going while the first look was made. */
static void look_again(struct dw_socket_fact *s, const struct dw_facts *second)
{
	unsigned seen = 0;
	bool found = false;

	for (size_t i = 0; i < second->sockets.n; i++)
		if (is_same(s, &second->sockets.v[i])) {
			seen |= second->sockets.v[i].seen;
			found = true;
		}
	if (found)
		s->seen |= seen;
	else
		s->could_see &= s->seen;
}

static size_t count_disagreeing(const struct dw_facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->sockets.n; i++)
		n += disagrees(&f->sockets.v[i]);
	return n;
}

/* Collects all sockets once more, by the same rungs, beside the facts. */
static void second_look(struct dw_collect *c)
{
	struct dw_collect second = {
		.sys = c->sys, .facts = dw_facts_new(), .rungs = c->rungs, .hidden = c->hidden
	};

	second.procs = dw_procs_new(c->sys, second.facts->arena);
	if (dw_collect_sockets(&second, NULL) >= 0)
		for (size_t i = 0; i < c->facts->sockets.n; i++)
			if (disagrees(&c->facts->sockets.v[i]))
				look_again(&c->facts->sockets.v[i], second.facts);
	dw_collect_close(&second);
	dw_procs_close(second.procs);
	dw_facts_free(second.facts);
}

int dw_collect_hidden(struct dw_collect *c, struct dw_error *e)
{
	static const struct dw_probe_ops ops = { .known = dw_ports_known, .wait = wait_a_moment };

	if (!c->hidden)
		return 0;
	if (!dw_sys_is_running(c->sys))
		return dw_error_errno(e, -ENOTSUP, "hidden doors");
	for (unsigned round = 0; round < 2 && count_disagreeing(c->facts) > 0; round++) {
		wait_a_moment();
		second_look(c);
	}
	dw_probe_all(c, &ops);
	return 0;
}
