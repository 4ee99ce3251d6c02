/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A rule set into another namespace: one transaction of nf_tables (NFNL_MSG_BATCH_BEGIN ... END), made of the
 * bytes that the dumps gave, without what is the original's alone (handles, owners, use counts, timeouts).
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "batch.h"
#include "dw_netput.h"
#include "legacy.h"

#define TRIES_MAX 8 /* each one leaves out what the kernel refused before */

/* Newer than the headers we may be built with. */
#define SET_TIMEOUT_ATTRS (1u << NFTA_SET_ELEM_TIMEOUT | 1u << NFTA_SET_ELEM_EXPIRATION)

/*
 * --- tables, chains, sets, objects
 * ----------------------------------------------------------------
 */

static void put_table(struct dw_batch *b, struct dw_rs_table *t)
{
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	size_t at;

	if (t->apart || t->refused)
		return;
	dw_attr_table(t->item.attrs, t->item.n, tb, NFTA_TABLE_MAX);
	at = dw_batch_begin_nft(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, t->family,
				(struct dw_batch_part){ DW_BATCH_TABLE, t, 0 });
	dw_batch_add_those(b, t->item.attrs, t->item.n,
			   1u << NFTA_TABLE_NAME | 1u << NFTA_TABLE_USERDATA);
	/* an owner is a process that holds a socket; nobody holds the copy's */
	dw_batch_add_be32(b, NFTA_TABLE_FLAGS,
			  dw_attr_be32(tb[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT);
	dw_batch_end(b, at);
}

bool dw_batch_leaves_out(const struct dw_rs_chain *c)
{
	return c->apart || c->refused || c->table->refused;
}

/* One earlier or later than iptables-legacy: in the copy too the order of loading would decide. */
static void put_hook(struct dw_batch *b, const struct dw_rs_chain *c)
{
	int32_t priority = c->priority + (b->r->legacy_first ? 1 : -1);
	size_t at = dw_batch_nest(b, NFTA_CHAIN_HOOK);

	dw_batch_add_be32(b, NFTA_HOOK_HOOKNUM, c->hook);
	dw_batch_add_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	dw_batch_nest_end(b, at);
}

static void put_chain(struct dw_batch *b, struct dw_rs_chain *c)
{
	const uint32_t hook = c->beside_legacy ? 0 : 1u << NFTA_CHAIN_HOOK;
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1];
	uint32_t flags;
	size_t at;

	if (dw_batch_leaves_out(c))
		return;
	dw_attr_table(c->item.attrs, c->item.n, tb, NFTA_CHAIN_MAX);
	at = dw_batch_begin_nft(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, c->key.family,
				(struct dw_batch_part){ DW_BATCH_CHAIN, c, 0 });
	dw_batch_add_those(b, c->item.attrs, c->item.n,
			   1u << NFTA_CHAIN_TABLE | 1u << NFTA_CHAIN_NAME | hook |
				   1u << NFTA_CHAIN_POLICY | 1u << NFTA_CHAIN_TYPE |
				   1u << NFTA_CHAIN_USERDATA);
	if (!hook)
		put_hook(b, c);
	flags = dw_attr_be32(tb[NFTA_CHAIN_FLAGS]) & NFT_CHAIN_BINDING;
	/*
	 * a chain of a rule's own must be bound in the transaction that makes it; where the rule is left out
	 * it is an ordinary one
	 */
	if (flags && c->bound)
		dw_batch_add_be32(b, NFTA_CHAIN_FLAGS, flags);
	dw_batch_end(b, at);
}

/* Anonymous sets too must be bound at once; those that no rule looks into are not missed. */
static bool is_wanted(const struct dw_rs_set *set)
{
	return !set->refused && !set->table->refused && !set->table->apart &&
	       (set->used || !(set->flags & NFT_SET_ANONYMOUS));
}

static void put_set(struct dw_batch *b, struct dw_rs_set *set)
{
	size_t at;

	if (!is_wanted(set))
		return;
	at = dw_batch_begin_nft(b, NFT_MSG_NEWSET, NLM_F_CREATE, set->key.family,
				(struct dw_batch_part){ DW_BATCH_SET, set, 0 });
	/* without its timeout: what does not say its own would get it */
	dw_batch_add_those(b, set->item.attrs, set->item.n,
			   1u << NFTA_SET_TABLE | 1u << NFTA_SET_NAME | 1u << NFTA_SET_FLAGS |
				   1u << NFTA_SET_KEY_TYPE | 1u << NFTA_SET_KEY_LEN |
				   1u << NFTA_SET_DATA_TYPE | 1u << NFTA_SET_DATA_LEN |
				   1u << NFTA_SET_POLICY | 1u << NFTA_SET_DESC |
				   1u << NFTA_SET_USERDATA | 1u << NFTA_SET_OBJ_TYPE |
				   1u << NFTA_SET_EXPR | 1u << NFTA_SET_EXPRESSIONS);
	dw_batch_add_be32(b, NFTA_SET_ID, ++b->set_id);
	dw_batch_end(b, at);
}

const char *dw_batch_keys_name(struct dw_arena *a, const struct dw_rs_set *map)
{
	/* a blank: no name that nft(8) takes */
	return dw_arena_printf(a, "keys of %.240s", map->key.name);
}

static bool is_keyed(const struct dw_rs_set *set)
{
	return is_wanted(set) && set->keyed && !set->keys_refused;
}

static void put_keys(struct dw_batch *b, struct dw_rs_set *set)
{
	const uint32_t kept = NFT_SET_INTERVAL | NFT_SET_CONCAT;
	size_t at;

	if (!is_keyed(set))
		return;
	at = dw_batch_begin_nft(b, NFT_MSG_NEWSET, NLM_F_CREATE, set->key.family,
				(struct dw_batch_part){ DW_BATCH_KEYS, set, 0 });
	dw_batch_add_those(b, set->item.attrs, set->item.n,
			   1u << NFTA_SET_TABLE | 1u << NFTA_SET_KEY_TYPE | 1u << NFTA_SET_KEY_LEN |
				   1u << NFTA_SET_DESC);
	dw_batch_add_string(b, NFTA_SET_NAME, dw_batch_keys_name(b->arena, set));
	dw_batch_add_be32(b, NFTA_SET_FLAGS, set->flags & kept);
	dw_batch_add_be32(b, NFTA_SET_ID, ++b->set_id);
	dw_batch_end(b, at);
}

/* Elements one by one, with what the mask has of them. */
static void put_list(struct dw_batch *b, const struct nlattr *list, uint32_t mask)
{
	size_t at = dw_batch_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);

	dw_attr_each(one, dw_attr_data(list), dw_attr_size(list))
	{
		size_t inner = dw_batch_nest(b, NFTA_LIST_ELEM);

		dw_batch_add_those(b, dw_attr_data(one), dw_attr_size(one), mask);
		dw_batch_nest_end(b, inner);
	}
	dw_batch_nest_end(b, at);
}

