/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nf_tables as netlink tells it (linux/netfilter/nf_tables.h), and a walk that follows every way a
 * packet can take through it. libnftnl and libnftables are GPL, so this reads the messages itself,
 * and only what decides about doors. Private to src/collect.
 */
#ifndef DW_NFT_H
#define DW_NFT_H

#include <linux/netfilter/nf_tables.h>

#include "dw_nfattr.h"
#include "forward.h"

struct dw_nft_verdict {
	int32_t code;      /* NF_ACCEPT ..., NFT_JUMP ... */
	const char *chain; /* of jump and goto */
};

#define DW_NFT_DATA 64 /* NFT_DATA_VALUE_MAXLEN */

/* A value or a verdict. */
struct dw_nft_data {
	bool is_verdict;
	struct dw_nft_verdict verdict;
	unsigned n;
	uint8_t bytes[DW_NFT_DATA];
};

struct dw_nft_element {
	bool end;      /* as dumped: closes an interval; gone after the set was put in order */
	bool catchall; /* matches what no other element does */
	unsigned n;
	uint8_t low[DW_NFT_DATA], high[DW_NFT_DATA];
	struct dw_nft_data data; /* of a map */
};

struct dw_nft_set {
	const char *key; /* "FAMILY/TABLE/NAME" */
	uint8_t family;
	const char *table, *name;
	uint32_t flags;
	bool loaded;
	DW_VEC(struct dw_nft_element) elements;
	struct dw_nft_set *next; /* same bucket */
};

struct dw_nft_rule {
	uint64_t handle;
	const char *comment;
	const void *expressions; /* attributes, aligned */
	size_t n;
};

struct dw_nft_chain {
	const char *key;
	uint8_t family;
	const char *table, *name, *type;
	bool base;
	bool drops;    /* its policy */
	uint32_t hook; /* NF_INET_LOCAL_IN ...; of the family netdev NF_NETDEV_INGRESS */
	uint32_t uses; /* rules in it, and jumps to it */
	DW_VEC(struct dw_nft_rule) rules;
	struct dw_nft_chain *next;
};

#define DW_NFT_BUCKETS      1024u
#define DW_NFT_ELEMENTS_MAX 65536u
#define DW_NFT_RULES_MAX    200000u

struct dw_nft_ruleset {
	struct dw_arena *arena;
	struct dw_strings dormant; /* "FAMILY/TABLE" */
	DW_VEC(struct dw_nft_chain *) chains;
	DW_VEC(struct dw_nft_set *) sets;
	struct dw_nft_chain *chain_buckets[DW_NFT_BUCKETS];
	struct dw_nft_set *set_buckets[DW_NFT_BUCKETS];
	size_t n_rules;
	bool truncated;
};

/*
 * One message of any of the dumps: a table, chain, rule, set, or elements of a set. Unknown ones
 * are left.
 */
void dw_nft_message(struct dw_nft_ruleset *r, const struct nlmsghdr *m);
struct dw_nft_chain *dw_nft_chain_find(const struct dw_nft_ruleset *r, uint8_t family,
				       const char *table, const char *name);
struct dw_nft_set *dw_nft_set_find(const struct dw_nft_ruleset *r, uint8_t family,
				   const char *table, const char *name);
/* Pairs the ends of intervals; called once all elements are in. */
void dw_nft_set_order(struct dw_nft_ruleset *r, struct dw_nft_set *set);
bool dw_nft_data_parse(struct dw_arena *a, const struct nlattr *nested, struct dw_nft_data *ret);
bool dw_nft_is_dormant(const struct dw_nft_ruleset *r, const struct dw_nft_chain *c);
/* Is this a base chain that can open doors? */
bool dw_nft_opens(const struct dw_nft_chain *c);
/* Is this a base chain that might keep packets from a socket of this host? */
bool dw_nft_filters(const struct dw_nft_chain *c);

/*
 * --- the walk (nft-walk.c, nft-expr.c)
 * ------------------------------------------------------------------
 */

