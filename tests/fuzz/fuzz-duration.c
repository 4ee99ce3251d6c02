/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "90s", "2h": never more than was allowed, and the same number again when it is written in seconds. */
#include <stdint.h>
#include <string.h>

#include "dw_parse.h"

#define MOST ((uint64_t)30 * 86400)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *s = dw_arena_strndup(a, size ? (const char *)data : "", size);
	uint64_t seconds = 0, again = 0, huge = 0;
	bool good = dw_parse_duration(s, MOST, &seconds);

	if (good && (seconds > MOST || strspn(s, "0123456789") + 1 != strlen(s)))
		__builtin_trap();
	if (good &&
	    (!dw_parse_duration(dw_arena_printf(a, "%jus", (uintmax_t)seconds), MOST, &again) ||
	     again != seconds))
		__builtin_trap();
	/* what fits in less fits in more, as the same; no multiplication goes over */
	if (dw_parse_duration(s, UINT64_MAX, &huge) ? good && huge != seconds : good)
		__builtin_trap();
	return 0;
}
