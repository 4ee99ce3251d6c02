/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The BPF rung. Two views of one kernel: descriptors of all tasks, and the kernel's own tables. They are not
 * taken at one instant, so what they differ about is looked at once more (settle()): what was opened or closed
 * meanwhile then agrees, and what still differs is hidden from one of them.
 */
#include "dw_bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfview.h"
#include "dw_collect.h"
#include "dw_str.h"
#include "netcol.h"

struct committing {
	struct dw_collect *c;
	struct dw_arena *scratch;
	struct dw_bpf_walk walk;
	struct dw_view *view, *before; /* before: the first look, NULL when one was enough */
	DW_VEC(uint64_t) css_sets;     /* of the processes so far, and beside them their cgroups */
	DW_VEC(const char *) paths;
	bool closed;   /* some process may not be looked into */
	size_t unheld; /* sockets whose holder may be that process */
};

/* --- namespaces ------------------------------------------------------------------------------------ */

static int open_nsfd(struct dw_collect *c, const struct dw_bpf_nsfd *n)
{
	char path[64];
	struct stat st;
	int fd;

	if (dw_sys_is_fake(c->sys))
		return -1;
	if (n->fd >= 0)
		(void)snprintf(path, sizeof(path), "task/%u/fd/%d", n->tid, n->fd);
	else
		(void)snprintf(path, sizeof(path), "task/%u/ns/net", n->tid);
	fd = dw_procs_openat(c->procs, (int)n->tgid, path, O_RDONLY | O_NONBLOCK, NULL);
	/* the number may be another's by now */
	if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_ino != n->netns)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool is_enterable(const struct dw_collect *c, size_t netns)
{
	return netns != DW_NONE && c->netns.v[netns].fd >= 0;
}

static void namespaces_of_tasks(struct committing *k)
{
	DW_VEC(uint32_t) mounts = { 0 };
	struct dw_collect *c = k->c;

	for (size_t i = 0; i < k->view->nsfds.n; i++) {
		const struct dw_bpf_nsfd *n = &k->view->nsfds.v[i];
		size_t m = mounts.n;

		if (n->netns != 0 && !is_enterable(c, dw_netns_find(c, n->netns)))
			(void)dw_netns_add(c, n->netns, open_nsfd(c, n), NULL,
					   n->fd < 0 ? (int)n->tgid : 0);
		while (m > 0 && mounts.v[m - 1] != n->mntns)
			m--;
		if (n->mntns == 0 || m > 0)
			continue;
		dw_vec_push(k->scratch, &mounts, n->mntns);
		dw_netns_mounts(c, (int)n->tgid);
	}
}

/* Namespaces that nothing but a socket keeps. */
static void namespaces_of_sockets(struct committing *k)
{
	struct dw_collect *c = k->c;

	for (size_t i = 0; i < k->view->holds.n; i++) {
		const struct dw_view_hold *h = &k->view->holds.v[i];
		uint32_t inode = k->view->sockets.v[h->socket]->k.netns;
		int fd = -1;

		/* the first that is told may be a thread's, whose descriptors nobody else can take */
		if (inode == 0 || is_enterable(c, dw_netns_find(c, inode)))
			continue;
		if (!h->ring && h->tid == h->tgid)
			fd = dw_bpf_socket_netns(c->sys, (int)h->tgid, (int)h->fd, NULL);
		(void)dw_netns_add(c, inode, fd, NULL, 0);
	}
}

/* In a container the kernel's list names the namespaces of others, too. */
static void namespaces_of_kernel(struct committing *k)
{
	for (size_t i = 0; k->walk.whole && i < k->view->netns.n; i++)
		if (k->view->netns.v[i].inode != 0 &&
		    dw_netns_find(k->c, k->view->netns.v[i].inode) == DW_NONE)
			(void)dw_netns_add(k->c, k->view->netns.v[i].inode, -1, NULL, 0);
}

