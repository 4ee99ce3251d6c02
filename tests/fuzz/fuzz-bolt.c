/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bbolt database as podman leaves it. */
#include <stdint.h>
#include <string.h>

#include "bolt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[][4] = { { "ctr", "a", "config", NULL },
						{ "ctr", "x", NULL },
						{ "k", NULL } };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes db = { .data = dw_arena_alloc(a, size + 1), .n = size }, value;

	if (size)
		memcpy(db.data, data, size);
	for (size_t i = 0; i < DW_ARRAY_SIZE(paths); i++)
		if (dw_bolt_get(&db, paths[i], &value) &&
		    (value.data < db.data || value.n > size - (size_t)(value.data - db.data)))
			__builtin_trap();
	return 0;
}
