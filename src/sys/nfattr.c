/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_nfattr.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

int dw_nf_slot(const struct nlattr *a)
{
	uint32_t reg = dw_attr_be32(a);

	if (!a)
		return -1;
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return (int)(reg - NFT_REG_1) * 4;
	if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		return (int)(reg - NFT_REG32_00);
	return -1;
}

const char *dw_nf_family_name(uint8_t family)
{
	static const struct {
		uint8_t family;
		const char *name;
	} names[] = {
		{ NFPROTO_INET, "inet" },     { NFPROTO_IPV4, "ip" }, { NFPROTO_IPV6, "ip6" },
		{ NFPROTO_BRIDGE, "bridge" }, { NFPROTO_ARP, "arp" }, { NFPROTO_NETDEV, "netdev" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (names[i].family == family)
			return names[i].name;
	return "unknown";
}

/* Comments are TLVs (type, length, bytes) of libnftnl's own making; type 0 is the comment. */
const char *dw_nf_comment(struct dw_arena *a, const struct nlattr *userdata)
{
	const uint8_t *p = dw_attr_data(userdata);
	size_t n = dw_attr_size(userdata);

	for (size_t at = 0; n - at >= 2;) {
		size_t length = p[at + 1];

		if (length > n - at - 2)
			break;
		if (p[at] == 0 && length > 0)
			return dw_arena_strndup(a, (const char *)p + at + 2, length);
		at += 2 + length;
	}
	return NULL;
}
