/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A permutation without a list. */
#include "dw_order.h"

#define ROUNDS 4

/* The finaliser of MurmurHash3: every bit of x changes each of the result with probability 1/2. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

void dw_order_init(struct dw_order *o, uint64_t n, uint64_t seed, uint64_t salt)
{
	uint64_t k = mix(seed) ^ mix(salt ^ 0x9e3779b97f4a7c15ULL);

	o->n = n;
	o->half = 1;
	while (o->half < 31 && (uint64_t)1 << (2 * o->half) < n)
		o->half++;
	for (unsigned i = 0; i < ROUNDS; i++)
		o->key[i] = k = mix(k + 0x9e3779b97f4a7c15ULL);
}

static uint64_t step(const struct dw_order *o, uint64_t i)
{
	uint64_t mask = ((uint64_t)1 << o->half) - 1, left = i >> o->half, right = i & mask;

	for (unsigned r = 0; r < ROUNDS; r++) {
		uint64_t next = left ^ (mix(right ^ o->key[r]) & mask);

		left = right;
		right = next;
	}
	return left << o->half | right;
}

uint64_t dw_order_at(const struct dw_order *o, uint64_t i)
{
	/* The domain is at most four times n: four steps on average, and the cycle leads back below n for sure. */
	do
		i = step(o, i);
	while (i >= o->n);
	return i;
}

uint32_t dw_order_shard(uint64_t seed, uint64_t host, uint64_t position, uint32_t shards)
{
	return (uint32_t)((position + mix(seed ^ mix(host))) % shards) + 1;
}
