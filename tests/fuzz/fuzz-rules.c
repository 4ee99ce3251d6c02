/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of nftables, iptables and (first byte odd) firewalld; each rule is held against one door. */
#include <stdint.h>
#include <string.h>

#include "rules.h"

static void no_include(const struct dw_rules_text *from, const char *pattern)
{
	if (!from->file || !pattern)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_starters s = { .facts = f, .arena = f->arena };
	struct dw_rules rules = { 0 };
	struct dw_rules_text t = {
		.s = &s, .rules = &rules, .file = "rules", .include = no_include
	};
	struct dw_bytes text = { .data = dw_arena_alloc(f->arena, size + 1), .n = size };
	struct dw_redirect_fact door = {
		.kind = DW_KIND_FORWARDED,
		.at = { .protocol = DW_PROTOCOL_TCP,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = 80 },
		.target = "10.0.0.1:80, [fd00::1]:81, local:82-84, words",
	};

	if (size)
		memcpy(text.data, data, size);
	text.data[size] = '\0';
	if (size && data[0] & 1)
		dw_rules_parse_zone(&t, &text);
	else
		dw_rules_parse(&t, &text);
	for (size_t i = 0; i < rules.v.n; i++) {
		if (!rules.v.v[i].line)
			__builtin_trap();
		(void)dw_rule_score(&rules.v.v[i], &door);
	}
	dw_facts_free(f);
	return 0;
}
