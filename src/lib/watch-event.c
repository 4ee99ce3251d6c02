/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An event of the kernel becomes a socket that is to be looked at, or a door that is closing. */
#include <string.h>
#include <sys/socket.h>

#include "dw_netlink.h"
#include "watch-private.h"

static enum dw_protocol protocol_of(const struct dw_bpf_watch *v)
{
	static const struct {
		uint16_t number;
		enum dw_protocol protocol;
	} by_number[] = {
		{ 6, DW_PROTOCOL_TCP },       { 262, DW_PROTOCOL_TCP },  { 17, DW_PROTOCOL_UDP },
		{ 136, DW_PROTOCOL_UDPLITE }, { 132, DW_PROTOCOL_SCTP }, { 33, DW_PROTOCOL_DCCP },
	};

	if (v->family == AF_PACKET)
		return DW_PROTOCOL_PACKET;
	if (v->family == AF_VSOCK)
		return DW_PROTOCOL_VSOCK;
	if (v->family != AF_INET && v->family != AF_INET6)
		return DW_PROTOCOL_UNKNOWN;
	if (v->type == SOCK_RAW)
		return DW_PROTOCOL_RAW;
	for (size_t i = 0; i < DW_ARRAY_SIZE(by_number); i++)
		if (by_number[i].number == v->protocol)
			return by_number[i].protocol;
	return DW_PROTOCOL_UNKNOWN;
}

static enum dw_door_kind kind_of(enum dw_protocol p)
{
	if (p == DW_PROTOCOL_UDP || p == DW_PROTOCOL_UDPLITE)
		return DW_KIND_DATAGRAM;
	if (p == DW_PROTOCOL_RAW)
		return DW_KIND_RAW;
	return p == DW_PROTOCOL_PACKET ? DW_KIND_SNIFFER : DW_KIND_LISTENER;
}

/* A socket of IPv6 on all addresses mostly takes IPv4 as well; the look will tell. */
static struct dw_endpoint endpoint_of(const struct dw_bpf_watch *v)
{
	static const uint8_t any[16];
	struct dw_endpoint at = { .netns = v->netns, .ifindex = v->ifindex };

	at.protocol = protocol_of(v);
	at.has_port = at.protocol != DW_PROTOCOL_PACKET;
	at.port = at.has_port ? v->port : 0;
	memcpy(at.address, v->address, sizeof(at.address));
	if (at.protocol == DW_PROTOCOL_PACKET)
		at.family = DW_FAMILY_PACKET;
	else if (at.protocol == DW_PROTOCOL_VSOCK)
		at.family = DW_FAMILY_VSOCK;
	else if (v->family == AF_INET)
		at.family = DW_FAMILY_IPV4;
	else
		at.family =
			memcmp(at.address, any, sizeof(any)) == 0 ? DW_FAMILY_DUAL : DW_FAMILY_IPV6;
	if (at.family == DW_FAMILY_PACKET)
		memset(at.address, 0, sizeof(at.address));
	return at;
}

/*
 * Which turns it waits for. A process that only begets others has the same cgroup, and they mostly the same name; one
 * that takes a name for each has the same user, also where no cgroups tell programs apart.
 */
static void set_whose(const struct dw_bpf_watch *v, uint64_t *whose)
{
	uint64_t half[2];

	_Static_assert(sizeof(half) <= sizeof(v->comm), "a name of the kernel");
	memcpy(half, v->comm, sizeof(half));
	whose[DW_DUE_GROUP] = v->cgroup;
	whose[DW_DUE_USER] = v->uid;
	whose[DW_DUE_NAME] = half[0] ^ (half[1] * 31);
	whose[DW_DUE_PROCESS] = v->started ^ ((uint64_t)v->tgid << 32);
}

static struct watch_item *item_of(const struct dw_bpf_watch *v, uint64_t now)
{
	struct watch_item *i = calloc(1, sizeof(*i));

	if (!i)
		dw_oom();
	i->head = (struct dw_due_head){ .due = now, .cookie = v->cookie };
	set_whose(v, i->head.whose);
	i->hint.at = endpoint_of(v);
	i->hint.kind = kind_of(i->hint.at.protocol);
	i->hint.cookie = v->cookie;
	i->hint.pid = (int)v->tgid;
	i->hint.started_ns = v->started;
	i->hint.uid = v->uid;
	i->hint.fd = v->fd > 0 && v->fd <= INT32_MAX ? (int)v->fd - 1 : 0;
	i->hint.mptcp = (v->flags & DW_BPF_WATCH_F_MPTCP) != 0;
	i->time_us = v->time / 1000;
	i->cgroup = v->cgroup;
	i->low_flags = v->flags;
	memcpy(i->comm, v->comm, sizeof(v->comm));
	return i;
}

void dw_watch_put(struct watching *w, struct watch_item *i)
{
	size_t lost = dw_due_put(i->again ? w->later : w->due, &i->head);

	if (lost == 0)
		return;
	w->s.lost += lost;
	dw_watch_want_whole(w, DW_WATCH_WHOLE_US);
}

void dw_watch_dropped(void *watching, const void *item)
{
	struct watching *w = watching;
	const struct watch_item *i = item;

	memcpy(w->lost_of, i->comm, sizeof(w->lost_of));
}

/* It was not looked at yet: it is told as what it was. What waited as a client's, and is shut now, was one. */
static void closed_unseen(struct watching *w, uint64_t cookie)
{
	struct watch_item *i = cookie ? dw_due_take_cookie(w->due, cookie) : NULL;

	/* it was told: nobody holds it any more */
	free(cookie ? dw_due_take_cookie(w->later, cookie) : NULL);
	if (!i)
		return;
	if (i->head.due > dw_watch_now(w) && i->tries == 0) {
		w->s.clients++;
		free(i);
		return;
	}
	i->closed = true;
	i->head.due = dw_watch_now(w);
	dw_watch_put(w, i);
}

/* An audit from within a container sees the namespaces that its own processes are in, and no others. */
static bool is_outside(const struct watching *w, const struct dw_bpf_watch *v)
{
	const struct dw_facts *known = w->context ? w->context->facts : NULL;

	if (!(v->flags & DW_BPF_WATCH_F_OUTSIDE) || v->netns == dw_netns_self(w->sys))
		return false;
	for (size_t i = 0; known && i < known->netns.n; i++)
		if (known->netns.v[i].inode == v->netns)
			return false;
	return true;
}

void dw_watch_event(struct watching *w, const struct dw_bpf_watch *v)
{
	struct dw_endpoint at = endpoint_of(v);
	uint64_t now = dw_watch_now(w);

	w->s.events++;
	/* our own looks open sockets too */
	if (at.protocol == DW_PROTOCOL_UNKNOWN || v->tgid == (uint32_t)w->s.pid ||
	    dw_client_only_sends(&at) || is_outside(w, v))
		return;
	if (v->what == DW_BPF_WATCH_OPENED) {
		dw_watch_put(w, item_of(v, now));
		return;
	}
	if (v->what != DW_BPF_WATCH_CLOSED)
		return;
	closed_unseen(w, v->cookie);
	dw_known_closing(w->known, &at, now / 1000);
}
