/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A rule set into another namespace: one transaction of nf_tables (NFNL_MSG_BATCH_BEGIN ... END), made of the bytes that the
 * dumps gave, without what is the original's alone (handles, owners, use counts, timeouts).
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <string.h>

#include "dw_netput.h"
#include "legacy.h"
#include "ruleset_private.h"

#define TRIES_MAX 6 /* each one leaves out what the kernel refused before */

/* Newer than the headers we may be built with. */
#define SET_TIMEOUT_ATTRS (1u << NFTA_SET_ELEM_TIMEOUT | 1u << NFTA_SET_ELEM_EXPIRATION)

enum what { WHAT_TABLE, WHAT_CHAIN, WHAT_SET, WHAT_OBJECT, WHAT_RULE, WHAT_OTHER };

/* Which part of the rule set a message of the batch is about: by its sequence number. */
struct part {
	enum what what;
	void *object; /* of the copy */
	uint32_t id;  /* of a rule */
};

struct batch {
	struct dw_sys *sys;
	const struct dw_netns *scratch;
	struct dw_ruleset *r;
	struct dw_rs_copy *copy;
	const enum dw_supposed *supposed;
	struct dw_arena *arena; /* of this try */
	struct dw_str bytes;
	DW_VEC(struct part) parts;
	size_t last; /* where the message begins that was put last */
	uint32_t set_id;
	bool failed_whole; /* refused without saying what */
	bool changed;      /* something more is left out now: it is worth another try */
};

/*
 * --- messages
 * ------------------------------------------------------------------------------------
 */

static size_t begin(struct batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t res,
		    struct part part)
{
	size_t at = b->bytes.n;
	struct {
		struct nlmsghdr m;
		struct nfgenmsg g;
	} head = { 0 };

	b->last = at;
	head.m.nlmsg_type = type;
	head.m.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	head.m.nlmsg_seq = (uint32_t)b->parts.n;
	head.g.nfgen_family = family;
	head.g.version = NFNETLINK_V0;
	head.g.res_id = htons(res);
	dw_str_addn(&b->bytes, (const char *)&head, sizeof(head));
	dw_vec_push(b->arena, &b->parts, part);
	return at;
}

static size_t begin_nft(struct batch *b, unsigned type, uint16_t flags, uint8_t family,
			struct part part)
{
	return begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, family, 0, part);
}

static void end(struct batch *b, size_t at)
{
	uint32_t n = (uint32_t)(b->bytes.n - at);

	memcpy(b->bytes.s + at, &n, sizeof(n)); /* nlmsg_len */
}

static void pad(struct batch *b)
{
	static const char zeros[NLA_ALIGNTO] = "";

	dw_str_addn(&b->bytes, zeros, (NLA_ALIGNTO - b->bytes.n % NLA_ALIGNTO) % NLA_ALIGNTO);
}

static void add(struct batch *b, unsigned type, const void *data, size_t n)
{
	struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + n), .nla_type = (uint16_t)type };

	dw_str_addn(&b->bytes, (const char *)&a, sizeof(a));
	dw_str_addn(&b->bytes, data, n);
	pad(b);
}

static void add_be32(struct batch *b, unsigned type, uint32_t v)
{
	uint32_t big = htobe32(v);

	add(b, type, &big, sizeof(big));
}

static void add_string(struct batch *b, unsigned type, const char *s)
{
	add(b, type, s, strlen(s) + 1);
}

static void add_attr(struct batch *b, const struct nlattr *a)
{
	dw_str_addn(&b->bytes, (const char *)a, a->nla_len);
	pad(b);
}

static size_t nest(struct batch *b, unsigned type)
{
	struct nlattr a = { .nla_type = (uint16_t)(NLA_F_NESTED | type) };
	size_t at = b->bytes.n;

	dw_str_addn(&b->bytes, (const char *)&a, sizeof(a));
	return at;
}

static void nest_end(struct batch *b, size_t at)
{
	uint16_t n = (uint16_t)(b->bytes.n - at);

	memcpy(b->bytes.s + at, &n, sizeof(n)); /* nla_len */
}

