/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/maps; and the same bytes as a path of a cgroup and the name of a kernel. */
#include <string.h>

#include "updates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	const char *gone, *unit;

	if (size > 0)
		memcpy(text.data, data, size);
	gone = host_maps_gone(a, &text);
	if (gone && gone[0] != '/')
		__builtin_trap();
	unit = host_unit_of_cgroup(a, text.data);
	if (unit && strchr(unit, '/'))
		__builtin_trap();
	if (strlen(host_kernel_flavour(text.data)) > size)
		__builtin_trap();
	return 0;
}
