/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* utmp(5): fixed records whose strings need not be terminated. */
#include <stddef.h>
#include <stdint.h>

#include "accounts-use.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_session v = { 0 };
	struct dw_strings names = { 0 };

	if (size)
		__builtin_memcpy(text.data, data, size);
	if (dw_session_utmp(a, &text, "pts/0", &v))
		(void)dw_session_text(a, &v);
	host_wtmp_names(a, &text, &names);
	for (size_t i = 0; i < names.n; i++)
		if (!*names.v[i])
			__builtin_trap();
	dw_arena_free(a);
	return 0;
}
