/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers of sock_diag(7), as plain functions on one message. Layouts: linux/inet_diag.h,
 * packet_diag.h, vm_sockets_diag.h. A message may come from a recording: nothing in it is trusted
 * but its header, whose length the caller has checked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/inet_diag.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "netcol.h"

#define LOCALS_MAX 1024 /* addresses of one SCTP socket */

/*
 * mnl_attr_for_each() rounds the message's length up, and so may read up to 3 bytes beyond its end.
 */
#define EACH_ATTR(a, m, offset)                                                                    \
	for ((a) = mnl_nlmsg_get_payload_offset((m), (offset));                                    \
	     mnl_attr_ok((a), (int)((const char *)(m) + (m)->nlmsg_len - (const char *)(a)));      \
	     (a) = mnl_attr_next(a))

static uint64_t cookie_of(const uint32_t c[2])
{
	uint64_t v = (uint64_t)c[1] << 32 | c[0];

	return v == UINT64_MAX ? 0 : v; /* INET_DIAG_NOCOOKIE */
}

/*
 * A connected socket answers one peer only and is no door; of raw and packet sockets every one
 * listens.
 */
static enum dw_door_kind kind_of(enum dw_protocol p, unsigned state)
{
	switch (p) {
	case DW_PROTOCOL_TCP:
	case DW_PROTOCOL_SCTP:
	case DW_PROTOCOL_DCCP:
	case DW_PROTOCOL_VSOCK:
		return state == TCP_LISTEN ? DW_KIND_LISTENER : DW_KIND_UNKNOWN;
	case DW_PROTOCOL_UDP:
	case DW_PROTOCOL_UDPLITE:
		return state == TCP_CLOSE ? DW_KIND_DATAGRAM : DW_KIND_UNKNOWN;
	case DW_PROTOCOL_RAW:
		return DW_KIND_RAW;
	case DW_PROTOCOL_PACKET:
		return DW_KIND_SNIFFER;
	case DW_PROTOCOL_UNKNOWN:
	case DW_PROTOCOL_BLUETOOTH:
	case DW_PROTOCOL_COUNT:
		break;
	}
	return DW_KIND_UNKNOWN;
}

void dw_endpoint_set_inet(struct dw_endpoint *at, bool v6, const void *address, bool v6only)
{
	static const uint8_t any[16];

	if (!v6) {
		at->family = DW_FAMILY_IPV4;
		memcpy(at->address, address, 4);
		return;
	}
	memcpy(at->address, address, 16);
	/* A raw IPv6 socket gets no IPv4 packet whatever it is bound to. */
	v6only =
		v6only || at->protocol == DW_PROTOCOL_RAW || memcmp(address, any, sizeof(any)) != 0;
	at->family = v6only ? DW_FAMILY_IPV6 : DW_FAMILY_DUAL;
	dw_endpoint_unmap(at);
}

struct inet_extra {
	bool v6only;
	uint64_t cgroup;
	const struct nlattr *locals;
};

static struct inet_extra inet_attributes(const struct nlmsghdr *m)
{
	struct inet_extra x = { 0 };
	const struct nlattr *a;

	EACH_ATTR(a, m, sizeof(struct inet_diag_msg))
	{
		uint16_t type = mnl_attr_get_type(a), n = mnl_attr_get_payload_len(a);

		if (type == INET_DIAG_SKV6ONLY && n >= 1)
			x.v6only = mnl_attr_get_u8(a) != 0;
		else if (type == INET_DIAG_CGROUP_ID && n >= sizeof(x.cgroup))
			memcpy(&x.cgroup, mnl_attr_get_payload(a), sizeof(x.cgroup));
		else if (type == INET_DIAG_LOCALS)
			x.locals = a;
	}
	return x;
}

/* SCTP: struct sockaddr_storage after struct sockaddr_storage (inet_diag_msg_sctpladdrs_fill). */
static bool each_local(const struct nlattr *locals, struct dw_socket_fact *s, bool v6only,
		       dw_sock_cb *cb, void *arg)
{
	const char *p = mnl_attr_get_payload(locals);
	size_t n = mnl_attr_get_payload_len(locals) / sizeof(struct sockaddr_storage);
	bool any = false;

	for (size_t i = 0; i < n && i < LOCALS_MAX; i++, p += sizeof(struct sockaddr_storage)) {
		struct sockaddr_storage ss;

		memcpy(&ss, p, sizeof(ss));
		memset(s->at.address, 0, sizeof(s->at.address));
		if (ss.ss_family == AF_INET)
			dw_endpoint_set_inet(&s->at, false, &((struct sockaddr_in *)&ss)->sin_addr,
					     false);
		else if (ss.ss_family == AF_INET6)
			dw_endpoint_set_inet(&s->at, true, &((struct sockaddr_in6 *)&ss)->sin6_addr,
					     v6only);
		else
			continue;
		any = true;
		cb(arg, s);
	}
	return any;
}

int dw_diag_parse_inet(const struct nlmsghdr *m, enum dw_protocol protocol, dw_sock_cb *cb,
		       void *arg)
{
	const struct inet_diag_msg *d = mnl_nlmsg_get_payload(m);
	struct inet_extra x;
	struct dw_socket_fact s;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*d) ||
	    (d->idiag_family != AF_INET && d->idiag_family != AF_INET6))
		return -EBADMSG;
	s = (struct dw_socket_fact){
		.at = { .protocol = protocol,
			.has_port = true,
			.port = ntohs(d->id.idiag_sport),
			.ifindex = d->id.idiag_if },
		.kind = kind_of(protocol, d->idiag_state),
		.inode = d->idiag_inode,
		.cookie = cookie_of(d->id.idiag_cookie),
		.uid = d->idiag_uid,
		.seen = DW_SEEN_DIAG,
	};
	if (s.kind == DW_KIND_UNKNOWN || (s.at.port == 0 && protocol != DW_PROTOCOL_RAW))
		return 0;
	x = inet_attributes(m);
	s.cgroup = x.cgroup;
	if (x.locals && each_local(x.locals, &s, x.v6only, cb, arg))
		return 0;
	dw_endpoint_set_inet(&s.at, d->idiag_family == AF_INET6, d->id.idiag_src, x.v6only);
	cb(arg, &s);
	return 0;
}

