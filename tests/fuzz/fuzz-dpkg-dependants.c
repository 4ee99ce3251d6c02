/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who needs a package: the first line is its name, and what follows is dpkg's status. */
#include <string.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_strings found = { 0 };
	struct dw_error e = { 0 };
	const char *package;
	size_t n;

	if (size > 0)
		memcpy(text.data, data, size);
	n = strcspn(text.data, "\n");
	package = dw_arena_strndup(a, text.data, n);
	text.data += n;
	text.n -= n;
	if (dw_dpkg_parse_dependants(a, &text, package, &found, &e) < 0) {
		if (found.n > 0 || !e.message[0])
			__builtin_trap();
		return 0;
	}
	if (found.n > DW_DEPENDANTS_MAX)
		__builtin_trap();
	for (size_t i = 0; i < found.n; i++) {
		if (dw_streq(found.v[i], package))
			__builtin_trap();
		for (size_t k = 0; k < i; k++)
			if (dw_streq(found.v[i], found.v[k]))
				__builtin_trap();
	}
	return 0;
}
