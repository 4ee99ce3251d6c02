/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files that know nf_tables; private to src/sys. */
#ifndef DW_NFT_PRIVATE_H
#define DW_NFT_PRIVATE_H

#include "dw_nft.h"
#include "dw_str.h"

/* 1: our table is there, 0: it is not. */
int dw_nft_is_there(struct dw_sys *s, const struct dw_netns *ns, struct dw_error *e);
/*
 * Adds the commands that empty our table without taking it away: its rules, then all that has a name. By
 * netlink, not from a listing: what is anonymous goes with its rule. -ENOTSUP: something in it is not known.
 */
int dw_nft_emptying(struct dw_sys *s, const struct dw_netns *ns, struct dw_str *commands,
		    struct dw_error *e);

#endif
