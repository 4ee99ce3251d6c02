/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packet filter rules that open doors. nft.c and iptables.c each walk their rules and gather, on
 * the way to a DNAT, redirect or tproxy statement, the conditions a packet must meet (struct
 * dw_cond); what comes out at the end becomes redirect facts here. Private to src/collect.
 */
#ifndef DW_FORWARD_H
#define DW_FORWARD_H

#include "dw_collect.h"

/* Host-order ports, both ends included. */
struct dw_span {
	uint16_t first, last;
};

#define DW_SPANS_MAX 1024u /* of one rule; a rule with more has "many ports" */

/* Bits of dw_cond.protocols. RAW stands for each IP protocol that has no ports. */
#define DW_PORT_PROTOCOLS                                                                          \
	(1u << DW_PROTOCOL_TCP | 1u << DW_PROTOCOL_UDP | 1u << DW_PROTOCOL_UDPLITE |               \
	 1u << DW_PROTOCOL_SCTP | 1u << DW_PROTOCOL_DCCP)
#define DW_ALL_PROTOCOLS (DW_PORT_PROTOCOLS | 1u << DW_PROTOCOL_RAW)

/*
 * What a packet must be like to get here. Copied freely: the members that point lie in the scratch
 * arena.
 */
struct dw_cond {
	enum dw_family family; /* unknown: both */
	unsigned protocols;    /* 1 << enum dw_protocol */
	unsigned ip_protocol;  /* number of the one protocol without ports; 0: not one */
	bool ports_set;        /* false: any port */
	bool ports_unclear;    /* some condition on the port could not be read */
	const struct dw_span *ports;
	size_t n_ports;
	bool address_set;
	uint8_t low[16], high[16]; /* as the family says: 4 or 16 bytes count */
	const char *ifname;        /* arrives on this interface; NULL any */
	uint32_t ifindex;
	bool local_only;   /* packets that this host itself sends (output hook) */
	const char *words; /* conditions that have no member here; NULL none */
};

enum dw_target_kind {
	DW_TARGET_NONE = 0, /* opens no door */
	DW_TARGET_DNAT,
	DW_TARGET_REDIRECT,
	DW_TARGET_TPROXY,
	DW_TARGET_NETMAP,
};

struct dw_target {
	enum dw_target_kind kind;
	enum dw_family family;
	bool has_address, has_port;
	uint8_t low[16], high[16];
	uint16_t port, port_last; /* host order */
	const char *words;        /* target that cannot be named; NULL */
};

struct dw_forward_seen; /* hash of the facts made so far */

/* One walk through the rules of one namespace. */
struct dw_forwards {
	struct dw_collect *collect;
	struct dw_arena *scratch;
	size_t netns; /* index into facts->netns */
	size_t made;
	bool truncated; /* a limit was met; the caller notes it */
	struct dw_forward_seen *seen;
};

#define DW_FORWARDS_MAX 32768u /* facts of one namespace; beyond: truncated */

struct dw_cond dw_cond_any(enum dw_family family);
/* Each narrows the condition; false: no packet can meet it any more. */
bool dw_cond_protocols(struct dw_cond *c, uint8_t ip_protocol, bool inverted);
bool dw_cond_protocol_mask(struct dw_cond *c, unsigned mask);
bool dw_cond_ports(struct dw_cond *c, struct dw_arena *a, const struct dw_span *spans, size_t n,
		   bool inverted);
bool dw_cond_family(struct dw_cond *c, enum dw_family family);
bool dw_cond_address(struct dw_cond *c, enum dw_family family, const uint8_t *low,
		     const uint8_t *high);
/* Adds one condition in words. */
void dw_cond_word(struct dw_cond *c, struct dw_arena *a, const char *fmt, ...) dw_printf_like(3, 4);
/* Mask of DW_ALL_PROTOCOLS for an IP protocol number. */
unsigned dw_protocol_bit(uint8_t ip_protocol);
/* "10.0.0.1", "10.0.0.0/8" or "10.0.0.1-10.0.0.9". In the arena. */
const char *dw_address_words(struct dw_arena *a, enum dw_family family, const uint8_t *low,
			     const uint8_t *high);

/* Makes the facts of one rule. place: "nft ip nat DOCKER handle 7"; comment: NULL none. */
void dw_forward_emit(struct dw_forwards *w, const struct dw_cond *c, const struct dw_target *t,
		     const char *place, const char *comment);
/* Rules stand before the namespace's sockets. */
static inline void dw_forwards_filtered(struct dw_forwards *w)
{
	w->collect->facts->netns.v[w->netns].filter = DW_YES;
}
void dw_forwards_free(struct dw_forwards *w);

/*
 * --- xtables: what iptables-legacy and nft's compat expressions have in common (xt.c)
 * ------------------
 */

/*
 * Narrows the condition by one match; false: cannot match. *ret_comment is set by the match
 * "comment".
 */
bool dw_xt_match(struct dw_cond *c, struct dw_arena *a, const char *name, unsigned revision,
		 const void *info, size_t n, const char **ret_comment);
/* The target, when it is one that opens a door; kind NONE else. */
struct dw_target dw_xt_target(enum dw_family family, const char *name, unsigned revision,
			      const void *info, size_t n);

#endif
