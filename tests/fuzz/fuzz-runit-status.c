/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* supervise/status of runit and daemontools; other lengths are another's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "switch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_bytes status = { .data = malloc(size + 1), .n = size }; /* of just that length */
	struct dw_runit_status now = { 0 };
	bool good;

	if (!status.data)
		return 0;
	if (size > 0)
		memcpy(status.data, data, size);
	good = dw_switch_runit_parse(&status, &now);
	if (good != (size == 18 || size == 20) || good != now.supervised)
		__builtin_trap();
	if (good && (now.wanted != (char)data[17] || (now.pid & 255) != data[12]))
		__builtin_trap();
	free(status.data);
	return 0;
}
