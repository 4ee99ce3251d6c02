/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inetd.conf(5), and its lines against an endpoint. */
#include <stdint.h>

#include "inetd_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_bytes text = { .data = dw_arena_strndup(f->arena, "", 0), .n = 0 };
	struct dw_inetd_lines lines = { 0 };

	if (size)
		text = (struct dw_bytes){ .data = dw_arena_alloc(f->arena, size + 1), .n = size };
	for (size_t i = 0; i < size; i++)
		text.data[i] = (char)data[i];
	dw_inetd_parse(f, "inetd.conf", &text, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		struct dw_endpoint at = dw_inetd_endpoint(&lines.v[i]);

		/* what a line asks for is what it opens, unless the address is a host's name */
		if (lines.v[i].port && !lines.v[i].address && !dw_inetd_opens(&lines.v[i], &at))
			__builtin_trap();
	}
	dw_facts_free(f);
	return 0;
}
