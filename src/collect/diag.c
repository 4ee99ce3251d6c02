/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sock_diag(7) in one namespace: one dump a protocol and family, listeners and unconnected sockets
 * only.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/vm_sockets_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "netcol.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

struct query {
	enum dw_protocol protocol;
	int family;
	unsigned number; /* IP protocol */
	uint32_t states;
};

#define LISTEN (1U << TCP_LISTEN)
#define CLOSED (1U << TCP_CLOSE) /* what an unconnected UDP socket is in */

/*
 * TCP before MPTCP: the subflow's fact is then completed. A raw_diag dump shows every raw socket
 * whatever protocol is asked for.
 */
static const struct query queries[] = {
	{ DW_PROTOCOL_TCP, AF_INET, IPPROTO_TCP, LISTEN },
	{ DW_PROTOCOL_TCP, AF_INET6, IPPROTO_TCP, LISTEN },
	{ DW_PROTOCOL_UDP, AF_INET, IPPROTO_UDP, CLOSED },
	{ DW_PROTOCOL_UDP, AF_INET6, IPPROTO_UDP, CLOSED },
	{ DW_PROTOCOL_TCP, AF_INET, IPPROTO_MPTCP, LISTEN },
	{ DW_PROTOCOL_TCP, AF_INET6, IPPROTO_MPTCP, LISTEN },
	{ DW_PROTOCOL_UDPLITE, AF_INET, IPPROTO_UDPLITE, CLOSED },
	{ DW_PROTOCOL_UDPLITE, AF_INET6, IPPROTO_UDPLITE, CLOSED },
	{ DW_PROTOCOL_SCTP, AF_INET, IPPROTO_SCTP, LISTEN },
	{ DW_PROTOCOL_SCTP, AF_INET6, IPPROTO_SCTP, LISTEN },
	{ DW_PROTOCOL_DCCP, AF_INET, IPPROTO_DCCP, LISTEN },
	{ DW_PROTOCOL_DCCP, AF_INET6, IPPROTO_DCCP, LISTEN },
	{ DW_PROTOCOL_RAW, AF_INET, IPPROTO_RAW, UINT32_MAX },
	{ DW_PROTOCOL_RAW, AF_INET6, IPPROTO_RAW, UINT32_MAX },
	{ DW_PROTOCOL_PACKET, AF_PACKET, 0, 0 },
	{ DW_PROTOCOL_VSOCK, AF_VSOCK, 0, LISTEN | CLOSED },
};

#define REQUEST_SIZE 256

static void put_inet(struct nlmsghdr *m, const struct query *q)
{
	struct inet_diag_req_v2 *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));

	r->sdiag_family = (uint8_t)q->family;
	r->sdiag_protocol = (uint8_t)(q->number & 0xff);
	r->idiag_states = q->states;
	/*
	 * sdiag_protocol has no room for 262; the attribute came with MPTCP's diag, in Linux 5.9.
	 */
	if (q->number > 255)
		mnl_attr_put_u32(m, INET_DIAG_REQ_PROTOCOL, q->number);
}

static void put_packet(struct nlmsghdr *m)
{
	struct packet_diag_req *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));

	r->sdiag_family = AF_PACKET;
	r->pdiag_show = PACKET_SHOW_INFO | PACKET_SHOW_FILTER | PACKET_SHOW_MEMINFO;
}

static void put_vsock(struct nlmsghdr *m, const struct query *q)
{
	struct vsock_diag_req *r = mnl_nlmsg_put_extra_header(m, sizeof(*r));

	r->sdiag_family = AF_VSOCK;
	r->vdiag_states = q->states;
}

static struct nlmsghdr *request_for(const struct query *q, void *buffer)
{
	struct nlmsghdr *m;

	memset(buffer, 0, REQUEST_SIZE);
	m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (q->protocol == DW_PROTOCOL_PACKET)
		put_packet(m);
	else if (q->protocol == DW_PROTOCOL_VSOCK)
		put_vsock(m, q);
	else
		put_inet(m, q);
	return m;
}

struct asking {
	struct dw_collect *c;
	size_t netns;
	const struct query *q;
	size_t bad;
};

static void add(void *arg, const struct dw_socket_fact *found)
{
	const struct asking *k = arg;
	struct dw_socket_fact s = *found;

	s.at.netns = k->c->facts->netns.v[k->netns].inode;
	s.at.ifname = dw_netns_ifname(k->c, k->netns, s.at.ifindex);
	s.mptcp = s.mptcp || k->q->number == IPPROTO_MPTCP;
	(void)dw_sock_add(k->c, &s);
}

static int answer(const struct nlmsghdr *m, void *arg)
{
	struct asking *k = arg;
	struct dw_diag_packet p;
	int r;

	if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	if (k->q->protocol == DW_PROTOCOL_VSOCK) {
		r = dw_diag_parse_vsock(m, add, k);
	} else if (k->q->protocol == DW_PROTOCOL_PACKET) {
		r = dw_diag_parse_packet(m, &p);
		if (r == 0) {
			p.socket.filter = dw_packet_text(k->c->facts->arena, p.ethertype, p.filter,
							 p.n_filter);
			add(k, &p.socket);
		}
	} else {
		r = dw_diag_parse_inet(m, k->q->protocol, add, k);
	}
	k->bad += r < 0;
	return 0;
}

