/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends of connections as sock_diag(7) tells of them. TCP is asked by the older request: it alone shows both
 * families in one walk through the kernel's table, whose size goes by the memory of the machine and which takes
 * a millisecond on a big one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_attr.h"
#include "netcol.h"

#define STATES                                                                                     \
	(1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT)
#define REQUEST_SIZE  4096
#define ADDRESSES_MAX 65536

void dw_inet_from(struct dw_inet *ret, bool v6, const void *address)
{
	*ret = (struct dw_inet){ { [10] = 0xff, [11] = 0xff } };
	if (v6)
		memcpy(ret->b, address, 16);
	else
		memcpy(ret->b + 12, address, 4);
}

bool dw_inet_is_v4(const struct dw_inet *i)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(i->b, mapped, sizeof(mapped)) == 0;
}

bool dw_inet_is_loopback(const struct dw_inet *i)
{
	static const uint8_t one[16] = { [15] = 1 };

	return dw_inet_is_v4(i) ? i->b[12] == 127 : memcmp(i->b, one, sizeof(one)) == 0;
}

int dw_end_parse(const struct nlmsghdr *m, struct dw_end *ret)
{
	const struct inet_diag_msg *d = mnl_nlmsg_get_payload(m);
	bool v6;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*d) ||
	    (d->idiag_family != AF_INET && d->idiag_family != AF_INET6))
		return -EBADMSG;
	v6 = d->idiag_family == AF_INET6;
	*ret = (struct dw_end){ .local_port = ntohs(d->id.idiag_sport),
				.remote_port = ntohs(d->id.idiag_dport),
				.ifindex = d->id.idiag_if,
				.inode = d->idiag_inode,
				.state = d->idiag_state };
	dw_inet_from(&ret->local, v6, d->id.idiag_src);
	dw_inet_from(&ret->remote, v6, d->id.idiag_dst);
	return 0;
}

struct asking {
	dw_end_cb *cb;
	void (*restart)(void *arg);
	void *arg;
	size_t bad;
};

static int answer(const struct nlmsghdr *m, void *arg)
{
	struct asking *k = arg;
	struct dw_end end;

	if (dw_end_parse(m, &end) < 0)
		k->bad++;
	else
		k->cb(k->arg, &end);
	return 0;
}

static void again(void *arg)
{
	struct asking *k = arg;

	k->restart(k->arg);
}

static struct nlmsghdr *begin(void *buffer, uint16_t type)
{
	struct nlmsghdr *m;

	memset(buffer, 0, REQUEST_SIZE);
	m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	return m;
}

/* family AF_UNSPEC: the older request */
static struct nlmsghdr *request_for(void *buffer, int family, unsigned number,
				    const struct dw_bytes *filter)
{
	struct nlmsghdr *m;

	if (family == AF_UNSPEC) {
		struct inet_diag_req *old;

		m = begin(buffer, TCPDIAG_GETSOCK);
		old = mnl_nlmsg_put_extra_header(m, sizeof(*old));
		old->idiag_states = STATES;
	} else {
		struct inet_diag_req_v2 *r;

		m = begin(buffer, SOCK_DIAG_BY_FAMILY);
		r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
		r->sdiag_family = (uint8_t)family;
		r->sdiag_protocol = (uint8_t)number;
		r->idiag_states = STATES;
	}
	mnl_attr_put(m, INET_DIAG_REQ_BYTECODE, filter->n, filter->data);
	return m;
}

/*
 * The calling thread stands in the namespace already; the inode still tells a recording which one.
 */
static int ask(struct dw_collect *c, size_t netns, struct nlmsghdr *request, struct asking *k,
	       struct dw_error *e)
{
	struct dw_netns here = { .inode = c->netns.v[netns].inode, .fd = -1 };
	int r = dw_netlink_request(c->sys, &here, NETLINK_SOCK_DIAG, request, answer, again, k, e);

	return r == 0 && k->bad ? dw_error_set(e, -EBADMSG, "%zu malformed answers", k->bad) : r;
}

int dw_ends_ask(struct dw_collect *c, size_t netns, enum dw_protocol p,
		const struct dw_bytes *filter, dw_end_cb *cb, void (*restart)(void *arg), void *arg,
		struct dw_error *e)
{
	static const unsigned numbers[DW_PROTOCOL_COUNT] = {
		[DW_PROTOCOL_UDP] = IPPROTO_UDP,
		[DW_PROTOCOL_UDPLITE] = IPPROTO_UDPLITE,
		[DW_PROTOCOL_SCTP] = IPPROTO_SCTP,
		[DW_PROTOCOL_DCCP] = IPPROTO_DCCP,
	};
	static const int families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE];
	struct asking k = { .cb = cb, .restart = restart, .arg = arg };
	int r;

	if (p == DW_PROTOCOL_TCP)
		return ask(c, netns, request_for(buffer, AF_UNSPEC, 0, filter), &k, e);
	for (size_t i = 0; i < DW_ARRAY_SIZE(families); i++) {
		r = ask(c, netns, request_for(buffer, families[i], numbers[p], filter), &k, e);
		/* without IPv6 there is only one to ask */
		if (r < 0 && !(i > 0 && (r == -ENOENT || r == -EAFNOSUPPORT)))
			return r;
	}
	return 0;
}

/* --- addresses ------------------------------------------------------------------------------- */

struct listing {
	struct dw_arena *arena;
	struct dw_inets *to;
};

static int one_address(const struct nlmsghdr *m, void *arg)
{
	const struct listing *l = arg;
	const struct ifaddrmsg *i = mnl_nlmsg_get_payload(m);
	const struct nlattr *tb[IFA_LOCAL + 1] = { NULL }, *found;
	struct dw_inet inet;
	size_t size;

	if (m->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(m) < sizeof(*i) ||
	    (i->ifa_family != AF_INET && i->ifa_family != AF_INET6))
		return 0;
	dw_attr_message(m, sizeof(*i), tb, IFA_LOCAL);
	/* IFA_ADDRESS of a point-to-point link is the other side's */
	found = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	size = i->ifa_family == AF_INET6 ? 16 : 4;
	if (dw_attr_size(found) < size)
		return 0;
	dw_inet_from(&inet, size == 16, dw_attr_data(found));
	if (!dw_inet_is_loopback(&inet) && l->to->n < ADDRESSES_MAX)
		dw_vec_push(l->arena, l->to, inet);
	return 0;
}

static void list_again(void *arg)
{
	const struct listing *l = arg;

	l->to->n = 0;
}

void dw_own_addresses(struct dw_collect *c, size_t netns, struct dw_arena *a, struct dw_inets *ret)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE];
	struct dw_netns here = { .inode = c->netns.v[netns].inode, .fd = -1 };
	struct nlmsghdr *m = begin(buffer, RTM_GETADDR);
	struct listing l = { .arena = a, .to = ret };

	*ret = (struct dw_inets){ 0 };
	(void)mnl_nlmsg_put_extra_header(m, sizeof(struct rtgenmsg));
	/* loopback is known without; the rest then counts as somebody else's */
	(void)dw_netlink_request(c->sys, &here, NETLINK_ROUTE, m, one_address, list_again, &l,
				 NULL);
}
