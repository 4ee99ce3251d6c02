/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes, links, addresses, neighbours: rtnetlink(7). Attributes are looked at for their length before they are
   read. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_netlink.h"
#include "dw_vec.h"
#include "route_private.h"

#define LINKS_MAX 65536U

static uint32_t take_u32(const struct nlattr *t)
{
	return mnl_attr_get_payload_len(t) == sizeof(uint32_t) ? mnl_attr_get_u32(t) : 0;
}

static bool take_mac(const struct nlattr *t, uint8_t mac[6])
{
	if (mnl_attr_get_payload_len(t) != 6)
		return false;
	memcpy(mac, mnl_attr_get_payload(t), 6);
	return true;
}

/* --- routes ------------------------------------------------------------------------------------- */

static void take_via(const struct nlattr *t, struct dw_route *r)
{
	const struct rtvia *via = mnl_attr_get_payload(t);
	size_t n = mnl_attr_get_payload_len(t);

	if (n < sizeof(via->rtvia_family) || dw_ip_size(via->rtvia_family) == 0 ||
	    n != sizeof(via->rtvia_family) + dw_ip_size(via->rtvia_family))
		return;
	r->gateway = (struct dw_ip){ .family = via->rtvia_family };
	memcpy(r->gateway.bytes, via->rtvia_addr, dw_ip_size(via->rtvia_family));
}

static enum dw_route_type type_of(uint8_t type)
{
	static const enum dw_route_type types[] = {
		[RTN_UNICAST] = DW_ROUTE_UNICAST,         [RTN_LOCAL] = DW_ROUTE_LOCAL,
		[RTN_BROADCAST] = DW_ROUTE_BROADCAST,     [RTN_ANYCAST] = DW_ROUTE_UNICAST,
		[RTN_MULTICAST] = DW_ROUTE_MULTICAST,     [RTN_BLACKHOLE] = DW_ROUTE_UNREACHABLE,
		[RTN_UNREACHABLE] = DW_ROUTE_UNREACHABLE, [RTN_PROHIBIT] = DW_ROUTE_UNREACHABLE,
	};

	return type < DW_ARRAY_SIZE(types) ? types[type] : DW_ROUTE_UNKNOWN;
}

static int see_route(const struct nlmsghdr *m, void *arg)
{
	struct dw_route *r = arg;
	const struct rtmsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t;

	if (m->nlmsg_type != RTM_NEWROUTE || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return -EBADMSG;
	r->type = type_of(head->rtm_type);
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		switch (mnl_attr_get_type(t)) {
		case RTA_OIF:
			r->ifindex = take_u32(t);
			break;
		case RTA_PREFSRC:
			(void)dw_ip_take(t, head->rtm_family, &r->source);
			break;
		case RTA_GATEWAY:
			(void)dw_ip_take(t, head->rtm_family, &r->gateway);
			break;
		case RTA_VIA:
			take_via(t, r);
			break;
		}
	}
	return 0;
}

static bool says_no(int code)
{
	static const int codes[] = { ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL };

	for (size_t i = 0; i < DW_ARRAY_SIZE(codes); i++)
		if (code == -codes[i])
			return true;
	return false;
}

int dw_route_get(struct dw_sys *s, const struct dw_ip *to, uint32_t ifindex, struct dw_route *ret,
		 struct dw_error *e)
{
	char buffer[256] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct dw_route route = { 0 };
	struct dw_error error = { 0 };
	struct rtmsg *head;
	int r;

	m->nlmsg_type = RTM_GETROUTE;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->rtm_family = (unsigned char)to->family;
	head->rtm_dst_len = (unsigned char)(dw_ip_size(to->family) * 8);
	mnl_attr_put(m, RTA_DST, dw_ip_size(to->family), to->bytes);
	if (ifindex != 0)
		mnl_attr_put_u32(m, RTA_OIF, ifindex);
	r = dw_netlink_request(s, NULL, NETLINK_ROUTE, m, see_route, NULL, &route, &error);
	/* a route that says no (blackhole: EINVAL, prohibit: EACCES) is answered by its error, as is none at all */
	if (r < 0 && !says_no(r)) {
		if (e)
			*e = error;
		return r;
	}
	if (r < 0 || route.type == DW_ROUTE_UNREACHABLE)
		route = (struct dw_route){ .type = DW_ROUTE_UNREACHABLE };
	*ret = route;
	return 0;
}

