/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of addresses of one family: laid together, as networks, in words. Pure; private to src/fence. */
#ifndef DW_FENCE_SPANS_H
#define DW_FENCE_SPANS_H

#include "dw_policy.h"
#include "dw_rehearse.h"
#include "dw_vec.h"

/* Addresses as numbers: IPv4 in the low 32 bits. */
__extension__ typedef unsigned __int128 dw_u128;

struct dw_range {
	dw_u128 low, high; /* both included */
};

struct dw_ranges {
	enum dw_family family; /* ipv4, ipv6 */
	struct dw_range *v;
	size_t n, cap;
};

struct dw_networks {
	struct dw_network *v;
	size_t n, cap;
	bool cut; /* there are more than the list may hold */
};

void dw_ranges_add(struct dw_arena *a, struct dw_ranges *r, const struct dw_rehearse_span *s);
void dw_ranges_add_all(struct dw_arena *a, struct dw_ranges *r); /* every address of the family */
/* Sorts, and lays together what touches: two halves of a /24 are the /24. Every other function wants that done. */
void dw_ranges_merge(struct dw_ranges *r);
/* Takes the addresses of `other` away from r. */
void dw_ranges_subtract(struct dw_arena *a, struct dw_ranges *r, const struct dw_ranges *other);
/* Adds the networks that the ranges are made of, at most `max` in the list. */
void dw_ranges_networks(struct dw_arena *a, const struct dw_ranges *r, size_t max,
			struct dw_networks *ret);
/*
 * "10.9.0.0/24", "10.9.0.5-10.9.0.20, 10.8.0.7", and, with `but` allowed and where it is shorter, "10.9.0.0/24 but
 * 10.9.0.7". NULL: no address. Long lists end with "and N more".
 */
const char *dw_ranges_words(struct dw_arena *a, const struct dw_ranges *r, bool but);

#endif
