/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers of the recorded host in tests/dumps/netcol, made by hand; for test-dumps.c alone. */
#ifndef RECORDS_H
#define RECORDS_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/vm_sockets_diag.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "dw_test.h"

#define HOST 4026531840U
#define BLUE 4026532999U

struct answer {
	uint32_t netns;
	int protocol; /* of netlink */
	_Alignas(8) char request[512];
	_Alignas(8) char bytes[2048];
	size_t n;
};

static void *put(struct answer *a, size_t size)
{
	void *at = a->bytes + a->n;

	a->n += size;
	return at;
}

static struct nlmsghdr *begin(struct answer *a)
{
	struct nlmsghdr *m = put(a, sizeof(*m));

	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlmsg_flags = NLM_F_MULTI;
	m->nlmsg_seq = 1;
	return m;
}

static void end(struct answer *a, struct nlmsghdr *m)
{
	m->nlmsg_len = (uint32_t)(a->bytes + a->n - (char *)m);
}

static void attribute(struct answer *a, uint16_t type, const void *data, size_t n)
{
	struct nlattr *t = put(a, sizeof(*t));

	*t = (struct nlattr){ .nla_type = type, .nla_len = (uint16_t)(sizeof(*t) + n) };
	memcpy(put(a, (n + 3) & ~(size_t)3), data, n);
}

static void done(struct answer *a)
{
	struct nlmsghdr *m = begin(a);

	m->nlmsg_type = NLMSG_DONE;
	memset(put(a, 4), 0, 4);
	end(a, m);
}

static void ask_inet(struct answer *a, int family, unsigned protocol, uint32_t states)
{
	struct nlmsghdr *m = (void *)a->request;
	struct inet_diag_req_v2 *r = (void *)(m + 1);
	struct nlattr *t = (void *)(r + 1);

	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlmsg_len = NLMSG_HDRLEN + sizeof(*r);
	r->sdiag_family = (uint8_t)family;
	r->sdiag_protocol = (uint8_t)protocol;
	r->idiag_states = states;
	if (protocol > 255) {
		*t = (struct nlattr){ .nla_len = 8, .nla_type = INET_DIAG_REQ_PROTOCOL };
		memcpy(t + 1, &protocol, 4);
		m->nlmsg_len += 8;
	}
}

static struct inet_diag_msg *inet(struct answer *a, int family, uint8_t state, const char *address,
				  uint16_t port, uint32_t inode)
{
	struct inet_diag_msg *d = put(a, sizeof(*d));

	d->idiag_family = (uint8_t)family;
	d->idiag_state = state;
	d->id.idiag_sport = htons(port);
	d->id.idiag_cookie[0] = inode + 1;
	d->idiag_inode = inode;
	d->idiag_uid = 33;
	DW_CHECK_INT(inet_pton(family, address, d->id.idiag_src), 1);
	return d;
}

/* Bound to two addresses: one socket, two doors; and one that does not listen. */
static void sctp4(struct answer *a)
{
	struct sockaddr_storage locals[2] = { 0 };
	struct sockaddr_in *in;
	struct nlmsghdr *m;

	ask_inet(a, AF_INET, 132, 1U << TCP_LISTEN);
	for (unsigned i = 0; i < 2; i++) {
		in = (struct sockaddr_in *)&locals[i];
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(0x0a000001 + i);
		in->sin_port = htons(3868);
	}
	m = begin(a);
	(void)inet(a, AF_INET, TCP_LISTEN, "0.0.0.0", 3868, 5001);
	attribute(a, INET_DIAG_LOCALS, locals, sizeof(locals));
	end(a, m);
	m = begin(a);
	(void)inet(a, AF_INET, TCP_CLOSE, "0.0.0.0", 3869, 5002);
	end(a, m);
}

static void sctp6(struct answer *a)
{
	struct nlmsghdr *m;

	ask_inet(a, AF_INET6, 132, 1U << TCP_LISTEN);
	m = begin(a);
	(void)inet(a, AF_INET6, TCP_LISTEN, "::", 2905, 5003);
	attribute(a, INET_DIAG_SKV6ONLY, "\1", 1);
	end(a, m);
}

