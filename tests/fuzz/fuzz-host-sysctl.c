/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of sysctl.d(5). */
#include <string.h>

#include "sysctls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct host_sysctls all = { 0 };

	if (size > 0)
		memcpy(text.data, data, size);
	host_sysctl_parse(a, &text, "f", &all);
	for (size_t i = 0; i < all.v.n; i++) {
		const struct host_sysctl *s = &all.v.v[i];
		const struct host_sysctl *by = host_sysctl_of(&all, s->name);

		/* nothing but what keeps globs off is without a value, and that sets nothing */
		if (!*s->name || (by && !by->value))
			__builtin_trap();
	}
	return 0;
}
