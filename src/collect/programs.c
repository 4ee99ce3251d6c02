/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program on the way of the packets may answer any port, or give a port's packets to any socket:
 * one door an interface (XDP, tc, tcx) or, for sk_lookup, one a protocol, without a port. What the
 * program does is not told by the kernel.
 */
#include "programs.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_ask.h"
#include "dw_str.h"

#define LINKS_ASKED_MAX 1024u /* interfaces asked for tcx and tc programs, each a system call */

/* "NAME (id 7, loaded by root)" */
static const char *program_text(struct dw_collect *c, uint32_t id, const char *name)
{
	struct dw_arena *a = c->facts->arena;
	struct dw_bpf_program p = { 0 };
	const char *user;

	if (dw_bpf_program(c->sys, id, &p, NULL) < 0)
		return dw_arena_printf(a, "%s (id %u)", name && *name ? name : "of unknown name",
				       id);
	user = dw_sys_user_name(c->sys, p.uid);
	if (p.name[0])
		name = p.name;
	if (user)
		return dw_arena_printf(a, "%s (id %u, loaded by %s)",
				       name ? name : "without a name", id, user);
	return dw_arena_printf(a, "%s (id %u, loaded by uid %u)", name ? name : "without a name",
			       id, p.uid);
}

static void add_on_link(struct dw_collect *c, size_t netns, const struct dw_link_facts *l,
			const char *rule)
{
	struct dw_facts *f = c->facts;
	struct dw_redirect_fact fact = { .kind = DW_KIND_REDIRECTED, .rule = rule };

	fact.at = (struct dw_endpoint){
		.netns = f->netns.v[netns].inode,
		.protocol = DW_PROTOCOL_PACKET,
		.family = DW_FAMILY_PACKET,
		.ifindex = l->index,
		.ifname = dw_arena_strdup(f->arena, l->name),
	};
	dw_vec_push(f->arena, &f->redirects, fact);
}

/*
 * --- sk_lookup
 * ------------------------------------------------------------------------------------
 */

static int sk_lookup(struct dw_collect *c, size_t netns, struct dw_error *e)
{
	static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP };
	struct dw_facts *f = c->facts;
	uint32_t ids[DW_BPF_ATTACHED_MAX];
	size_t n = DW_ARRAY_SIZE(ids);
	int r = dw_bpf_attached(c->sys, &c->netns.v[netns], DW_BPF_PLACE_SK_LOOKUP, 0, ids, &n, e);

	/* EINVAL: before Linux 5.9; ENOENT: nothing recorded; ENOSYS: no BPF at all */
	if (r < 0)
		return r == -EINVAL || r == -ENOENT || r == -ENOSYS ? 0 : r;
	for (size_t i = 0; i < n; i++) {
		struct dw_redirect_fact fact = { .kind = DW_KIND_REDIRECTED };

		fact.rule = dw_arena_printf(f->arena, "sk_lookup program %s",
					    program_text(c, ids[i], NULL));
		fact.at.netns = f->netns.v[netns].inode;
		fact.at.family = DW_FAMILY_DUAL;
		for (size_t k = 0; k < DW_ARRAY_SIZE(protocols); k++) {
			fact.at.protocol = protocols[k];
			dw_vec_push(f->arena, &f->redirects, fact);
		}
	}
	return 0;
}

/*
 * --- XDP
 * ------------------------------------------------------------------------------------------
 */

static const char *mode_name(unsigned mode)
{
	static const char *const names[] = { "?", "driver mode", "generic mode",
					     "offloaded to the card" };

	return mode < DW_ARRAY_SIZE(names) ? names[mode] : names[0];
}

static void xdp(struct dw_collect *c, size_t netns, const struct dw_links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		const struct dw_link_facts *l = &links->v[i];
		struct dw_str rule = { .arena = c->facts->arena };

		for (size_t k = 0; k < DW_ARRAY_SIZE(l->xdp_ids); k++)
			if (l->xdp_ids[k])
				dw_str_addf(&rule, "%sXDP program %s on %s, %s", k ? "; " : "",
					    program_text(c, l->xdp_ids[k], NULL), l->name,
					    mode_name(l->xdp_modes[k]));
		if (rule.n)
			add_on_link(c, netns, l, rule.s);
	}
}

/*
 * --- tcx and tc
 * -----------------------------------------------------------------------------------
 */

static void tcx(struct dw_collect *c, size_t netns, const struct dw_links *links)
{
	for (size_t i = 0; i < DW_MIN(links->n, (size_t)LINKS_ASKED_MAX); i++) {
		uint32_t ids[DW_BPF_ATTACHED_MAX];
		size_t n = DW_ARRAY_SIZE(ids);
		const struct dw_link_facts *l = &links->v[i];

		/* EINVAL: before Linux 6.6, and so it is for every interface */
		if (dw_bpf_attached(c->sys, &c->netns.v[netns], DW_BPF_PLACE_TCX_INGRESS, l->index,
				    ids, &n, NULL) < 0)
			return;
		for (size_t k = 0; k < n; k++)
			add_on_link(c, netns, l,
				    dw_arena_printf(c->facts->arena,
						    "tcx program %s on %s, ingress",
						    program_text(c, ids[k], NULL), l->name));
	}
}

