/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of nf_tables (one after the other, as a dump gives them), read and walked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nft.h"

/* mnl_nlmsg_ok() takes a length over 2^31 for a negative one; the kernel sends none, a fuzzer does. */
static const struct nlmsghdr *message_at(const char *data, size_t size, size_t at)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)(data + at);

	if (at > size || size - at < NLMSG_HDRLEN)
		return NULL;
	return m->nlmsg_len >= NLMSG_HDRLEN && m->nlmsg_len <= size - at ? m : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_facts *facts = dw_facts_new();
	struct dw_arena *scratch = dw_arena_new();
	struct dw_collect c = { .facts = facts };
	struct dw_forwards out = { .collect = &c, .scratch = scratch };
	struct dw_nft_ruleset *rules = dw_new(scratch, struct dw_nft_ruleset);
	struct dw_nft_walk walk = { .rules = rules, .out = &out };
	/* messages are aligned in the kernel's buffers too */
	char *copy = dw_arena_memdup(scratch, data, size);
	const struct nlmsghdr *m;

	*dw_vec_add(facts->arena, &facts->netns) =
		(struct dw_netns_fact){ .inode = 1, .name = "host" };
	rules->arena = scratch;
	for (size_t at = 0; (m = message_at(copy, size, at)); at += NLMSG_ALIGN(m->nlmsg_len))
		dw_nft_message(rules, m);
	for (size_t i = 0; i < rules->sets.n; i++)
		dw_nft_set_order(rules, rules->sets.v[i]);
	walk.steps = DW_NFT_STEPS_MAX - 20000; /* keeps each run short */
	dw_nft_walk_all(&walk);
	dw_forwards_free(&out);
	dw_arena_free(scratch);
	dw_facts_free(facts);
	return 0;
}