/* --- links -------------------------------------------------------------------------------------- */

struct links {
	struct dw_arena *arena;
	DW_VEC(struct dw_link) list;
};

static enum dw_link_type link_type(const struct ifinfomsg *head)
{
	switch (head->ifi_type) {
	case ARPHRD_ETHER:
		return DW_LINK_ETHERNET;
	case ARPHRD_LOOPBACK:
		return DW_LINK_LOOPBACK;
	case ARPHRD_NONE:
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
		return DW_LINK_BARE;
	default:
		return DW_LINK_OTHER;
	}
}

static void take_link(struct dw_link *l, const struct nlattr *t)
{
	switch (mnl_attr_get_type(t)) {
	case IFLA_IFNAME: {
		size_t n = strnlen(mnl_attr_get_payload(t), mnl_attr_get_payload_len(t));

		memcpy(l->name, mnl_attr_get_payload(t), DW_MIN(n, sizeof(l->name) - 1));
		break;
	}
	case IFLA_ADDRESS:
		(void)take_mac(t, l->mac);
		break;
	case IFLA_MTU:
		l->mtu = take_u32(t);
		break;
	}
}

static int see_link(const struct nlmsghdr *m, void *arg)
{
	struct links *ls = arg;
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(m);
	struct dw_link l = { 0 };
	const struct nlattr *t;

	if (m->nlmsg_type != RTM_NEWLINK || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)) ||
	    head->ifi_index <= 0)
		return -EBADMSG;
	if (ls->list.n >= LINKS_MAX)
		return -E2BIG;
	l.ifindex = (uint32_t)head->ifi_index;
	l.type = link_type(head);
	/* IFF_LOWER_UP: there is a carrier; the loopback never loses its */
	l.is_up = (head->ifi_flags & IFF_UP) != 0 && (head->ifi_flags & IFF_LOWER_UP) != 0;
	l.has_no_arp = (head->ifi_flags & IFF_NOARP) != 0;
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		take_link(&l, t);
	}
	dw_vec_push(ls->arena, &ls->list, l);
	return 0;
}

static void forget_links(void *arg)
{
	((struct links *)arg)->list.n = 0;
}

static int by_ifindex(const void *a, const void *b)
{
	uint32_t x = ((const struct dw_link *)a)->ifindex, y = ((const struct dw_link *)b)->ifindex;

	return (x > y) - (x < y);
}

int dw_links_read(struct dw_sys *s, struct dw_arena *a, struct dw_link **ret, size_t *ret_n,
		  struct dw_error *e)
{
	char buffer[128] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct links ls = { .arena = a };
	struct ifinfomsg *head;
	int r;

	m->nlmsg_type = RTM_GETLINK;
	m->nlmsg_flags = NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->ifi_family = AF_UNSPEC;
	r = dw_netlink_request(s, NULL, NETLINK_ROUTE, m, see_link, forget_links, &ls, e);
	if (r < 0)
		return r;
	if (ls.list.n > 0)
		qsort(ls.list.v, ls.list.n, sizeof(ls.list.v[0]), by_ifindex);
	*ret = ls.list.v;
	*ret_n = ls.list.n;
	return 0;
}

int dw_link_get(struct dw_sys *s, uint32_t ifindex, struct dw_link *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char buffer[128] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct links ls = { .arena = a };
	struct ifinfomsg *head;
	int r;

	m->nlmsg_type = RTM_GETLINK;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->ifi_family = AF_UNSPEC;
	head->ifi_index = (int)ifindex;
	r = dw_netlink_request(s, NULL, NETLINK_ROUTE, m, see_link, NULL, &ls, e);
	if (r < 0)
		return r;
	if (ls.list.n != 1)
		return dw_error_set(e, -ENODEV, "there is no interface %u", ifindex);
	*ret = ls.list.v[0];
	return 0;
}
