/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of iptables-legacy and ip6tables-legacy, as getsockopt(2) gives them. Private to
 * src/collect.
 */
#ifndef DW_IPTABLES_H
#define DW_IPTABLES_H

#include "forward.h"

/*
 * One table: a blob of entries that refer to each other by offset
 * (linux/netfilter_ipv4/ip_tables.h).
 */
struct dw_iptables {
	enum dw_family family; /* IPv4 or IPv6 */
	const char *table;
	uint32_t valid_hooks;
	uint32_t hook_entry[5]; /* NF_INET_NUMHOOKS */
	uint32_t underflow[5];  /* where the rule that is the hook's policy is */
	const uint8_t *entries;
	size_t n;
	unsigned max_steps; /* rules gone through on all ways; 0: the default, a million */
};

/*
 * Makes facts of every way from prerouting (and output, in table nat) to a DNAT, REDIRECT or TPROXY
 * target.
 */
void dw_iptables_walk(struct dw_forwards *out, const struct dw_iptables *t);
/* Might the table keep packets from a socket of this host? */
bool dw_iptables_filters(const struct dw_iptables *t);
/* Reads the legacy tables that are there already (asking for another one would create it). */
int dw_iptables_collect(struct dw_forwards *out, const struct dw_netns *ns, struct dw_error *e);

#endif
