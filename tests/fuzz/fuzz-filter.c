/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Classic BPF programs: 8 bytes an instruction, as a socket's owner has written them. */
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "netcol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a = dw_arena_new();
	const char *text = dw_filter_text(a, data, size / sizeof(struct sock_filter));

	if (strlen(text) > 1024)
		abort(); /* bounded is promised */
	(void)dw_packet_text(a, size ? data[0] : 0, data, size / sizeof(struct sock_filter));
	dw_arena_free(a);
	return 0;
}