static void add_namespaces(struct committing *k)
{
	if (k->c->facts->netns.n == 0)
		dw_netns_host(k->c);
	dw_netns_mounts(k->c, dw_sys_is_fake(k->c->sys) ? 1 : (int)getpid());
	namespaces_of_tasks(k);
	namespaces_of_sockets(k);
	namespaces_of_kernel(k);
}

/* --- processes ------------------------------------------------------------------------------------- */

/*
 * Processes of one service stand in the same cgroups: /proc is asked once for them, and again only where a process was
 * gone before it could be asked.
 */
static const char **cgroup_slot(struct committing *k, uint64_t css_set)
{
	size_t i = k->css_sets.n;

	/* the latest first: processes of one service follow each other */
	while (i > 0 && k->css_sets.v[i - 1] != css_set)
		i--;
	if (i == 0) {
		dw_vec_push(k->scratch, &k->css_sets, css_set);
		dw_vec_push(k->scratch, &k->paths, NULL);
		i = k->css_sets.n;
	}
	return &k->paths.v[i - 1];
}

/* dev_t of stat(2) from the kernel's own: major << 20 | minor. */
static uint64_t user_dev(uint32_t dev)
{
	uint64_t major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~(uint64_t)0xff) << 12 |
	       (major & ~(uint64_t)0xfff) << 32;
}

/* tty_nr of proc_pid_stat(5): new_encode_dev(). */
static int user_tty(uint32_t dev)
{
	uint32_t major = dev >> 20, minor = dev & 0xfffff;

	return dev ? (int)((minor & 0xff) | major << 8 | (minor & ~0xffU) << 12) : 0;
}

static struct dw_procinfo info_of(struct dw_arena *a, const struct dw_view_process *p)
{
	const struct dw_bpf_process *k = &p->k;

	return (struct dw_procinfo){
		.pid = (int)k->tgid,
		.ppid = (int)k->ppid,
		.pgrp = (int)k->pgrp,
		.sid = (int)k->sid,
		.tty_nr = user_tty(k->tty),
		.started_ns = k->started,
		.state = '?',
		.comm = dw_arena_strdup(a, k->comm),
		.exe_dev = user_dev(k->exe_dev),
		.exe_ino = k->exe_ino,
		.uid = k->uid,
		.euid = k->euid,
		.gid = k->gid,
		.egid = k->egid,
		.caps_effective = k->caps_effective,
		.caps_bounding = k->caps_bounding,
		.no_new_privs = k->no_new_privs != 0,
		.seccomp = k->seccomp <= 2 ? (int)k->seccomp : -1,
		.netns = k->netns,
		.mntns = k->mntns,
		.pidns = k->pidns,
		.loginuid = k->loginuid,
	};
}

static size_t add_process(struct committing *k, struct dw_view_process *p)
{
	struct dw_arena *a = k->c->facts->arena;
	struct dw_procinfo i = info_of(a, p);
	const char **cgroup = cgroup_slot(k, p->k.css_set);
	unsigned what = p->command ? 0 : DW_PROCS_COMMAND;

	i.command = i.comm;
	if (!*cgroup)
		what |= DW_PROCS_CGROUP;
	if (!p->exe)
		what |= DW_PROCS_EXE;
	dw_procs_complete(k->c->procs, &i, what, p->exe);
	if (p->command)
		dw_procs_take_command(k->c->procs, &i, p->command, p->n_command);
	if (!*cgroup)
		*cgroup = i.cgroup;
	i.cgroup = *cgroup;
	dw_procs_seed(k->c->procs, &i);
	return dw_collect_owner(k->c, &i);
}

static size_t owner_of(struct committing *k, uint32_t tgid)
{
	struct dw_view_process *p = dw_view_process(k->view, tgid);
	const struct dw_procinfo *i;

	if (p && p->owner == DW_NONE)
		p->owner = add_process(k, p);
	if (p)
		return p->owner;
	/* the walk told its descriptors, but not itself: its buffer was full at the wrong moment */
	i = dw_procs_get(k->c->procs, (int)tgid);
	return i ? dw_collect_owner(k->c, i) : DW_NONE;
}

