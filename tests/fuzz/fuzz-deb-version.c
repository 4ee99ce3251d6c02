/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* deb-version(7): three lines are three versions, and their order has to be one. */
#include <string.h>

#include "updates.h"

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	const char *v[3] = { "", "", "" }, *line;
	struct dw_lines it;
	size_t n;

	if (size > 0)
		memcpy(text.data, data, size);
	it = dw_lines_of(&text);
	for (unsigned i = 0; i < 3 && dw_lines_next(&it, &line, &n); i++)
		v[i] = dw_arena_strndup(a, line, n);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 3; k++)
			if (sign(host_deb_compare(v[i], v[k])) !=
			    -sign(host_deb_compare(v[k], v[i])))
				__builtin_trap();
	/* no circle: a <= b <= c means a <= c */
	if (host_deb_compare(v[0], v[1]) <= 0 && host_deb_compare(v[1], v[2]) <= 0 &&
	    host_deb_compare(v[0], v[2]) > 0)
		__builtin_trap();
	return 0;
}
