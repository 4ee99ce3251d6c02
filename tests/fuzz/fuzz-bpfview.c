/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of a BPF walk, as a fixture may hold them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpfview.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_view v = { .arena = a };
	struct dw_bytes b = { .data = malloc(size + 1), .n = size };

	if (!b.data)
		return 0;
	memcpy(b.data, data, size);
	b.data[size] = '\0';
	dw_view_add(&v, &b);
	for (size_t i = 0; i < v.sockets.n; i++)
		(void)dw_view_protocol(&v.sockets.v[i]->k);
	dw_view_close(&v);
	free(b.data);
	return 0;
}
