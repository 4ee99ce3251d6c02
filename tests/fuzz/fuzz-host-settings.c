/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of systemd and of shells. */
#include <string.h>

#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct host_settings ini = { 0 }, shell = { 0 };
	uint64_t n;

	if (size > 0)
		memcpy(text.data, data, size);
	host_ini_parse(a, &text, "f", &ini);
	host_shell_parse(a, &text, "f", &shell);
	for (size_t i = 0; i < ini.v.n; i++) {
		(void)host_size_parse(ini.v.v[i].value, &n);
		if (!ini.v.v[i].section || strchr(ini.v.v[i].value, '\n'))
			__builtin_trap();
	}
	for (size_t i = 0; i < shell.v.n; i++)
		if (!*shell.v.v[i].key || !shell.v.v[i].value)
			__builtin_trap();
	return 0;
}