static void put_elements(struct dw_batch *b, struct dw_rs_set *set)
{
	for (size_t i = 0; i < set->elements.n && is_wanted(set); i++) {
		const struct dw_rs_item *item = &set->elements.v[i];
		const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
		size_t at = dw_batch_begin_nft(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, set->key.family,
					       (struct dw_batch_part){ DW_BATCH_SET, set, 0 });

		if (set->flags & NFT_SET_TIMEOUT) {
			dw_attr_table(item->attrs, item->n, tb, NFTA_SET_ELEM_LIST_MAX);
			dw_batch_add_those(b, item->attrs, item->n,
					   1u << NFTA_SET_ELEM_LIST_TABLE |
						   1u << NFTA_SET_ELEM_LIST_SET);
			put_list(b, tb[NFTA_SET_ELEM_LIST_ELEMENTS], ~SET_TIMEOUT_ATTRS);
		} else {
			dw_batch_add_bytes(b, item->attrs, item->n);
		}
		dw_batch_end(b, at);
	}
}

static void put_key_elements(struct dw_batch *b, struct dw_rs_set *set)
{
	const uint32_t keys =
		1u << NFTA_SET_ELEM_KEY | 1u << NFTA_SET_ELEM_KEY_END | 1u << NFTA_SET_ELEM_FLAGS;

	for (size_t i = 0; i < set->elements.n && is_keyed(set); i++) {
		const struct dw_rs_item *item = &set->elements.v[i];
		const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
		size_t at = dw_batch_begin_nft(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, set->key.family,
					       (struct dw_batch_part){ DW_BATCH_KEYS, set, 0 });

		dw_attr_table(item->attrs, item->n, tb, NFTA_SET_ELEM_LIST_MAX);
		dw_batch_add_string(b, NFTA_SET_ELEM_LIST_TABLE, set->key.table);
		dw_batch_add_string(b, NFTA_SET_ELEM_LIST_SET, dw_batch_keys_name(b->arena, set));
		put_list(b, tb[NFTA_SET_ELEM_LIST_ELEMENTS], keys);
		dw_batch_end(b, at);
	}
}

static void put_object(struct dw_batch *b, struct dw_rs_object *o)
{
	size_t at;

	if (o->refused || o->table->refused || o->table->apart)
		return;
	at = dw_batch_begin_nft(b, NFT_MSG_NEWOBJ, NLM_F_CREATE, o->key.family,
				(struct dw_batch_part){ DW_BATCH_OBJECT, o, 0 });
	dw_batch_add_those(b, o->item.attrs, o->item.n,
			   1u << NFTA_OBJ_TABLE | 1u << NFTA_OBJ_NAME | 1u << NFTA_OBJ_TYPE |
				   1u << NFTA_OBJ_DATA | 1u << NFTA_OBJ_USERDATA);
	dw_batch_end(b, at);
}

/*
 * --- the transaction
 * -----------------------------------------------------------------------------
 */

