/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds the sockets: the walk over all descriptors (dw_fds.h) joined with facts->sockets by inode. What
 * the walk finds beside that, namespaces and sockets that nobody has shown, is collected here too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_fds.h"
#include "dw_str.h"
#include "netcol.h"

#define PEEK_MAX ((size_t)100000) /* sockets asked themselves: about 2 µs each */
#define ROUNDS   3                /* walks, at most: the later ones over processes born meanwhile */

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

struct joining {
	struct dw_collect *c;
	struct dw_arena *scratch;
	DW_VEC(int) walked; /* pids, ascending */
	size_t denied, unpeeked, unpeekable, rings_mute, ring_nameless, covered;
	DW_VEC(bool) held; /* beside facts->sockets */
};

/* --- what the walk needs ------------------------------------------------------------------------ */

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static uint32_t *known_netns(struct joining *j, size_t *ret_n)
{
	const struct dw_collect *c = j->c;
	uint32_t *list = dw_arena_array(j->scratch, c->netns.n, sizeof(*list));

	for (size_t i = 0; i < c->netns.n; i++)
		list[i] = c->netns.v[i].inode;
	if (c->netns.n > 1)
		qsort(list, c->netns.n, sizeof(*list), by_number);
	*ret_n = c->netns.n;
	return list;
}

/* pids not walked before, both lists being ascending. The new list becomes the walked one. */
static size_t only_new(struct joining *j, int *pids, size_t n, int *out)
{
	size_t found = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		while (at < j->walked.n && j->walked.v[at] < pids[i])
			at++;
		if (at == j->walked.n || j->walked.v[at] != pids[i])
			out[found++] = pids[i];
	}
	j->walked.n = 0;
	for (size_t i = 0; i < n; i++)
		dw_vec_push(j->scratch, &j->walked, pids[i]);
	return found;
}

/* --- namespaces and sockets that only descriptors show --------------------------------------------- */

static void new_netns(struct joining *j, struct dw_fds *fds)
{
	struct dw_collect *c = j->c;
	struct dw_error why = { 0 };

	for (size_t i = 0; i < fds->netns.n; i++) {
		struct dw_fds_netns *n = &fds->netns.v[i];
		size_t known = dw_netns_find(c, n->inode), at;

		at = dw_netns_add(c, n->inode, dw_steal_fd(&n->fd), NULL, 0);
		if (known != DW_NONE)
			continue;
		if ((c->rungs & DW_RUNG_NETLINK) && dw_collect_diag(c, at, &why) < 0)
			dw_facts_incomplete(c->facts, "no-sock-diag", NULL, 0, false,
					    "sock_diag did not answer in one namespace: %s", why.message);
		(void)dw_collect_procnet(c, at, NULL);
	}
}

static enum dw_protocol loose_protocol(const struct dw_fds_loose *l)
{
	static const struct {
		int protocol;
		enum dw_protocol is;
	} table[] = {
		{ IPPROTO_TCP, DW_PROTOCOL_TCP },   { IPPROTO_MPTCP, DW_PROTOCOL_TCP },
		{ IPPROTO_SCTP, DW_PROTOCOL_SCTP }, { IPPROTO_DCCP, DW_PROTOCOL_DCCP },
	};

	if (l->domain == AF_VSOCK)
		return DW_PROTOCOL_VSOCK;
	if (l->domain == AF_BLUETOOTH)
		return DW_PROTOCOL_BLUETOOTH;
	for (size_t i = 0; i < DW_ARRAY_SIZE(table); i++)
		if (table[i].protocol == l->protocol)
			return table[i].is;
	return DW_PROTOCOL_UNKNOWN;
}

