/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an SSH server offers, and places as they are written. */
#include <string.h>

#include "ssh-proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char *text = dw_arena_alloc(a, size + 1);
	uint8_t address[16];
	uint16_t port = 1;
	bool v6;

	if (size > 0)
		memcpy(text, data, size);
	if (ssh_way(data, size) > 8)
		__builtin_trap();
	(void)ssh_suite_of(data, size);
	if (ssh_methods_read(data, size) & ~(unsigned)SSH_METHODS_ALL)
		__builtin_trap();
	if (ssh_place(text, &v6, address, &port) && port == 0)
		__builtin_trap();
	return 0;
}
