/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nf_tables messages: tables, chains, rules, sets and their elements. */
#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "nft.h"

/* Newer than the headers we may be built with. */
#define SET_CONCAT       0x80u
#define ELEMENT_CATCHALL 0x2u

static const char *key_of(struct dw_arena *a, uint8_t family, const char *table, const char *name)
{
	return dw_arena_printf(a, "%u/%s/%s", family, table ? table : "", name ? name : "");
}

/* FNV-1a of "FAMILY/TABLE/NAME" without building it. */
static unsigned mix(unsigned h, const char *s)
{
	for (; s && *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return (h ^ '/') * 16777619u;
}

static unsigned bucket_of(uint8_t family, const char *table, const char *name)
{
	return mix(mix((2166136261u ^ family) * 16777619u, table), name) % DW_NFT_BUCKETS;
}

struct dw_nft_chain *dw_nft_chain_find(const struct dw_nft_ruleset *r, uint8_t family,
				       const char *table, const char *name)
{
	struct dw_nft_chain *c = r->chain_buckets[bucket_of(family, table, name)];

	while (c && (c->family != family || !dw_streq(c->table, table) || !dw_streq(c->name, name)))
		c = c->next;
	return c;
}

struct dw_nft_set *dw_nft_set_find(const struct dw_nft_ruleset *r, uint8_t family,
				   const char *table, const char *name)
{
	struct dw_nft_set *s = r->set_buckets[bucket_of(family, table, name)];

	while (s && (s->family != family || !dw_streq(s->table, table) || !dw_streq(s->name, name)))
		s = s->next;
	return s;
}

bool dw_nft_data_parse(struct dw_arena *a, const struct nlattr *nested, struct dw_nft_data *ret)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1], *verdict[NFTA_VERDICT_MAX + 1];

	memset(ret, 0, sizeof(*ret));
	if (!nested)
		return false;
	dw_attr_nested(nested, tb, NFTA_DATA_MAX);
	if (tb[NFTA_DATA_VERDICT]) {
		dw_attr_nested(tb[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
		ret->is_verdict = true;
		ret->verdict.code = (int32_t)dw_attr_be32(verdict[NFTA_VERDICT_CODE]);
		ret->verdict.chain = dw_attr_string(a, verdict[NFTA_VERDICT_CHAIN]);
		return true;
	}
	ret->n = (unsigned)DW_MIN(dw_attr_size(tb[NFTA_DATA_VALUE]), sizeof(ret->bytes));
	if (ret->n > 0)
		memcpy(ret->bytes, dw_attr_data(tb[NFTA_DATA_VALUE]), ret->n);
	return ret->n > 0;
}

/*
 * --- tables, chains, rules
 * ------------------------------------------------------------------------
 */

static void table_message(struct dw_nft_ruleset *r, uint8_t family, const struct nlmsghdr *m)
{
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];

	dw_attr_message(m, sizeof(struct nfgenmsg), tb, NFTA_TABLE_MAX);
	if (dw_attr_be32(tb[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT)
		dw_vec_push(r->arena, &r->dormant,
			    key_of(r->arena, family, dw_attr_string(r->arena, tb[NFTA_TABLE_NAME]),
				   NULL));
}

bool dw_nft_is_dormant(const struct dw_nft_ruleset *r, const struct dw_nft_chain *c)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *key = key_of(scratch, c->family, c->table, NULL);

	for (size_t i = 0; i < r->dormant.n; i++)
		if (dw_streq(r->dormant.v[i], key))
			return true;
	return false;
}

static void chain_message(struct dw_nft_ruleset *r, uint8_t family, const struct nlmsghdr *m)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
	struct dw_nft_chain *c, **bucket;

	dw_attr_message(m, sizeof(struct nfgenmsg), tb, NFTA_CHAIN_MAX);
	if (!tb[NFTA_CHAIN_TABLE] || !tb[NFTA_CHAIN_NAME])
		return;
	c = dw_new(r->arena, struct dw_nft_chain);
	c->family = family;
	c->table = dw_attr_string(r->arena, tb[NFTA_CHAIN_TABLE]);
	c->name = dw_attr_string(r->arena, tb[NFTA_CHAIN_NAME]);
	c->type = dw_attr_string(r->arena, tb[NFTA_CHAIN_TYPE]);
	if (tb[NFTA_CHAIN_HOOK]) {
		dw_attr_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
		c->base = hook[NFTA_HOOK_HOOKNUM] != NULL;
		c->hook = dw_attr_be32(hook[NFTA_HOOK_HOOKNUM]);
		c->drops = tb[NFTA_CHAIN_POLICY] && dw_attr_be32(tb[NFTA_CHAIN_POLICY]) == NF_DROP;
	}
	c->uses = dw_attr_be32(tb[NFTA_CHAIN_USE]);
	bucket = &r->chain_buckets[bucket_of(family, c->table, c->name)];
	c->next = *bucket;
	*bucket = c;
	dw_vec_push(r->arena, &r->chains, c);
}