/* --- sockets --------------------------------------------------------------------------------------- */

static enum dw_door_kind kind_of(enum dw_protocol p, const struct dw_bpf_socket *k)
{
	switch (p) {
	case DW_PROTOCOL_TCP:
	case DW_PROTOCOL_SCTP:
	case DW_PROTOCOL_DCCP:
	case DW_PROTOCOL_BLUETOOTH:
		return DW_KIND_LISTENER;
	case DW_PROTOCOL_VSOCK:
		return k->type == SOCK_DGRAM ? DW_KIND_DATAGRAM : DW_KIND_LISTENER;
	case DW_PROTOCOL_UDP:
	case DW_PROTOCOL_UDPLITE:
		return DW_KIND_DATAGRAM;
	case DW_PROTOCOL_RAW:
		return DW_KIND_RAW;
	case DW_PROTOCOL_PACKET:
		return DW_KIND_SNIFFER;
	case DW_PROTOCOL_UNKNOWN:
	case DW_PROTOCOL_COUNT:
		break;
	}
	return DW_KIND_UNKNOWN;
}

static void set_address(struct dw_endpoint *at, const struct dw_bpf_socket *k)
{
	at->has_port = true;
	at->port = k->port;
	if (at->protocol == DW_PROTOCOL_PACKET) {
		at->family = DW_FAMILY_PACKET;
		at->has_port = false;
		at->port = 0;
	} else if (at->protocol == DW_PROTOCOL_VSOCK || at->protocol == DW_PROTOCOL_BLUETOOTH) {
		at->family =
			at->protocol == DW_PROTOCOL_VSOCK ? DW_FAMILY_VSOCK : DW_FAMILY_BLUETOOTH;
		memcpy(at->address, k->address, sizeof(at->address));
	} else {
		dw_endpoint_set_inet(at, k->family == AF_INET6, k->address,
				     (k->flags & DW_BPF_F_V6ONLY) != 0);
	}
}

/* A program of extended BPF cannot be put into words, but that it chooses can. */
static const char *filter_of(struct dw_arena *a, const struct dw_view_socket *s, enum dw_protocol p)
{
	uint16_t type = p == DW_PROTOCOL_PACKET ? (uint16_t)s->k.port : ETH_P_ALL;
	const char *words;

	if (p != DW_PROTOCOL_PACKET && p != DW_PROTOCOL_RAW)
		return NULL;
	words = dw_packet_text(a, type, s->filter, s->n_filter);
	if (s->filter || !(s->k.flags & DW_BPF_F_FILTER))
		return words;
	return words ? dw_arena_printf(a, "%s; a BPF program chooses", words)
		     : "a BPF program chooses";
}

/* What each view should have shown; only asked where the views differed twice. */
static unsigned could_see(const struct committing *k, const struct dw_view_socket *s,
			  enum dw_protocol p)
{
	const struct dw_view_socket *old = k->before ? dw_view_find(k->before, s->key) : NULL;

	if (!old || old->k.inode != s->k.inode || old->seen != s->seen)
		return s->seen;
	if ((s->seen & DW_SEEN_BPF_HASH) && !(s->k.flags & DW_BPF_F_NO_FILE) && k->walk.whole &&
	    k->walk.lost == 0 && !k->closed)
		return s->seen | DW_SEEN_BPF_FD;
	return s->seen | (k->view->tables & 1U << p ? DW_SEEN_BPF_HASH : 0U);
}

/* Shown by the tables alone though it has a file, and only at the second look: opened after the tasks were read. */
static bool is_fleeting(const struct committing *k, const struct dw_view_socket *s)
{
	return s->seen == DW_SEEN_BPF_HASH && !(s->k.flags & DW_BPF_F_NO_FILE) &&
	       (k->walk.ran & DW_BPF_HOLDERS) && k->before && !dw_view_find(k->before, s->key);
}

