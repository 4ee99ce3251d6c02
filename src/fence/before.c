/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs at interfaces (tc(8), tcx, netkit) and beside the packet filter. XDP is told with the link itself. */
#include "before.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_ask.h"
#include "dw_attr.h"
#include "dw_str.h"

#define QDISCS_MAX 4096u
#define BESIDE_MAX 64u

/* linux/pkt_cls.h has it, and much that is in the way of others */
#define BPF_NAME 7u /* TCA_BPF_NAME */

/* --- tc ----------------------------------------------------------------------------------------- */

static bool is_called(const struct nlattr *a, const char *name)
{
	size_t n = strlen(name);

	return dw_attr_size(a) == n + 1 && memcmp(dw_attr_data(a), name, n + 1) == 0;
}

bool dw_before_qdisc(const struct nlmsghdr *m, struct dw_before_qdisc *ret)
{
	const struct nlattr *tb[TCA_KIND + 1];
	struct tcmsg head;

	if (m->nlmsg_type != RTM_NEWQDISC || m->nlmsg_len < mnl_nlmsg_size(sizeof(head)))
		return false;
	memcpy(&head, mnl_nlmsg_get_payload(m), sizeof(head));
	dw_attr_message(m, sizeof(head), tb, TCA_KIND);
	if (!is_called(tb[TCA_KIND], "clsact") && !is_called(tb[TCA_KIND], "ingress"))
		return false;
	*ret = (struct dw_before_qdisc){ .ifindex = (uint32_t)head.tcm_ifindex,
					 .clsact = is_called(tb[TCA_KIND], "clsact") };
	return true;
}

/* A chain of filters tells itself first, without a filter: it has no options. */
const char *dw_before_filter(struct dw_arena *a, const struct nlmsghdr *m)
{
	const struct nlattr *tb[TCA_OPTIONS + 1], *options[BPF_NAME + 1] = { NULL };
	const char *kind, *name = NULL;

	if (m->nlmsg_type != RTM_NEWTFILTER || m->nlmsg_len < mnl_nlmsg_size(sizeof(struct tcmsg)))
		return NULL;
	dw_attr_message(m, sizeof(struct tcmsg), tb, TCA_OPTIONS);
	kind = dw_attr_string(a, tb[TCA_KIND]);
	if (!kind || !tb[TCA_OPTIONS])
		return NULL;
	if (dw_streq(kind, "bpf")) {
		dw_attr_nested(tb[TCA_OPTIONS], options, BPF_NAME);
		name = dw_attr_string(a, options[BPF_NAME]);
	}
	return name ? dw_arena_printf(a, "%s %s", kind, name) : kind;
}

struct asking {
	struct dw_scene *scene;
	DW_VEC(struct dw_before_qdisc) qdiscs;
	const char *filter; /* the first one of the place at hand */
};

static int see_qdisc(const struct nlmsghdr *m, void *arg)
{
	struct asking *x = arg;
	struct dw_before_qdisc q;

	if (x->qdiscs.n < QDISCS_MAX && dw_before_qdisc(m, &q))
		dw_vec_push(x->scene->arena, &x->qdiscs, q);
	return 0;
}

static void forget_qdiscs(void *arg)
{
	((struct asking *)arg)->qdiscs.n = 0;
}

static int see_filter(const struct nlmsghdr *m, void *arg)
{
	struct asking *x = arg;

	if (!x->filter)
		x->filter = dw_before_filter(x->scene->arena, m);
	return 0;
}

static int dump_tc(struct asking *x, uint16_t type, uint32_t ifindex, uint32_t parent,
		   dw_netlink_cb *cb, struct dw_error *e)
{
	union dw_request q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	struct tcmsg *head;

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->tcm_ifindex = (int)ifindex;
	head->tcm_parent = parent;
	return dw_netlink_request(x->scene->sys, &x->scene->original, NETLINK_ROUTE, m, cb,
				  type == RTM_GETQDISC ? forget_qdiscs : NULL, x, e);
}

static int read_filters(struct asking *x, const struct dw_before_qdisc *q, bool egress,
			struct dw_error *e)
{
	const uint32_t parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	const struct dw_scene_link *l = dw_scene_link(x->scene, q->ifindex);
	struct dw_obstacle *o;
	int r;

	if (!l)
		return 0;
	x->filter = NULL;
	r = dump_tc(x, RTM_GETTFILTER, q->ifindex, q->clsact ? parent : TC_H_MAKE(TC_H_INGRESS, 0),
		    see_filter, e);
	if (r < 0 || !x->filter)
		return r;
	o = dw_scene_obstacle(x->scene, l->ifindex,
			      egress ? "what leaves by %s goes through a filter of tc (%s)"
				     : "%s has a filter of tc (%s), which sees packets first",
			      l->name, x->filter);
	if (o)
		o->egress = egress;
	return 0;
}

/* A kernel without queueing disciplines, or one that went away between two questions. */
static bool is_nothing(int r)
{
	return r == -EOPNOTSUPP || r == -EINVAL || r == -ENODEV || r == -ENOENT;
}

