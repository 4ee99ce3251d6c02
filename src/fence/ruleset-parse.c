/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of nf_tables dumps: what stands in the rule set, as raw attributes under their names. */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "ruleset_private.h"

/* FNV-1a */
static unsigned mix(unsigned h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return (h ^ '/') * 16777619u;
}

static unsigned bucket_of(uint8_t family, const char *table, const char *name)
{
	return mix(mix((2166136261u ^ family) * 16777619u, table), name) % DW_RS_BUCKETS;
}

void dw_rs_index(struct dw_rs_name **index, struct dw_rs_name *n)
{
	struct dw_rs_name **bucket = &index[bucket_of(n->family, n->table, n->name)];

	n->next = *bucket;
	*bucket = n;
}

struct dw_rs_name *dw_rs_find(struct dw_rs_name *const *index, uint8_t family, const char *table,
			      const char *name)
{
	struct dw_rs_name *n = index[bucket_of(family, table, name)];

	while (n && (n->family != family || !dw_streq(n->table, table) || !dw_streq(n->name, name)))
		n = n->next;
	return n;
}

static struct dw_rs_item keep(struct dw_rs_copy *c, const struct nlmsghdr *m)
{
	size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	size_t n = m->nlmsg_len - head;

	c->bytes += n;
	return (struct dw_rs_item){ .attrs = dw_arena_memdup(c->arena, (const char *)m + head, n),
				    .n = n };
}

static bool is_called(const struct nlattr *a, const char *name)
{
	size_t n = strlen(name);

	return dw_attr_size(a) == n + 1 && memcmp(dw_attr_data(a), name, n) == 0;
}

static struct dw_rs_table *table_of(const struct dw_rs_copy *c, uint8_t family,
				    const struct nlattr *name)
{
	for (size_t i = c->tables.n; name && i-- > 0;)
		if (c->tables.v[i]->family == family && is_called(name, c->tables.v[i]->name))
			return c->tables.v[i];
	return NULL;
}