/* Copies the attributes whose types are in the mask. */
static void add_those(struct batch *b, const void *attrs, size_t n, uint32_t mask)
{
	dw_attr_each(a, attrs, n)
	{
		if (mnl_attr_get_type(a) < 32 && mask >> mnl_attr_get_type(a) & 1)
			add_attr(b, a);
	}
}

/*
 * --- tables, chains, sets, objects
 * ----------------------------------------------------------------
 */

static void put_table(struct batch *b, struct dw_rs_table *t)
{
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	size_t at;

	if (t->apart || t->refused)
		return;
	dw_attr_table(t->item.attrs, t->item.n, tb, NFTA_TABLE_MAX);
	at = begin_nft(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, t->family,
		       (struct part){ WHAT_TABLE, t, 0 });
	add_those(b, t->item.attrs, t->item.n, 1u << NFTA_TABLE_NAME | 1u << NFTA_TABLE_USERDATA);
	/* an owner is a process that holds a socket; nobody holds the copy's */
	add_be32(b, NFTA_TABLE_FLAGS, dw_attr_be32(tb[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT);
	end(b, at);
}

static bool is_left_out(const struct dw_rs_chain *c)
{
	return c->apart || c->refused || c->table->refused;
}

static void put_chain(struct batch *b, struct dw_rs_chain *c)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	uint32_t flags;
	size_t at;

	if (is_left_out(c))
		return;
	dw_attr_table(c->item.attrs, c->item.n, tb, NFTA_CHAIN_MAX);
	at = begin_nft(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, c->key.family,
		       (struct part){ WHAT_CHAIN, c, 0 });
	add_those(b, c->item.attrs, c->item.n,
		  1u << NFTA_CHAIN_TABLE | 1u << NFTA_CHAIN_NAME | 1u << NFTA_CHAIN_HOOK |
			  1u << NFTA_CHAIN_POLICY | 1u << NFTA_CHAIN_TYPE |
			  1u << NFTA_CHAIN_USERDATA);
	flags = dw_attr_be32(tb[NFTA_CHAIN_FLAGS]) & NFT_CHAIN_BINDING;
	/* a chain of a rule's own must be bound in the transaction that makes it; where the rule is left out it is an ordinary one */
	if (flags && c->bound)
		add_be32(b, NFTA_CHAIN_FLAGS, flags);
	end(b, at);
}

/* Anonymous sets too must be bound at once; those that no rule looks into are not missed. */
static bool is_wanted(const struct dw_rs_set *set)
{
	return !set->refused && !set->table->refused && !set->table->apart &&
	       (set->used || !(set->flags & NFT_SET_ANONYMOUS));
}

static void put_set(struct batch *b, struct dw_rs_set *set)
{
	size_t at;

	if (!is_wanted(set))
		return;
	at = begin_nft(b, NFT_MSG_NEWSET, NLM_F_CREATE, set->key.family,
		       (struct part){ WHAT_SET, set, 0 });
	/* without its timeout: what does not say its own would get it */
	add_those(b, set->item.attrs, set->item.n,
		  1u << NFTA_SET_TABLE | 1u << NFTA_SET_NAME | 1u << NFTA_SET_FLAGS |
			  1u << NFTA_SET_KEY_TYPE | 1u << NFTA_SET_KEY_LEN |
			  1u << NFTA_SET_DATA_TYPE | 1u << NFTA_SET_DATA_LEN |
			  1u << NFTA_SET_POLICY | 1u << NFTA_SET_DESC | 1u << NFTA_SET_USERDATA |
			  1u << NFTA_SET_OBJ_TYPE | 1u << NFTA_SET_EXPR |
			  1u << NFTA_SET_EXPRESSIONS);
	add_be32(b, NFTA_SET_ID, ++b->set_id);
	end(b, at);
}

/* Elements one by one, without their timeouts. */
static void put_list(struct batch *b, const struct nlattr *list)
{
	size_t at = nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);

	dw_attr_each(one, dw_attr_data(list), dw_attr_size(list))
	{
		size_t inner = nest(b, NFTA_LIST_ELEM);

		add_those(b, dw_attr_data(one), dw_attr_size(one), ~SET_TIMEOUT_ATTRS);
		nest_end(b, inner);
	}
	nest_end(b, at);
}

