/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in the rule set and cannot be copied, and which interfaces' packets it meets. */
#include <net/if.h> /* before its twin of linux/ */

#include <linux/rtnetlink.h>
#include <string.h>

#include "ruleset_private.h"

#define LINKS_MAX 65536u

static int on_link(const struct nlmsghdr *m, void *arg)
{
	struct dw_rs_copy *c = arg;
	const struct ifinfomsg *link = (const struct ifinfomsg *)((const char *)m + NLMSG_HDRLEN);
	const struct nlattr *tb[IFLA_LINKINFO + 1], *info[IFLA_INFO_KIND + 1];
	const char *kind;

	if (m->nlmsg_type != RTM_NEWLINK || m->nlmsg_len < NLMSG_HDRLEN + sizeof(*link) ||
	    c->links.n >= LINKS_MAX)
		return 0;
	dw_attr_message(m, sizeof(*link), tb, IFLA_LINKINFO);
	dw_attr_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_KIND);
	kind = dw_attr_string(c->arena, info[IFLA_INFO_KIND]);
	*dw_vec_add(c->arena, &c->links) =
		(struct dw_rs_link){ .ifindex = (uint32_t)link->ifi_index,
				     .name = dw_attr_string(c->arena, tb[IFLA_IFNAME]),
				     .bridge = kind && dw_streq(kind, "bridge") };
	return 0;
}

static void on_restart(void *arg)
{
	struct dw_rs_copy *c = arg;

	c->links.n = 0;
}

/* One that lets everything through is in nobody's way. */
static bool is_in_the_way(const struct dw_rs_chain *c)
{
	return c->apart && c->base && !c->table->dormant &&
	       (c->rules.n > 0 || c->policy != NF_ACCEPT);
}

int dw_rs_read_links(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c,
		     struct dw_error *e)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	bool wanted = false;

	for (size_t i = 0; i < c->chains.n; i++)
		wanted |= is_in_the_way(c->chains.v[i]);
	if (!wanted)
		return 0;
	m->nlmsg_type = RTM_GETLINK;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	return dw_netlink_request(s, ns, NETLINK_ROUTE, m, on_link, on_restart, c, e);
}

static const char *place(struct dw_rs_copy *c, const struct dw_rs_chain *chain)
{
	return dw_arena_printf(c->arena, "%s %s %s", dw_nf_family_name(chain->key.family),
			       chain->key.table, chain->key.name);
}

/* Is the device one of those that the chain hangs on? A name may end in a star (Linux 6.16). */
static bool hangs_on(const struct dw_rs_chain *chain, const char *name)
{
	for (size_t i = 0; i < chain->devices.n; i++) {
		const char *device = chain->devices.v[i];
		size_t n = strlen(device);

		if (dw_streq(device, name) ||
		    (n > 0 && device[n - 1] == '*' && strncmp(device, name, n - 1) == 0))
			return true;
	}
	return false;
}

static void on_devices(struct dw_rs_copy *c, const struct dw_rs_chain *chain)
{
	/* Linux 5.16; a chain of inet stands at ingress alone */
	bool egress = chain->key.family == NFPROTO_NETDEV && chain->hook == NF_NETDEV_EGRESS;

	for (size_t i = 0; i < c->links.n; i++) {
		if (!c->links.v[i].name || !hangs_on(chain, c->links.v[i].name))
			continue;
		dw_rs_obstacle(c, c->links.v[i].ifindex,
			       egress ? "the chain %s filters what leaves by the interface %s"
				      : "the chain %s filters at the interface %s, before the "
					"rules that can be copied",
			       place(c, chain), c->links.v[i].name)
			->egress = egress;
	}
}

static void on_bridges(struct dw_rs_copy *c, const struct dw_rs_chain *chain)
{
	for (size_t i = 0; i < c->links.n; i++)
		if (c->links.v[i].bridge)
			dw_rs_obstacle(c, c->links.v[i].ifindex,
				       "the chain %s filters the frames of the bridge %s, which a "
				       "copy has not",
				       place(c, chain),
				       c->links.v[i].name ? c->links.v[i].name : "?");
}

void dw_rs_tell_apart(struct dw_rs_copy *c)
{
	for (size_t i = 0; i < c->chains.n; i++) {
		const struct dw_rs_chain *chain = c->chains.v[i];

		if (!is_in_the_way(chain))
			continue;
		if (chain->key.family == NFPROTO_BRIDGE)
			on_bridges(c, chain);
		else if (chain->devices.n > 0)
			on_devices(c, chain);
		else if (chain->key.family == NFPROTO_ARP)
			dw_rs_obstacle(c, 0,
				       "the chain %s filters ARP: who is not answered there "
				       "reaches nothing",
				       place(c, chain));
	}
}