static bool loose_inet(const struct dw_fds_loose *l, struct dw_socket_fact *s)
{
	const struct sockaddr_in *v4 = (const void *)l->local;
	const struct sockaddr_in6 *v6 = (const void *)l->local;

	if (l->domain == AF_INET && l->local_size >= sizeof(*v4)) {
		dw_endpoint_set_inet(&s->at, false, &v4->sin_addr, false);
		s->at.port = ntohs(v4->sin_port);
		return true;
	}
	if (l->domain == AF_INET6 && l->local_size >= sizeof(*v6)) {
		dw_endpoint_set_inet(&s->at, true, &v6->sin6_addr, l->v6only);
		s->at.port = ntohs(v6->sin6_port);
		return true;
	}
	return false;
}

static bool loose_vsock(const struct dw_fds_loose *l, struct dw_socket_fact *s)
{
	const struct sockaddr_vm *vm = (const void *)l->local;

	if (l->local_size < sizeof(*vm) || vm->svm_port == VMADDR_PORT_ANY)
		return false;
	if (!l->listening && (l->type != SOCK_DGRAM || l->connected))
		return false;
	s->at.family = DW_FAMILY_VSOCK;
	s->at.port = vm->svm_port;
	memcpy(s->at.address, &vm->svm_cid, sizeof(vm->svm_cid));
	s->kind = l->listening ? DW_KIND_LISTENER : DW_KIND_DATAGRAM;
	return true;
}

/*
 * struct sockaddr_l2 and sockaddr_rc (bluetooth/bluetooth.h is not among the kernel's exported headers):
 * l2cap: family, psm (little endian), bdaddr[6], ...; rfcomm: family, bdaddr[6], channel. SO_ACCEPTCONN is never
 * set for them, so whether one listens is debugfs's to say: here only its number and holder are added.
 */
static void loose_bluetooth(struct dw_collect *c, const struct dw_fds_loose *l)
{
	enum { BTPROTO_L2CAP_ = 0, BTPROTO_RFCOMM_ = 3 };
	bool l2cap = l->protocol == BTPROTO_L2CAP_;
	const uint8_t *p = l->local;
	uint32_t port;

	if ((!l2cap && l->protocol != BTPROTO_RFCOMM_) || l->local_size < 10 || l->connected)
		return;
	port = l2cap ? p[2] | (uint32_t)p[3] << 8 : p[8];
	for (size_t i = 0; port != 0 && i < c->facts->sockets.n; i++) {
		struct dw_socket_fact *s = &c->facts->sockets.v[i];

		if (s->at.protocol == DW_PROTOCOL_BLUETOOTH && s->inode == 0 && s->at.port == port &&
		    memcmp(s->at.address, p + (l2cap ? 4 : 2), 6) == 0) {
			s->inode = l->inode;
			s->cookie = l->cookie;
			s->seen |= DW_SEEN_FD;
			dw_sock_reindex(c);
			return;
		}
	}
}

static bool still_held(struct dw_collect *c, const struct dw_fds *fds, uint64_t inode)
{
	for (size_t i = 0; i < fds->sockets.n; i++) {
		const struct dw_fds_socket *s = &fds->sockets.v[i];
		_cleanup_fd_ int dir = -1;
		char path[32], link[64];
		uint64_t now;
		ssize_t n;

		if (s->inode != inode || s->slot >= 0 || s->tid)
			continue;
		dir = dw_procs_openat(c->procs, fds->processes[s->process].pid, ".", O_PATH | O_DIRECTORY, NULL);
		(void)snprintf(path, sizeof(path), "fd/%d", s->fd);
		n = dir < 0 ? -1 : readlinkat(dir, path, link, sizeof(link));
		if (n > 0 && n < (ssize_t)sizeof(link) && dw_fds_parse_link(link, (size_t)n, "socket", &now) &&
		    now == inode)
			return true;
	}
	return false;
}