static void dccp(struct answer *a)
{
	struct nlmsghdr *m;

	ask_inet(a, AF_INET6, 33, 1U << TCP_LISTEN);
	m = begin(a);
	(void)inet(a, AF_INET6, TCP_LISTEN, "::", 5004, 5004);
	attribute(a, INET_DIAG_SKV6ONLY, "", 1);
	end(a, m);
}

static void raw(struct answer *a)
{
	struct nlmsghdr *m;

	ask_inet(a, AF_INET, 255, UINT32_MAX);
	m = begin(a);
	(void)inet(a, AF_INET, TCP_CLOSE, "0.0.0.0", 89, 5005);
	attribute(a, INET_DIAG_PROTOCOL, "\x59", 1);
	end(a, m);
}

/* The listener of MPTCP and the TCP one that the kernel keeps under it share their inode. */
static void tcp(struct answer *a)
{
	struct nlmsghdr *m;

	ask_inet(a, AF_INET, 6, 1U << TCP_LISTEN);
	m = begin(a);
	inet(a, AF_INET, TCP_LISTEN, "0.0.0.0", 443, 5006)->id.idiag_if = 2;
	end(a, m);
	m = begin(a);
	(void)inet(a, AF_INET, TCP_ESTABLISHED, "10.0.0.1", 443, 5007);
	end(a, m);
}

static void tcp6(struct answer *a)
{
	struct nlmsghdr *m;

	ask_inet(a, AF_INET6, 6, 1U << TCP_LISTEN);
	m = begin(a);
	(void)inet(a, AF_INET6, TCP_LISTEN, "::ffff:10.0.0.1", 8443, 5008);
	end(a, m);
}

static void mptcp(struct answer *a)
{
	struct nlmsghdr *m;

	ask_inet(a, AF_INET, 262, 1U << TCP_LISTEN);
	m = begin(a);
	inet(a, AF_INET, TCP_LISTEN, "0.0.0.0", 443, 5006)->id.idiag_if = 2;
	end(a, m);
}

static void vsock(struct answer *a)
{
	struct nlmsghdr *m = (void *)a->request;
	struct vsock_diag_req *r = (void *)(m + 1);
	static const struct vsock_diag_msg sockets[] = {
		{ AF_VSOCK,
		  SOCK_STREAM,
		  TCP_LISTEN,
		  0,
		  UINT32_MAX,
		  1024,
		  UINT32_MAX,
		  UINT32_MAX,
		  5009,
		  { 7, 0 } },
		{ AF_VSOCK, SOCK_STREAM, TCP_ESTABLISHED, 0, 3, 1024, 2, 4711, 5010, { 8, 0 } },
		{ AF_VSOCK,
		  SOCK_DGRAM,
		  TCP_CLOSE,
		  0,
		  3,
		  9999,
		  UINT32_MAX,
		  UINT32_MAX,
		  5011,
		  { 9, 0 } },
	};

	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlmsg_len = NLMSG_HDRLEN + sizeof(*r);
	*r = (struct vsock_diag_req){ .sdiag_family = AF_VSOCK,
				      .vdiag_states = 1U << TCP_LISTEN | 1U << TCP_CLOSE };
	for (size_t i = 0; i < DW_ARRAY_SIZE(sockets); i++) {
		m = begin(a);
		memcpy(put(a, sizeof(sockets[i])), &sockets[i], sizeof(sockets[i]));
		end(a, m);
	}
}

/* In the other namespace; and a message that is cut short. */
static void blue(struct answer *a)
{
	struct nlmsghdr *m;

	a->netns = BLUE;
	ask_inet(a, AF_INET, 17, 1U << TCP_CLOSE);
	m = begin(a);
	(void)inet(a, AF_INET, TCP_CLOSE, "0.0.0.0", 53, 5012);
	end(a, m);
	m = begin(a);
	memset(put(a, 8), 2, 8);
	end(a, m);
}

/*
 * Connections: local port 443 or 8443, or the remote address one of this host (its own 10.0.0.1, loopback), each
 * test of inet_diag_bc_op followed by a jump to the end of the program.
 */
