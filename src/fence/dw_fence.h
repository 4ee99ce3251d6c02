/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that follow from a policy, as text for the packet filter that this host is run by. Pure: from what is
 * to be let in to text, byte-identical for the same input.
 */
#ifndef DW_FENCE_H
#define DW_FENCE_H

#include "dw_endpoint.h"
#include "dw_policy.h"
#include "dw_vec.h"

/* Something that is let in. */
struct dw_fence_allow {
	enum dw_protocol protocol;
	uint16_t first, last;
	const struct dw_network *from; /* n_from 0: from anywhere */
	size_t n_from;
	const char *on_address;   /* only to this own address, numeric; NULL: any */
	const char *on_interface; /* only by this interface; NULL: any */
	bool forwarded; /* published by a container or a DNAT rule: let through the forward hook to `target` */
	const char *target;  /* ADDRESS:PORT; NULL */
	const char *comment; /* the service, and why: "ssh: administration (policy:3)" */
};

/* A packet to port `from` is redirected to `to` of this host. */
struct dw_fence_redirect {
	enum dw_protocol protocol;
	uint16_t from, to;
	const char *comment;
};

enum dw_fence_egress { DW_EGRESS_OPEN = 0, DW_EGRESS_LOG, DW_EGRESS_DENY };

struct dw_fence_want {
	const struct dw_fence_allow *allow;
	size_t n_allow;
	const struct dw_fence_redirect *redirects;
	size_t n_redirects;
	enum dw_fence_egress egress;
	const struct dw_fence_allow
		*out; /* egress LOG or DENY: what may go out; `from` is where to */
	size_t n_out;
	bool log_denied;  /* rate-limited */
	bool dhcp, dhcp6; /* the host gets its addresses so */
	bool guard_forwarded; /* the forward hook is fenced too: the host forwards, or publishes ports */
	const char *policy; /* name of the policy's file, for the head comment; NULL */
};

enum dw_fence_style {
	DW_FENCE_NFT =
		0, /* one table `inet doorward`; text for nft -f, replaces our own table and nothing else */
	DW_FENCE_IPTABLES, /* two documents for iptables-restore --noflush and ip6tables-restore --noflush */
	DW_FENCE_UFW,       /* ufw commands, a line each */
	DW_FENCE_FIREWALLD, /* firewall-cmd commands, a line each */
	DW_FENCE_STYLE_COUNT
};
const char *dw_fence_style_name(enum dw_fence_style s);

/*
 * The text, in the arena. *ret_cannot: a sentence for each thing that this style cannot say (never dropped in silence).
 * What is wider than asked for is an error of this function, never a result.
 */
const char *dw_fence_text(struct dw_arena *a, const struct dw_fence_want *w,
			  enum dw_fence_style style, struct dw_strings *ret_cannot);

#endif
