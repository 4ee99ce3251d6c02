/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of the original as rules of a copy: whole, or without what is in doubt. */
#include "batch.h"

#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>

static enum dw_supposed supposed_of(const struct dw_batch *b, uint32_t id)
{
	return b->supposed ? b->supposed[id] : DW_SUPPOSED_FALSE_TOLD;
}

/* Is this expression of the rule in the batch, the rule being supposed to be so? */
static bool stays(const struct dw_batch *b, uint32_t id, const struct dw_rs_expr *x)
{
	bool in_doubt = b->r->rules[id].doubt != DW_DOUBT_NONE;
	enum dw_supposed s = supposed_of(b, id);

	if (x->act == DW_RS_DROP)
		return false;
	if (!in_doubt)
		return true;
	if (s == DW_SUPPOSED_FALSE)
		return false;
	if (x->act == DW_RS_DOUBT)
		return x->eased != NULL;
	return x->act == DW_RS_KEEP || s == DW_SUPPOSED_TRUE;
}

/* The chain that an immediate verdict jumps to; NULL: none. */
static struct dw_rs_chain *target_of(const struct dw_batch *b, const struct dw_rs_rule *rule,
				     const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_IMMEDIATE_MAX + 1], *data[NFTA_DATA_MAX + 1],
		*verdict[NFTA_VERDICT_MAX + 1];
	const char *name;

	if (!dw_streq(x->name, "immediate"))
		return NULL;
	dw_attr_nested(x->data, tb, NFTA_IMMEDIATE_MAX);
	dw_attr_nested(tb[NFTA_IMMEDIATE_DATA], data, NFTA_DATA_MAX);
	dw_attr_nested(data[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
	name = dw_attr_string(b->arena, verdict[NFTA_VERDICT_CHAIN]);
	return name ? (struct dw_rs_chain *)dw_rs_find(b->copy->chain_index,
						       rule->chain->key.family,
						       rule->chain->key.table, name)
		    : NULL;
}

/* The set that an expression names; the attribute differs. */
static struct dw_rs_set *set_of(const struct dw_batch *b, const struct dw_rs_rule *rule,
				const struct dw_rs_expr *x)
{
	static const struct {
		const char *name;
		unsigned attribute;
	} users[] = { { "lookup", NFTA_LOOKUP_SET },
		      { "dynset", NFTA_DYNSET_SET_NAME },
		      { "objref", NFTA_OBJREF_SET_NAME } };
	const struct nlattr *tb[8];
	const char *name;

	for (size_t i = 0; i < DW_ARRAY_SIZE(users); i++) {
		if (!dw_streq(x->name, users[i].name))
			continue;
		dw_attr_nested(x->data, tb, DW_ARRAY_SIZE(tb) - 1);
		name = dw_attr_string(b->arena, tb[users[i].attribute]);
		return name ? (struct dw_rs_set *)dw_rs_find(b->copy->set_index,
							     rule->chain->key.family,
							     rule->chain->key.table, name)
			    : NULL;
	}
	return NULL;
}

static bool is_counted(const struct dw_batch *b, uint32_t id)
{
	bool in_doubt = b->r->rules[id].doubt != DW_DOUBT_NONE;

	return b->counts && !b->copy->rules.v[id].uncounted &&
	       !(in_doubt && supposed_of(b, id) == DW_SUPPOSED_FALSE);
}

/* The map whose answer is what becomes of the packet: "tcp dport vmap @doors". */
static struct dw_rs_set *verdicts_of(const struct dw_batch *b, const struct dw_rs_rule *rule,
				     const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_LOOKUP_MAX + 1];

	if (!dw_streq(x->name, "lookup"))
		return NULL;
	dw_attr_nested(x->data, tb, NFTA_LOOKUP_MAX);
	return tb[NFTA_LOOKUP_DREG] && dw_attr_be32(tb[NFTA_LOOKUP_DREG]) == NFT_REG_VERDICT
		       ? set_of(b, rule, x)
		       : NULL;
}

void dw_batch_find_used(struct dw_batch *b)
{
	struct dw_rs_copy *c = b->copy;

	for (size_t i = 0; i < c->chains.n; i++)
		c->chains.v[i]->done = c->chains.v[i]->bound = false;
	for (size_t i = 0; i < c->sets.n; i++)
		c->sets.v[i]->used = c->sets.v[i]->keyed = false;
	for (uint32_t id = 0; id < c->rules.n; id++) {
		const struct dw_rs_rule *rule = &c->rules.v[id];

		for (size_t k = 0; k < rule->n_exprs && !dw_batch_leaves_out(rule->chain); k++) {
			struct dw_rs_chain *chain;
			struct dw_rs_set *set;

			if (!stays(b, id, &rule->exprs[k]))
				continue;
			chain = target_of(b, rule, &rule->exprs[k]);
			set = set_of(b, rule, &rule->exprs[k]);
			if (chain)
				chain->bound = true;
			if (set)
				set->used = true;
			if (set && is_counted(b, id) && verdicts_of(b, rule, &rule->exprs[k]))
				set->keyed = true;
		}
	}
}

