/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces and their addresses: rtnetlink(7). */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_scratch.h"
#include "dw_str.h"
#include "scene.h"

#define LINKS_MAX     4096u
#define ADDRESSES_MAX 65536u
#define OPEN_MAX      256u /* devices that packets can come in by: a descriptor each */
#define LOOPBACK      1u

union request {
	struct nlmsghdr m;
	char room[512];
};

static uint32_t take_u32(const struct nlattr *t)
{
	uint32_t v = 0;

	if (mnl_attr_get_payload_len(t) >= sizeof(v))
		memcpy(&v, mnl_attr_get_payload(t), sizeof(v));
	return v;
}

/* --- reading links ------------------------------------------------------------------------------ */

/* linux/if_link.h (Linux 6.7), newer than some headers */
#define NETKIT_POLICY      3u /* IFLA_NETKIT_POLICY */
#define NETKIT_PEER_POLICY 4u
#define NETKIT_DROPS       2u /* NETKIT_DROP */

static void take_netkit(const struct nlattr *data, struct dw_scene_link *l)
{
	const struct nlattr *t;

	mnl_attr_for_each_nested(t, data)
	{
		if (mnl_attr_get_type(t) == NETKIT_POLICY)
			l->drops_out = take_u32(t) == NETKIT_DROPS;
		else if (mnl_attr_get_type(t) == NETKIT_PEER_POLICY)
			l->drops_in = take_u32(t) == NETKIT_DROPS;
	}
}

/* The kind comes before its data. */
static void take_kind(struct dw_scene *scene, const struct nlattr *info, struct dw_scene_link *l)
{
	const struct nlattr *t;

	mnl_attr_for_each_nested(t, info)
	{
		if (mnl_attr_get_type(t) == IFLA_INFO_KIND)
			l->kind = dw_arena_strndup(scene->arena, mnl_attr_get_payload(t),
						   mnl_attr_get_payload_len(t));
		else if (mnl_attr_get_type(t) == IFLA_INFO_DATA && dw_streq0(l->kind, "netkit"))
			take_netkit(t, l);
	}
}

static bool has_program(const struct nlattr *xdp)
{
	const struct nlattr *t;

	mnl_attr_for_each_nested(t, xdp)
	{
		if (mnl_attr_get_type(t) == IFLA_XDP_ATTACHED && mnl_attr_get_payload_len(t) >= 1 &&
		    mnl_attr_get_u8(t) != XDP_ATTACHED_NONE)
			return true;
	}
	return false;
}

static void take_link(struct dw_scene *scene, const struct nlattr *t, struct dw_scene_link *l)
{
	size_t n = mnl_attr_get_payload_len(t);

	switch (mnl_attr_get_type(t)) {
	case IFLA_IFNAME:
		n = DW_MIN(strnlen(mnl_attr_get_payload(t), n), sizeof(l->name) - 1);
		memcpy(l->name, mnl_attr_get_payload(t), n);
		break;
	case IFLA_ADDRESS:
		if (n == sizeof(l->mac))
			memcpy(l->mac, mnl_attr_get_payload(t), n);
		break;
	case IFLA_MTU:
		l->mtu = take_u32(t);
		break;
	case IFLA_GROUP:
		l->group = take_u32(t);
		break;
	case IFLA_MASTER:
		l->master = take_u32(t);
		break;
	case IFLA_LINKINFO:
		take_kind(scene, t, l);
		break;
	case IFLA_XDP:
		l->is_filtered = has_program(t);
		break;
	}
}

static int see_link(const struct nlmsghdr *m, void *arg)
{
	struct dw_scene *scene = arg;
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(m);
	struct dw_scene_link l = { .fd = -1 };
	const struct nlattr *t;

	if (m->nlmsg_type != RTM_NEWLINK || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)) ||
	    head->ifi_index <= 0)
		return -EBADMSG;
	if (scene->links.n >= LINKS_MAX)
		return -E2BIG;
	l.ifindex = (uint32_t)head->ifi_index;
	l.type = head->ifi_type;
	l.is_up = (head->ifi_flags & IFF_UP) != 0;
	l.is_ethernet = head->ifi_type == ARPHRD_ETHER;
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		take_link(scene, t, &l);
	}
	l.is_vrf = dw_streq0(l.kind, "vrf");
	dw_vec_push(scene->arena, &scene->links, l);
	return 0;
}

