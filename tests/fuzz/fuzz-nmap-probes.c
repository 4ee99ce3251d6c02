/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An nmap-service-probes file, and an answer matched with what it holds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identify_nmap.h"
#include "identify_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_bytes bytes = { .data = calloc(1, size + 1), .n = size };
	const struct dw_reply reply = { .bytes = data, .n = size, .asked = -1, .nmap_asked = -1 };
	struct identify_record r = { 0 };
	struct dw_nmap *n;
	uint16_t plan[8];

	if (!bytes.data || dw_pattern_load(NULL) < 0)
		__builtin_trap();
	memcpy(bytes.data, data, size);
	n = dw_nmap_read("probes", &bytes);
	if (dw_nmap_plan(n, false, 80, plan, 8) > 8)
		__builtin_trap();
	(void)dw_nmap_try(n, &reply, false, &r);
	dw_nmap_free(n);
	free(bytes.data);
	return 0;
}
