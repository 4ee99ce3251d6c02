/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What src/fence/ruleset*.c keep of a rule set, to put it elsewhere. Private to them. */
#ifndef DW_RULESET_PRIVATE_H
#define DW_RULESET_PRIVATE_H

#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "dw_nfattr.h"
#include "dw_str.h"
#include "dw_vec.h"
#include "ruleset.h"

#define DW_RS_BYTES_MAX    ((size_t)256 * 1024 * 1024) /* of all messages */
#define DW_RS_MESSAGES_MAX 1000000u
#define DW_RS_BUCKETS      4096u
#define DW_RS_DEPTH_MAX    16u /* NFT_JUMP_STACK_SIZE */

/* The attributes of one message, as they came. */
struct dw_rs_item {
	const void *attrs;
	size_t n;
};

struct dw_rs_table {
	struct dw_rs_item item;
	uint8_t family;
	const char *name;
	bool dormant;
	bool apart; /* of a family whose hooks a copy has not: not copied */
	bool refused;
};

/* A chain, set or object, found by family, table and name. */
struct dw_rs_name {
	uint8_t family;
	const char *table, *name;
	struct dw_rs_name *next; /* in the same bucket */
};

struct dw_rs_chain {
	struct dw_rs_name key; /* first */
	uint32_t number;       /* in dw_rs_copy.chains */
	struct dw_rs_item item;
	struct dw_rs_table *table;
	const char *type;
	bool base, binding;
	bool apart;                /* on a device, or in a table that is apart */
	bool refused;              /* by the kernel of the copy */
	bool done;                 /* loading: its rules are in the batch */
	bool bound;                /* loading: a rule in the batch jumps to it */
	uint32_t hook, policy;     /* of a base chain */
	int32_t priority;
	bool beside_legacy;        /* translates at the very moment when a table of iptables-legacy does */
	struct dw_strings devices; /* it hangs on */
	DW_VEC(uint32_t) rules;    /* ids, in order */
};

struct dw_rs_set {
	struct dw_rs_name key; /* first */
	struct dw_rs_item item;
	struct dw_rs_table *table;
	uint32_t flags, key_len, data_type, object_type;
	bool filled; /* at run time, by a rule or a program; or its elements go by themselves */
	bool refused;
	bool told; /* its sources are among the classes */
	bool used; /* loading: a rule in the batch looks something up in it */
	/* loading: a map of verdicts whose rule is counted, so there is a set of its keys beside it */
	bool keyed;
	bool keys_refused;
	DW_VEC(struct dw_rs_item) elements; /* messages of many each */
};

struct dw_rs_object {
	struct dw_rs_name key; /* first */
	struct dw_rs_item item;
	struct dw_rs_table *table;
	uint32_t type;
	bool refused;
};

/* What becomes of an expression in a copy. */
enum dw_rs_act {
	DW_RS_KEEP = 0, /* a load or a condition that can be decided; a remark */
	DW_RS_DROP, /* never copied: it decides nothing, and would do something elsewhere (log, dup) */
	DW_RS_DOUBT,  /* left out when the rule is supposed to be true */
	DW_RS_EFFECT, /* a verdict, a translation: left out when a rule is only told */
};

struct dw_rs_expr {
	const struct nlattr *list; /* NFTA_LIST_ELEM; of it: */
	const char *name;          /* NFTA_EXPR_NAME */
	const struct nlattr *data; /* NFTA_EXPR_DATA */
	enum dw_rs_act act;
	/* An xt match of which only a part is in doubt: its information without that part; NULL: none. */
	const void *eased;
	/* A comparison of which only a part is in doubt: `eased` is what the rest is to be, masked. */
	const void *eased_mask;
	size_t eased_n;
};

struct dw_rs_rule {
	struct dw_rs_item item;
	struct dw_rs_chain *chain;
	struct dw_rs_expr *exprs;
	size_t n_exprs;
	bool has_compat;
	uint32_t compat_proto, compat_flags;
	bool uncounted;   /* the kernel did not take it with a counter of ours */
	unsigned refused; /* how often the kernel did not take it; less of it is tried then */
};

/* The handles that the rules have in a copy, by the rule's id. */
struct dw_rs_handles {
	uint32_t inode; /* of the copy's namespace */
	int fd;
	const uint64_t *of; /* NULL: not read */
};

struct dw_rs_link {
	uint32_t ifindex;
	const char *name; /* NULL: not told */
	bool bridge;
};

struct dw_legacy;

struct dw_rs_copy {
	struct dw_arena *arena;
	DW_VEC(struct dw_rs_table *) tables;
	DW_VEC(struct dw_rs_chain *) chains;
	DW_VEC(struct dw_rs_set *) sets;
	DW_VEC(struct dw_rs_object *) objects;
	DW_VEC(struct dw_rs_item) flowtables;
	DW_VEC(struct dw_rs_rule) rules; /* beside dw_ruleset.rules */
	struct dw_rs_name *chain_index[DW_RS_BUCKETS], *set_index[DW_RS_BUCKETS],
		*object_index[DW_RS_BUCKETS];
	size_t bytes, messages;
	DW_VEC(struct dw_obstacle) obstacles;
	DW_VEC(struct dw_rs_link) links;     /* read only where a chain cannot be copied */
	DW_VEC(struct dw_legacy *) legacy;   /* tables of iptables-legacy */
	DW_VEC(struct dw_rule) legacy_rules; /* their ids come after the others */
	DW_VEC(struct dw_rs_handles) handles;
	bool mark_unsure; /* a rule sets the packet's mark from something that cannot be told */
};

void dw_rs_index(struct dw_rs_name **index, struct dw_rs_name *n);
struct dw_rs_name *dw_rs_find(struct dw_rs_name *const *index, uint8_t family, const char *table,
			      const char *name);

struct dw_ruleset *dw_rs_new(void); /* empty; dw_ruleset_free() */
void dw_rs_forget_handles(struct dw_rs_copy *c, const struct dw_netns *scratch);
/* One message of a dump; unknown ones are left. Negative: too much. */
int dw_rs_message(struct dw_rs_copy *c, const struct nlmsghdr *m);
/* Dumps all of it. */
int dw_rs_read_nft(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c,
		   struct dw_error *e);
/* The interfaces that chains stand at which cannot be copied. */
int dw_rs_read_links(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c,
		     struct dw_error *e);
/* Makes obstacles of such chains. */
void dw_rs_tell_apart(struct dw_rs_copy *c);
/* After all messages are in: the public lists, doubts and classes of sources. */
void dw_rs_settle(struct dw_ruleset *r);
/* Takes the rules apart, and tells of each expression what becomes of it, of each rule its doubt and its words. */
void dw_rs_judge_all(struct dw_ruleset *r);
/* A match or target of xtables: what is in doubt of it. */
struct dw_rs_xt {
	enum dw_rs_act act;
	enum dw_doubt doubt;
	const char *words;
	bool opaque;
	void *eased; /* in the arena: its information without what is in doubt; NULL: leave it out as a whole */
};
struct dw_rs_xt dw_rs_xt_match(struct dw_rs_copy *c, const char *name, unsigned revision,
			       const void *info, size_t n);
struct dw_rs_xt dw_rs_xt_target(struct dw_rs_copy *c, const char *name);
/* The rule of a legacy table; NULL: none. */
const struct dw_rule *dw_rs_legacy_traced(const struct dw_ruleset *r, uint8_t family,
					  const char *table, const char *chain, uint64_t number);
struct dw_obstacle *dw_rs_obstacle(struct dw_rs_copy *c, uint32_t ifindex, const char *fmt, ...)
	dw_printf_like(3, 4);

#endif