static void put_elements(struct batch *b, struct dw_rs_set *set)
{
	for (size_t i = 0; i < set->elements.n && is_wanted(set); i++) {
		const struct dw_rs_item *item = &set->elements.v[i];
		const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
		size_t at = begin_nft(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, set->key.family,
				      (struct part){ WHAT_SET, set, 0 });

		if (set->flags & NFT_SET_TIMEOUT) {
			dw_attr_table(item->attrs, item->n, tb, NFTA_SET_ELEM_LIST_MAX);
			add_those(b, item->attrs, item->n,
				  1u << NFTA_SET_ELEM_LIST_TABLE | 1u << NFTA_SET_ELEM_LIST_SET);
			put_list(b, tb[NFTA_SET_ELEM_LIST_ELEMENTS]);
		} else {
			dw_str_addn(&b->bytes, item->attrs, item->n);
			pad(b);
		}
		end(b, at);
	}
}

static void put_object(struct batch *b, struct dw_rs_object *o)
{
	size_t at;

	if (o->refused || o->table->refused || o->table->apart)
		return;
	at = begin_nft(b, NFT_MSG_NEWOBJ, NLM_F_CREATE, o->key.family,
		       (struct part){ WHAT_OBJECT, o, 0 });
	add_those(b, o->item.attrs, o->item.n,
		  1u << NFTA_OBJ_TABLE | 1u << NFTA_OBJ_NAME | 1u << NFTA_OBJ_TYPE |
			  1u << NFTA_OBJ_DATA | 1u << NFTA_OBJ_USERDATA);
	end(b, at);
}

/*
 * --- rules
 * -----------------------------------------------------------------------------------------
 */

static enum dw_supposed supposed_of(const struct batch *b, uint32_t id)
{
	return b->supposed ? b->supposed[id] : DW_SUPPOSED_FALSE_TOLD;
}