static void table_message(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item)
{
	const struct nlattr *tb[NFTA_TABLE_MAX + 1];
	struct dw_rs_table *t;

	dw_attr_table(item.attrs, item.n, tb, NFTA_TABLE_MAX);
	if (!tb[NFTA_TABLE_NAME])
		return;
	t = dw_new(c->arena, struct dw_rs_table);
	*t = (struct dw_rs_table){
		.item = item,
		.family = family,
		.name = dw_attr_string(c->arena, tb[NFTA_TABLE_NAME]),
		.dormant = dw_attr_be32(tb[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT,
		.apart = family != NFPROTO_INET && family != NFPROTO_IPV4 && family != NFPROTO_IPV6
	};
	dw_vec_push(c->arena, &c->tables, t);
}

/* Fills in where something is; false: it is nowhere. */
static bool name_it(const struct dw_rs_copy *c, struct dw_rs_name *n, struct dw_rs_table **ret,
		    uint8_t family, const struct nlattr *table, const struct nlattr *name)
{
	*ret = table_of(c, family, table);
	if (!*ret || !name)
		return false;
	n->family = family;
	n->table = (*ret)->name;
	n->name = dw_attr_string(c->arena, name);
	return true;
}

/* NFTA_HOOK_DEV is the chain's one device, NFTA_HOOK_DEVS a list of them. */
static void take_devices(struct dw_rs_copy *c, struct dw_rs_chain *chain,
			 const struct nlattr *const *hook)
{
	const struct nlattr *list = hook[NFTA_HOOK_DEVS];

	if (hook[NFTA_HOOK_DEV])
		dw_vec_push(c->arena, &chain->devices,
			    dw_attr_string(c->arena, hook[NFTA_HOOK_DEV]));
	dw_attr_each(one, dw_attr_data(list), dw_attr_size(list))
		dw_vec_push(c->arena, &chain->devices, dw_attr_string(c->arena, one));
}

static void chain_message(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item)
{
	const struct nlattr *tb[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
	struct dw_rs_chain *chain = dw_new(c->arena, struct dw_rs_chain);

	dw_attr_table(item.attrs, item.n, tb, NFTA_CHAIN_MAX);
	if (!name_it(c, &chain->key, &chain->table, family, tb[NFTA_CHAIN_TABLE],
		     tb[NFTA_CHAIN_NAME]))
		return;
	chain->item = item;
	chain->apart = chain->table->apart;
	chain->type = dw_attr_string(c->arena, tb[NFTA_CHAIN_TYPE]);
	chain->binding = dw_attr_be32(tb[NFTA_CHAIN_FLAGS]) & NFT_CHAIN_BINDING;
	chain->policy = tb[NFTA_CHAIN_POLICY] ? dw_attr_be32(tb[NFTA_CHAIN_POLICY]) : NF_ACCEPT;
	if (tb[NFTA_CHAIN_HOOK]) {
		dw_attr_nested(tb[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
		chain->base = true;
		chain->hook = dw_attr_be32(hook[NFTA_HOOK_HOOKNUM]);
		chain->priority = (int32_t)dw_attr_be32(hook[NFTA_HOOK_PRIORITY]);
		take_devices(c, chain, hook);
		/* inet's ingress is netdev's; without a device it sees nothing */
		chain->apart |= chain->devices.n > 0 || chain->hook >= NF_INET_NUMHOOKS;
	}
	chain->number = (uint32_t)c->chains.n;
	dw_rs_index(c->chain_index, &chain->key);
	dw_vec_push(c->arena, &c->chains, chain);
}

static void set_message(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item)
{
	const struct nlattr *tb[NFTA_SET_MAX + 1];
	struct dw_rs_set *set = dw_new(c->arena, struct dw_rs_set);

	dw_attr_table(item.attrs, item.n, tb, NFTA_SET_MAX);
	if (!name_it(c, &set->key, &set->table, family, tb[NFTA_SET_TABLE], tb[NFTA_SET_NAME]))
		return;
	set->item = item;
	set->flags = dw_attr_be32(tb[NFTA_SET_FLAGS]);
	set->key_len = dw_attr_be32(tb[NFTA_SET_KEY_LEN]);
	set->data_type = dw_attr_be32(tb[NFTA_SET_DATA_TYPE]);
	set->object_type = dw_attr_be32(tb[NFTA_SET_OBJ_TYPE]);
	set->filled = set->flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL);
	dw_rs_index(c->set_index, &set->key);
	dw_vec_push(c->arena, &c->sets, set);
}

static void element_message(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item)
{
	const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1];
	struct dw_rs_table *table;
	struct dw_rs_name name = { 0 };
	struct dw_rs_set *set;

	dw_attr_table(item.attrs, item.n, tb, NFTA_SET_ELEM_LIST_MAX);
	if (!name_it(c, &name, &table, family, tb[NFTA_SET_ELEM_LIST_TABLE],
		     tb[NFTA_SET_ELEM_LIST_SET]))
		return;
	set = (struct dw_rs_set *)dw_rs_find(c->set_index, family, name.table, name.name);
	if (set && tb[NFTA_SET_ELEM_LIST_ELEMENTS])
		dw_vec_push(c->arena, &set->elements, item);
}

static void object_message(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item)
{
	const struct nlattr *tb[NFTA_OBJ_MAX + 1];
	struct dw_rs_object *o = dw_new(c->arena, struct dw_rs_object);

	dw_attr_table(item.attrs, item.n, tb, NFTA_OBJ_MAX);
	if (!name_it(c, &o->key, &o->table, family, tb[NFTA_OBJ_TABLE], tb[NFTA_OBJ_NAME]))
		return;
	o->item = item;
	o->type = dw_attr_be32(tb[NFTA_OBJ_TYPE]);
	/* objects of different types may have one name */
	dw_rs_index(c->object_index, &o->key);
	dw_vec_push(c->arena, &c->objects, o);
}

static void flowtable_message(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item)
{
	dw_vec_push(c->arena, &c->flowtables, item);
}

static void rule_message(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item)
{
	const struct nlattr *tb[NFTA_RULE_MAX + 1];
	struct dw_rs_name name = { 0 };
	struct dw_rs_table *table;
	struct dw_rs_chain *chain;

	dw_attr_table(item.attrs, item.n, tb, NFTA_RULE_MAX);
	if (!name_it(c, &name, &table, family, tb[NFTA_RULE_TABLE], tb[NFTA_RULE_CHAIN]))
		return;
	chain = (struct dw_rs_chain *)dw_rs_find(c->chain_index, family, name.table, name.name);
	if (!chain)
		return;
	dw_vec_push(c->arena, &chain->rules, (uint32_t)c->rules.n);
	*dw_vec_add(c->arena, &c->rules) = (struct dw_rs_rule){ .item = item, .chain = chain };
}

int dw_rs_message(struct dw_rs_copy *c, const struct nlmsghdr *m)
{
	static const struct {
		unsigned type;
		void (*take)(struct dw_rs_copy *c, uint8_t family, struct dw_rs_item item);
	} known[] = {
		{ NFT_MSG_NEWTABLE, table_message }, { NFT_MSG_NEWCHAIN, chain_message },
		{ NFT_MSG_NEWSET, set_message },     { NFT_MSG_NEWSETELEM, element_message },
		{ NFT_MSG_NEWOBJ, object_message },  { NFT_MSG_NEWFLOWTABLE, flowtable_message },
		{ NFT_MSG_NEWRULE, rule_message },
	};
	const struct nfgenmsg *g = (const struct nfgenmsg *)((const char *)m + NLMSG_HDRLEN);

	if (m->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    m->nlmsg_len < NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(*g)))
		return 0;
	if (c->messages++ >= DW_RS_MESSAGES_MAX || c->bytes > DW_RS_BYTES_MAX)
		return -EFBIG;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].type == (m->nlmsg_type & 0xffu))
			known[i].take(c, g->nfgen_family, keep(c, m));
	return 0;
}
