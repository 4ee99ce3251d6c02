/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our own table of nf_tables, `inet doorward`, by libnftables(3): text in, text out, one transaction a call. The
 * library is opened when it is needed, so that who never fences pays nothing and need not have it. No other table
 * is named here, let alone touched.
 *
 * -ENOTSUP: libnftables is not here (the message says what to install), or the kernel has no nf_tables, or nothing runs
 * (--root) or the host is a recorded one. -EPERM: root is needed. ns NULL: the namespace that we are in.
 */
#ifndef DW_NFT_H
#define DW_NFT_H

#include "dw_netlink.h"
#include "dw_sys.h"

#define DW_NFT_FAMILY    "inet"
#define DW_NFT_TABLE     "doorward"
#define DW_NFT_TABLE_MAX ((size_t)16 * 1024 * 1024)

/*
 * Runs the commands as one transaction: all of them or none. -EINVAL: the library or the kernel refuses them, and the
 * message has what it said first.
 */
int dw_nft_run(struct dw_sys *s, const struct dw_netns *ns, const char *commands,
	       struct dw_error *e);

/*
 * Our table as the library writes it, without counters and other state: the same rules give the same text, and the
 * text is fit for dw_nft_replace(). ret->data NULL: there is no such table.
 */
int dw_nft_table(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
		 struct dw_bytes *ret, struct dw_error *e);

/*
 * Puts the text (as dw_nft_table() gave it; data NULL: no table) in the place of our table, in one transaction. A table
 * that is there keeps its place in the list of all: what is put back later stands where it stood.
 */
int dw_nft_replace(struct dw_sys *s, const struct dw_netns *ns, const struct dw_bytes *table,
		   struct dw_error *e);

/*
 * What dw_nft_table() would give once the commands (which make our table) were run: they are, in a network
 * namespace of our own that is gone afterwards. -EPERM: none may be made here.
 */
int dw_nft_canonical(struct dw_sys *s, const char *commands, struct dw_arena *a,
		     struct dw_bytes *ret, struct dw_error *e);

/* 1: other tables are listed behind ours. 0: none is, or there is none of ours. */
int dw_nft_is_followed(struct dw_sys *s, const struct dw_netns *ns, struct dw_error *e);

/* How many tables there are beside ours, of all families. */
int dw_nft_others(struct dw_sys *s, const struct dw_netns *ns, unsigned *ret, struct dw_error *e);

#endif
