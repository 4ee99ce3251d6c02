/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dpkg's status file as the switch of a package reads it: the first line is the package, the rest the file. */
#include <stdint.h>
#include <string.h>

#include "switch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes all = { .data = dw_arena_alloc(a, size + 1), .n = size }, text;
	struct dw_lines it;
	const char *line, *version;
	size_t n, rest;

	if (size > 0)
		memcpy(all.data, data, size);
	it = dw_lines_of(&all);
	if (!dw_lines_next(&it, &line, &n))
		return 0;
	/* a copy of just that length, but for the NUL behind each file */
	rest = (size_t)(it.end - it.p);
	text = (struct dw_bytes){ .data = dw_arena_alloc(a, rest + 1), .n = rest };
	memcpy(text.data, it.p, rest);
	version = dw_switch_package_version(a, &text, dw_arena_strndup(a, line, n));
	if (version && (strlen(version) > 255 || strchr(version, '\n')))
		__builtin_trap();
	return 0;
}