/* A listener that sock_diag should have shown and did not, even when it was asked again. */
static void new_socket(struct dw_collect *c, const struct dw_fds *fds, const struct dw_fds_loose *l)
{
	size_t netns = dw_netns_find(c, l->netns);
	struct dw_socket_fact s = {
		.at = { .netns = l->netns, .protocol = loose_protocol(l), .has_port = true },
		.kind = DW_KIND_LISTENER,
		.inode = l->inode,
		.cookie = l->cookie,
		.mptcp = l->protocol == IPPROTO_MPTCP,
		.uid = UINT32_MAX,
		.seen = DW_SEEN_FD,
		.could_see = DW_SEEN_FD,
	};
	bool vsock = l->domain == AF_VSOCK;

	if (s.at.protocol == DW_PROTOCOL_UNKNOWN || netns == DW_NONE ||
	    !(vsock ? loose_vsock(l, &s) : loose_inet(l, &s)))
		return;
	s.at.ifindex = l->bound_if;
	s.at.ifname = dw_netns_ifname(c, netns, l->bound_if);
	if (dw_netns_state(c, netns)->diag & DW_PROTOCOL_BIT(s.at.protocol)) {
		/* Still held after sock_diag was asked anew: only then may that be called blind. */
		if (!still_held(c, fds, l->inode))
			return;
		s.could_see |= DW_SEEN_DIAG;
	}
	(void)dw_sock_add(c, &s);
}

/* The namespaces in which listeners turned up that sock_diag had not shown before: opened since, mostly. */
static void ask_diag_again(struct dw_collect *c, const struct dw_fds *fds)
{
	_cleanup_free_ bool *done = calloc(c->netns.n + 1, sizeof(*done));

	if (!done)
		dw_oom();
	for (size_t i = 0; (c->rungs & DW_RUNG_NETLINK) && i < fds->loose.n; i++) {
		const struct dw_fds_loose *l = &fds->loose.v[i];
		size_t netns = dw_netns_find(c, l->netns);

		if (netns == DW_NONE || done[netns] || !l->listening || l->domain == AF_VSOCK)
			continue;
		done[netns] = true;
		(void)dw_collect_diag(c, netns, NULL);
	}
}

static void loose_sockets(struct joining *j, const struct dw_fds *fds)
{
	struct dw_collect *c = j->c;

	ask_diag_again(c, fds);
	for (size_t i = 0; i < fds->loose.n; i++) {
		const struct dw_fds_loose *l = &fds->loose.v[i];

		if (l->domain == AF_BLUETOOTH)
			loose_bluetooth(c, l);
		else if (dw_sock_first(c, l->inode) == DW_NONE)
			new_socket(c, fds, l);
	}
}

/* --- joining ------------------------------------------------------------------------------------ */

/* The process as it was walked, or DW_NONE: it has ended since. Told by the start time, never by the pid alone. */
static size_t owner_of(struct joining *j, const struct dw_fds_process *p)
{
	struct dw_collect *c = j->c;
	const struct dw_procinfo *i = p->covered ? NULL : dw_procs_get(c->procs, p->pid);

	if (i && i->started_ticks == p->started_ticks)
		return dw_collect_owner(c, i);
	if (!p->covered && (!i || i->started_ticks > p->started_ticks))
		return DW_NONE;
	/* Hidden under a mount, or an older process of that number was read before: what the walk saw is all. */
	dw_procs_seed(c->procs, &(struct dw_procinfo){
					.pid = p->pid,
					.ppid = p->ppid,
					.started_ticks = p->started_ticks,
					.comm = dw_arena_strdup(c->facts->arena, p->comm),
					.uid = UINT32_MAX,
					.euid = UINT32_MAX,
					.gid = UINT32_MAX,
					.egid = UINT32_MAX,
					.loginuid = UINT32_MAX,
					.no_new_privs = -1,
					.seccomp = -1,
				});
	i = dw_procs_get(c->procs, p->pid);
	return i ? dw_collect_owner(c, i) : DW_NONE;
}

static const char *via_of(struct dw_arena *a, const struct dw_fds_socket *s)
{
	const char *how;

	if (s->slot >= 0)
		how = dw_arena_printf(a, "io_uring fd %d slot %d", s->fd, s->slot);
	else
		how = dw_arena_printf(a, "fd %d", s->fd);
	return s->tid ? dw_arena_printf(a, "thread %d %s", s->tid, how) : how;
}