/* Is this expression of the rule in the batch, the rule being supposed to be so? */
static bool stays(const struct batch *b, uint32_t id, const struct dw_rs_expr *x)
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
static struct dw_rs_chain *target_of(const struct batch *b, const struct dw_rs_rule *rule,
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
static struct dw_rs_set *set_of(const struct batch *b, const struct dw_rs_rule *rule,
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

/* Finds out which anonymous sets and chains the rules of this batch use. */
static void find_used(struct batch *b)
{
	struct dw_rs_copy *c = b->copy;

	for (size_t i = 0; i < c->chains.n; i++)
		c->chains.v[i]->done = c->chains.v[i]->bound = false;
	for (size_t i = 0; i < c->sets.n; i++)
		c->sets.v[i]->used = false;
	for (uint32_t id = 0; id < c->rules.n; id++) {
		const struct dw_rs_rule *rule = &c->rules.v[id];

		for (size_t k = 0; k < rule->n_exprs && !is_left_out(rule->chain); k++) {
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
		}
	}
}

static void put_log(struct batch *b, uint32_t id)
{
	size_t list = nest(b, NFTA_LIST_ELEM), data;
	uint16_t group = htobe16(DW_MET_GROUP);

	add_string(b, NFTA_EXPR_NAME, "log");
	data = nest(b, NFTA_EXPR_DATA);
	add(b, NFTA_LOG_GROUP, &group, sizeof(group));
	add_string(b, NFTA_LOG_PREFIX, dw_arena_printf(b->arena, "met %u", id));
	add_be32(b, NFTA_LOG_SNAPLEN, 128);
	nest_end(b, data);
	nest_end(b, list);
}

static void put_eased(struct batch *b, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_MATCH_MAX + 1];
	size_t list = nest(b, NFTA_LIST_ELEM), data;

	dw_attr_nested(x->data, tb, NFTA_MATCH_MAX);
	add_string(b, NFTA_EXPR_NAME, x->name);
	data = nest(b, NFTA_EXPR_DATA);
	add_attr(b, tb[NFTA_MATCH_NAME]);
	if (tb[NFTA_MATCH_REV])
		add_attr(b, tb[NFTA_MATCH_REV]);
	add(b, NFTA_MATCH_INFO, x->eased, dw_attr_size(tb[NFTA_MATCH_INFO]));
	nest_end(b, data);
	nest_end(b, list);
}

static void put_expressions(struct batch *b, uint32_t id)
{
	const struct dw_rs_rule *rule = &b->copy->rules.v[id];
	bool in_doubt = b->r->rules[id].doubt != DW_DOUBT_NONE;
	size_t at = nest(b, NFTA_RULE_EXPRESSIONS);

	for (size_t i = 0; i < rule->n_exprs; i++) {
		const struct dw_rs_expr *x = &rule->exprs[i];

		if (!stays(b, id, x))
			continue;
		if (x->act == DW_RS_DOUBT)
			put_eased(b, x);
		else
			add_attr(b, x->list);
	}
	if (in_doubt && supposed_of(b, id) == DW_SUPPOSED_FALSE_TOLD)
		put_log(b, id);
	nest_end(b, at);
}

/* xtables' matches want to know the protocol that the rule asked for; a dump does not tell it (nft_compat.c). */
static void put_compat(struct batch *b, const struct dw_rs_rule *rule)
{
	size_t at;

	if (!rule->has_compat)
		return;
	at = nest(b, NFTA_RULE_COMPAT);
	add_be32(b, NFTA_RULE_COMPAT_PROTO, rule->compat_proto);
	add_be32(b, NFTA_RULE_COMPAT_FLAGS, rule->compat_flags);
	nest_end(b, at);
}

static void put_rules(struct batch *b, struct dw_rs_chain *c, unsigned depth);

static void put_rule(struct batch *b, uint32_t id, unsigned depth)
{
	struct dw_rs_rule *rule = &b->copy->rules.v[id];
	size_t at;

	/* a chain takes no more rules once one jumps to it that owns it */
	for (size_t i = 0; i < rule->n_exprs; i++) {
		struct dw_rs_chain *chain = target_of(b, rule, &rule->exprs[i]);

		if (chain && chain->binding)
			put_rules(b, chain, depth + 1);
	}
	at = begin_nft(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, rule->chain->key.family,
		       (struct part){ WHAT_RULE, rule, id });
	add_those(b, rule->item.attrs, rule->item.n,
		  1u << NFTA_RULE_TABLE | 1u << NFTA_RULE_CHAIN | 1u << NFTA_RULE_USERDATA);
	put_expressions(b, id);
	put_compat(b, rule);
	end(b, at);
}

static void put_rules(struct batch *b, struct dw_rs_chain *c, unsigned depth)
{
	if (c->done || is_left_out(c) || depth > DW_RS_DEPTH_MAX)
		return;
	c->done = true;
	for (size_t i = 0; i < c->rules.n; i++)
		put_rule(b, c->rules.v[i], depth);
}

/*
 * --- the transaction
 * -----------------------------------------------------------------------------
 */

/* A table of the namespace: when it is one of ours, the former copy's, it goes. */
static int on_table(const struct nlmsghdr *m, void *arg)
{
	struct batch *b = arg;
	const struct nfgenmsg *g = (const struct nfgenmsg *)((const char *)m + NLMSG_HDRLEN);
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	const char *name;

	dw_attr_message(m, sizeof(*g), tb, NFTA_TABLE_MAX);
	name = dw_attr_string(b->arena, tb[NFTA_TABLE_NAME]);
	for (size_t i = 0; name && i < b->copy->tables.n; i++) {
		const struct dw_rs_table *t = b->copy->tables.v[i];
		size_t at;

		if (t->family != g->nfgen_family || !dw_streq(t->name, name))
			continue;
		at = begin_nft(b, NFT_MSG_DELTABLE, 0, t->family,
			       (struct part){ WHAT_OTHER, NULL, 0 });
		add_string(b, NFTA_TABLE_NAME, name);
		end(b, at);
	}
	return 0;
}

static int put_former(struct batch *b, struct dw_error *e)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct nfgenmsg *g;

	m->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->version = NFNETLINK_V0;
	return dw_netlink_request(b->sys, b->scratch, NETLINK_NETFILTER, m, on_table, NULL, b, e);
}

