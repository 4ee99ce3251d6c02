/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dpkg's statoverride: the first line is the path, the rest the file. What is found is a line of it about that path. */
#include <stdint.h>
#include <string.h>

#include "levers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes all = { .data = dw_arena_alloc(a, size + 1), .n = size }, text;
	const char *line, *path, *found;
	unsigned lines = 0, count = 0;
	struct dw_lines it;
	size_t n;

	if (size > 0)
		memcpy(all.data, data, size);
	it = dw_lines_of(&all);
	if (!dw_lines_next(&it, &line, &n))
		return 0;
	path = dw_arena_strndup(a, line, n);
	text = (struct dw_bytes){ .data = all.data + (it.p - all.data),
				  .n = (size_t)(it.end - it.p) };
	found = dw_levers_override(a, &text, path, &lines);
	it = dw_lines_of(&text);
	while (dw_lines_next(&it, &line, &n))
		count++;
	if (lines != count || (found && (!dw_ends_with(found, path) || strchr(found, '\n'))))
		__builtin_trap();
	return 0;
}
