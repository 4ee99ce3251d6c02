/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rsyslog.conf(5) */
#include <string.h>

#include "notice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	const char *to = NULL;

	if (size > 0)
		memcpy(text.data, data, size);
	/* a line is told exactly when there is somebody to send to */
	if ((host_rsyslog_forwards(a, &text, &to) > 0) != (to && *to))
		__builtin_trap();
	return 0;
}
