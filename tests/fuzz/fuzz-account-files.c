/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* passwd(5), shadow(5) and group(5), whatever is in them. */
#include <string.h>

#include "accounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = dw_arena_alloc(a, size + 1), .n = size };
	struct host_accounts all = { .uid_min = 1000, .uid_max = 60000 };

	if (size > 0)
		memcpy(text.data, data, size);
	host_passwd_parse(a, &text, &all);
	host_shadow_parse(a, &text, &all);
	host_group_parse(a, &text, &all);
	for (size_t i = 0; i < all.users.n; i++) {
		const struct host_user *u = &all.users.v[i];

		if (!u->name[0] || strchr(u->name, ':') || !u->line)
			__builtin_trap();
		(void)host_has_password(&all, u);
		(void)host_is_login_shell(u->shell);
		(void)host_is_person(&all, u);
	}
	return 0;
}