static void forget_links(void *arg)
{
	((struct dw_scene *)arg)->links.n = 0;
}

static int dump(struct dw_scene *scene, uint16_t type, size_t head, dw_netlink_cb *cb,
		void (*restart)(void *arg), struct dw_error *e)
{
	union request q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(m, head); /* zero: AF_UNSPEC */
	return dw_netlink_request(scene->sys, &scene->original, NETLINK_ROUTE, m, cb, restart,
				  scene, e);
}

static void judge_links(struct dw_scene *scene)
{
	for (size_t i = 0; i < scene->links.n; i++) {
		struct dw_scene_link *l = &scene->links.v[i];
		const struct dw_scene_link *master = dw_scene_link(scene, l->master);

		l->is_port = l->master != 0 && !(master && master->is_vrf);
		if (l->is_vrf || (master && master->is_vrf))
			dw_scene_obstacle(scene, l->ifindex,
					  "%s is part of a VRF, which is not rehearsed", l->name);
		if (l->is_filtered)
			dw_scene_obstacle(scene, l->ifindex,
					  "%s has an XDP program, which sees packets first",
					  l->name);
	}
}

int dw_scene_read_links(struct dw_scene *scene, struct dw_error *e)
{
	int r = dump(scene, RTM_GETLINK, sizeof(struct ifinfomsg), see_link, forget_links, e);

	if (r == 0)
		judge_links(scene);
	return r;
}

/* --- reading addresses -------------------------------------------------------------------------- */

static void take_address(const struct nlattr *t, size_t size, struct dw_scene_address *a,
			 bool has[2])
{
	if (mnl_attr_get_type(t) == IFA_FLAGS)
		a->flags = take_u32(t);
	if (mnl_attr_get_payload_len(t) != size)
		return;
	switch (mnl_attr_get_type(t)) {
	case IFA_LOCAL:
		memcpy(a->local, mnl_attr_get_payload(t), size);
		has[0] = true;
		break;
	case IFA_ADDRESS:
		memcpy(a->peer, mnl_attr_get_payload(t), size);
		has[1] = true;
		break;
	case IFA_BROADCAST:
		memcpy(a->broadcast, mnl_attr_get_payload(t), size);
		a->has_broadcast = true;
		break;
	}
}

/* IFA_LOCAL is ours, IFA_ADDRESS the network's or the other end's; IPv6 has often the latter alone. */
static int see_address(const struct nlmsghdr *m, void *arg)
{
	struct dw_scene *scene = arg;
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(m);
	struct dw_scene_address a = { 0 };
	bool has[2] = { false, false };
	const struct nlattr *t;
	size_t size;

	if (m->nlmsg_type != RTM_NEWADDR || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return -EBADMSG;
	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return 0;
	size = head->ifa_family == AF_INET ? 4 : 16;
	if (head->ifa_prefixlen > size * 8)
		return 0;
	if (scene->addresses.n >= ADDRESSES_MAX)
		return -E2BIG;
	a.family = head->ifa_family;
	a.ifindex = head->ifa_index;
	a.bits = head->ifa_prefixlen;
	a.scope = head->ifa_scope;
	a.flags = head->ifa_flags;
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		take_address(t, size, &a, has);
	}
	if (!has[0] && !has[1])
		return 0;
	if (!has[0])
		memcpy(a.local, a.peer, sizeof(a.local));
	if (!has[1])
		memcpy(a.peer, a.local, sizeof(a.peer));
	dw_vec_push(scene->arena, &scene->addresses, a);
	return 0;
}

static void forget_addresses(void *arg)
{
	((struct dw_scene *)arg)->addresses.n = 0;
}

int dw_scene_read_addresses(struct dw_scene *scene, struct dw_error *e)
{
	return dump(scene, RTM_GETADDR, sizeof(struct ifaddrmsg), see_address, forget_addresses, e);
}

/* --- making ------------------------------------------------------------------------------------- */

static int nothing(const struct nlmsghdr *m, void *arg)
{
	(void)m;
	(void)arg;
	return 0;
}

static int tell(struct dw_scene *scene, struct nlmsghdr *m, struct dw_error *e)
{
	m->nlmsg_flags |= NLM_F_ACK;
	return dw_netlink_request(scene->sys, &scene->copy, NETLINK_ROUTE, m, nothing, NULL, NULL,
				  e);
}