static void add_socket(struct committing *k, struct dw_view_socket *s)
{
	struct dw_facts *f = k->c->facts;
	enum dw_protocol p = dw_view_protocol(&s->k);
	size_t netns = dw_netns_find(k->c, s->k.netns);
	struct dw_socket_fact fact = {
		.at = { .netns = s->k.netns, .protocol = p, .ifindex = s->k.ifindex },
		.kind = kind_of(p, &s->k),
		.inode = s->k.inode,
		.cookie = s->k.cookie,
		.cgroup = s->k.cgroup,
		.mptcp = (s->k.flags & DW_BPF_F_MPTCP) != 0,
		.kernel_made = (s->k.flags & DW_BPF_F_NO_FILE) != 0,
		.uid = s->k.uid,
		.seen = s->seen,
	};

	s->fact = DW_NONE;
	if (fact.kind == DW_KIND_UNKNOWN || netns == DW_NONE || s->gone || is_fleeting(k, s))
		return;
	fact.could_see = could_see(k, s, p);
	if (s->kernel && (fact.kernel_made || (s->k.flags & DW_BPF_F_ENCAP)))
		fact.kernel = dw_arena_strdup(f->arena, s->kernel);
	set_address(&fact.at, &s->k);
	fact.at.ifname = dw_netns_ifname(k->c, netns, fact.at.ifindex);
	fact.filter = filter_of(f->arena, s, p);
	s->fact = f->sockets.n;
	dw_vec_push(f->arena, &f->sockets, fact);
}

/* One for each holder of each door: printf(3) would take ten times as long. */
static char *add_number(char *to, const char *word, uint32_t v)
{
	char digits[10];
	size_t n = 0;

	to = mempcpy(to, word, strlen(word));
	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	while (n > 0)
		*to++ = digits[--n];
	*to = '\0';
	return to;
}

static const char *via_of(struct dw_arena *a, const struct dw_view_hold *h)
{
	char how[64], *to = how; /* three numbers of ten digits, and 25 bytes of words */

	if (h->tid != h->tgid)
		to = add_number(add_number(to, "thread ", h->tid),
				h->ring ? " io_uring fd " : " fd ", h->fd);
	else
		to = add_number(to, h->ring ? "io_uring fd " : "fd ", h->fd);
	if (h->ring)
		to = add_number(to, " slot ", h->slot);
	return dw_arena_strndup(a, how, (size_t)(to - how));
}

static void add_holds(struct committing *k)
{
	struct dw_facts *f = k->c->facts;
	uint32_t *last = dw_arena_array(k->scratch, k->view->sockets.n + 1, sizeof(*last));

	for (size_t i = 0; i < k->view->holds.n; i++) {
		const struct dw_view_hold *h = &k->view->holds.v[i];
		size_t socket = k->view->sockets.v[h->socket]->fact, owner;

		/* one hold a process: the first descriptor; those of a process stand together */
		if (socket == DW_NONE || last[h->socket] == h->tgid)
			continue;
		last[h->socket] = h->tgid;
		owner = owner_of(k, h->tgid);
		if (owner == DW_NONE)
			continue;
		*dw_vec_add(f->arena, &f->holds) = (struct dw_hold_fact){
			.socket = socket, .process = owner, .via = via_of(f->arena, h)
		};
	}
}

/* --- the rung -------------------------------------------------------------------------------------- */

