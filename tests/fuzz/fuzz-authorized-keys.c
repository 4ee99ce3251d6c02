/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of keys: what lets in has a key that was read whole, and what does not has a reason. */
#include "dw_authkeys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes text = { .data = dw_arena_strndup(a, (const char *)data, size),
				       .n = size };
	struct dw_authkeys keys = { 0 };

	dw_authkeys_parse(a, &text, 1700000000, &keys);
	for (size_t i = 0; i < keys.v.n; i++) {
		const struct dw_authkey *k = &keys.v.v[i];

		if ((k->state == DW_AUTHKEY_YES) == (k->why != NULL))
			__builtin_trap();
		if (k->state != DW_AUTHKEY_NO && (!k->type || !k->blob || k->n < 4))
			__builtin_trap();
	}
	return 0;
}
