/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apt.conf(5) */
#include <string.h>

#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct host_settings all = { 0 };

	if (size > 0)
		memcpy(text.data, data, size);
	(void)host_apt_parse(a, &text, "f", &all);
	for (size_t i = 0; i < all.v.n; i++)
		if (!all.v.v[i].key || !all.v.v[i].value || all.v.v[i].line == 0)
			__builtin_trap();
	return 0;
}
