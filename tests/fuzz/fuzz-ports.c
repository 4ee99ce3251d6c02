/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/net/tcp and its kin, as the search for hidden ports reads them; the first byte chooses
 * which.
 */
#include <stdint.h>
#include <stdlib.h>

#include "probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_ports *ports = calloc(1, sizeof(*ports));
	struct dw_bytes text;

	if (ports && size > 0) {
		text.data = dw_arena_strndup(a, (const char *)data + 1, size - 1);
		text.n = size - 1;
		dw_ports_proc(ports, data[0] % DW_PROBES, &text, data[0] & 0x80);
	}
	free(ports);
	dw_arena_free(a);
	return 0;
}
