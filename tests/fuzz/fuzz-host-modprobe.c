/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of modprobe.d(5), and modules.alias of depmod(8): the same bytes as both. */
#include <string.h>

#include "modprobe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct host_modprobes all = { 0 }, none = { 0 };
	const char *alias;

	if (size > 0)
		memcpy(text.data, data, size);
	host_modprobe_parse(a, &text, &all);
	for (size_t i = 0; i < all.v.n; i++)
		if (!*all.v.v[i].name || !all.v.v[i].rest)
			__builtin_trap();
	alias = host_modprobe_alias(a, &text, &all, "sctp");
	/* what settings take away is there without them */
	if (alias &&
	    (!dw_starts_with(alias, "net-pf-") || !host_modprobe_alias(a, &text, &none, "sctp")))
		__builtin_trap();
	return 0;
}
