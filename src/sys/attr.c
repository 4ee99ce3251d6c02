/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_attr.h"

#include <endian.h>
#include <string.h>

void dw_attr_table(const void *payload, size_t n, const struct nlattr **tb, unsigned max)
{
	memset(tb, 0, (max + 1) * sizeof(*tb));
	if (!payload)
		return;
	dw_attr_each(a, payload, n)
	{
		if (mnl_attr_get_type(a) <= max)
			tb[mnl_attr_get_type(a)] = a;
	}
}

void dw_attr_message(const struct nlmsghdr *m, size_t skip, const struct nlattr **tb, unsigned max)
{
	size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(skip);

	if (m->nlmsg_len < head)
		dw_attr_table(NULL, 0, tb, max);
	else
		dw_attr_table((const char *)m + head, m->nlmsg_len - head, tb, max);
}

void dw_attr_nested(const struct nlattr *a, const struct nlattr **tb, unsigned max)
{
	dw_attr_table(dw_attr_data(a), dw_attr_size(a), tb, max);
}

size_t dw_attr_size(const struct nlattr *a)
{
	return a ? mnl_attr_get_payload_len(a) : 0;
}

const void *dw_attr_data(const struct nlattr *a)
{
	return a ? mnl_attr_get_payload(a) : NULL;
}

/*
 * Attributes are padded to 4 bytes only: an 8-byte value may lie askew, so every value is copied
 * out.
 */
static void copy_out(const struct nlattr *a, void *ret, size_t n)
{
	memset(ret, 0, n);
	if (dw_attr_size(a) >= n)
		memcpy(ret, dw_attr_data(a), n);
}

uint8_t dw_attr_u8(const struct nlattr *a)
{
	uint8_t v;

	copy_out(a, &v, sizeof(v));
	return v;
}

uint16_t dw_attr_u16(const struct nlattr *a)
{
	uint16_t v;

	copy_out(a, &v, sizeof(v));
	return v;
}

uint32_t dw_attr_u32(const struct nlattr *a)
{
	uint32_t v;

	copy_out(a, &v, sizeof(v));
	return v;
}

uint16_t dw_attr_be16(const struct nlattr *a)
{
	return be16toh(dw_attr_u16(a));
}

uint32_t dw_attr_be32(const struct nlattr *a)
{
	return be32toh(dw_attr_u32(a));
}

uint64_t dw_attr_be64(const struct nlattr *a)
{
	uint64_t v;

	copy_out(a, &v, sizeof(v));
	return be64toh(v);
}

const char *dw_attr_string(struct dw_arena *arena, const struct nlattr *a)
{
	return a ? dw_arena_strndup(arena, dw_attr_data(a), dw_attr_size(a)) : NULL;
}
