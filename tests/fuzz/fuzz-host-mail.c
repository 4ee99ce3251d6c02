/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* aliases(5) and mbox(5) */
#include <string.h>

#include "notice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	uint64_t since = 0;
	unsigned line = 0, n = 0;
	const char *to;

	if (size > 0)
		memcpy(text.data, data, size);
	to = host_alias_of(a, &text, "root", &line);
	host_mbox_unread(&text, &n, &since);
	if ((to != NULL) != (line > 0) || (n == 0 && since))
		__builtin_trap();
	return 0;
}