enum dw_nft_key {
	DW_NFT_KEY_NONE = 0, /* nothing known of this register */
	DW_NFT_KEY_CONST,    /* the bytes are known */
	DW_NFT_KEY_OTHER,    /* a property of the packet that is told in words only */
	DW_NFT_KEY_L4PROTO,
	DW_NFT_KEY_NFPROTO,
	DW_NFT_KEY_ETHERTYPE,
	DW_NFT_KEY_DPORT,
	DW_NFT_KEY_DADDR4,
	DW_NFT_KEY_DADDR6,
	DW_NFT_KEY_SADDR4,
	DW_NFT_KEY_SADDR6,
	DW_NFT_KEY_IIF,
	DW_NFT_KEY_IIFNAME,
	DW_NFT_KEY_ADDRTYPE, /* of the destination */
};

#define DW_NFT_SLOTS 16 /* 32-bit registers */

struct dw_nft_slot {
	enum dw_nft_key key;
	uint8_t n;        /* bytes of the value that begins here; 0: a later word of one */
	const char *what; /* name of the property */
};

/* One way through the rules: what is in the registers and what the packet must be like. */
struct dw_nft_path {
	struct dw_cond cond;
	struct dw_nft_slot slots[DW_NFT_SLOTS];
	uint8_t bytes[DW_NFT_SLOTS * 4]; /* CONST: the value; others: the mask put on it */
	bool conditional;                /* this rule does not take every packet */
	const char *comment;
};

struct dw_nft_walk {
	struct dw_nft_ruleset *rules;
	struct dw_forwards *out;
	/* loads the elements of a set; NULL: they are in already */
	void (*load)(struct dw_nft_walk *w, struct dw_nft_set *set);
	unsigned steps; /* rules and elements gone through */
	unsigned depth;
	const struct dw_nft_chain *chain; /* where we are */
	const struct dw_nft_rule *rule;
};

#define DW_NFT_STEPS_MAX 2000000u
#define DW_NFT_DEPTH_MAX 16u /* NFT_JUMP_STACK_SIZE */

enum dw_nft_flow {
	DW_NFT_NEXT = 0, /* on to the next expression */
	DW_NFT_MISS,     /* the rule does not match, or all that follows was done already */
	DW_NFT_END,      /* the packet leaves this chain */
};

/*
 * Runs one expression; `rest` .. `rest + n` are those behind it (a lookup runs them for each
 * element).
 */
enum dw_nft_flow dw_nft_expression(struct dw_nft_walk *w, struct dw_nft_path *p,
				   const struct nlattr *expr, const void *rest, size_t n);
enum dw_nft_flow dw_nft_expressions(struct dw_nft_walk *w, struct dw_nft_path *p,
				    const void *expressions, size_t n);
enum dw_nft_flow dw_nft_verdict_take(struct dw_nft_walk *w, struct dw_nft_path *p,
				     const struct dw_nft_verdict *v);
enum dw_nft_flow dw_nft_lookup(struct dw_nft_walk *w, struct dw_nft_path *p,
			       const struct nlattr *data, const void *rest, size_t n);
/* Narrows the path's condition: the value at `slot` lies between low and high (n bytes each). */
bool dw_nft_narrow(struct dw_nft_walk *w, struct dw_nft_path *p, unsigned slot, const uint8_t *low,
		   const uint8_t *high, unsigned n, bool inverted);
void dw_nft_store(struct dw_nft_path *p, int slot, const uint8_t *bytes, unsigned n);
void dw_nft_load(struct dw_nft_path *p, int slot, enum dw_nft_key key, unsigned n,
		 const char *what);
/* All base chains, those of prerouting first. */
void dw_nft_walk_all(struct dw_nft_walk *w);

/* Dumps the rules of the namespace and makes facts of them. -ENOENT: there are none. */
int dw_nft_collect(struct dw_forwards *w, const struct dw_netns *ns, struct dw_error *e);

#endif