int dw_diag_parse_vsock(const struct nlmsghdr *m, dw_sock_cb *cb, void *arg)
{
	const struct vsock_diag_msg *d = mnl_nlmsg_get_payload(m);
	struct dw_socket_fact s;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*d) || d->vdiag_family != AF_VSOCK)
		return -EBADMSG;
	s = (struct dw_socket_fact){
		.at = { .protocol = DW_PROTOCOL_VSOCK,
			.family = DW_FAMILY_VSOCK,
			.has_port = true,
			.port = d->vdiag_src_port },
		.kind = kind_of(DW_PROTOCOL_VSOCK, d->vdiag_state),
		.inode = d->vdiag_ino,
		.cookie = cookie_of(d->vdiag_cookie),
		.uid = UINT32_MAX,
		.seen = DW_SEEN_DIAG,
	};
	/* A datagram vsock never listens; bound and without a peer it takes what comes. */
	if (d->vdiag_type == SOCK_DGRAM && d->vdiag_state == TCP_CLOSE &&
	    d->vdiag_src_port != UINT32_MAX)
		s.kind = DW_KIND_DATAGRAM;
	if (s.kind == DW_KIND_UNKNOWN)
		return 0;
	memcpy(s.at.address, &d->vdiag_src_cid, sizeof(d->vdiag_src_cid));
	cb(arg, &s);
	return 0;
}

int dw_diag_parse_packet(const struct nlmsghdr *m, struct dw_diag_packet *ret)
{
	const struct packet_diag_msg *d = mnl_nlmsg_get_payload(m);
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*d) || d->pdiag_family != AF_PACKET)
		return -EBADMSG;
	*ret = (struct dw_diag_packet){
		.socket = { .at = { .protocol = DW_PROTOCOL_PACKET, .family = DW_FAMILY_PACKET },
			    .kind = DW_KIND_SNIFFER,
			    .inode = d->pdiag_ino,
			    .cookie = cookie_of(d->pdiag_cookie),
			    .uid = UINT32_MAX,
			    .seen = DW_SEEN_DIAG },
		.ethertype = d->pdiag_num, /* the kernel has turned it into host order */
	};
	EACH_ATTR(a, m, sizeof(*d))
	{
		const void *p = mnl_attr_get_payload(a);
		size_t n = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) == PACKET_DIAG_INFO &&
		    n >= sizeof(struct packet_diag_info)) {
			ret->socket.at.ifindex = ((const struct packet_diag_info *)p)->pdi_index;
		} else if (mnl_attr_get_type(a) == PACKET_DIAG_UID && n >= sizeof(uint32_t)) {
			ret->socket.uid = mnl_attr_get_u32(a);
		} else if (mnl_attr_get_type(a) == PACKET_DIAG_FILTER &&
			   n >= sizeof(struct sock_filter)) {
			ret->filter = p;
			ret->n_filter = n / sizeof(struct sock_filter);
		}
	}
	return 0;
}

int dw_diag_parse_link(const struct nlmsghdr *m, uint32_t *ret_index, const char **ret_name,
		       size_t *ret_n)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(m);
	const struct nlattr *a;

	if (m->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(m) < sizeof(*i) ||
	    i->ifi_index <= 0)
		return -EBADMSG;
	EACH_ATTR(a, m, sizeof(*i))
	{
		size_t n = mnl_attr_get_payload_len(a);

		if (mnl_attr_get_type(a) != IFLA_IFNAME || n == 0)
			continue;
		*ret_name = mnl_attr_get_payload(a);
		*ret_n = strnlen(*ret_name, n);
		*ret_index = (uint32_t)i->ifi_index;
		return 0;
	}
	return -EBADMSG;
}

const char *dw_packet_text(struct dw_arena *a, uint16_t ethertype, const void *filter, size_t n)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ ETH_P_IP, "ipv4" },
		{ ETH_P_IPV6, "ipv6" },
		{ ETH_P_ARP, "arp" },
		{ ETH_P_8021Q, "vlan" },
		{ ETH_P_PAE, "802.1x" },
		{ ETH_P_LLDP, "lldp" },
		{ ETH_P_802_2, "802.2" },
		{ ETH_P_PPP_DISC, "pppoe discovery" },
		{ ETH_P_PPP_SES, "pppoe" },
		{ ETH_P_TIPC, "tipc" },
		{ ETH_P_AOE, "ata over ethernet" },
		{ ETH_P_FCOE, "fcoe" },
	};
	const char *words = filter && n > 0 ? dw_filter_text(a, filter, n) : NULL, *name = NULL;

	if (ethertype == ETH_P_ALL)
		return words;
	if (ethertype == 0)
		return "sends only: no protocol bound, receives nothing";
	for (size_t i = 0; i < DW_ARRAY_SIZE(names) && !name; i++)
		if (names[i].type == ethertype)
			name = names[i].name;
	if (!name)
		name = dw_arena_printf(a, "ethertype 0x%04x", ethertype);
	return words ? dw_arena_printf(a, "%s frames; %s", name, words)
		     : dw_arena_printf(a, "%s frames", name);
}
