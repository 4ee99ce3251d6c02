/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Namespaces and sockets that nothing but a descriptor shows, as the walk over descriptors found
 * them.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netcol.h"

#define UNIX_MAX ((size_t)4 * 1024 * 1024)

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static void new_netns(struct dw_collect *c, struct dw_fds *fds)
{
	struct dw_error why = { 0 };

	for (size_t i = 0; i < fds->netns.n; i++) {
		struct dw_fds_netns *n = &fds->netns.v[i];
		size_t known = dw_netns_find(c, n->inode), at;

		at = dw_netns_add(c, n->inode, dw_steal_fd(&n->fd), NULL, 0);
		if (known != DW_NONE)
			continue;
		if ((c->rungs & DW_RUNG_NETLINK) && dw_collect_diag(c, at, &why) < 0)
			dw_facts_incomplete(c->facts, "no-sock-diag", NULL, 0, false,
					    "sock_diag did not answer in one namespace: %s",
					    why.message);
		(void)dw_collect_procnet(c, at, NULL);
	}
}

static enum dw_protocol loose_protocol(const struct dw_fds_loose *l)
{
	static const struct {
		int protocol;
		enum dw_protocol is;
	} table[] = {
		{ IPPROTO_TCP, DW_PROTOCOL_TCP },
		{ IPPROTO_MPTCP, DW_PROTOCOL_TCP },
		{ IPPROTO_SCTP, DW_PROTOCOL_SCTP },
		{ IPPROTO_DCCP, DW_PROTOCOL_DCCP },
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
 * struct sockaddr_l2 and sockaddr_rc (bluetooth/bluetooth.h is not among the kernel's exported
 * headers): l2cap: family, psm (little endian), bdaddr[6], ...; rfcomm: family, bdaddr[6], channel.
 * SO_ACCEPTCONN is never set for them, so whether one listens is debugfs's to say: here only its
 * number and holder are added.
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

		if (s->at.protocol == DW_PROTOCOL_BLUETOOTH && s->inode == 0 &&
		    s->at.port == port && memcmp(s->at.address, p + (l2cap ? 4 : 2), 6) == 0) {
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
		dir = dw_procs_openat(c->procs, fds->processes[s->process].pid, ".",
				      O_PATH | O_DIRECTORY, NULL);
		(void)snprintf(path, sizeof(path), "fd/%d", s->fd);
		n = dir < 0 ? -1 : readlinkat(dir, path, link, sizeof(link));
		if (n > 0 && n < (ssize_t)sizeof(link) &&
		    dw_fds_parse_link(link, (size_t)n, "socket", &now) && now == inode)
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

/*
 * The namespaces in which listeners turned up that sock_diag had not shown before: opened since,
 * mostly.
 */
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
		(void)dw_diag_reread(c, netns, NULL);
	}
}

void dw_loose_collect(struct dw_collect *c, struct dw_fds *fds)
{
	new_netns(c, fds);
	ask_diag_again(c, fds);
	for (size_t i = 0; i < fds->loose.n; i++) {
		const struct dw_fds_loose *l = &fds->loose.v[i];

		if (l->domain == AF_BLUETOOTH)
			loose_bluetooth(c, l);
		else if (dw_sock_first(c, l->inode) == DW_NONE)
			new_socket(c, fds, l);
	}
}

/* --- sockets that need not be asked ---------------------------------------------------------- */

struct inodes {
	struct dw_arena *arena;
	DW_VEC(uint32_t) list;
};

static int one_unix(const struct nlmsghdr *m, void *arg)
{
	struct inodes *i = arg;
	const struct unix_diag_msg *d = mnl_nlmsg_get_payload(m);

	if (mnl_nlmsg_get_payload_len(m) >= sizeof(*d) && i->list.n < UNIX_MAX)
		dw_vec_push(i->arena, &i->list, d->udiag_ino);
	return 0;
}

static int ascending(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

size_t dw_unix_inodes(struct dw_collect *c, struct dw_arena *a, uint32_t **ret)
{
	struct inodes found = { .arena = a };

	for (size_t i = 0; (c->rungs & DW_RUNG_NETLINK) && i < c->netns.n; i++) {
		_Alignas(struct nlmsghdr) char buffer[256] = { 0 };
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
		struct unix_diag_req *q;

		if (!dw_netns_reachable(c, i))
			continue;
		request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		q = mnl_nlmsg_put_extra_header(request, sizeof(*q));
		q->sdiag_family = AF_UNIX;
		q->udiag_states = UINT32_MAX;
		/* Without unix_diag they are asked one by one: dearer, no less right. */
		(void)dw_netlink_request(c->sys, &c->netns.v[i], NETLINK_SOCK_DIAG, request,
					 one_unix, NULL, &found, NULL);
	}
	if (found.list.n > 1)
		qsort(found.list.v, found.list.n, sizeof(*found.list.v), ascending);
	*ret = found.list.v;
	return found.list.n;
}
