/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cgroup paths of container runtimes. */
#include <stdint.h>
#include <string.h>

#include "container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_container_ref ref;

	if (dw_container_parse_cgroup(dw_arena_strndup(a, (const char *)data, size), &ref) &&
	    (!ref.runtime || !*ref.key || strchr(ref.key, '/')))
		__builtin_trap();
	return 0;
}
