/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dumps of nf_tables: all of one generation, or again. */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "ruleset_private.h"

#define TRIES_MAX 5 /* rules that change faster than that are not read */

struct dump {
	struct dw_rs_copy *copy;
	unsigned type;
	struct dw_rs_set *set; /* whose elements are read */
	uint32_t generation;
};

static int on_message(const struct nlmsghdr *m, void *arg)
{
	struct dump *d = arg;

	return dw_rs_message(d->copy, m);
}

/* The rules changed under the dump: what it told so far is forgotten. (The bytes go with the arena.) */
static void on_restart(void *arg)
{
	struct dump *d = arg;
	struct dw_rs_copy *c = d->copy;

	switch (d->type) {
	case NFT_MSG_GETTABLE:
		c->tables.n = 0;
		break;
	case NFT_MSG_GETCHAIN:
		c->chains.n = 0;
		memset(c->chain_index, 0, sizeof(c->chain_index));
		break;
	case NFT_MSG_GETSET:
		c->sets.n = 0;
		memset(c->set_index, 0, sizeof(c->set_index));
		break;
	case NFT_MSG_GETSETELEM:
		d->set->elements.n = 0;
		break;
	case NFT_MSG_GETOBJ:
		c->objects.n = 0;
		memset(c->object_index, 0, sizeof(c->object_index));
		break;
	case NFT_MSG_GETFLOWTABLE:
		c->flowtables.n = 0;
		break;
	case NFT_MSG_GETRULE:
		c->rules.n = 0;
		for (size_t i = 0; i < c->chains.n; i++)
			c->chains.v[i]->rules.n = 0;
		break;
	default:
		break;
	}
}

static struct nlmsghdr *request(union dw_request *room, unsigned type, uint8_t family, bool dump)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(room);
	struct nfgenmsg *g;

	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0));
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	return m;
}

static int ask(struct dw_sys *s, const struct dw_netns *ns, struct dump *d, unsigned type,
	       struct dw_error *e)
{
	union dw_request room = { 0 };

	d->type = type;
	return dw_netlink_request(s, ns, NETLINK_NETFILTER,
				  request(&room, type, NFPROTO_UNSPEC, true), on_message,
				  on_restart, d, e);
}

static int ask_elements(struct dw_sys *s, const struct dw_netns *ns, struct dump *d,
			struct dw_rs_set *set, struct dw_error *e)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = request(&room, NFT_MSG_GETSETELEM, set->key.family, true);

	if (!mnl_attr_put_strz_check(m, sizeof(room), NFTA_SET_ELEM_LIST_TABLE, set->key.table) ||
	    !mnl_attr_put_strz_check(m, sizeof(room), NFTA_SET_ELEM_LIST_SET, set->key.name))
		return dw_error_errno(e, -ENAMETOOLONG, "set %s", set->key.name);
	d->type = NFT_MSG_GETSETELEM;
	d->set = set;
	return dw_netlink_request(s, ns, NETLINK_NETFILTER, m, on_message, on_restart, d, e);
}

static int on_generation(const struct nlmsghdr *m, void *arg)
{
	struct dump *d = arg;
	const struct nlattr *tb[NFTA_GEN_MAX + 1];

	dw_attr_message(m, sizeof(struct nfgenmsg), tb, NFTA_GEN_MAX);
	d->generation = dw_attr_be32(tb[NFTA_GEN_ID]);
	return 0;
}

static int generation(struct dw_sys *s, const struct dw_netns *ns, uint32_t *ret,
		      struct dw_error *e)
{
	union dw_request room = { 0 };
	struct dump d = { 0 };
	int r = dw_netlink_request(s, ns, NETLINK_NETFILTER,
				   request(&room, NFT_MSG_GETGEN, NFPROTO_UNSPEC, false),
				   on_generation, NULL, &d, e);

	if (r == 0)
		*ret = d.generation;
	return r;
}

/* A kernel that does not know flowtables or objects has none. */
static bool is_unknown(int code)
{
	return code == -EINVAL || code == -EOPNOTSUPP || code == -EPROTONOSUPPORT ||
	       code == -ENOENT;
}

static int read_all(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c,
		    struct dw_error *e)
{
	static const struct {
		unsigned type;
		bool newer;
	} dumps[] = {
		{ NFT_MSG_GETTABLE, false },    { NFT_MSG_GETCHAIN, false },
		{ NFT_MSG_GETSET, false },      { NFT_MSG_GETOBJ, true },
		{ NFT_MSG_GETFLOWTABLE, true }, { NFT_MSG_GETRULE, false },
	};
	struct dump d = { .copy = c };
	int r = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(dumps); i++) {
		r = ask(s, ns, &d, dumps[i].type, e);
		if (r < 0 && !(dumps[i].newer && is_unknown(r)))
			return r;
		/* most namespaces have no rules: one question settles it */
		if (i == 0 && c->tables.n == 0)
			return 0;
	}
	for (size_t i = 0; i < c->sets.n; i++) {
		r = ask_elements(s, ns, &d, c->sets.v[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

int dw_rs_read_nft(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c,
		   struct dw_error *e)
{
	struct dw_arena *arena = c->arena;
	uint32_t before = 0, after = 0;
	int r = generation(s, ns, &before, e);

	/* a kernel without nf_tables, or a record of none */
	if (r < 0)
		return is_unknown(r) ? 0 : r;
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		memset(c, 0, sizeof(*c));
		c->arena = arena;
		r = read_all(s, ns, c, e);
		if (r == -EFBIG)
			return dw_error_set(e, r, "the rules of the packet filter are too many");
		/* -ENOENT: a set went away between two questions */
		if (r < 0 && r != -ENOENT && r != -EINTR)
			return r;
		if (generation(s, ns, &after, e) < 0)
			return dw_error_set(e, -EIO, "the packet filter's generation is not told");
		if (r == 0 && after == before)
			return 0;
		before = after;
	}
	return dw_error_set(e, -EAGAIN,
			    "the rules of the packet filter change faster than they can be read");
}