static int look(struct committing *k, struct dw_view *v, struct dw_error *e)
{
	struct dw_bpf_walk walk = { 0 };
	int r = dw_bpf_run(k->c->sys, DW_BPF_HOLDERS | DW_BPF_TABLES, k->scratch, &walk, e);

	if (r < 0)
		return r;
	if (!(walk.ran & DW_BPF_HOLDERS))
		return dw_error_set(e, -ENOTSUP, "this kernel does not let BPF walk over tasks");
	v->arena = k->scratch;
	dw_view_add(v, &walk.holders);
	dw_view_add(v, &walk.others);
	dw_view_add(v, &walk.tables);
	if (!dw_view_tables_agree(v))
		v->tables = 0;
	k->walk = walk;
	k->view = v;
	return 0;
}

/*
 * What differs is looked at again: only the socket where a process that may not be looked into explains that it has
 * no holder, to see that it was not closed meanwhile; else both views.
 */
static void settle(struct committing *k, struct dw_view *first, struct dw_view *second)
{
	struct dw_view_difference d = { 0 };

	if (k->walk.ran & DW_BPF_TABLES)
		d = dw_view_difference(k->c, first);
	if (d.unheld + d.unlisted == 0)
		return;
	k->closed = dw_view_has_closed_process(k->c, k->scratch);
	if (k->closed && d.unlisted == 0) {
		k->unheld = dw_view_drop_closed(k->c, first);
		return;
	}
	k->before = first;
	if (look(k, second, NULL) < 0)
		k->before = NULL;
	if (k->closed)
		k->unheld = dw_view_difference(k->c, k->view).unheld;
}

/* What BPF could not show is asked for in the next best way. */
static void fill_gaps(struct committing *k)
{
	struct dw_facts *f = k->c->facts;

	if (k->walk.lost > 0)
		dw_facts_incomplete(
			f, "bpf-cut", NULL, 0, true,
			"the sockets of %zu processes or io_uring rings could not all be read",
			k->walk.lost);
	if (k->view->bad > 0)
		dw_facts_incomplete(f, "bpf-bad-record", NULL, 0, true,
				    "%zu records of the BPF walk are malformed", k->view->bad);
	if (k->unheld > 0)
		dw_facts_incomplete(f, "closed-process", NULL, 0, true,
				    "holders of %zu socket%s not visible: some processes may not "
				    "be looked into",
				    k->unheld, k->unheld == 1 ? "" : "s");
	if ((k->walk.ran & DW_BPF_TABLES) && dw_view_knows_tables(k->view))
		return;
	dw_facts_incomplete(
		f, "no-bpf-tables", NULL, 0, false,
		"the kernel's socket tables could not be walked; sock_diag was asked instead");
	for (size_t i = 0; i < k->c->netns.n; i++)
		if (dw_netns_reachable(k->c, i))
			(void)dw_collect_diag(k->c, i, NULL);
}

static void commit(struct committing *k)
{
	struct dw_facts *f = k->c->facts;

	add_namespaces(k);
	dw_vec_reserve(f->arena, &f->sockets, k->view->sockets.n);
	dw_vec_reserve(f->arena, &f->holds, k->view->holds.n);
	dw_vec_reserve(f->arena, &f->processes, HASH_COUNT(k->view->by_tgid));
	for (size_t i = 0; i < k->view->sockets.n; i++)
		add_socket(k, k->view->sockets.v[i]);
	add_holds(k);
	k->c->facts->method = k->walk.rung == DW_BPF_RUNG_PINNED ? "bpf-pinned" : "bpf";
	fill_gaps(k);
}

int dw_collect_bpf(struct dw_collect *c, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_view first = { 0 }, second = { 0 };
	struct committing k = { .c = c, .scratch = scratch };
	int r = look(&k, &first, e);

	if (r < 0)
		return r;
	/*
	 * A host without one door is rare, a kernel whose structs we misread is not: the next rung costs little
	 * there.
	 */
	if (first.sockets.n == 0) {
		dw_view_close(&first);
		return dw_error_set(e, -ENOTSUP, "the walk showed not one socket");
	}
	add_namespaces(&k);
	settle(&k, &first, &second);
	commit(&k);
	dw_view_close(&first);
	dw_view_close(&second);
	return 0;
}