static void put_log(struct dw_batch *b, uint32_t id)
{
	size_t list = dw_batch_nest(b, NFTA_LIST_ELEM), data;
	uint16_t group = htobe16(DW_MET_GROUP);

	dw_batch_add_string(b, NFTA_EXPR_NAME, "log");
	data = dw_batch_nest(b, NFTA_EXPR_DATA);
	dw_batch_add(b, NFTA_LOG_GROUP, &group, sizeof(group));
	dw_batch_add_string(b, NFTA_LOG_PREFIX, dw_arena_printf(b->arena, "met %u", id));
	dw_batch_add_be32(b, NFTA_LOG_SNAPLEN, 128);
	dw_batch_nest_end(b, data);
	dw_batch_nest_end(b, list);
}

static void put_eased_match(struct dw_batch *b, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_MATCH_MAX + 1];
	size_t list = dw_batch_nest(b, NFTA_LIST_ELEM), data;

	dw_attr_nested(x->data, tb, NFTA_MATCH_MAX);
	dw_batch_add_string(b, NFTA_EXPR_NAME, x->name);
	data = dw_batch_nest(b, NFTA_EXPR_DATA);
	dw_batch_add_attr(b, tb[NFTA_MATCH_NAME]);
	if (tb[NFTA_MATCH_REV])
		dw_batch_add_attr(b, tb[NFTA_MATCH_REV]);
	dw_batch_add(b, NFTA_MATCH_INFO, x->eased, dw_attr_size(tb[NFTA_MATCH_INFO]));
	dw_batch_nest_end(b, data);
	dw_batch_nest_end(b, list);
}

static void put_value(struct dw_batch *b, unsigned type, const void *p, size_t n)
{
	size_t at = dw_batch_nest(b, type);

	dw_batch_add(b, NFTA_DATA_VALUE, p, n);
	dw_batch_nest_end(b, at);
}

