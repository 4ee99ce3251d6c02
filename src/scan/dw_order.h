/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Permutations of 0..n-1 without a list: a Feistel network with cycle walking (Black and Rogaway, "Ciphers with
 * arbitrary finite domains", 2002). For the order of hosts and ports, and for shards.
 */
#ifndef DW_ORDER_H
#define DW_ORDER_H

#include <stdint.h>

struct dw_order {
	uint64_t n;
	uint64_t key[4];
	unsigned half; /* bits of each half */
};

/* seed and salt: the same give the same. n from 1 to 2^62. */
void dw_order_init(struct dw_order *o, uint64_t n, uint64_t seed, uint64_t salt);
/* Where i goes; i < n. */
uint64_t dw_order_at(const struct dw_order *o, uint64_t i);
/* Which shard (from 1) of `shards` the position of a host's order is in: (position + hash of host) mod shards. */
uint32_t dw_order_shard(uint64_t seed, uint64_t host, uint64_t position, uint32_t shards);

#endif