/* Finding a socket twice does no harm, so a dump that is begun anew needs no clearing. */
static void again(void *arg)
{
}

/* The kernel has no such protocol, or no diag module for it: no error, the thing is not there. */
static bool is_absent(int code)
{
	return code == -ENOENT || code == -EINVAL || code == -EOPNOTSUPP ||
	       code == -EPROTONOSUPPORT || code == -EAFNOSUPPORT;
}

static int ask(struct asking *k, struct dw_error *e)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE];
	struct dw_collect *c = k->c;
	/*
	 * The calling thread stands in the namespace already; the inode still tells a recording
	 * which one.
	 */
	struct dw_netns here = { .inode = c->netns.v[k->netns].inode, .fd = -1 };
	int r;

	r = dw_netlink_request(c->sys, &here, NETLINK_SOCK_DIAG, request_for(k->q, buffer), answer,
			       again, k, e);
	if (k->bad > 0)
		dw_facts_incomplete(c->facts, "bad-message", NULL, 0, true,
				    "%zu answers of sock_diag about %s were malformed", k->bad,
				    dw_protocol_name(k->q->protocol));
	k->bad = 0;
	return r;
}

/* "6.18.4-amd64" is at least major.minor. */
static bool kernel_at_least(struct dw_collect *c, struct dw_arena *a, uint64_t major,
			    uint64_t minor)
{
	struct dw_bytes text;
	uint64_t x, y;
	char *dot;

	if (dw_sys_file_read(c->sys, "/proc/sys/kernel/osrelease", 4096, a, &text, NULL) < 0)
		return false;
	dot = strchr(text.data, '.');
	if (!dot || !dw_parse_u64n(text.data, (size_t)(dot - text.data), 10, 1000, &x) ||
	    !dw_parse_u64n(dot + 1, strspn(dot + 1, "0123456789"), 10, 1000, &y))
		return false;
	return x > major || (x == major && y >= minor);
}

/*
 * An MPTCP dump walks the table of all tokens, which takes milliseconds however empty it is. Since
 * Linux 6.2 /proc/net/protocols counts the MPTCP sockets of a namespace (mptcp_listen); before it
 * says 0 always.
 */
static bool may_have_mptcp(struct asking *k, int family)
{
	const char *name = family == AF_INET6 ? "MPTCPv6" : "MPTCP";
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_bytes text;
	struct dw_lines lines;
	const char *line;
	uint64_t count;
	size_t n;

	if (!kernel_at_least(k->c, scratch, 6, 2) ||
	    dw_sys_file_read(k->c->sys, "/proc/thread-self/net/protocols", 1U << 20, scratch, &text,
			     NULL) < 0)
		return true;
	lines = dw_lines_of(&text);
	while (dw_lines_next(&lines, &line, &n))
		if (dw_protocols_parse(line, n, name, &count))
			return count > 0;
	return false;
}

/* A protocol counts as shown only when both families answered. */
static int ask_all(void *arg, struct dw_error *e)
{
	struct asking *k = arg;
	unsigned answered = 0, silent = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(queries); i++) {
		unsigned bit = DW_PROTOCOL_BIT(queries[i].protocol);
		struct dw_error why = { 0 };
		int r;

		if (queries[i].number == IPPROTO_MPTCP && !may_have_mptcp(k, queries[i].family))
			continue;
		k->q = &queries[i];
		r = ask(k, &why);
		if (r == 0) {
			answered |= bit;
			continue;
		}
		/* Without MPTCP, TCP has still been shown. */
		if (queries[i].number != IPPROTO_MPTCP)
			silent |= bit;
		if (is_absent(r))
			continue;
		if (i == 0)
			return dw_error_set(e, r, "%s", why.message);
		dw_facts_incomplete(k->c->facts, "sock-diag", NULL, 0, true,
				    "sock_diag did not tell of %s sockets: %s",
				    dw_protocol_name(queries[i].protocol), why.message);
	}
	dw_netns_state(k->c, k->netns)->diag |= answered & ~silent;
	if (!answered)
		return dw_error_set(e, -ENOTSUP, "this kernel has no sock_diag");
	return 0;
}

int dw_diag_reread(struct dw_collect *c, size_t netns, struct dw_error *e)
{
	struct asking k = { .c = c, .netns = netns };

	if (!dw_netns_reachable(c, netns))
		return 0; /* said once by dw_collect_netns */
	return dw_netns_run(c->sys, &c->netns.v[netns], ask_all, &k, e);
}

int dw_collect_diag(struct dw_collect *c, size_t netns, struct dw_error *e)
{
	int r = dw_diag_reread(c, netns, e);

	if (r == 0)
		dw_netns_mark(c, netns);
	return r;
}
