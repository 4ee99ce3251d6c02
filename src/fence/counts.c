/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often each rule of a copy was met: by the counter of our own that stands behind its conditions, the last one of
 * the rule. Entries of iptables-legacy have one anyway, which begins at zero when a table is replaced.
 */
#include <net/if.h> /* these two before their twins of linux/ */
#include <netinet/in.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#include "legacy.h"

struct counting {
	struct dw_rs_copy *copy;
	uint64_t *packets; /* of this dump, by the rule's id */
	bool *has;
	uint32_t *seen; /* rules of each chain, by the chain's number */
};

static bool last_counter(const struct nlattr *list, uint64_t *ret)
{
	bool found = false;

	dw_attr_each(one, dw_attr_data(list), dw_attr_size(list))
	{
		const struct nlattr *tb[NFTA_EXPR_MAX + 1], *counter[NFTA_COUNTER_MAX + 1];

		dw_attr_nested(one, tb, NFTA_EXPR_MAX);
		if (dw_attr_size(tb[NFTA_EXPR_NAME]) != sizeof("counter") ||
		    memcmp(dw_attr_data(tb[NFTA_EXPR_NAME]), "counter", sizeof("counter")) != 0)
			continue;
		dw_attr_nested(tb[NFTA_EXPR_DATA], counter, NFTA_COUNTER_MAX);
		*ret = dw_attr_be64(counter[NFTA_COUNTER_PACKETS]);
		found = true;
	}
	return found;
}

/* A chain of the copy has as many rules as the original's, in the same order. */
static int on_rule(const struct nlmsghdr *m, void *arg)
{
	struct counting *x = arg;
	const struct nfgenmsg *g = (const struct nfgenmsg *)((const char *)m + NLMSG_HDRLEN);
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const struct dw_rs_chain *c;
	const char *table, *chain;
	uint32_t id;

	dw_attr_message(m, sizeof(*g), tb, NFTA_RULE_MAX);
	table = dw_attr_string(scratch, tb[NFTA_RULE_TABLE]);
	chain = dw_attr_string(scratch, tb[NFTA_RULE_CHAIN]);
	if (!table || !chain)
		return 0;
	c = (const struct dw_rs_chain *)dw_rs_find(x->copy->chain_index, g->nfgen_family, table,
						   chain);
	if (!c || x->seen[c->number] >= c->rules.n)
		return 0;
	id = c->rules.v[x->seen[c->number]++];
	x->has[id] = !x->copy->rules.v[id].uncounted &&
		     last_counter(tb[NFTA_RULE_EXPRESSIONS], &x->packets[id]);
	return 0;
}

static void on_restart(void *arg)
{
	const struct counting *x = arg;

	memset(x->seen, 0, x->copy->chains.n * sizeof(*x->seen));
}

static int count_nft(struct dw_sys *s, const struct dw_netns *scratch, struct dw_rs_copy *c,
		     uint64_t *hits, bool *told, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct counting x = { .copy = c };
	struct nfgenmsg *g;
	int r;

	if (c->rules.n == 0)
		return 0;
	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->version = NFNETLINK_V0;
	x.packets = dw_arena_array(a, c->rules.n, sizeof(*x.packets));
	x.has = dw_arena_array(a, c->rules.n, sizeof(*x.has));
	x.seen = dw_arena_array(a, c->chains.n, sizeof(*x.seen));
	r = dw_netlink_request(s, scratch, NETLINK_NETFILTER, m, on_rule, on_restart, &x, e);
	for (size_t i = 0; r == 0 && i < c->rules.n; i++) {
		hits[i] += x.has[i] ? x.packets[i] : 0;
		told[i] |= x.has[i];
	}
	return r;
}

/* --- iptables-legacy ---------------------------------------------------------------------------- */

static uint64_t packets_at(const struct dw_xtables *t, uint32_t at, uint32_t *ret_next)
{
	struct ipt_entry four;
	struct ip6t_entry six;
	uint32_t head = t->six ? sizeof(six) : sizeof(four);

	*ret_next = 0;
	if (at > t->n || t->n - at < head)
		return 0;
	if (t->six) {
		memcpy(&six, t->entries + at, sizeof(six));
		*ret_next = six.next_offset;
		return six.counters.pcnt;
	}
	memcpy(&four, t->entries + at, sizeof(four));
	*ret_next = four.next_offset;
	return four.counters.pcnt;
}

/* The copy's entries are as many as the original's, in the same order. */
static int count_legacy(struct dw_sys *s, const struct dw_netns *scratch, const struct dw_legacy *t,
			uint64_t *hits, bool *told, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_xtables now = { 0 };
	uint32_t at = 0, next;
	int r = dw_xtables_read(s, scratch, t->blob.six, t->blob.name, a, &now, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < t->entries.n && now.n_entries == t->entries.n; i++, at += next) {
		uint64_t packets = packets_at(&now, at, &next);
		uint32_t id = t->entries.v[i].id;

		if (next == 0)
			break;
		if (id == DW_LEGACY_NO_RULE)
			continue;
		hits[id] += packets;
		told[id] = true;
	}
	return 0;
}

int dw_ruleset_count(struct dw_sys *s, const struct dw_netns *scratch, const struct dw_ruleset *r,
		     uint64_t *hits, bool *told, struct dw_error *e)
{
	struct dw_rs_copy *c = r->copy;
	int code = r->counts ? count_nft(s, scratch, c, hits, told, e) : 0;

	for (size_t i = 0; code == 0 && r->counts && i < c->legacy.n; i++)
		if (!c->legacy.v[i]->damaged && !c->legacy.v[i]->refused)
			code = count_legacy(s, scratch, c->legacy.v[i], hits, told, e);
	return code;
}
