/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IPsec: what a policy of xfrm covers must come encrypted, or is dropped (net/xfrm/xfrm_policy.c,
 * __xfrm_policy_check()). Whom it covers is told by its selector. Sockets' own policies and those of xfrm interfaces
 * are no matter of ours.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/socket.h>

#include "before.h"
#include "dw_attr.h"
#include "senders.h"

#define POLICIES_MAX 128u /* told one by one; beyond: everything is in doubt */

static const struct {
	bool egress;
	const char *words;
} directions[] = {
	[XFRM_POLICY_IN] = { false, "must come by IPsec" },
	[XFRM_POLICY_OUT] = { true, "leaves by IPsec" },
	[XFRM_POLICY_FWD] = { true, "is forwarded by IPsec" },
};

/* Where each template may be left out, what is not encrypted passes too. */
static bool asks_for_ipsec(const struct nlattr *templates)
{
	const uint8_t *p = dw_attr_data(templates);
	size_t n = dw_attr_size(templates);
	struct xfrm_user_tmpl t;

	for (size_t at = 0; n - at >= sizeof(t) && at < n; at += sizeof(t)) {
		memcpy(&t, p + at, sizeof(t));
		if (!t.optional)
			return true;
	}
	return false;
}

/* Of what comes it is the source that counts, of what leaves the destination. */
static void add_policy(struct dw_scene *scene, const struct xfrm_userpolicy_info *p)
{
	bool six = p->sel.family == AF_INET6, egress = directions[p->dir].egress;
	const xfrm_address_t *address = egress ? &p->sel.daddr : &p->sel.saddr;
	unsigned bits = egress ? p->sel.prefixlen_d : p->sel.prefixlen_s;
	enum dw_family family = six ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	size_t size = dw_scene_size(family);
	uint8_t low[16] = { 0 }, high[16] = { 0 };
	struct dw_obstacle *o;

	dw_address_range((const uint8_t *)address, size, bits <= size * 8 ? bits : 0, low, high);
	o = dw_scene_obstacle(scene, egress ? 0 : (uint32_t)p->sel.ifindex, "what %s %s %s",
			      egress ? "goes to" : "comes from",
			      dw_address_span_text(scene->arena, family, low, high),
			      p->action == XFRM_POLICY_BLOCK ? "is blocked by a policy of IPsec"
							     : directions[p->dir].words);
	if (!o)
		return;
	o->egress = egress;
	o->family = family;
	memcpy(o->low, low, sizeof(o->low));
	memcpy(o->high, high, sizeof(o->high));
}

void dw_before_policy(struct dw_scene *scene, const struct nlmsghdr *m)
{
	const struct nlattr *tb[XFRMA_IF_ID + 1];
	struct xfrm_userpolicy_info p;

	if (m->nlmsg_type != XFRM_MSG_NEWPOLICY || m->nlmsg_len < mnl_nlmsg_size(sizeof(p)))
		return;
	memcpy(&p, mnl_nlmsg_get_payload(m), sizeof(p));
	dw_attr_message(m, sizeof(p), tb, XFRMA_IF_ID);
	if (p.dir >= DW_ARRAY_SIZE(directions) || dw_attr_u32(tb[XFRMA_IF_ID]) != 0)
		return;
	if (p.sel.family != AF_INET && p.sel.family != AF_INET6)
		return;
	if (p.action == XFRM_POLICY_BLOCK || asks_for_ipsec(tb[XFRMA_TMPL]))
		add_policy(scene, &p);
}

void dw_before_default(struct dw_scene *scene, const struct nlmsghdr *m)
{
	struct xfrm_userpolicy_default d;
	struct dw_obstacle *o;

	if (m->nlmsg_type != XFRM_MSG_GETDEFAULT || m->nlmsg_len < mnl_nlmsg_size(sizeof(d)))
		return;
	memcpy(&d, mnl_nlmsg_get_payload(m), sizeof(d));
	if (d.in == XFRM_USERPOLICY_BLOCK)
		(void)dw_scene_obstacle(
			scene, 0,
			"what no policy of IPsec lets in is blocked (ip xfrm policy "
			"setdefault)");
	if (d.fwd != XFRM_USERPOLICY_BLOCK && d.out != XFRM_USERPOLICY_BLOCK)
		return;
	o = dw_scene_obstacle(scene, 0,
			      "what no policy of IPsec lets out is blocked (ip xfrm policy "
			      "setdefault)");
	if (o)
		o->egress = true;
}

struct policies {
	struct dw_scene *scene;
	size_t before; /* obstacles that were there */
	size_t n;
};

static int see_policy(const struct nlmsghdr *m, void *arg)
{
	struct policies *x = arg;

	if (x->n++ < POLICIES_MAX)
		dw_before_policy(x->scene, m);
	return 0;
}

static void forget_policies(void *arg)
{
	struct policies *x = arg;

	x->scene->obstacles.n = x->before;
	x->n = 0;
}

static int see_default(const struct nlmsghdr *m, void *arg)
{
	dw_before_default(arg, m);
	return 0;
}

/* A kernel without IPsec, or whose 32-bit programs may not ask. */
static bool is_nothing(int r)
{
	return r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -EINVAL || r == -ENOENT;
}

int dw_before_read_ipsec(struct dw_scene *scene, struct dw_error *e)
{
	struct policies x = { .scene = scene, .before = scene->obstacles.n };
	union dw_request q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	int r;

	m->nlmsg_type = XFRM_MSG_GETPOLICY;
	m->nlmsg_flags = NLM_F_DUMP;
	r = dw_netlink_request(scene->sys, &scene->original, NETLINK_XFRM, m, see_policy,
			       forget_policies, &x, e);
	if (r < 0)
		return is_nothing(r) ? 0 : r;
	if (x.n > POLICIES_MAX)
		(void)dw_scene_obstacle(scene, 0, "there are more policies of IPsec than are told");
	q = (union dw_request){ 0 };
	m = mnl_nlmsg_put_header(&q);
	m->nlmsg_type = XFRM_MSG_GETDEFAULT;
	(void)mnl_nlmsg_put_extra_header(m, sizeof(struct xfrm_userpolicy_default));
	r = dw_netlink_request(scene->sys, &scene->original, NETLINK_XFRM, m, see_default, NULL,
			       scene, NULL);
	return r == -ENOMEM ? r : 0; /* before Linux 5.15 there is none */
}