uint32_t dw_qdisc_ingress(struct dw_arena *a, const struct nlmsghdr *m)
{
	const struct nlattr *tb[TCA_MAX + 1];
	const struct tcmsg *t = (const struct tcmsg *)((const char *)m + NLMSG_HDRLEN);
	const char *kind;

	if (m->nlmsg_type != RTM_NEWQDISC || m->nlmsg_len < NLMSG_HDRLEN + sizeof(*t))
		return 0;
	dw_attr_message(m, sizeof(*t), tb, TCA_MAX);
	kind = dw_attr_string(a, tb[TCA_KIND]);
	return kind && (dw_streq(kind, "clsact") || dw_streq(kind, "ingress"))
		       ? (uint32_t)t->tcm_ifindex
		       : 0;
}

uint32_t dw_filter_program(struct dw_arena *a, const struct nlmsghdr *m, const char **ret_name)
{
	const struct nlattr *tb[TCA_MAX + 1], *options[TCA_BPF_MAX + 1];
	const char *kind;

	if (m->nlmsg_type != RTM_NEWTFILTER || m->nlmsg_len < NLMSG_HDRLEN + sizeof(struct tcmsg))
		return 0;
	dw_attr_message(m, sizeof(struct tcmsg), tb, TCA_MAX);
	kind = dw_attr_string(a, tb[TCA_KIND]);
	if (!kind || !dw_streq(kind, "bpf") || !tb[TCA_OPTIONS])
		return 0;
	dw_attr_nested(tb[TCA_OPTIONS], options, TCA_BPF_MAX);
	*ret_name = dw_attr_string(a, options[TCA_BPF_NAME]);
	return dw_attr_u32(options[TCA_BPF_ID]);
}

struct filters {
	struct dw_collect *c;
	struct dw_arena *a;
	size_t netns;
	const struct dw_link_facts *link;
	DW_VEC(uint32_t) links; /* with filters on ingress */
};

static int on_qdisc(const struct nlmsghdr *m, void *arg)
{
	struct filters *f = arg;
	uint32_t index = dw_qdisc_ingress(f->a, m);

	if (index && f->links.n < LINKS_ASKED_MAX)
		dw_vec_push(f->a, &f->links, index);
	return 0;
}

static int on_filter(const struct nlmsghdr *m, void *arg)
{
	struct filters *f = arg;
	const char *name = NULL;
	uint32_t id = dw_filter_program(f->a, m, &name);

	if (id)
		add_on_link(f->c, f->netns, f->link,
			    dw_arena_printf(f->c->facts->arena, "tc program %s on %s, ingress",
					    program_text(f->c, id, name), f->link->name));
	return 0;
}

static int ask(struct filters *f, unsigned type, uint32_t index, dw_netlink_cb *cb,
	       struct dw_error *e)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct tcmsg *t;

	m->nlmsg_type = (uint16_t)type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	t = mnl_nlmsg_put_extra_header(m, sizeof(*t));
	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = (int)index;
	t->tcm_parent = index ? TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) : 0;
	return dw_netlink_request(f->c->sys, &f->c->netns.v[f->netns], NETLINK_ROUTE, m, cb, NULL,
				  f, e);
}

static int tc(struct dw_collect *c, size_t netns, const struct dw_links *links,
	      struct dw_arena *scratch, struct dw_error *e)
{
	struct filters f = { .c = c, .a = scratch, .netns = netns };
	int r = ask(&f, RTM_GETQDISC, 0, on_qdisc, e);

	if (r < 0) /* a kernel without traffic control knows no such message */
		return r == -EOPNOTSUPP || r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < f.links.n; i++)
		for (size_t k = 0; k < links->n; k++) {
			if (links->v[k].index != f.links.v[i])
				continue;
			f.link = &links->v[k];
			(void)ask(&f, RTM_GETTFILTER, f.link->index, on_filter, NULL);
		}
	return 0;
}

int dw_programs_collect(struct dw_collect *c, size_t netns, struct dw_arena *scratch,
			struct dw_error *e)
{
	struct dw_links links = { 0 };
	int first = sk_lookup(c, netns, e);
	int r = dw_links_collect(c->sys, &c->netns.v[netns], scratch, &links, first < 0 ? NULL : e);

	if (r < 0)
		return first < 0 ? first : r == -ENOENT ? 0 : r;
	xdp(c, netns, &links);
	tcx(c, netns, &links);
	r = tc(c, netns, &links, scratch, first < 0 ? NULL : e);
	return first < 0 ? first : r;
}
