/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who else is at this host's packet filter, and what that means for rules of ours. */
#ifndef DW_MANAGERS_H
#define DW_MANAGERS_H

#include "dw_fence.h"
#include "dw_netlink.h"

/* Facts; nothing is known of what is false or empty and `blind`. */
struct dw_managers {
	struct dw_strings
		tables; /* of nf_tables, but for ours: "inet filter", in the kernel's order */
	struct dw_strings
		legacy; /* in which something is, of iptables-legacy and ip6tables-legacy: "filter", "IPv6 filter" */
	bool blind;          /* the tables could not be read: not root */
	bool ufw, firewalld; /* enabled at boot */
	bool nftables,
		nftables_flushes; /* nftables.service is enabled; its file flushes all rules first */
	bool persistent;          /* netfilter-persistent or iptables.service loads rules at boot */
	bool docker;
	bool has_nft, has_iptables; /* the programs are there */
};

/* Looks at files below the root, and at the tables of the namespace. What fails is left out. */
void dw_managers_look(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
		      struct dw_managers *ret);
/* The style that fits, and why, as one sentence. */
enum dw_fence_style dw_managers_style(const struct dw_managers *m, const char **ret_why);
/* A sentence for each thing that stands in the way of rules of that style. Pure. */
void dw_managers_conflicts(struct dw_arena *a, const struct dw_managers *m,
			   enum dw_fence_style style, struct dw_strings *ret);

#endif
