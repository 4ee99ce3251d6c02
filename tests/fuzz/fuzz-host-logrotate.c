/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* logrotate(8) */
#include <string.h>

#include "notice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_strings patterns = { 0 }, includes = { 0 };

	if (size > 0)
		memcpy(text.data, data, size);
	host_logrotate_parse(a, &text, &patterns, &includes);
	for (size_t i = 0; i < patterns.n; i++)
		if (patterns.v[i][0] != '/')
			__builtin_trap();
	return 0;
}