bool dw_nft_opens(const struct dw_nft_chain *c)
{
	bool nat = c->type && dw_streq(c->type, "nat");

	if (!c->base)
		return false;
	if (c->family != NFPROTO_IPV4 && c->family != NFPROTO_IPV6 && c->family != NFPROTO_INET)
		return false;
	/* tproxy works in any prerouting chain, dnat and redirect only in chains of type nat. */
	return c->hook == NF_INET_PRE_ROUTING || (nat && c->hook == NF_INET_LOCAL_OUT);
}

bool dw_nft_filters(const struct dw_nft_chain *c)
{
	/* one that translates may drop as well, and leads ports away from who listens there */
	if (!c->base || !c->type || (!c->drops && c->uses == 0))
		return false;
	if (c->family == NFPROTO_NETDEV)
		return c->hook == NF_NETDEV_INGRESS;
	return (c->family == NFPROTO_IPV4 || c->family == NFPROTO_IPV6 ||
		c->family == NFPROTO_INET) &&
	       (c->hook == NF_INET_LOCAL_IN || c->hook == NF_INET_PRE_ROUTING);
}

static void rule_message(struct dw_nft_ruleset *r, uint8_t family, const struct nlmsghdr *m)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	struct dw_nft_chain *c;

	dw_attr_message(m, sizeof(struct nfgenmsg), tb, NFTA_RULE_MAX);
	if (!tb[NFTA_RULE_TABLE] || !tb[NFTA_RULE_CHAIN] || !tb[NFTA_RULE_EXPRESSIONS])
		return;
	if (r->n_rules++ >= DW_NFT_RULES_MAX) {
		r->truncated = true;
		return;
	}
	c = dw_nft_chain_find(r, family, dw_attr_string(r->arena, tb[NFTA_RULE_TABLE]),
			      dw_attr_string(r->arena, tb[NFTA_RULE_CHAIN]));
	if (!c)
		return;
	*dw_vec_add(r->arena, &c->rules) = (struct dw_nft_rule){
		.handle = dw_attr_be64(tb[NFTA_RULE_HANDLE]),
		.comment = dw_nf_comment(r->arena, tb[NFTA_RULE_USERDATA]),
		.expressions = dw_arena_memdup(r->arena, dw_attr_data(tb[NFTA_RULE_EXPRESSIONS]),
					       dw_attr_size(tb[NFTA_RULE_EXPRESSIONS])),
		.n = dw_attr_size(tb[NFTA_RULE_EXPRESSIONS]),
	};
}

/*
 * --- sets
 * -----------------------------------------------------------------------------------------
 */

static void set_message(struct dw_nft_ruleset *r, uint8_t family, const struct nlmsghdr *m)
{
	const struct nlattr *tb[NFTA_SET_MAX + 1];
	struct dw_nft_set *s, **bucket;

	dw_attr_message(m, sizeof(struct nfgenmsg), tb, NFTA_SET_MAX);
	if (!tb[NFTA_SET_TABLE] || !tb[NFTA_SET_NAME])
		return;
	s = dw_new(r->arena, struct dw_nft_set);
	s->family = family;
	s->table = dw_attr_string(r->arena, tb[NFTA_SET_TABLE]);
	s->name = dw_attr_string(r->arena, tb[NFTA_SET_NAME]);
	s->flags = dw_attr_be32(tb[NFTA_SET_FLAGS]);
	bucket = &r->set_buckets[bucket_of(family, s->table, s->name)];
	s->next = *bucket;
	*bucket = s;
	dw_vec_push(r->arena, &r->sets, s);
}