static void hold(struct joining *j, size_t socket, size_t owner, const struct dw_fds_socket *s)
{
	struct dw_facts *f = j->c->facts;

	while (j->held.n < f->sockets.n)
		*dw_vec_add(j->scratch, &j->held) = false;
	j->held.v[socket] = true;
	f->sockets.v[socket].seen |= s->slot >= 0 ? DW_SEEN_IO_URING : DW_SEEN_FD;
	*dw_vec_add(f->arena, &f->holds) = (struct dw_hold_fact){
		.socket = socket, .process = owner, .via = via_of(f->arena, s),
	};
}

/* Of a process, one hold a socket: the first descriptor. A process's sockets stand together. */
static void join_all(struct joining *j, const struct dw_fds *fds)
{
	struct dw_collect *c = j->c;
	size_t *last, owner = DW_NONE, n = c->facts->sockets.n;
	uint32_t current = UINT32_MAX;

	last = dw_arena_array(j->scratch, n, sizeof(*last));
	for (size_t i = 0; i < n; i++)
		last[i] = DW_NONE;
	for (size_t i = 0; i < fds->sockets.n; i++) {
		const struct dw_fds_socket *s = &fds->sockets.v[i];
		size_t socket = dw_sock_first(c, s->inode);

		j->ring_nameless += s->inode == 0;
		if (socket == DW_NONE)
			continue;
		if (s->process != current) {
			current = s->process;
			owner = owner_of(j, &fds->processes[current]);
		}
		for (; owner != DW_NONE && socket != DW_NONE; socket = dw_sock_next(c, socket)) {
			if (last[socket] == current)
				continue;
			last[socket] = current;
			hold(j, socket, owner, s);
		}
	}
}

static int walk(struct joining *j, const int *pids, size_t n, struct dw_error *e)
{
	struct dw_fds_ask ask = {
		.pids = pids, .n_pids = n, .known = dw_sock_known, .arg = j->c, .peek_max = PEEK_MAX,
	};
	struct dw_fds fds = { 0 };
	int r;

	/* The workers read the index; it must be whole before and stay as it is. */
	(void)dw_sock_first(j->c, 1);
	ask.netns = known_netns(j, &ask.n_netns);
	r = dw_fds_walk(j->c->sys, &ask, j->scratch, &fds, e);
	if (r < 0)
		return r;
	new_netns(j, &fds);
	loose_sockets(j, &fds);
	join_all(j, &fds);
	for (size_t i = 0; i < fds.n_processes; i++)
		j->covered += fds.processes[i].covered;
	j->denied += fds.denied;
	j->unpeeked += fds.unpeeked;
	j->unpeekable += fds.unpeekable;
	j->rings_mute += fds.rings_mute;
	dw_fds_close(&fds);
	return 0;
}

/* --- sockets left without a holder ------------------------------------------------------------------ */

static bool is_unheld(const struct joining *j, size_t socket)
{
	return socket >= j->held.n || !j->held.v[socket];
}

static size_t count_unheld(const struct joining *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->c->facts->sockets.n; i++)
		n += is_unheld(j, i);
	return n;
}

static void drop_and_renumber(struct joining *j, const bool *drop)
{
	size_t kept = 0, n = j->c->facts->sockets.n;

	for (size_t i = 0; i < n; i++)
		if (!drop[i] && i < j->held.n)
			j->held.v[kept++] = j->held.v[i];
	j->held.n = DW_MIN(kept, j->held.n);
	dw_sock_drop(j->c, drop);
}

/* False: it could not be asked, so its sockets stay. */
static bool ask_once_more(struct dw_collect *c, size_t netns)
{
	if (!dw_netns_reachable(c, netns))
		return false;
	if ((c->rungs & DW_RUNG_NETLINK) && dw_collect_diag(c, netns, NULL) < 0)
		return false;
	return dw_collect_procnet(c, netns, NULL) == 0;
}

