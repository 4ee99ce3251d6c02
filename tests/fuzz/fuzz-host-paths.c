/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths in settings of services, accounts in scripts. */
#include <string.h>

#include "lying-paths.h"
#include "shell-use.h"

static void named(void *data, const char *path, bool include)
{
	size_t *n = data;

	(*n)++;
	if (path[0] != '/' || !path[1] || strlen(path) > 255 || strpbrk(path, " \t\"'%$"))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	size_t n = 0;

	if (size > 0)
		memcpy(text.data, data, size);
	text.data[size] = '\0';
	host_paths_in_text(a, &text, named, &n);
	if (n > size || host_shell_line(a, &text, "ann") > size + 1)
		__builtin_trap();
	return 0;
}
