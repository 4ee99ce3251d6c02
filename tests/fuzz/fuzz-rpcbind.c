/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An answer of rpcbind; the first byte is the version that was asked for. */
#include <stdint.h>

#include "rpcbind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_rpc_programs programs = { 0 };
	struct dw_arena *a;

	if (size < 1)
		return 0;
	a = dw_arena_new();
	(void)dw_rpc_complete(data + 1, size - 1);
	(void)dw_rpc_parse(a, data[0], data + 1, size - 1, &programs);
	dw_arena_free(a);
	return 0;
}
