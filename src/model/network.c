/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "dw_policy.h"

const char *dw_network_text(struct dw_arena *a, const struct dw_network *n)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = n->family == DW_FAMILY_IPV4;

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, n->address, text, sizeof(text)))
		return "?";
	if (n->prefix == (v4 ? 32U : 128U))
		return dw_arena_strdup(a, text);
	return dw_arena_printf(a, "%s/%u", text, n->prefix);
}
