/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands in our table, by name, as nf_tables tells it over netlink (linux/netfilter/nf_tables.h). A table that is
 * deleted and added again in one transaction comes to the end of the list; one that is emptied and filled stays where
 * it is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft_private.h"

/* uapi headers of older Debian releases lack some: the numbers are the kernel's ABI. */
#define CHAIN_BINDING   (1U << 2) /* NFT_CHAIN_BINDING: the body of a `jump { ... }` */
#define NAMES_MAX       100000
#define REQUEST_SIZE    ((size_t)256)
#define OBJECT_SYNPROXY 10 /* NFT_OBJECT_SYNPROXY */
#define OBJECT_TYPES    11

struct naming {
	struct dw_str *commands;
	const char *const *words; /* what an object of this type is called; NULL: always `word` */
	size_t n_words;
	const char *word;
	uint16_t table_attribute, name_attribute, flags_attribute; /* flags 0: has none */
	uint32_t anonymous; /* with one of these flags it has no name of its own */
	uint32_t map;       /* with it it is a map */
	size_t n;
};

static struct nlmsghdr *request_of(char *buffer, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *g;

	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	m->nlmsg_flags = NLM_F_REQUEST | flags;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = family;
	g->version = NFNETLINK_V0;
	return m;
}

static const char *text_of(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0 ? mnl_attr_get_str(a) : NULL;
}

static uint32_t number_of(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_U32) == 0 ? ntohl(mnl_attr_get_u32(a)) : 0;
}

static const struct nlattr *attribute(const struct nlmsghdr *m, uint16_t type)
{
	const struct nlattr *a;

	if (m->nlmsg_len < mnl_nlmsg_size(sizeof(struct nfgenmsg)))
		return NULL;
	mnl_attr_for_each(a, m, sizeof(struct nfgenmsg)) if (mnl_attr_get_type(a) == type) return a;
	return NULL;
}

static bool is_ours(const struct nlmsghdr *m, uint16_t table_attribute)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(m);
	const char *table = text_of(attribute(m, table_attribute));

	return table && g->nfgen_family == NFPROTO_INET && dw_streq(table, DW_NFT_TABLE);
}

/* --- is it there, and where -------------------------------------------------------------------------- */

static int found(dw_unused const struct nlmsghdr *m, void *arg)
{
	*(bool *)arg = true;
	return 0;
}

/* A kernel without nf_tables answers EINVAL for the subsystem that it does not know (nfnetlink_rcv_msg()). */
static int say(int r, struct dw_error *e)
{
	if (r == -EINVAL || r == -EPROTONOSUPPORT || r == -EOPNOTSUPP)
		return dw_error_set(e, -ENOTSUP, "this kernel has no nf_tables");
	if (r == -EPERM)
		return dw_error_set(e, r, "the packet filter may only be looked at by root");
	return dw_error_errno(e, r, "table " DW_NFT_FAMILY " " DW_NFT_TABLE);
}

int dw_nft_is_there(struct dw_sys *s, const struct dw_netns *ns, struct dw_error *e)
{
	char buffer[REQUEST_SIZE] = { 0 };
	struct nlmsghdr *m = request_of(buffer, NFT_MSG_GETTABLE, NLM_F_ACK, NFPROTO_INET);
	bool there = false;
	int r;

	mnl_attr_put_strz(m, NFTA_TABLE_NAME, DW_NFT_TABLE);
	r = dw_netlink_request(s, ns, NETLINK_NETFILTER, m, found, NULL, &there, NULL);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? say(r, e) : there;
}

struct following {
	bool ours, behind;
};

static int follow(const struct nlmsghdr *m, void *arg)
{
	struct following *f = arg;

	if (is_ours(m, NFTA_TABLE_NAME))
		f->ours = true;
	else if (f->ours)
		f->behind = true;
	return 0;
}

static void follow_again(void *arg)
{
	*(struct following *)arg = (struct following){ .ours = false };
}

int dw_nft_is_followed(struct dw_sys *s, const struct dw_netns *ns, struct dw_error *e)
{
	char buffer[REQUEST_SIZE] = { 0 };
	struct nlmsghdr *m = request_of(buffer, NFT_MSG_GETTABLE, NLM_F_DUMP, NFPROTO_UNSPEC);
	struct following f = { .ours = false };
	int r = dw_netlink_request(s, ns, NETLINK_NETFILTER, m, follow, follow_again, &f, NULL);

	return r < 0 ? say(r, e) : f.behind;
}

static int count(const struct nlmsghdr *m, void *arg)
{
	unsigned *n = arg;

	*n += !is_ours(m, NFTA_TABLE_NAME);
	return 0;
}

static void count_again(void *arg)
{
	*(unsigned *)arg = 0;
}

