/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The head of a Release file. */
#include <string.h>

#include "updates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct host_release x;

	if (size > 0)
		memcpy(text.data, data, size);
	host_release_parse(a, &text, &x);
	if (!x.label || !x.suite || !x.codename || !x.origin)
		__builtin_trap();
	(void)host_release_is_security(&x);
	return 0;
}
