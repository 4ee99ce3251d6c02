/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This host's own addresses, and the neighbours that the kernel knows: rtnetlink(7). */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_netlink.h"
#include "dw_vec.h"
#include "route_private.h"

#define LIST_MAX (1U << 16)

/* --- addresses ---------------------------------------------------------------------------------- */

struct networks {
	struct dw_arena *arena;
	DW_VEC(struct dw_link_network) list;
};

/* IFA_LOCAL is ours; IFA_ADDRESS is the other end's on a link between two, else the same. IPv6 has IFA_ADDRESS
   alone. */
static int see_address(const struct nlmsghdr *m, void *arg)
{
	struct networks *ns = arg;
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(m);
	struct dw_link_network one = { 0 };
	uint32_t flags;
	const struct nlattr *t;

	if (m->nlmsg_type != RTM_NEWADDR || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return -EBADMSG;
	if (dw_ip_size(head->ifa_family) == 0 ||
	    head->ifa_prefixlen > dw_ip_size(head->ifa_family) * 8)
		return 0;
	if (ns->list.n >= LIST_MAX) /* the rest is not believed to be an address of anybody */
		return 0;
	flags = head->ifa_flags;
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		switch (mnl_attr_get_type(t)) {
		case IFA_LOCAL:
			(void)dw_ip_take(t, head->ifa_family, &one.address);
			break;
		case IFA_ADDRESS:
			(void)dw_ip_take(t, head->ifa_family, &one.peer);
			break;
		case IFA_FLAGS:
			if (mnl_attr_get_payload_len(t) == sizeof(flags))
				flags = mnl_attr_get_u32(t);
			break;
		}
	}
	if (one.peer.family == 0 && one.address.family == 0)
		return 0;
	if (one.address.family == 0)
		one.address = one.peer;
	if (one.peer.family == 0)
		one.peer = one.address;
	one.ifindex = head->ifa_index;
	one.bits = head->ifa_prefixlen;
	one.is_link_local = head->ifa_scope >= RT_SCOPE_LINK;
	/* IFA_F_TEMPORARY is IFA_F_SECONDARY's number: of IPv4 it says no more than "not the first" */
	one.is_usable = (flags & (IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_DADFAILED)) == 0 &&
			!(head->ifa_family == AF_INET6 && (flags & IFA_F_TEMPORARY) != 0);
	dw_vec_push(ns->arena, &ns->list, one);
	return 0;
}

static void forget_addresses(void *arg)
{
	((struct networks *)arg)->list.n = 0;
}

int dw_networks_read(struct dw_sys *s, const struct dw_netns *netns, struct dw_arena *a,
		     struct dw_link_network **ret, size_t *ret_n, struct dw_error *e)
{
	_Alignas(struct nlmsghdr) char buffer[128] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct networks ns = { .arena = a };
	int r;

	m->nlmsg_type = RTM_GETADDR;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(m, sizeof(struct rtgenmsg)); /* AF_UNSPEC: both families */
	r = dw_netlink_request(s, netns, NETLINK_ROUTE, m, see_address, forget_addresses, &ns, e);
	if (r < 0)
		return r;
	*ret = ns.list.v;
	*ret_n = ns.list.n;
	return 0;
}

/* --- neighbours --------------------------------------------------------------------------------- */

struct neighbours {
	struct dw_arena *arena;
	uint32_t ifindex;
	DW_VEC(struct dw_neighbour) list;
};

static int see_neighbour(const struct nlmsghdr *m, void *arg)
{
	struct neighbours *ns = arg;
	const struct ndmsg *head = mnl_nlmsg_get_payload(m);
	struct dw_neighbour one = { 0 };
	bool has_mac = false;
	const struct nlattr *t;

	if (m->nlmsg_type != RTM_NEWNEIGH || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return -EBADMSG;
	/* older kernels do not look at the interface that was asked for */
	if ((uint32_t)head->ndm_ifindex != ns->ifindex || dw_ip_size(head->ndm_family) == 0 ||
	    (head->ndm_state & (NUD_FAILED | NUD_INCOMPLETE | NUD_NOARP)) != 0)
		return 0;
	if (ns->list.n >= LIST_MAX)
		return -E2BIG;
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		if (mnl_attr_get_type(t) == NDA_DST)
			(void)dw_ip_take(t, head->ndm_family, &one.address);
		if (mnl_attr_get_type(t) == NDA_LLADDR && mnl_attr_get_payload_len(t) == 6) {
			memcpy(one.mac, mnl_attr_get_payload(t), 6);
			has_mac = true;
		}
	}
	if (has_mac && one.address.family != 0)
		dw_vec_push(ns->arena, &ns->list, one);
	return 0;
}

static void forget_neighbours(void *arg)
{
	((struct neighbours *)arg)->list.n = 0;
}

int dw_neighbours_read(struct dw_sys *s, uint32_t ifindex, int family, struct dw_arena *a,
		       struct dw_neighbour **ret, size_t *ret_n, struct dw_error *e)
{
	char buffer[128] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct neighbours ns = { .arena = a, .ifindex = ifindex };
	struct ndmsg *head;
	int r;

	m->nlmsg_type = RTM_GETNEIGH;
	m->nlmsg_flags = NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->ndm_family = (unsigned char)family;
	mnl_attr_put_u32(m, NDA_IFINDEX, ifindex);
	r = dw_netlink_request(s, NULL, NETLINK_ROUTE, m, see_neighbour, forget_neighbours, &ns, e);
	if (r < 0)
		return r;
	*ret = ns.list.v;
	*ret_n = ns.list.n;
	return 0;
}
