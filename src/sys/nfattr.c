/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_nfattr.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

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

/* A number in network order. */
static void minus_one(uint8_t *bytes, size_t n)
{
	while (n-- > 0)
		if (bytes[n]-- != 0)
			return;
}

size_t dw_nf_pair(void *v, size_t n, size_t size,
		  void (*look)(void *element, struct dw_nf_bound *ret))
{
	struct dw_nf_bound open = { 0 };
	char *all = v;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct dw_nf_bound b = { 0 };

		look(all + i * size, &b);
		if (open.high && !b.apart) {
			memcpy(open.high, b.low, open.n);
			minus_one(open.high, open.n);
			open.high = NULL;
		}
		if (b.end)
			continue;
		if (kept < i)
			memcpy(all + kept * size, all + i * size, size);
		if (!b.apart) {
			look(all + kept * size, &open);
			memset(open.high, 0xff, open.n);
		}
		kept++;
	}
	return kept;
}
