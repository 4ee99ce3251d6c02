/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that the kernel calls at the hooks of the packet filter (nfnetlink_hook, Linux 5.14): beside rules, which are
 * copied, and what belongs to them, there may be IPVS, ebtables, a module of somebody's own. A kernel that is not built
 * to tell (CONFIG_NETFILTER_NETLINK_HOOK) tells of none.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_hook.h>
#include <linux/netfilter_bridge.h>
#include <string.h>

#include "before.h"
#include "dw_attr.h"
#include "dw_str.h"

#define HOOK_TYPE_BPF 2u /* NFNL_HOOK_TYPE_BPF, newer than some headers */

/*
 * Functions that come with rules or with connection tracking, which a copy gets with its own rules, and those of
 * security modules, which look at labels. By the beginning of their names, as they are called since Linux 5.14.
 */
static const char *const known[] = {
	"ipv4_conntrack_", "ipv6_conntrack_", "nf_confirm",     "ipv4_confirm",   "ipv6_confirm",
	"ipv6_defrag",     "nf_nat_",         "ipt_do_table",   "ip6t_do_table",  "iptable_",
	"ip6table_",       "nft_do_chain",    "apparmor_",      "selinux_",       "smack_",
	"ip_sabotage_in",  "nf_ct_bridge_",   "ipv4_synproxy_", "ipv6_synproxy_",
};

static bool is_known(const char *function)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_starts_with(function, known[i]))
			return true;
	return false;
}

/* ebtables sees frames of a bridge alone. */
static void on_bridges(struct dw_scene *scene, const char *function)
{
	if (!dw_starts_with(function, "ebt"))
		return;
	for (size_t i = 0; i < scene->links.n; i++)
		if (dw_streq0(scene->links.v[i].kind, "bridge"))
			(void)dw_scene_obstacle(scene, scene->links.v[i].ifindex,
						"ebtables filters the frames of the bridge %s, "
						"which a copy has not",
						scene->links.v[i].name);
}

static void on_packets(struct dw_scene *scene, bool six, unsigned hook, const char *function,
		       const char *module)
{
	struct dw_obstacle *o = dw_scene_obstacle(
		scene, 0, "%s%s%s%s of the kernel sees %s packets beside the rules", function,
		module ? " (" : "", module ? module : "", module ? ")" : "", six ? "IPv6" : "IPv4");

	if (!o)
		return;
	o->egress = hook != NF_INET_PRE_ROUTING && hook != NF_INET_LOCAL_IN;
	o->family = six ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	memset(o->high, 0xff, sizeof(o->high));
}

void dw_before_hook(struct dw_scene *scene, unsigned hook, const struct nlmsghdr *m)
{
	const struct nlattr *tb[NFNLA_HOOK_MAX + 1], *info[NFNLA_HOOK_INFO_MAX + 1];
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(m);
	const char *function, *module;

	if (m->nlmsg_type != (NFNL_SUBSYS_HOOK << 8 | NFNL_MSG_HOOK_GET) ||
	    m->nlmsg_len < mnl_nlmsg_size(sizeof(*g)))
		return;
	dw_attr_message(m, sizeof(*g), tb, NFNLA_HOOK_MAX);
	dw_attr_nested(tb[NFNLA_HOOK_CHAIN_INFO], info, NFNLA_HOOK_INFO_MAX);
	/* chains and flowtables of nf_tables are in its own dumps; BPF links are asked for by themselves */
	if (dw_attr_be32(info[NFNLA_HOOK_INFO_TYPE]) != 0)
		return;
	function = dw_attr_string(scene->arena, tb[NFNLA_HOOK_FUNCTION_NAME]);
	module = dw_attr_string(scene->arena, tb[NFNLA_HOOK_MODULE_NAME]);
	if (!function || !*function)
		return; /* a kernel without names of functions */
	if (g->nfgen_family == NFPROTO_BRIDGE)
		on_bridges(scene, function);
	else if (!is_known(function) &&
		 (g->nfgen_family == NFPROTO_IPV4 || g->nfgen_family == NFPROTO_IPV6))
		on_packets(scene, g->nfgen_family == NFPROTO_IPV6, hook, function, module);
}

struct hooking {
	struct dw_scene *scene;
	unsigned hook;
	size_t before; /* obstacles that were there */
};

static int see_hook(const struct nlmsghdr *m, void *arg)
{
	const struct hooking *x = arg;

	dw_before_hook(x->scene, x->hook, m);
	return 0;
}

static void forget_hooks(void *arg)
{
	const struct hooking *x = arg;

	x->scene->obstacles.n = x->before;
}

static int dump(struct dw_scene *scene, uint8_t family, unsigned hook, struct dw_error *e)
{
	struct hooking x = { .scene = scene, .hook = hook, .before = scene->obstacles.n };
	union dw_request q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	struct nfgenmsg *g;

	m->nlmsg_type = NFNL_SUBSYS_HOOK << 8 | NFNL_MSG_HOOK_GET;
	m->nlmsg_flags = NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	mnl_attr_put_u32(m, NFNLA_HOOK_HOOKNUM, htonl(hook));
	return dw_netlink_request(scene->sys, &scene->original, NETLINK_NETFILTER, m, see_hook,
				  forget_hooks, &x, e);
}

int dw_before_read_hooks(struct dw_scene *scene, struct dw_error *e)
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_BRIDGE };
	int r = 0;

	for (size_t i = 0; r == 0 && i < DW_ARRAY_SIZE(families); i++)
		for (unsigned hook = 0; r == 0 && hook < NF_INET_NUMHOOKS; hook++) {
			r = dump(scene, families[i], hook, e);
			if (r == -ENOMEM || r == -EMFILE)
				return r;
			/* this family has none here; where the first one is not known, none is */
			if (r < 0 && i == 0 && hook == 0)
				return 0;
			r = 0;
		}
	return r;
}