/*
 * A socket whose holder ended while we looked would be taken for the kernel's own. Its namespace is asked once
 * more: what is not there any more was closed, and is dropped.
 */
static void drop_closed(struct joining *j)
{
	enum { NOT_ASKED = 0, CANNOT, ASKED };
	struct dw_collect *c = j->c;
	struct dw_facts *f = c->facts;
	size_t n = f->sockets.n;
	_cleanup_free_ uint8_t *state = calloc(c->netns.n + 1, 1);
	_cleanup_free_ bool *drop = NULL;

	if (!state)
		dw_oom();
	dw_sock_forget(c);
	for (size_t i = 0; i < n; i++) {
		size_t netns = is_unheld(j, i) ? dw_netns_find(c, f->sockets.v[i].at.netns) : DW_NONE;

		if (netns != DW_NONE && state[netns] == NOT_ASKED)
			state[netns] = ask_once_more(c, netns) ? ASKED : CANNOT;
	}
	drop = calloc(f->sockets.n + 1, sizeof(*drop));
	if (!drop)
		dw_oom();
	for (size_t i = 0; i < f->sockets.n; i++) {
		size_t netns = is_unheld(j, i) ? dw_netns_find(c, f->sockets.v[i].at.netns) : DW_NONE;
		bool again = (dw_sock_again(c, i) & (DW_SEEN_DIAG | DW_SEEN_PROC)) != 0;

		/* Beyond n: opened after the descriptors were read, so nobody could be said to hold it. */
		drop[i] = netns != DW_NONE && state[netns] == ASKED && (i >= n || !again);
	}
	drop_and_renumber(j, drop);
}

static void note_unseen(struct joining *j, size_t unheld)
{
	struct dw_facts *f = j->c->facts;
	bool root = dw_sys_euid(j->c->sys) == 0;

	if (unheld > 0 && (j->denied > 0 || !root))
		dw_facts_incomplete(f, "not-root", NULL, 0, true, "holders of %zu socket%s not visible: %s", unheld,
				    unheld == 1 ? "" : "s", root ? "some processes may not be looked into" : "run as root");
	if (j->covered > 0)
		dw_facts_incomplete(f, "proc-covered", "/proc", 0, false,
				    "%zu process%s hidden behind a mount over its directory in /proc", j->covered,
				    j->covered == 1 ? " is" : "es are");
	if (j->ring_nameless > 0)
		dw_facts_incomplete(f, "io-uring", NULL, 0, true,
				    "%zu socket%s held by io_uring rings are not numbered by this kernel: their "
				    "holders may be missing",
				    j->ring_nameless, j->ring_nameless == 1 ? "" : "s");
	if (j->rings_mute > 0)
		dw_facts_incomplete(f, "io-uring", NULL, 0, true,
				    "the registered files of %zu io_uring ring%s could not be read", j->rings_mute,
				    j->rings_mute == 1 ? "" : "s");
	if (root && j->unpeeked > 0)
		dw_facts_incomplete(f, "unasked-sockets", NULL, 0, true,
				    "%zu sockets were not asked for their network namespace (%s): one that only "
				    "they keep alive would be missed",
				    j->unpeeked, j->unpeekable ? "pidfd_getfd is not allowed" : "too many");
}

int dw_collect_holders(struct dw_collect *c, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct joining j = { .c = c, .scratch = scratch };
	size_t unheld = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		int *pids = NULL, *fresh, r;
		size_t n = 0;

		r = dw_procs_list(c->procs, scratch, &pids, &n, e);
		if (r < 0)
			return r;
		fresh = dw_arena_array(scratch, n, sizeof(*fresh));
		n = only_new(&j, pids, n, fresh);
		if (n == 0)
			break;
		r = walk(&j, fresh, n, e);
		if (r < 0)
			return r;
		unheld = count_unheld(&j);
		if (unheld == 0)
			break;
	}
	if (unheld > 0)
		drop_closed(&j);
	note_unseen(&j, count_unheld(&j));
	return 0;
}