/* Name, index and type it has; the rest. */
static int set_link(struct dw_scene *scene, const struct dw_scene_link *l, struct dw_error *e)
{
	union request q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	struct ifinfomsg *head;

	m->nlmsg_type = RTM_NEWLINK;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->ifi_index = (int)l->ifindex;
	head->ifi_change = IFF_UP;
	head->ifi_flags = l->is_up ? IFF_UP : 0;
	if (l->is_ethernet)
		mnl_attr_put(m, IFLA_ADDRESS, sizeof(l->mac), l->mac);
	if (l->mtu >= 68 && l->mtu <= 65535 && l->ifindex != LOOPBACK)
		mnl_attr_put_u32(m, IFLA_MTU, l->mtu);
	if (l->group != 0)
		mnl_attr_put_u32(m, IFLA_GROUP, l->group);
	return tell(scene, m, e);
}

int dw_scene_raise(struct dw_scene *scene, const char *name, struct dw_error *e)
{
	union request q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	struct ifinfomsg *head;

	m->nlmsg_type = RTM_NEWLINK;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->ifi_change = head->ifi_flags = IFF_UP;
	mnl_attr_put_strz(m, IFLA_IFNAME, name);
	return tell(scene, m, e);
}

static int make_link(struct dw_scene *scene, struct dw_scene_link *l, bool keep_open,
		     struct dw_error *e)
{
	const struct dw_tun t = { .name = l->name,
				  .ifindex = l->ifindex,
				  .ethernet = l->is_ethernet,
				  .type = l->type,
				  .keep = !keep_open };
	_cleanup_fd_ int fd = -1;
	int r = dw_tun_open(scene->sys, &scene->copy, &t, &fd, e);

	if (r < 0)
		return r;
	if (keep_open)
		l->fd = dw_steal_fd(&fd);
	return 0;
}

int dw_scene_make_links(struct dw_scene *scene, struct dw_error *e)
{
	unsigned open = 0;

	for (size_t i = 0; i < scene->links.n; i++) {
		struct dw_scene_link *l = &scene->links.v[i];
		bool enters = l->is_up && !l->is_port && l->ifindex != LOOPBACK;
		int r = 0;

		if (enters && open >= OPEN_MAX)
			dw_scene_obstacle(scene, l->ifindex, "%s is one interface too many",
					  l->name);
		if (l->ifindex != LOOPBACK)
			r = make_link(scene, l, enters && open < OPEN_MAX, e);
		open += l->fd >= 0;
		if (r == 0)
			r = set_link(scene, l, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_address(struct dw_scene *scene, const struct dw_scene_address *a, struct dw_error *e)
{
	static const uint32_t kept = IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS;
	size_t size = a->family == AF_INET ? 4 : 16;
	union request q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	struct ifaddrmsg *head;

	m->nlmsg_type = RTM_NEWADDR;
	m->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->ifa_family = (uint8_t)a->family;
	head->ifa_prefixlen = a->bits;
	head->ifa_scope = a->scope;
	head->ifa_index = a->ifindex;
	mnl_attr_put(m, IFA_LOCAL, size, a->local);
	mnl_attr_put(m, IFA_ADDRESS, size, a->peer);
	if (a->has_broadcast)
		mnl_attr_put(m, IFA_BROADCAST, size, a->broadcast);
	/* without IFA_F_NODAD an IPv6 address is not ours for the first second */
	mnl_attr_put_u32(m, IFA_FLAGS, (a->flags & kept) | IFA_F_NODAD | IFA_F_PERMANENT);
	return tell(scene, m, e);
}

int dw_scene_make_addresses(struct dw_scene *scene, struct dw_error *e)
{
	for (size_t i = 0; i < scene->addresses.n; i++) {
		struct dw_scene_address *a = &scene->addresses.v[i];
		const struct dw_scene_link *l = dw_scene_link(scene, a->ifindex);
		struct dw_error error = { 0 };
		int r = l ? add_address(scene, a, &error) : 0;

		/* the loopback's came with it */
		if (r == 0 || r == -EEXIST)
			continue;
		if (r == -ENOMEM || r == -EPERM) {
			if (e)
				*e = error;
			return r;
		}
		a->refused = true;
		if (l->is_up)
			dw_scene_obstacle(scene, a->ifindex,
					  "an address of %s cannot be copied (%s)", l->name,
					  error.message);
	}
	return 0;
}
