/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Back from a rule of the copy to the original's. The kernel gives the copy's rules handles of its own; a chain
 * of the copy has as many rules as the original's, in the same order.
 */
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "ruleset_private.h"

struct reading {
	struct dw_rs_copy *copy;
	uint64_t *handles;
	uint32_t *seen; /* rules of each chain, by the chain's number */
};

static int on_rule(const struct nlmsghdr *m, void *arg)
{
	struct reading *r = arg;
	const struct nfgenmsg *g = (const struct nfgenmsg *)((const char *)m + NLMSG_HDRLEN);
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_rs_chain *c;
	const char *table, *chain;

	dw_attr_message(m, sizeof(*g), tb, NFTA_RULE_MAX);
	table = dw_attr_string(scratch, tb[NFTA_RULE_TABLE]);
	chain = dw_attr_string(scratch, tb[NFTA_RULE_CHAIN]);
	if (!table || !chain)
		return 0;
	c = (struct dw_rs_chain *)dw_rs_find(r->copy->chain_index, g->nfgen_family, table, chain);
	if (c && r->seen[c->number] < c->rules.n)
		r->handles[c->rules.v[r->seen[c->number]++]] = dw_attr_be64(tb[NFTA_RULE_HANDLE]);
	return 0;
}

static void on_restart(void *arg)
{
	const struct reading *r = arg;

	memset(r->seen, 0, r->copy->chains.n * sizeof(*r->seen));
}

static uint64_t *read_handles(struct dw_sys *s, const struct dw_netns *scratch,
			      struct dw_rs_copy *c)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct nfgenmsg *g;
	struct reading r = { .copy = c };

	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->version = NFNETLINK_V0;
	r.handles = dw_arena_array(c->arena, c->rules.n, sizeof(*r.handles));
	r.seen = dw_arena_array(c->arena, c->chains.n, sizeof(*r.seen));
	if (dw_netlink_request(s, scratch, NETLINK_NETFILTER, m, on_rule, on_restart, &r, NULL) < 0)
		return NULL;
	return r.handles;
}

static const uint64_t *handles_of(struct dw_sys *s, const struct dw_netns *scratch,
				  struct dw_rs_copy *c)
{
	struct dw_rs_handles *h = NULL;

	for (size_t i = 0; i < c->handles.n && !h; i++)
		if (c->handles.v[i].inode == scratch->inode && c->handles.v[i].fd == scratch->fd)
			h = &c->handles.v[i];
	if (!h) {
		h = dw_vec_add(c->arena, &c->handles);
		h->inode = scratch->inode;
		h->fd = scratch->fd;
	}
	if (!h->of)
		h->of = read_handles(s, scratch, c);
	return h->of;
}

void dw_rs_forget_handles(struct dw_rs_copy *c, const struct dw_netns *scratch)
{
	for (size_t i = 0; i < c->handles.n; i++)
		if (c->handles.v[i].inode == scratch->inode && c->handles.v[i].fd == scratch->fd)
			c->handles.v[i].of = NULL;
}

const struct dw_rule *dw_ruleset_traced(struct dw_sys *s, const struct dw_netns *scratch,
					const struct dw_ruleset *r, uint8_t family,
					const char *table, const char *chain, uint64_t handle)
{
	struct dw_rs_copy *c = r->copy;
	const struct dw_rs_chain *found =
		(const struct dw_rs_chain *)dw_rs_find(c->chain_index, family, table, chain);
	const uint64_t *handles;

	if (!found)
		return dw_rs_legacy_traced(r, family, table, chain, handle);
	handles = handles_of(s, scratch, c);
	for (size_t i = 0; handles && i < found->rules.n; i++)
		if (handles[found->rules.v[i]] == handle)
			return &r->rules[found->rules.v[i]];
	return NULL;
}
