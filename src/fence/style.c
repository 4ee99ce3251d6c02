/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_fence.h"

const char *dw_fence_style_name(enum dw_fence_style s)
{
	static const char *const names[DW_FENCE_STYLE_COUNT] = {
		[DW_FENCE_NFT] = "nft",
		[DW_FENCE_IPTABLES] = "iptables",
		[DW_FENCE_UFW] = "ufw",
		[DW_FENCE_FIREWALLD] = "firewalld",
	};

	return (size_t)s < DW_FENCE_STYLE_COUNT ? names[s] : "unknown";
}
