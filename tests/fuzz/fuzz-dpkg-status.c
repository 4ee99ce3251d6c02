/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_dpkg_status status;

	if (size > 0)
		memcpy(text.data, data, size);
	dw_dpkg_parse_status(a, &text, &status, NULL, NULL);
	for (size_t i = 0; i < status.packages.n; i++)
		/* the name becomes part of a path */
		if (!status.packages.v[i].name || strchr(status.packages.v[i].name, '/'))
			__builtin_trap();
	return 0;
}