static void element(struct dw_nft_ruleset *r, struct dw_nft_set *s, const struct nlattr *a)
{
	const struct nlattr *tb[NFTA_SET_ELEM_MAX + 1];
	struct dw_nft_data key, end;
	struct dw_nft_element *x;
	uint32_t flags;

	if (s->elements.n >= DW_NFT_ELEMENTS_MAX) {
		r->truncated = true;
		return;
	}
	dw_attr_nested(a, tb, NFTA_SET_ELEM_MAX);
	flags = dw_attr_be32(tb[NFTA_SET_ELEM_FLAGS]);
	if (!dw_nft_data_parse(r->arena, tb[NFTA_SET_ELEM_KEY], &key) &&
	    !(flags & ELEMENT_CATCHALL))
		return;
	x = dw_vec_add(r->arena, &s->elements);
	x->end = flags & NFT_SET_ELEM_INTERVAL_END;
	x->catchall = flags & ELEMENT_CATCHALL;
	x->n = key.n;
	memcpy(x->low, key.bytes, sizeof(x->low));
	memcpy(x->high, key.bytes, sizeof(x->high));
	if (dw_nft_data_parse(r->arena, tb[NFTA_SET_ELEM_KEY_END], &end) && end.n == key.n)
		memcpy(x->high, end.bytes, sizeof(x->high));
	(void)dw_nft_data_parse(r->arena, tb[NFTA_SET_ELEM_DATA], &x->data);
}

static void element_message(struct dw_nft_ruleset *r, uint8_t family, const struct nlmsghdr *m)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
	const struct nlattr *list;
	struct dw_nft_set *s;

	dw_attr_message(m, sizeof(struct nfgenmsg), tb, NFTA_SET_ELEM_LIST_MAX);
	if (!tb[NFTA_SET_ELEM_LIST_TABLE] || !tb[NFTA_SET_ELEM_LIST_SET])
		return;
	s = dw_nft_set_find(r, family, dw_attr_string(r->arena, tb[NFTA_SET_ELEM_LIST_TABLE]),
			    dw_attr_string(r->arena, tb[NFTA_SET_ELEM_LIST_SET]));
	list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
	if (!s || !list)
		return;
	dw_attr_each(a, dw_attr_data(list), dw_attr_size(list)) element(r, s, a);
}

static int by_key(const void *a, const void *b)
{
	const struct dw_nft_element *x = a, *y = b;
	int d = memcmp(x->low, y->low, sizeof(x->low));

	/* Where one interval ends and the next begins, the end comes first. */
	return d ? d : (int)y->end - (int)x->end;
}

static void look(void *element, struct dw_nf_bound *ret)
{
	struct dw_nft_element *x = element;

	*ret = (struct dw_nf_bound){
		.low = x->low, .high = x->high, .n = x->n, .end = x->end, .apart = x->catchall
	};
}

void dw_nft_set_order(struct dw_nft_ruleset *r, struct dw_nft_set *s)
{
	s->loaded = true;
	if (s->elements.n == 0)
		return;
	/* Hash sets too are put in order: the same rules give the same facts. */
	qsort(s->elements.v, s->elements.n, sizeof(*s->elements.v), by_key);
	if ((s->flags & NFT_SET_INTERVAL) && !(s->flags & SET_CONCAT))
		s->elements.n =
			dw_nf_pair(s->elements.v, s->elements.n, sizeof(*s->elements.v), look);
}

void dw_nft_message(struct dw_nft_ruleset *r, const struct nlmsghdr *m)
{
	static const struct {
		unsigned type;
		void (*take)(struct dw_nft_ruleset *r, uint8_t family, const struct nlmsghdr *m);
	} known[] = {
		{ NFT_MSG_NEWTABLE, table_message },     { NFT_MSG_NEWCHAIN, chain_message },
		{ NFT_MSG_NEWRULE, rule_message },       { NFT_MSG_NEWSET, set_message },
		{ NFT_MSG_NEWSETELEM, element_message },
	};
	const struct nfgenmsg *g = (const struct nfgenmsg *)((const char *)m + NLMSG_HDRLEN);

	if (m->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || m->nlmsg_len < NLMSG_HDRLEN + sizeof(*g))
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].type == (m->nlmsg_type & 0xffu))
			known[i].take(r, g->nfgen_family, m);
}
