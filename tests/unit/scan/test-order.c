/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Permutations: each place once, whatever the size; shards: disjoint and complete. */
#include <stdlib.h>

#include "dw_order.h"
#include "dw_test.h"

static void is_permutation(uint64_t n, uint64_t seed)
{
	unsigned char *met = calloc(n, 1);
	struct dw_order o = { 0 };
	uint64_t twice = 0, beyond = 0, in_place = 0;

	if (met == NULL)
		abort();
	dw_order_init(&o, n, seed, 7);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = dw_order_at(&o, i);

		if (at >= n) {
			beyond++;
			continue;
		}
		twice += met[at];
		met[at] = 1;
		in_place += at == i;
	}
	DW_CHECK_INT(twice, 0);
	DW_CHECK_INT(beyond, 0);
	if (n > 1000)
		DW_CHECK(in_place < 20); /* one is expected by chance */
	free(met);
}

DW_TEST(each_place_once)
{
	static const uint64_t sizes[] = { 1, 2, 3, 4, 5, 17, 255, 256, 257, 65535, 65536, 1000003 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (uint64_t seed = 0; seed < 3; seed++)
			is_permutation(sizes[i], seed);
	}
}

DW_TEST(large_sizes_stay_inside)
{
	struct dw_order o = { 0 };
	uint64_t n = 1ULL << 62;

	dw_order_init(&o, n, 1, 1);
	for (uint64_t i = 0; i < 10000; i++)
		DW_CHECK(dw_order_at(&o, n - 1 - i) < n);
}

DW_TEST(the_seed_decides)
{
	struct dw_order a = { 0 }, b = { 0 }, c = { 0 };
	unsigned same = 0, other = 0;

	dw_order_init(&a, 1000, 1, 1);
	dw_order_init(&b, 1000, 1, 1);
	dw_order_init(&c, 1000, 2, 1);
	for (uint64_t i = 0; i < 1000; i++) {
		same += dw_order_at(&a, i) == dw_order_at(&b, i);
		other += dw_order_at(&a, i) == dw_order_at(&c, i);
	}
	DW_CHECK_INT(same, 1000);
	DW_CHECK(other < 20);
}

DW_TEST(shards_share_all)
{
	for (uint32_t shards = 1; shards < 20; shards++) {
		unsigned n[20] = { 0 };

		for (uint64_t i = 0; i < 1000; i++) {
			uint32_t s = dw_order_shard(5, 77, i, shards);

			DW_CHECK(s >= 1 && s <= shards);
			n[s]++;
		}
		for (uint32_t s = 1; s <= shards; s++)
			DW_CHECK(n[s] >= 1000 / shards && n[s] <= 1000 / shards + 1);
	}
}

DW_TEST_MAIN
