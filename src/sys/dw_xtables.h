/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of iptables-legacy and ip6tables-legacy, as getsockopt(2) gives them: a blob of entries that refer to
 * each other by offset (linux/netfilter_ipv4/ip_tables.h).
 */
#ifndef DW_XTABLES_H
#define DW_XTABLES_H

#include "dw_netlink.h"
#include "dw_parse.h"

#define DW_XTABLES_HOOKS 5 /* NF_INET_NUMHOOKS */

struct dw_xtables {
	bool six; /* ip6tables */
	const char *name;
	uint32_t valid_hooks;
	uint32_t hook_entry[DW_XTABLES_HOOKS];
	uint32_t underflow[DW_XTABLES_HOOKS]; /* where the rule is that is the hook's policy */
	uint32_t n_entries;
	const uint8_t *entries; /* aligned for any type */
	size_t n;
};

/*
 * Names of the tables that are there, a line each. Asking for another one makes the kernel load its module and hook it
 * in. A kernel that knows of no such thing: empty.
 */
int dw_xtables_names(struct dw_sys *s, const struct dw_netns *ns, bool six, struct dw_arena *a,
		     struct dw_bytes *ret, struct dw_error *e);
/* One that is there (IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES); asked again when it grows meanwhile. */
int dw_xtables_read(struct dw_sys *s, const struct dw_netns *ns, bool six, const char *name,
		    struct dw_arena *a, struct dw_xtables *ret, struct dw_error *e);

#endif
