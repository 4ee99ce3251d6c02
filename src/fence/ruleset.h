/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of a network namespace as the kernel tells them, and the same rules put into another one. Nothing of a rule
 * is understood that need not be: its expressions stay the bytes that nf_tables (NETLINK_NETFILTER, rules of
 * iptables-nft with its xt matches too) or iptables-legacy (IPT_SO_GET_ENTRIES) gave. Private to src/fence.
 *
 * Understood is (a) what a rule depends on that a copy has not (its doubt), and (b) which source addresses the rules
 * tell apart.
 */
#ifndef DW_FENCE_RULESET_H
#define DW_FENCE_RULESET_H

#include "dw_endpoint.h"
#include "dw_netlink.h"

/* Why a packet that we make up cannot tell what the rule does to others. */
enum dw_doubt {
	DW_DOUBT_NONE = 0,
	/* Whoever sends chooses (source port, TTL, length, flags, MAC ...): a door is open if any choice opens it. */
	DW_DOUBT_SENDER,
	/*
	 * The state of the host decides (limit, quota, recent, dynamic sets, connection marks and counts, cgroup,
	 * socket or user, time, ipset, flowtable, queue to a program, policy routing ...), or it is nothing that
	 * we know.
	 */
	DW_DOUBT_HOST,
};

struct dw_rule {
	uint32_t id;         /* from 0, in the order of the ruleset */
	const char *where;   /* "inet filter input", "iptables filter INPUT" (legacy) */
	uint64_t handle;     /* legacy: number of the rule in its chain, from 1 */
	const char *comment; /* NULL: none */
	const char *words;   /* what a person calls it: "inet filter input handle 7 (comment)" */
	bool counted;        /* has a counter */
	uint64_t packets;    /* of its counter */
	uint8_t l4proto; /* IPPROTO_xxx that it asks for by itself; 0: for none, or for several */
	enum dw_doubt doubt;
	const char *doubt_words; /* "limit rate", "meta cgroup"; NULL: no doubt */
	/*
	 * In doubt, and neither FALSE nor TRUE says what becomes of a packet that meets it (it goes to a program,
	 * or where a map says by something in doubt): not known.
	 */
	bool opaque;
};

/*
 * What cannot be copied at all (netdev and bridge families, ebtables, XDP and tc programs ...): doors that it
 * meets are unknown.
 */
struct dw_obstacle {
	const char *words; /* one sentence */
	uint32_t ifindex; /* only packets that come in (egress: go out) by this interface; 0: any */
	bool egress;      /* it sees what leaves, or is forwarded, and not what is for this host */
	/* only packets from (egress: to) these addresses, both included; UNKNOWN: any */
	enum dw_family family;
	uint8_t low[16], high[16];
};

/* An interval of source addresses, both ends included, network order; IPv4: the first 4 bytes. */
struct dw_source_span {
	uint8_t low[16], high[16];
};

/*
 * Addresses that one rule (or one element, or all elements with the same result, of a set or map) treats alike. A
 * wildcard mask (bits that are no prefix) is given as too_odd: no spans.
 */
struct dw_source_class {
	enum dw_family family;
	const struct dw_source_span *spans; /* in order, not touching */
	size_t n_spans;
	bool too_odd;
	const char *words; /* "set inet filter office"; a rule's own constant: NULL */
};

struct dw_ruleset {
	struct dw_arena *arena; /* the object itself lies in it */
	struct dw_rule *rules;
	size_t n_rules;
	struct dw_obstacle *obstacles;
	size_t n_obstacles;
	struct dw_source_class *sources;
	size_t n_sources;
	/*
	 * To be set before a load: each rule of the copy gets a counter of our own behind its conditions. See
	 * dw_ruleset_count().
	 */
	bool counts;
	/*
	 * Chains of nf_tables and of iptables-legacy translate destinations at the same hook with the same priority.
	 * Then what was put there last comes first, and not every kernel tells. To be set before a load.
	 */
	bool translates_twice, legacy_first;
	bool has_hooks; /* any base chain, or a rule or policy of iptables-legacy: else everything passes */
	void *copy; /* what loading needs */
};

/*
 * Reads what stands in the namespace. -EPERM: not allowed to. -ENOTSUP: this kernel has no packet filter: an
 * empty set is returned instead.
 */
int dw_ruleset_read(struct dw_sys *s, const struct dw_netns *ns, struct dw_ruleset **ret,
		    struct dw_error *e);
void dw_ruleset_free(struct dw_ruleset *r); /* NULL allowed */

/* How the rules in doubt are put into the copy; one for each rule, those without doubt are taken as they are. */
enum dw_supposed {
	DW_SUPPOSED_FALSE = 0, /* never matches: an empty rule in its place */
	DW_SUPPOSED_TRUE, /* what is in doubt is left out, the rest of its conditions and its verdict stay */
	/* as FALSE, and packets that meet its other conditions are logged: NFLOG group DW_MET_GROUP, prefix "met ID" */
	DW_SUPPOSED_FALSE_TOLD,
};
#define DW_MET_GROUP 101

/*
 * Puts the rules into a namespace of ours, which had none; the copy's chains keep their hooks and priorities.
 * With `supposed` NULL all in doubt are FALSE_TOLD. Loaded again it replaces the former copy. Set elements are
 * kept, without their timeouts. Statements that decide nothing and would do something elsewhere (log, dup,
 * nftrace) are left out.
 *
 * What the kernel does not take a copy of, it is told here: such rules get a doubt (HOST), tables and base chains
 * are added to the obstacles. So look at both only after the first load.
 */
int dw_ruleset_load(struct dw_sys *s, const struct dw_netns *scratch, struct dw_ruleset *r,
		    const enum dw_supposed *supposed, struct dw_error *e);
/*
 * The rule of the original for one that a trace of the copy names (family, table, chain, handle in the copy);
 * NULL: none of it (a chain's policy, our own detectors). Legacy: by table, chain and number.
 */
const struct dw_rule *dw_ruleset_traced(struct dw_sys *s, const struct dw_netns *scratch,
					const struct dw_ruleset *r, uint8_t family,
					const char *table, const char *chain, uint64_t handle);

/*
 * How many packets met all conditions of each rule of the copy since it was loaded, by the rule's id: added to hits.
 * *told: there was a counter (r->counts was set, and the kernel took it); else it stays as it is.
 */
int dw_ruleset_count(struct dw_sys *s, const struct dw_netns *scratch, const struct dw_ruleset *r,
		     uint64_t *hits, bool *told, struct dw_error *e);

#endif