int dw_nft_others(struct dw_sys *s, const struct dw_netns *ns, unsigned *ret, struct dw_error *e)
{
	char buffer[REQUEST_SIZE] = { 0 };
	struct nlmsghdr *m = request_of(buffer, NFT_MSG_GETTABLE, NLM_F_DUMP, NFPROTO_UNSPEC);
	unsigned n = 0;
	int r = dw_netlink_request(s, ns, NETLINK_NETFILTER, m, count, count_again, &n, NULL);

	if (r < 0)
		return say(r, e);
	*ret = n;
	return 0;
}

/* --- what is in it ------------------------------------------------------------------------------------ */

/* nft's identifiers: what is none could not have been made by it, and must not be pasted into a command. */
static bool is_name(const char *name)
{
	if (!name || !*name || strlen(name) > 255)
		return false;
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		      (*name >= '0' && *name <= '9') || strchr("_./\\-", *name)))
			return false;
	return true;
}

static int name_it(const struct nlmsghdr *m, void *arg)
{
	struct naming *k = arg;
	const char *name = text_of(attribute(m, k->name_attribute)), *word = k->word;
	uint32_t flags = k->flags_attribute ? number_of(attribute(m, k->flags_attribute)) : 0;

	if (!is_ours(m, k->table_attribute) || flags & k->anonymous)
		return 0;
	if (k->words)
		word = flags < k->n_words ? k->words[flags] : NULL;
	else if (k->map && flags & k->map)
		word = "map";
	if (!word || !is_name(name) || k->n++ > NAMES_MAX)
		return -ENOTSUP;
	dw_str_addf(k->commands, "delete %s " DW_NFT_FAMILY " " DW_NFT_TABLE " %s\n", word, name);
	return 0;
}

static int name_all(struct dw_sys *s, const struct dw_netns *ns, uint16_t type,
		    const struct naming *what, struct dw_str *commands)
{
	char buffer[REQUEST_SIZE] = { 0 };
	struct nlmsghdr *m = request_of(buffer, type, NLM_F_DUMP, NFPROTO_INET);
	struct naming k = *what;

	k.commands = commands;
	/* without a way to begin again: a dump that was disturbed fails, for half of it is in the text already */
	return dw_netlink_request(s, ns, NETLINK_NETFILTER, m, name_it, NULL, &k, NULL);
}

/* NFTA_OBJ_TYPE says which. */
static const char *const objects[OBJECT_TYPES] = {
	[NFT_OBJECT_COUNTER] = "counter",     [NFT_OBJECT_QUOTA] = "quota",
	[NFT_OBJECT_CT_HELPER] = "ct helper", [NFT_OBJECT_LIMIT] = "limit",
	[NFT_OBJECT_SECMARK] = "secmark",     [NFT_OBJECT_CT_TIMEOUT] = "ct timeout",
	[OBJECT_SYNPROXY] = "synproxy",       [NFT_OBJECT_CT_EXPECT] = "ct expectation",
};

static const struct {
	uint16_t type;
	struct naming what;
} kinds[] = {
	/* sets before chains: a verdict map's elements hold chains; all before what they name is used no more */
	{ NFT_MSG_GETSET,
	  { .word = "set",
	    .table_attribute = NFTA_SET_TABLE,
	    .name_attribute = NFTA_SET_NAME,
	    .flags_attribute = NFTA_SET_FLAGS,
	    .anonymous = NFT_SET_ANONYMOUS,
	    .map = NFT_SET_MAP | NFT_SET_OBJECT } },
	{ NFT_MSG_GETOBJ,
	  { .words = objects,
	    .n_words = OBJECT_TYPES,
	    .table_attribute = NFTA_OBJ_TABLE,
	    .name_attribute = NFTA_OBJ_NAME,
	    .flags_attribute = NFTA_OBJ_TYPE } },
	{ NFT_MSG_GETFLOWTABLE,
	  { .word = "flowtable",
	    .table_attribute = NFTA_FLOWTABLE_TABLE,
	    .name_attribute = NFTA_FLOWTABLE_NAME } },
	{ NFT_MSG_GETCHAIN,
	  { .word = "chain",
	    .table_attribute = NFTA_CHAIN_TABLE,
	    .name_attribute = NFTA_CHAIN_NAME,
	    .flags_attribute = NFTA_CHAIN_FLAGS,
	    .anonymous = CHAIN_BINDING } },
};

int dw_nft_emptying(struct dw_sys *s, const struct dw_netns *ns, struct dw_str *commands,
		    struct dw_error *e)
{
	dw_str_add(commands, "flush table " DW_NFT_FAMILY " " DW_NFT_TABLE "\n");
	for (size_t i = 0; i < DW_ARRAY_SIZE(kinds); i++) {
		int r = name_all(s, ns, kinds[i].type, &kinds[i].what, commands);

		if (r == -ENOTSUP)
			return dw_error_set(e, r,
					    "something in table " DW_NFT_FAMILY " " DW_NFT_TABLE
					    " is not known here");
		if (r < 0)
			return say(r, e);
	}
	return 0;
}
