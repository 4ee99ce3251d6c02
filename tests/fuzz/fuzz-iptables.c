/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A legacy table: family (4 or 6), valid hooks, five hook entries (32 bits each), then the entries.
 */
#include <stdint.h>
#include <string.h>

#include "iptables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_facts *facts;
	struct dw_arena *scratch;
	struct dw_collect c = { 0 };
	struct dw_forwards out = { .collect = &c };
	uint32_t head[7];
	struct dw_iptables t = { .table = "nat", .max_steps = 2000 };

	if (size < sizeof(head))
		return 0;
	memcpy(head, data, sizeof(head));
	facts = c.facts = dw_facts_new();
	scratch = out.scratch = dw_arena_new();
	*dw_vec_add(facts->arena, &facts->netns) =
		(struct dw_netns_fact){ .inode = 1, .name = "host" };
	t.family = head[0] == 6 ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	t.valid_hooks = head[1];
	memcpy(t.hook_entry, head + 2, sizeof(t.hook_entry));
	t.entries = data + sizeof(head);
	t.n = size - sizeof(head);
	dw_iptables_walk(&out, &t);
	dw_forwards_free(&out);
	dw_arena_free(scratch);
	dw_facts_free(facts);
	return 0;
}
