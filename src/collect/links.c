/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "links.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "dw_str.h"

#define LINKS_MAX 65536u

/* Port attribute (16 bits, network order) of each kind of tunnel. */
static const struct {
	const char *kind;
	unsigned attribute;
} tunnels[] = {
	{ "vxlan", IFLA_VXLAN_PORT },
	{ "geneve", IFLA_GENEVE_PORT },
	{ "bareudp", IFLA_BAREUDP_PORT },
};

static void take_kind(struct dw_arena *a, const struct nlattr *info, struct dw_link_facts *ret)
{
	const struct nlattr *tb[IFLA_INFO_MAX + 1], *data[IFLA_VXLAN_MAX + 1];

	dw_attr_nested(info, tb, IFLA_INFO_MAX);
	ret->kind = dw_attr_string(a, tb[IFLA_INFO_KIND]);
	if (!ret->kind)
		return;
	dw_attr_nested(tb[IFLA_INFO_DATA], data, IFLA_VXLAN_MAX);
	for (size_t i = 0; i < DW_ARRAY_SIZE(tunnels); i++)
		if (dw_streq(tunnels[i].kind, ret->kind))
			ret->port = dw_attr_be16(data[tunnels[i].attribute]);
	ret->fixed_port = dw_streq(ret->kind, "gtp");
}

/*
 * One program in one mode is told as ATTACHED and PROG_ID; several modes at once (MULTI) by an id
 * each.
 */
static void take_xdp(const struct nlattr *xdp, struct dw_link_facts *ret)
{
	static const struct {
		unsigned attribute, mode;
	} each[] = {
		{ IFLA_XDP_DRV_PROG_ID, XDP_ATTACHED_DRV },
		{ IFLA_XDP_SKB_PROG_ID, XDP_ATTACHED_SKB },
		{ IFLA_XDP_HW_PROG_ID, XDP_ATTACHED_HW },
	};
	const struct nlattr *tb[IFLA_XDP_MAX + 1];
	unsigned n = 0;

	dw_attr_nested(xdp, tb, IFLA_XDP_MAX);
	for (size_t i = 0; i < DW_ARRAY_SIZE(each); i++) {
		if (!dw_attr_u32(tb[each[i].attribute]))
			continue;
		ret->xdp_ids[n] = dw_attr_u32(tb[each[i].attribute]);
		ret->xdp_modes[n++] = each[i].mode;
	}
	if (n == 0 && dw_attr_u8(tb[IFLA_XDP_ATTACHED]) != XDP_ATTACHED_NONE) {
		ret->xdp_ids[0] = dw_attr_u32(tb[IFLA_XDP_PROG_ID]);
		ret->xdp_modes[0] = dw_attr_u8(tb[IFLA_XDP_ATTACHED]);
	}
}

bool dw_link_parse(struct dw_arena *a, const struct nlmsghdr *m, struct dw_link_facts *ret)
{
	const struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *i = (const struct ifinfomsg *)((const char *)m + NLMSG_HDRLEN);

	if (m->nlmsg_type != RTM_NEWLINK || m->nlmsg_len < NLMSG_HDRLEN + sizeof(*i))
		return false;
	dw_attr_message(m, sizeof(*i), tb, IFLA_MAX);
	*ret = (struct dw_link_facts){ .index = (uint32_t)i->ifi_index,
				       .name = dw_attr_string(a, tb[IFLA_IFNAME]) };
	if (tb[IFLA_LINKINFO])
		take_kind(a, tb[IFLA_LINKINFO], ret);
	if (tb[IFLA_XDP])
		take_xdp(tb[IFLA_XDP], ret);
	return ret->name != NULL;
}

struct dumping {
	struct dw_arena *a;
	struct dw_links *links;
};

static int on_message(const struct nlmsghdr *m, void *arg)
{
	struct dumping *d = arg;
	struct dw_link_facts link;

	if (d->links->n < LINKS_MAX && dw_link_parse(d->a, m, &link))
		dw_vec_push(d->a, d->links, link);
	return 0;
}

static void on_restart(void *arg)
{
	struct dumping *d = arg;

	d->links->n = 0;
}

int dw_links_collect(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
		     struct dw_links *ret, struct dw_error *e)
{
	struct dumping d = { a, ret };
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct ifinfomsg *i;

	*ret = (struct dw_links){ 0 };
	m->nlmsg_type = RTM_GETLINK;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
	i->ifi_family = AF_UNSPEC;
	mnl_attr_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return dw_netlink_request(s, ns, NETLINK_ROUTE, m, on_message, on_restart, &d, e);
}