/* The register's bytes that are in doubt are masked away before they are compared. */
static void put_eased_cmp(struct dw_batch *b, const struct dw_rs_expr *x)
{
	static const uint8_t zeros[64];
	const struct nlattr *tb[NFTA_CMP_MAX + 1];
	size_t list = dw_batch_nest(b, NFTA_LIST_ELEM), data;
	uint32_t reg;

	dw_attr_nested(x->data, tb, NFTA_CMP_MAX);
	reg = dw_attr_be32(tb[NFTA_CMP_SREG]);
	dw_batch_add_string(b, NFTA_EXPR_NAME, "bitwise");
	data = dw_batch_nest(b, NFTA_EXPR_DATA);
	dw_batch_add_be32(b, NFTA_BITWISE_SREG, reg);
	dw_batch_add_be32(b, NFTA_BITWISE_DREG, reg);
	dw_batch_add_be32(b, NFTA_BITWISE_LEN, (uint32_t)x->eased_n);
	put_value(b, NFTA_BITWISE_MASK, x->eased_mask, x->eased_n);
	put_value(b, NFTA_BITWISE_XOR, zeros, x->eased_n);
	dw_batch_nest_end(b, data);
	dw_batch_nest_end(b, list);
	list = dw_batch_nest(b, NFTA_LIST_ELEM);
	dw_batch_add_string(b, NFTA_EXPR_NAME, "cmp");
	data = dw_batch_nest(b, NFTA_EXPR_DATA);
	dw_batch_add_be32(b, NFTA_CMP_SREG, reg);
	dw_batch_add_be32(b, NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(b, NFTA_CMP_DATA, x->eased, x->eased_n);
	dw_batch_nest_end(b, data);
	dw_batch_nest_end(b, list);
}

static void put_question(struct dw_batch *b, const struct dw_rs_expr *x,
			 const struct dw_rs_set *map)
{
	const struct nlattr *tb[NFTA_LOOKUP_MAX + 1];
	size_t list = dw_batch_nest(b, NFTA_LIST_ELEM), data;

	dw_attr_nested(x->data, tb, NFTA_LOOKUP_MAX);
	dw_batch_add_string(b, NFTA_EXPR_NAME, "lookup");
	data = dw_batch_nest(b, NFTA_EXPR_DATA);
	dw_batch_add_string(b, NFTA_LOOKUP_SET, dw_batch_keys_name(b->arena, map));
	dw_batch_add_be32(b, NFTA_LOOKUP_SREG, dw_attr_be32(tb[NFTA_LOOKUP_SREG]));
	dw_batch_nest_end(b, data);
	dw_batch_nest_end(b, list);
}

/*
 * Behind all conditions and before what the rule does in the end, for nothing behind a verdict is looked at. What
 * stands last and is no condition is the verdict, or a translation.
 */
static void put_counter(struct dw_batch *b, struct dw_rs_rule *rule, const struct dw_rs_expr *last)
{
	const struct dw_rs_set *map = last ? verdicts_of(b, rule, last) : NULL;
	size_t list;

	if (map && map->keys_refused) {
		rule->uncounted = true;
		return;
	}
	if (map)
		put_question(b, last, map);
	list = dw_batch_nest(b, NFTA_LIST_ELEM);
	dw_batch_add_string(b, NFTA_EXPR_NAME, "counter");
	dw_batch_nest_end(b, dw_batch_nest(b, NFTA_EXPR_DATA));
	dw_batch_nest_end(b, list);
}

/*
 * Which of the rule's expressions is what it does in the end; their number: it only looks, or does things on the way.
 */
static size_t deed_of(const struct dw_batch *b, uint32_t id)
{
	const struct dw_rs_rule *rule = &b->copy->rules.v[id];

	for (size_t i = rule->n_exprs; i-- > 0;)
		if (stays(b, id, &rule->exprs[i]))
			return rule->exprs[i].act == DW_RS_EFFECT ? i : rule->n_exprs;
	return rule->n_exprs;
}

static void put_expressions(struct dw_batch *b, uint32_t id)
{
	struct dw_rs_rule *rule = &b->copy->rules.v[id];
	bool in_doubt = b->r->rules[id].doubt != DW_DOUBT_NONE;
	bool counted = is_counted(b, id);
	size_t at = dw_batch_nest(b, NFTA_RULE_EXPRESSIONS), deed = deed_of(b, id);

	for (size_t i = 0; i < rule->n_exprs; i++) {
		const struct dw_rs_expr *x = &rule->exprs[i];

		if (!stays(b, id, x))
			continue;
		if (counted && i == deed)
			put_counter(b, rule, x);
		if (x->act == DW_RS_DOUBT && x->eased_mask)
			put_eased_cmp(b, x);
		else if (x->act == DW_RS_DOUBT)
			put_eased_match(b, x);
		else
			dw_batch_add_attr(b, x->list);
	}
	if (counted && deed == rule->n_exprs)
		put_counter(b, rule, NULL);
	if (in_doubt && supposed_of(b, id) == DW_SUPPOSED_FALSE_TOLD)
		put_log(b, id);
	dw_batch_nest_end(b, at);
}

/* xtables' matches want to know the protocol that the rule asked for; a dump does not tell it (nft_compat.c). */
static void put_compat(struct dw_batch *b, const struct dw_rs_rule *rule)
{
	size_t at;

	if (!rule->has_compat)
		return;
	at = dw_batch_nest(b, NFTA_RULE_COMPAT);
	dw_batch_add_be32(b, NFTA_RULE_COMPAT_PROTO, rule->compat_proto);
	dw_batch_add_be32(b, NFTA_RULE_COMPAT_FLAGS, rule->compat_flags);
	dw_batch_nest_end(b, at);
}

static void put_rules(struct dw_batch *b, struct dw_rs_chain *c, unsigned depth);

static void put_rule(struct dw_batch *b, uint32_t id, unsigned depth)
{
	struct dw_rs_rule *rule = &b->copy->rules.v[id];
	size_t at;

	/* a chain takes no more rules once one jumps to it that owns it */
	for (size_t i = 0; i < rule->n_exprs; i++) {
		struct dw_rs_chain *chain = target_of(b, rule, &rule->exprs[i]);

		if (chain && chain->binding)
			put_rules(b, chain, depth + 1);
	}
	at = dw_batch_begin_nft(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
				rule->chain->key.family,
				(struct dw_batch_part){ DW_BATCH_RULE, rule, id });
	dw_batch_add_those(b, rule->item.attrs, rule->item.n,
			   1u << NFTA_RULE_TABLE | 1u << NFTA_RULE_CHAIN |
				   1u << NFTA_RULE_USERDATA);
	put_expressions(b, id);
	put_compat(b, rule);
	dw_batch_end(b, at);
}

static void put_rules(struct dw_batch *b, struct dw_rs_chain *c, unsigned depth)
{
	if (c->done || dw_batch_leaves_out(c) || depth > DW_RS_DEPTH_MAX)
		return;
	c->done = true;
	for (size_t i = 0; i < c->rules.n; i++)
		put_rule(b, c->rules.v[i], depth);
}

void dw_batch_rules(struct dw_batch *b)
{
	const struct dw_rs_copy *c = b->copy;

	/* chains that a rule owns come with that rule */
	for (size_t i = 0; i < c->chains.n; i++)
		if (!c->chains.v[i]->binding)
			put_rules(b, c->chains.v[i], 0);
	for (size_t i = 0; i < c->chains.n; i++)
		put_rules(b, c->chains.v[i], 0);
}