static void connections(struct answer *a)
{
	/* clang-format off */
	static const uint8_t code[] = {
		2, 8, 20, 0, 0, 0, 0xbb, 1, /* local port >= 443, else the next test */
		3, 8, 12, 0, 0, 0, 0xbb, 1, /* <= 443 */
		1, 4, 96, 0,                /* yes: to the end */
		2, 8, 20, 0, 0, 0, 0xfb, 0x20,
		3, 8, 12, 0, 0, 0, 0xfb, 0x20,
		1, 4, 76, 0,
		8, 16, 20, 0, 2, 32, 0, 0, 255, 255, 255, 255, 10, 0, 0, 1,
		1, 4, 56, 0,
		8, 16, 20, 0, 2, 8, 0, 0, 255, 255, 255, 255, 127, 0, 0, 0,
		1, 4, 36, 0,
		8, 28, 36, 0, 10, 128, 0, 0, 255, 255, 255, 255, /* no: beyond the end */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		1, 4, 4, 0,
	};
	/* clang-format on */
	struct nlmsghdr *m = (void *)a->request;
	struct inet_diag_req *r = (void *)(m + 1);
	struct nlattr *t = (void *)(r + 1);
	const struct {
		const char *local, *remote;
		uint16_t port, remote_port;
		uint8_t state;
		uint32_t inode;
	} ends[] = {
		{ "10.0.0.1", "192.0.2.1", 443, 50000, TCP_ESTABLISHED, 0 }, /* not accepted yet */
		{ "10.0.0.1", "192.0.2.2", 443, 50000, TCP_CLOSE_WAIT, 6001 },
		{ "10.0.0.1", "192.0.2.3", 443, 50000, TCP_SYN_RECV, 0 },
		{ "10.0.0.1", "10.0.0.1", 8443, 41000, TCP_ESTABLISHED, 6002 },
		{ "10.0.0.1", "10.0.0.1", 41000, 8443, TCP_ESTABLISHED, 6003 },
		{ "127.0.0.1", "127.0.0.1", 41001, 25, TCP_ESTABLISHED, 6004 }, /* no door's */
	};

	m->nlmsg_type = TCPDIAG_GETSOCK;
	r->idiag_states = 1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 |
			  1U << TCP_CLOSE_WAIT;
	*t = (struct nlattr){ .nla_len = 4 + sizeof(code), .nla_type = INET_DIAG_REQ_BYTECODE };
	memcpy(t + 1, code, sizeof(code));
	m->nlmsg_len = NLMSG_HDRLEN + sizeof(*r) + t->nla_len;
	for (size_t i = 0; i < DW_ARRAY_SIZE(ends); i++) {
		struct inet_diag_msg *d;

		m = begin(a);
		m->nlmsg_type = TCPDIAG_GETSOCK;
		d = inet(a, AF_INET, ends[i].state, ends[i].local, ends[i].port, ends[i].inode);
		d->id.idiag_dport = htons(ends[i].remote_port);
		DW_CHECK_INT(inet_pton(AF_INET, ends[i].remote, d->id.idiag_dst), 1);
		end(a, m);
	}
}

static void addresses(struct answer *a)
{
	static const uint8_t own[4] = { 10, 0, 0, 1 }, other[4] = { 10, 0, 0, 9 };
	struct nlmsghdr *m = (void *)a->request;

	a->protocol = NETLINK_ROUTE;
	m->nlmsg_type = RTM_GETADDR;
	m->nlmsg_len = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct rtgenmsg));
	m = begin(a);
	m->nlmsg_type = RTM_NEWADDR;
	*(struct ifaddrmsg *)put(a, sizeof(struct ifaddrmsg)) =
		(struct ifaddrmsg){ .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = 2 };
	attribute(a, IFA_ADDRESS, other, 4); /* of the other side */
	attribute(a, IFA_LOCAL, own, 4);
	end(a, m);
}

static void (*const all[])(struct answer *a) = { sctp4, sctp6, dccp, raw,         tcp,      tcp6,
						 mptcp, vsock, blue, connections, addresses };

static char *make(struct answer *a, size_t i, struct dw_arena *arena)
{
	*a = (struct answer){ .netns = HOST, .protocol = NETLINK_SOCK_DIAG };
	all[i](a);
	done(a);
	return dw_netlink_key(arena, &(struct dw_netns){ .inode = a->netns, .fd = -1 }, a->protocol,
			      (struct nlmsghdr *)(void *)a->request);
}

#endif
