/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "initsys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_inittab tab;

	if (size > 0)
		memcpy(text.data, data, size);
	dw_inittab_parse(a, &text, &tab, NULL, NULL);
	for (size_t i = 0; i < tab.lines.n; i++)
		(void)dw_inittab_at_boot(&tab, &tab.lines.v[i]);
	return 0;
}
