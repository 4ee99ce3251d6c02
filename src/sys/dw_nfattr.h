/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all who read rules of nf_tables have to know of its messages: linux/netfilter/nf_tables.h. Pure. */
#ifndef DW_NFATTR_H
#define DW_NFATTR_H

#include "dw_attr.h"

/* A register as the first of its 4-byte slots, 0 to 15, by old numbers (16 bytes) or new ones; -1: it is none. */
int dw_nf_slot(const struct nlattr *reg);
/* "inet", "ip" ...: NFPROTO_xxx as nft(8) writes it. */
const char *dw_nf_family_name(uint8_t family);
/* The comment of a rule, of NFTA_RULE_USERDATA. In the arena; NULL: it has none. */
const char *dw_nf_comment(struct dw_arena *a, const struct nlattr *userdata);

#endif
