/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nfmake.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

enum { REGISTER = NFT_REG32_00 };

static void put_be32(struct dw_nfmake *b, uint16_t type, uint32_t v)
{
	mnl_attr_put_u32(b->m, type, htonl(v));
}

static struct nlmsghdr *begin(struct dw_nfmake *b, uint16_t type, uint16_t flags, uint8_t family,
			      uint16_t resource)
{
	struct nlmsghdr *m;
	struct nfgenmsg *head;

	if (b->n + 1024 > sizeof(b->room))
		abort(); /* our own rules, of a number that is known */
	m = mnl_nlmsg_put_header(b->room + b->n);
	m->nlmsg_type = type;
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m->nlmsg_seq = b->seq++;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	head->res_id = htons(resource);
	return m;
}

static void end(struct dw_nfmake *b)
{
	if (!b->m)
		return;
	if (b->expressions)
		mnl_attr_nest_end(b->m, b->expressions);
	b->n += NLMSG_ALIGN(b->m->nlmsg_len);
	b->m = NULL;
	b->expressions = NULL;
}

void dw_nfmake_begin(struct dw_nfmake *b, uint32_t *seq)
{
	*b = (struct dw_nfmake){ .seq = *seq, .first = *seq, .next = seq };
	b->m = begin(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	end(b);
}

void dw_nfmake_message(struct dw_nfmake *b, uint16_t type, uint16_t flags, uint8_t family)
{
	end(b);
	b->m = begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, family, 0);
}

void dw_nfmake_table(struct dw_nfmake *b, const char *name, uint32_t flags)
{
	mnl_attr_put_strz(b->m, NFTA_TABLE_NAME, name);
	if (flags != 0)
		put_be32(b, NFTA_TABLE_FLAGS, flags);
}

void dw_nfmake_chain(struct dw_nfmake *b, const char *table, const char *name, uint32_t hook,
		     int32_t priority)
{
	struct nlattr *nest;

	mnl_attr_put_strz(b->m, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(b->m, NFTA_CHAIN_NAME, name);
	nest = mnl_attr_nest_start(b->m, NFTA_CHAIN_HOOK);
	put_be32(b, NFTA_HOOK_HOOKNUM, hook);
	put_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	mnl_attr_nest_end(b->m, nest);
	mnl_attr_put_strz(b->m, NFTA_CHAIN_TYPE, "filter");
	put_be32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

void dw_nfmake_rule(struct dw_nfmake *b, const char *table, const char *chain)
{
	mnl_attr_put_strz(b->m, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(b->m, NFTA_RULE_CHAIN, chain);
	b->expressions = mnl_attr_nest_start(b->m, NFTA_RULE_EXPRESSIONS);
}

/* --- expressions -------------------------------------------------------------------------------- */

struct nests {
	struct nlattr *element, *data;
};

static struct nests open_expression(struct dw_nfmake *b, const char *name)
{
	struct nests n = { .element = mnl_attr_nest_start(b->m, NFTA_LIST_ELEM) };

	mnl_attr_put_strz(b->m, NFTA_EXPR_NAME, name);
	n.data = mnl_attr_nest_start(b->m, NFTA_EXPR_DATA);
	return n;
}

static void close_expression(struct dw_nfmake *b, struct nests n)
{
	mnl_attr_nest_end(b->m, n.data);
	mnl_attr_nest_end(b->m, n.element);
}

static void put_value(struct dw_nfmake *b, uint16_t type, const void *value, size_t n)
{
	struct nlattr *nest = mnl_attr_nest_start(b->m, type);

	mnl_attr_put(b->m, NFTA_DATA_VALUE, n, value);
	mnl_attr_nest_end(b->m, nest);
}

void dw_nfmake_meta(struct dw_nfmake *b, uint32_t key)
{
	struct nests n = open_expression(b, "meta");

	put_be32(b, NFTA_META_DREG, REGISTER);
	put_be32(b, NFTA_META_KEY, key);
	close_expression(b, n);
}

void dw_nfmake_meta_set(struct dw_nfmake *b, uint32_t key, uint8_t value)
{
	struct nests n = open_expression(b, "immediate");

	put_be32(b, NFTA_IMMEDIATE_DREG, REGISTER);
	put_value(b, NFTA_IMMEDIATE_DATA, &value, sizeof(value));
	close_expression(b, n);
	n = open_expression(b, "meta");
	put_be32(b, NFTA_META_KEY, key);
	put_be32(b, NFTA_META_SREG, REGISTER);
	close_expression(b, n);
}

void dw_nfmake_transport(struct dw_nfmake *b, uint32_t offset, uint32_t length)
{
	struct nests n = open_expression(b, "payload");

	put_be32(b, NFTA_PAYLOAD_DREG, REGISTER);
	put_be32(b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	put_be32(b, NFTA_PAYLOAD_OFFSET, offset);
	put_be32(b, NFTA_PAYLOAD_LEN, length);
	close_expression(b, n);
}

void dw_nfmake_mask(struct dw_nfmake *b, const void *mask, uint32_t size)
{
	static const uint8_t nothing[16];
	struct nests n = open_expression(b, "bitwise");

	put_be32(b, NFTA_BITWISE_SREG, REGISTER);
	put_be32(b, NFTA_BITWISE_DREG, REGISTER);
	put_be32(b, NFTA_BITWISE_LEN, size);
	put_value(b, NFTA_BITWISE_MASK, mask, size);
	put_value(b, NFTA_BITWISE_XOR, nothing, size);
	close_expression(b, n);
}

void dw_nfmake_is(struct dw_nfmake *b, uint32_t op, const void *value, size_t size)
{
	struct nests n = open_expression(b, "cmp");

	put_be32(b, NFTA_CMP_SREG, REGISTER);
	put_be32(b, NFTA_CMP_OP, op);
	put_value(b, NFTA_CMP_DATA, value, size);
	close_expression(b, n);
}

void dw_nfmake_log(struct dw_nfmake *b, uint16_t group, const char *prefix)
{
	struct nests n = open_expression(b, "log");

	mnl_attr_put_u16(b->m, NFTA_LOG_GROUP, htons(group));
	mnl_attr_put_strz(b->m, NFTA_LOG_PREFIX, prefix);
	close_expression(b, n);
}

void dw_nfmake_verdict(struct dw_nfmake *b, uint32_t verdict)
{
	struct nests n = open_expression(b, "immediate");
	struct nlattr *data, *nest;

	put_be32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = mnl_attr_nest_start(b->m, NFTA_IMMEDIATE_DATA);
	nest = mnl_attr_nest_start(b->m, NFTA_DATA_VERDICT);
	put_be32(b, NFTA_VERDICT_CODE, verdict);
	mnl_attr_nest_end(b->m, nest);
	mnl_attr_nest_end(b->m, data);
	close_expression(b, n);
}

int dw_nfmake_send(struct dw_nfmake *b, struct dw_listener *l, struct dw_error *e)
{
	uint32_t last = b->seq - 1;

	/* the answer to the last one says that all before it were well */
	if (b->m)
		b->m->nlmsg_flags |= NLM_F_ACK;
	end(b);
	b->m = begin(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	end(b);
	*b->next = b->seq;
	return dw_listener_batch(l, b->room, b->n, b->first, last, e);
}
