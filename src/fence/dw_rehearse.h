/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a packet filter does to packets, seen by experiment: a copy of the rules stands in a network namespace of
 * ours, whose devices have the names, indexes and addresses of the original; packets are written into them, and
 * it is looked which arrive. The original and its traffic are not touched. Needs root.
 *
 * "Arrives" is: reaches the input hook's end with a destination of this host, or (after DNAT) the end of
 * postrouting on its way to somebody else. Connections are new ones: TCP SYN, UDP datagram with an unfiltered
 * source port, SCTP INIT.
 */
#ifndef DW_REHEARSE_H
#define DW_REHEARSE_H

#include "dw_endpoint.h"
#include "dw_netlink.h"

/* Where packets come from, so that all that are of one source meet the same rules. */
enum dw_source_kind {
	DW_SOURCE_UNKNOWN = 0,
	DW_SOURCE_HOST,    /* this host itself, over the loopback interface */
	DW_SOURCE_NETWORK, /* hosts of a network that is on a link of this host, or that was named */
	DW_SOURCE_ANYONE, /* all others, by the interface of the default route (no such route: by each interface) */
};

struct dw_rehearse_span {
	uint8_t low[16], high[16]; /* network order, both included; IPv4: 4 bytes */
};

struct dw_source {
	enum dw_source_kind kind;
	enum dw_family family;
	uint32_t ifindex; /* they come in by it */
	const char *ifname;
	uint8_t address[16]; /* the one that plays them */
	/* All addresses that the rules treat like it; HOST: none. Many (a set): the first 64, with `set` naming it. */
	const struct dw_rehearse_span *spans;
	size_t n_spans, more_spans;
	const char *set; /* NULL: none */
	const char *
		/*
		 * "this host", "10.9.0.0/24", "10.9.0.0/24 but 10.9.0.7", "anyone", "anyone in set inet filter
		 * office"
		 */
		words;
	bool unclear; /* too many classes, or masks that are no prefixes: it may not speak for all of its spans */
};

/* A network that somebody wants to know of by itself: a policy's "from". */
struct dw_rehearse_network {
	enum dw_family family;
	uint8_t address[16];
	unsigned prefix;
};

/* An address of the namespace. */
struct dw_rehearse_own {
	enum dw_family family;
	uint8_t address[16];
	unsigned prefix;
	uint32_t ifindex;
	const char *ifname;
};

struct dw_rehearse_options {
	/* whose filter; NULL: the namespace that we are in */
	const struct dw_netns *netns;
	/* Sources are told apart by these too. */
	const struct dw_rehearse_network *networks;
	size_t n_networks;
	/*
	 * Called with the copy before packets are sent (and again for each variant of it): changes its rules as
	 * they would be changed here. NULL: as it is.
	 */
	int (*change)(void *data, struct dw_sys *s, const struct dw_netns *copy,
		      struct dw_error *e);
	void *change_data;
	/* Rules are counted: dw_rehearse_rule.tried. It costs a little at each load of the copy. */
	bool count;
	unsigned variants; /* at most so many copies with rules in doubt this way or that; 0: 64 */
	void (*progress)(void *data, uint64_t done, uint64_t all); /* packets; NULL */
	void *progress_data;
};

enum dw_arrival {
	DW_ARRIVAL_UNKNOWN = 0, /* cannot be told; `rule` or `why` names what is in doubt */
	DW_ARRIVAL_NO,
	DW_ARRIVAL_YES,
};

struct dw_rehearse_question {
	uint32_t source;           /* index into the sources */
	enum dw_protocol protocol; /* TCP, UDP, UDPLITE, SCTP, DCCP */
	uint8_t to
		[16]; /* of the source's family; an address of this host, or any other (forwarding) */
	uint16_t port;
	/* Also which rule decided: a trace, slower. */
	bool explain;
};

struct dw_rehearse_answer {
	enum dw_arrival reach;
	bool forwarded;  /* arrives at somebody else */
	bool translated; /* arrives at another address or port than it was sent to: at, at_port */
	uint8_t at[16];
	uint16_t at_port;
	/* only for a packet made so on purpose (a certain source port, say): `rule` is the one that it meets */
	bool sender;
	/*
	 * explain, or UNKNOWN: the rule that decided or is in doubt, "inet filter input handle 7 (comment)";
	 * or "policy of inet filter input"; NULL: none did
	 */
	const char *rule;
	const char *why; /* UNKNOWN: one sentence; else NULL */
	bool rule_counted;
	uint64_t rule_packets; /* hits of that rule's counter in the original */
	/* explain, translated: the rule that leads it there; NULL: not seen */
	const char *led_by;
	bool led_counted;
	uint64_t led_packets;
};

struct dw_rehearsal;

/*
 * Reads rules, links, addresses and routes of the namespace, and makes the copy. -EPERM: not allowed (not root,
 * or no network namespaces here). -ENOTSUP: no TUN devices, no logging ... with the sentence that says what is
 * missing.
 */
int dw_rehearsal_open(struct dw_sys *s, const struct dw_rehearse_options *o,
		      struct dw_rehearsal **ret, struct dw_error *e);
void dw_rehearsal_free(struct dw_rehearsal *r); /* NULL allowed */
static inline void dw_cleanup_rehearsal(struct dw_rehearsal **r)
{
	dw_rehearsal_free(*r);
}

/* No rule and no chain stands in the way: all questions are answered YES by the addresses alone. */
bool dw_rehearsal_is_open(const struct dw_rehearsal *r);
const struct dw_source *dw_rehearsal_sources(const struct dw_rehearsal *r, size_t *ret_n);
const struct dw_rehearse_own *dw_rehearsal_addresses(const struct dw_rehearsal *r, size_t *ret_n);
/* What could not be copied, a sentence each. */
const struct dw_strings *dw_rehearsal_obstacles(const struct dw_rehearsal *r);

/*
 * What sees packets of a namespace that no rules filter (NULL: ours), a sentence each: programs at interfaces (XDP, tc,
 * BPF), IPsec ... Where there is something, its doors are to be asked as if rules stood before them.
 */
int dw_rehearsal_beside(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
			struct dw_strings *ret, struct dw_error *e);

/* Rules of the original, for `fence show`: which one no question met can be told after all ports were asked. */
struct dw_rehearse_rule {
	const char *words, *where, *comment;
	uint8_t l4proto; /* IPPROTO_xxx that it asks for by itself; 0: for none, or for several */
	bool counted;
	uint64_t packets; /* hits of its own counter, in the original */
	/*
	 * Options' `count`: how many of our packets met it (of a rule in doubt: met the rest of its conditions).
	 * told false: it is not in the copy, or could not be counted.
	 */
	uint64_t tried;
	bool told;
	bool met; /* `tried`, or a traced packet met it */
};
int dw_rehearsal_rules(struct dw_rehearsal *r, struct dw_arena *a, struct dw_rehearse_rule **ret,
		       size_t *ret_n, struct dw_error *e);

/*
 * Answers n questions, in the same order. Texts lie in the rehearsal's arena. A question to a source of the
 * other family is -EINVAL.
 */
int dw_rehearsal_ask(struct dw_rehearsal *r, const struct dw_rehearse_question *q, size_t n,
		     struct dw_rehearse_answer *ret, struct dw_error *e);

#endif
