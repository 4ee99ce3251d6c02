/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of packages in frames of LZ4: what goes round liblz4. */
#include <string.h>

#include "lz4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes packed = { .data = dw_arena_alloc(a, size + 1), .n = size }, text = { 0 };

	if (size > 0)
		memcpy(packed.data, data, size);
	if (host_lz4_read(a, &packed, 1 << 20, &text, NULL) == 0 &&
	    (text.n > 1 << 20 || text.data[text.n] != '\0'))
		__builtin_trap();
	return 0;
}
