/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of container engines. Whole or not, and the same when parsed from a copy of just that length. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dw_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_bytes body = { 0 }, again = { 0 };
	unsigned status = 0, status_again = 0;
	int early = dw_http_parse((const char *)data, size, false, a, &status, &body);
	int late = dw_http_parse((const char *)data, size, true, a, &status_again, &again);

	/* what was whole before the end is the same at the end; what was bad stays bad */
	if (early == 0 && (late != 0 || status != status_again || body.n != again.n ||
			   body.n > size || memcmp(body.data, again.data, body.n) != 0))
		__builtin_trap();
	if ((early != 0 && early != -EAGAIN && late != early) || late == -EAGAIN)
		__builtin_trap();
	dw_arena_free(a);
	return 0;
}
