/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a unit's commands start: who gets root's rights by a sign has that sign in a line of ExecStart=. */
#include <stdint.h>
#include <string.h>

#include "unit-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_bytes text = {
		.data = dw_arena_memdup(a, size ? (const char *)data : "", size), .n = size
	};
	bool mighty = false, again = true;

	dw_confine_starts_mighty(a, &text, &mighty);
	if (mighty &&
	    (!memmem(text.data, size, "ExecStart", 9) || !memmem(text.data, size, "[Service]", 9) ||
	     (!memchr(text.data, '!', size) && !memchr(text.data, '+', size))))
		__builtin_trap();
	/* what was so before is taken back by an empty ExecStart= alone */
	dw_confine_starts_mighty(a, &text, &again);
	if (!again && (mighty || !memmem(text.data, size, "ExecStart", 9)))
		__builtin_trap();
	return 0;
}
