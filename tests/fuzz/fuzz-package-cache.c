/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_package_cache *c = dw_package_cache_open(NULL, a, NULL);

	if (size > 0)
		memcpy(text.data, data, size);
	(void)dw_package_cache_parse(c, &text);
	dw_package_cache_close(c);
	return 0;
}
