/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dpkg's log: what is found is a line of a package of the run, and is told in one line. */
#include <stdint.h>
#include <string.h>

#include "change-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_run_door doors[] = { { .role = DW_RUN_DOOR_CLOSED, .package = "telnetd" },
				       { .role = DW_RUN_DOOR_KEPT, .package = "openssh-server" } };
	struct dw_run run = { .started = 1000000000, .doors = doors, .n_doors = 2 };
	struct dw_bytes log = { .data = dw_arena_alloc(a, size + 1), .n = size };
	const char *found;

	if (size > 0)
		memcpy(log.data, data, size);
	found = dw_change_who_log(NULL, &log, "LOG", &run, NULL, a);
	if (found && (strncmp(found, "dpkg at ", 8) != 0 || !strstr(found, " telnetd") ||
		      strchr(found, '\n')))
		__builtin_trap();
	return 0;
}
