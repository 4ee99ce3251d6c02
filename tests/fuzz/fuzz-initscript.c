/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init scripts, run files, OpenRC's wrappers: shell text that is read and never run. */
#include <string.h>

#include "initscript.h"
#include "openrc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct dw_strings levels = { 0 };
	struct dw_script script;

	if (size > 0)
		memcpy(text.data, data, size);
	dw_script_scan(NULL, a, "/etc/init.d/fuzz", &text, &script);
	dw_script_scan_command(NULL, a, "/etc/inittab", 1, text.data, false, &script);
	dw_script_scan_command(NULL, a, "/etc/crontab", 1, text.data, true, &script);
	dw_openrc_wrapper_levels(a, &text, "2", &levels);
	return 0;
}