/* A table of the namespace: when it is one of ours, the former copy's, it goes. */
static int on_table(const struct nlmsghdr *m, void *arg)
{
	struct dw_batch *b = arg;
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
		at = dw_batch_begin_nft(b, NFT_MSG_DELTABLE, 0, t->family,
					(struct dw_batch_part){ DW_BATCH_OTHER, NULL, 0 });
		dw_batch_add_string(b, NFTA_TABLE_NAME, name);
		dw_batch_end(b, at);
	}
	return 0;
}

static int put_former(struct dw_batch *b, struct dw_error *e)
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

void dw_batch_put_all(struct dw_batch *b)
{
	struct dw_rs_copy *c = b->copy;

	dw_batch_find_used(b);
	for (size_t i = 0; i < c->tables.n; i++)
		put_table(b, c->tables.v[i]);
	for (size_t i = 0; i < c->chains.n; i++)
		put_chain(b, c->chains.v[i]);
	for (size_t i = 0; i < c->objects.n; i++)
		put_object(b, c->objects.v[i]);
	for (size_t i = 0; i < c->sets.n; i++) {
		put_set(b, c->sets.v[i]);
		put_keys(b, c->sets.v[i]);
	}
	for (size_t i = 0; i < c->sets.n; i++) {
		put_elements(b, c->sets.v[i]);
		put_key_elements(b, c->sets.v[i]);
	}
	dw_batch_rules(b);
}

static void on_refused(uint32_t sequence, int code, void *arg)
{
	struct dw_batch *b = arg;
	const struct dw_batch_part *p = sequence < b->parts.n ? &b->parts.v[sequence] : NULL;
	struct dw_rs_table *table;
	struct dw_rs_chain *chain;
	struct dw_rs_rule *rule;

	if (!p || p->what == DW_BATCH_OTHER) {
		b->failed_whole = true;
		return;
	}
	b->changed = true;
	switch (p->what) {
	case DW_BATCH_TABLE:
		table = p->object;
		if (!table->refused)
			dw_rs_obstacle(b->copy, 0,
				       "the kernel does not take a copy of the table %s %s: %s",
				       dw_nf_family_name(table->family), table->name,
				       strerror(-code));
		table->refused = true;
		break;
	case DW_BATCH_CHAIN:
		chain = p->object;
		if (!chain->refused && chain->base && !chain->table->refused)
			dw_rs_obstacle(b->copy, 0,
				       "the kernel does not take a copy of the chain %s %s %s: %s",
				       dw_nf_family_name(chain->key.family), chain->key.table,
				       chain->key.name, strerror(-code));
		chain->refused = true;
		break;
	case DW_BATCH_SET:
		((struct dw_rs_set *)p->object)->refused = true;
		break;
	case DW_BATCH_OBJECT:
		((struct dw_rs_object *)p->object)->refused = true;
		break;
	case DW_BATCH_RULE:
		rule = p->object;
		/* with our counter first; it may be that which the kernel has not */
		if (b->counts && !rule->uncounted)
			rule->uncounted = true;
		else
			rule->refused++;
		break;
	case DW_BATCH_KEYS:
		((struct dw_rs_set *)p->object)->keys_refused = true;
		break;
	case DW_BATCH_OTHER:
		break;
	}
}

static int try_once(struct dw_batch *b, struct dw_error *e)
{
	const struct dw_batch_part other = { DW_BATCH_OTHER, NULL, 0 };
	struct nlmsghdr *last;
	int r;

	dw_batch_end(b, dw_batch_begin(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES,
				       other));
	r = put_former(b, e);
	if (r < 0)
		return r;
	dw_batch_put_all(b);
	if (b->parts.n == 1)
		return 0; /* nothing stands there, and nothing is to */
	/* the end itself is answered by new kernels only (6.10) */
	last = (struct nlmsghdr *)(void *)(b->bytes.s + b->last);
	last->nlmsg_flags |= NLM_F_ACK;
	dw_batch_end(b, dw_batch_begin(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES,
				       other));
	return dw_netlink_batch(b->sys, b->scratch, NETLINK_NETFILTER, b->bytes.s, b->bytes.n,
				on_refused, b, e);
}

int dw_ruleset_load(struct dw_sys *s, const struct dw_netns *scratch, struct dw_ruleset *r,
		    const enum dw_supposed *supposed, struct dw_error *e)
{
	struct dw_rs_copy *c = r->copy;
	struct dw_error why = { 0 }; /* of the last try: a former one's is no failure */
	int code = dw_netns_must_be_other(s, scratch, e);

	if (code < 0)
		return code;
	dw_rs_forget_handles(c, scratch);
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
		struct dw_batch b = { .sys = s,
				      .scratch = scratch,
				      .r = r,
				      .copy = c,
				      .supposed = supposed,
				      .counts = r->counts,
				      .arena = arena,
				      .bytes = { .arena = arena } };

		why = (struct dw_error){ 0 };
		code = try_once(&b, &why);
		if (code == 0 || !b.changed)
			break;
		dw_rs_judge_all(r);
	}
	if (code < 0 && e)
		*e = why;
	if (code == 0)
		code = dw_legacy_load(s, scratch, r, supposed, e);
	r->obstacles = c->obstacles.v;
	r->n_obstacles = c->obstacles.n;
	return code;
}
