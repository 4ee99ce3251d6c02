/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xinetd.conf(5). */
#include <stdint.h>
#include <string.h>

#include "xinetd_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_bytes text = { .data = dw_arena_alloc(f->arena, size + 1), .n = size };
	struct dw_xinetd_conf c = { 0 };

	if (size)
		memcpy(text.data, data, size);
	dw_xinetd_parse(f, "xinetd.conf", &text, &c);
	for (size_t i = 0; i < c.n; i++)
		if (!c.v[i].name || !c.v[i].id || !c.v[i].line)
			__builtin_trap();
	dw_facts_free(f);
	return 0;
}
