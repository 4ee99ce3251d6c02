/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "batch.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

size_t dw_batch_begin(struct dw_batch *b, uint16_t type, uint16_t flags, uint8_t family,
		      uint16_t res, struct dw_batch_part part)
{
	size_t at = b->bytes.n;
	struct {
		struct nlmsghdr m;
		struct nfgenmsg g;
	} head = { 0 };

	b->last = at;
	head.m.nlmsg_type = type;
	head.m.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	head.m.nlmsg_seq = (uint32_t)b->parts.n;
	head.g.nfgen_family = family;
	head.g.version = NFNETLINK_V0;
	head.g.res_id = htons(res);
	dw_str_addn(&b->bytes, (const char *)&head, sizeof(head));
	dw_vec_push(b->arena, &b->parts, part);
	return at;
}

size_t dw_batch_begin_nft(struct dw_batch *b, unsigned type, uint16_t flags, uint8_t family,
			  struct dw_batch_part part)
{
	return dw_batch_begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, family, 0,
			      part);
}

void dw_batch_end(struct dw_batch *b, size_t at)
{
	uint32_t n = (uint32_t)(b->bytes.n - at);

	memcpy(b->bytes.s + at, &n, sizeof(n)); /* nlmsg_len */
}

static void pad(struct dw_batch *b)
{
	static const char zeros[NLA_ALIGNTO] = "";

	dw_str_addn(&b->bytes, zeros, (NLA_ALIGNTO - b->bytes.n % NLA_ALIGNTO) % NLA_ALIGNTO);
}

void dw_batch_add(struct dw_batch *b, unsigned type, const void *data, size_t n)
{
	struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + n), .nla_type = (uint16_t)type };

	dw_str_addn(&b->bytes, (const char *)&a, sizeof(a));
	dw_str_addn(&b->bytes, data, n);
	pad(b);
}

void dw_batch_add_be32(struct dw_batch *b, unsigned type, uint32_t v)
{
	uint32_t big = htobe32(v);

	dw_batch_add(b, type, &big, sizeof(big));
}

void dw_batch_add_string(struct dw_batch *b, unsigned type, const char *s)
{
	dw_batch_add(b, type, s, strlen(s) + 1);
}

void dw_batch_add_attr(struct dw_batch *b, const struct nlattr *a)
{
	dw_str_addn(&b->bytes, (const char *)a, a->nla_len);
	pad(b);
}

size_t dw_batch_nest(struct dw_batch *b, unsigned type)
{
	struct nlattr a = { .nla_type = (uint16_t)(NLA_F_NESTED | type) };
	size_t at = b->bytes.n;

	dw_str_addn(&b->bytes, (const char *)&a, sizeof(a));
	return at;
}

void dw_batch_nest_end(struct dw_batch *b, size_t at)
{
	uint16_t n = (uint16_t)(b->bytes.n - at);

	memcpy(b->bytes.s + at, &n, sizeof(n)); /* nla_len */
}

void dw_batch_add_those(struct dw_batch *b, const void *attrs, size_t n, uint32_t mask)
{
	dw_attr_each(a, attrs, n)
	{
		if (mnl_attr_get_type(a) < 32 && mask >> mnl_attr_get_type(a) & 1)
			dw_batch_add_attr(b, a);
	}
}

void dw_batch_add_bytes(struct dw_batch *b, const void *p, size_t n)
{
	dw_str_addn(&b->bytes, p, n);
	pad(b);
}
