/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which addresses are this host's: a scan that asked one of them asked its doors. */
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_attr.h"
#include "dw_collect.h"
#include "dw_str.h"
#include "links.h"

#define ADDRESSES_MAX 65536u

struct listing {
	struct dw_facts *facts;
	const struct dw_links *links;
};

static const char *name_of(const struct dw_links *links, uint32_t index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].index == index)
			return links->v[i].name;
	return NULL;
}

/* IFA_LOCAL is the own end of a point-to-point link, IFA_ADDRESS the other; IPv6 has the second alone. */
static int one_address(const struct nlmsghdr *m, void *arg)
{
	const struct listing *l = arg;
	const struct nlattr *tb[IFA_MAX + 1], *at;
	const struct ifaddrmsg *i = (const struct ifaddrmsg *)((const char *)m + NLMSG_HDRLEN);
	struct dw_own_address own = { 0 };
	size_t n;

	if (m->nlmsg_type != RTM_NEWADDR || m->nlmsg_len < NLMSG_HDRLEN + sizeof(*i) ||
	    l->facts->addresses.n >= ADDRESSES_MAX)
		return 0;
	n = i->ifa_family == AF_INET ? 4 : 16;
	dw_attr_message(m, sizeof(*i), tb, IFA_MAX);
	at = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if ((i->ifa_family != AF_INET && i->ifa_family != AF_INET6) || !at ||
	    mnl_attr_get_payload_len(at) != n)
		return 0;
	own.address.family = n == 4 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6;
	memcpy(own.address.bytes, mnl_attr_get_payload(at), n);
	own.ifindex = i->ifa_index;
	own.ifname = name_of(l->links, i->ifa_index);
	dw_vec_push(l->facts->arena, &l->facts->addresses, own);
	return 0;
}

static void again(void *arg)
{
	const struct listing *l = arg;

	l->facts->addresses.n = 0;
}

int dw_collect_addresses(struct dw_collect *c, struct dw_error *e)
{
	union dw_request room = { 0 };
	/* the first is the host's own, which is not ours when we run in a namespace of our own */
	struct dw_netns here = c->netns.n ? c->netns.v[0] : (struct dw_netns){ .fd = -1 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct dw_links links = { 0 };
	struct listing l = { .facts = c->facts, .links = &links };

	/* without their names interfaces are told by number */
	(void)dw_links_collect(c->sys, &here, c->facts->arena, &links, NULL);
	m->nlmsg_type = RTM_GETADDR;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(m, sizeof(struct rtgenmsg));
	return dw_netlink_request(c->sys, &here, NETLINK_ROUTE, m, one_address, again, &l, e);
}
