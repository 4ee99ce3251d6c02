/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apt's extended_states, and the sweep over packages of dpkg's status: the same bytes as both. */
#include <string.h>

#include "autoremove.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct host_automatic automatic = { 0 };
	struct host_unneeded unneeded = { 0 };
	struct host_settings apt = { 0 };
	struct dw_dpkg_status all = { 0 };

	if (size > 0)
		memcpy(text.data, data, size);
	host_automatic_parse(a, &text, &automatic);
	for (size_t i = 0; i < automatic.v.n; i++)
		if (!automatic.v.v[i].name)
			__builtin_trap();
	dw_dpkg_parse_status(a, &text, &all, NULL, NULL);
	host_autoremove(a, &all, &automatic, &apt, &unneeded);
	/* what is essential is never among them */
	for (size_t i = 0; i < unneeded.v.n; i++)
		if (unneeded.v.v[i]->essential || unneeded.v.v[i]->required ||
		    !dw_dpkg_is_there(unneeded.v.v[i]))
			__builtin_trap();
	return 0;
}
