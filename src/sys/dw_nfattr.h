/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all who read rules of nf_tables have to know of its messages: linux/netfilter/nf_tables.h. Pure. */
#ifndef DW_NFATTR_H
#define DW_NFATTR_H

#include "dw_attr.h"

/* A register as the first of its 4-byte slots, 0 to 15, by old numbers (16 bytes) or new ones; -1: it is none. */
int dw_nf_slot(const struct nlattr *reg);
/* "inet", "ip" ...: NFPROTO_xxx as nft(8) writes it. */
const char *dw_nf_family_name(uint8_t family);
/* An element of a set of intervals, wherever it lies. */
struct dw_nf_bound {
	const uint8_t *low;
	uint8_t *high; /* of as many bytes */
	size_t n;
	bool end;   /* it ends an interval, and is none itself */
	bool apart; /* it is about no key (the catch-all element): it neither ends nor begins one */
};
/*
 * A set of intervals over one field is dumped as starts and (exclusive) ends; a start without an end reaches to the
 * last value. Makes intervals of them: v, whose elements of `size` bytes are in order of their lows, ends first where
 * they are alike, has only starts behind that, with their last key in `high`. Returns how many. Intervals of
 * concatenations carry their own end instead.
 */
size_t dw_nf_pair(void *v, size_t n, size_t size,
		  void (*look)(void *element, struct dw_nf_bound *ret));
/* The comment of a rule, of NFTA_RULE_USERDATA. In the arena; NULL: it has none. */
const char *dw_nf_comment(struct dw_arena *a, const struct nlattr *userdata);

#endif