static void put_all(struct batch *b)
{
	struct dw_rs_copy *c = b->copy;

	find_used(b);
	for (size_t i = 0; i < c->tables.n; i++)
		put_table(b, c->tables.v[i]);
	for (size_t i = 0; i < c->chains.n; i++)
		put_chain(b, c->chains.v[i]);
	for (size_t i = 0; i < c->objects.n; i++)
		put_object(b, c->objects.v[i]);
	for (size_t i = 0; i < c->sets.n; i++)
		put_set(b, c->sets.v[i]);
	for (size_t i = 0; i < c->sets.n; i++)
		put_elements(b, c->sets.v[i]);
	/* chains that a rule owns come with that rule */
	for (size_t i = 0; i < c->chains.n; i++)
		if (!c->chains.v[i]->binding)
			put_rules(b, c->chains.v[i], 0);
	for (size_t i = 0; i < c->chains.n; i++)
		put_rules(b, c->chains.v[i], 0);
}

static void on_refused(uint32_t sequence, int code, void *arg)
{
	struct batch *b = arg;
	const struct part *p = sequence < b->parts.n ? &b->parts.v[sequence] : NULL;
	struct dw_rs_table *table;
	struct dw_rs_chain *chain;
	struct dw_rs_rule *rule;

	if (!p || p->what == WHAT_OTHER) {
		b->failed_whole = true;
		return;
	}
	b->changed = true;
	switch (p->what) {
	case WHAT_TABLE:
		table = p->object;
		if (!table->refused)
			dw_rs_obstacle(b->copy, 0,
				       "the kernel does not take a copy of the table %s %s: %s",
				       dw_rs_family_name(table->family), table->name,
				       strerror(-code));
		table->refused = true;
		break;
	case WHAT_CHAIN:
		chain = p->object;
		if (!chain->refused && chain->base && !chain->table->refused)
			dw_rs_obstacle(b->copy, 0,
				       "the kernel does not take a copy of the chain %s %s %s: %s",
				       dw_rs_family_name(chain->key.family), chain->key.table,
				       chain->key.name, strerror(-code));
		chain->refused = true;
		break;
	case WHAT_SET:
		((struct dw_rs_set *)p->object)->refused = true;
		break;
	case WHAT_OBJECT:
		((struct dw_rs_object *)p->object)->refused = true;
		break;
	case WHAT_RULE:
		rule = p->object;
		rule->refused++;
		break;
	case WHAT_OTHER:
		break;
	}
}

static int try_once(struct batch *b, struct dw_error *e)
{
	const struct part other = { WHAT_OTHER, NULL, 0 };
	struct nlmsghdr *last;
	int r;

	end(b, begin(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, other));
	r = put_former(b, e);
	if (r < 0)
		return r;
	put_all(b);
	if (b->parts.n == 1)
		return 0; /* nothing stands there, and nothing is to */
	/* the end itself is answered by new kernels only (6.10) */
	last = (struct nlmsghdr *)(void *)(b->bytes.s + b->last);
	last->nlmsg_flags |= NLM_F_ACK;
	end(b, begin(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, other));
	return dw_netlink_batch(b->sys, b->scratch, NETLINK_NETFILTER, b->bytes.s, b->bytes.n,
				on_refused, b, e);
}

int dw_ruleset_load(struct dw_sys *s, const struct dw_netns *scratch, struct dw_ruleset *r,
		    const enum dw_supposed *supposed, struct dw_error *e)
{
	struct dw_rs_copy *c = r->copy;
	int code = 0;

	dw_rs_forget_handles(c, scratch);
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
		struct batch b = { .sys = s,
				   .scratch = scratch,
				   .r = r,
				   .copy = c,
				   .supposed = supposed,
				   .arena = arena,
				   .bytes = { .arena = arena } };

		code = try_once(&b, e);
		if (code == 0 || !b.changed)
			break;
		dw_rs_judge_all(r);
	}
	if (code == 0)
		code = dw_legacy_load(s, scratch, r, supposed, e);
	r->obstacles = c->obstacles.v;
	r->n_obstacles = c->obstacles.n;
	return code;
}