static int read_tc(struct dw_scene *scene, struct dw_error *e)
{
	struct asking x = { .scene = scene };
	int r = dump_tc(&x, RTM_GETQDISC, 0, 0, see_qdisc, e);

	for (size_t i = 0; r == 0 && i < x.qdiscs.n; i++) {
		r = read_filters(&x, &x.qdiscs.v[i], false, e);
		if (x.qdiscs.v[i].clsact && (r == 0 || is_nothing(r)))
			r = read_filters(&x, &x.qdiscs.v[i], true, e);
		r = is_nothing(r) ? 0 : r;
	}
	return is_nothing(r) ? 0 : r;
}

/* --- BPF ---------------------------------------------------------------------------------------- */

static const char *program_words(struct dw_scene *scene, uint32_t id)
{
	struct dw_bpf_program p = { 0 };

	if (dw_bpf_program(scene->sys, id, &p, NULL) < 0 || !p.name[0])
		return dw_arena_printf(scene->arena, "number %u", id);
	return dw_arena_printf(scene->arena, "%s, number %u", p.name, id);
}

static const struct {
	enum dw_bpf_place place;
	bool egress, netkit;
	const char *before, *after; /* the interface's name */
} places[] = {
	{ DW_BPF_PLACE_TCX_INGRESS, false, false, "packets first go through a program of",
	  "(tcx ingress: " },
	{ DW_BPF_PLACE_TCX_EGRESS, true, false, "what leaves goes through a program of",
	  "(tcx egress: " },
	{ DW_BPF_PLACE_NETKIT, true, true, "what leaves goes through a program of", "(netkit: " },
	{ DW_BPF_PLACE_NETKIT_PEER, false, true,
	  "what comes has gone through a program at the other end of", "(netkit: " },
};

/* A pair of netkit devices tells of its programs at one end alone; what is not told is in the way. */
static const char *netkit_words(const struct dw_scene_link *l, size_t place, int code)
{
	if (code < 0)
		return "not told at this end";
	return (places[place].egress ? l->drops_out : l->drops_in)
		       ? "none, and what none lets pass is dropped"
		       : NULL;
}

/* What a kernel does not know it does not do; what we may not ask is in the way. */
static int read_programs(struct dw_scene *scene, const struct dw_scene_link *l, struct dw_error *e)
{
	bool is_netkit = dw_streq0(l->kind, "netkit");

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		uint32_t ids[DW_BPF_ATTACHED_MAX];
		size_t n = DW_ARRAY_SIZE(ids);
		const char *words = NULL;
		struct dw_obstacle *o;
		int r;

		if (places[i].netkit && !is_netkit)
			continue;
		r = dw_bpf_attached(scene->sys, &scene->original, places[i].place, l->ifindex, ids,
				    &n, e);
		if (r == -ENOMEM || r == -EMFILE)
			return r;
		if (r == 0 && n > 0)
			words = program_words(scene, ids[0]);
		else if (places[i].netkit)
			words = netkit_words(l, i, r);
		if (!words)
			continue;
		o = dw_scene_obstacle(scene, l->ifindex, "%s %s %s%s)", places[i].before, l->name,
				      places[i].after, words);
		if (o)
			o->egress = places[i].egress;
	}
	return 0;
}

int dw_before_read_programs(struct dw_scene *scene, struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < scene->links.n; i++)
		r = read_programs(scene, &scene->links.v[i], e);
	return r;
}

static int read_beside(struct dw_scene *scene, struct dw_error *e)
{
	struct dw_bpf_beside v[BESIDE_MAX];
	size_t n = DW_ARRAY_SIZE(v);
	int r = dw_bpf_beside_rules(scene->sys, v, &n, e);

	/* without the right to ask there is no right to rehearse, either */
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool six = v[i].family == NFPROTO_IPV6;
		struct dw_obstacle *o;

		if (!six && v[i].family != NFPROTO_IPV4)
			continue;
		o = dw_scene_obstacle(scene, 0,
				      "a BPF program stands beside the packet filter's %s rules "
				      "(%s)",
				      six ? "IPv6" : "IPv4", program_words(scene, v[i].program));
		if (!o)
			continue;
		o->egress = v[i].hook == NF_INET_LOCAL_OUT || v[i].hook == NF_INET_POST_ROUTING ||
			    v[i].hook == NF_INET_FORWARD;
		o->family = six ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
		memset(o->high, 0xff, sizeof(o->high));
	}
	return r == -ENOMEM || r == -EMFILE ? r : 0;
}

int dw_before_read(struct dw_scene *scene, struct dw_error *e)
{
	int r = read_tc(scene, e);

	if (r == 0)
		r = dw_before_read_programs(scene, e);
	if (r == 0)
		r = read_beside(scene, e);
	if (r == 0)
		r = dw_before_read_ipsec(scene, e);
	return r == 0 ? dw_before_read_hooks(scene, e) : r;
}
