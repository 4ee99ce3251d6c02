/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The expressions of a rule, one by one: what they load, compare and do. */
#include <endian.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <string.h>

#include "dw_str.h"
#include "nft.h"

/* From kernel 5.6 on; our headers may be older. */
#define FIB_ADDRTYPE 3u /* NFT_FIB_RESULT_ADDRTYPE */

#define ATTRS_MAX 16

struct run {
	struct dw_nft_walk *w;
	struct dw_nft_path *p;
	const struct nlattr *data; /* the expression's own attributes */
	const struct nlattr *tb[ATTRS_MAX + 1];
	const void *rest;
	size_t n;
	const char *name;
};

static enum dw_nft_flow from_bool(bool possible)
{
	return possible ? DW_NFT_NEXT : DW_NFT_MISS;
}

/*
 * --- loads
 * ----------------------------------------------------------------------------------------
 */

static enum dw_nft_flow run_meta(struct run *r)
{
	static const struct {
		uint32_t key;
		enum dw_nft_key means;
		unsigned n;
		const char *what;
	} known[] = {
		{ NFT_META_L4PROTO, DW_NFT_KEY_L4PROTO, 1, "l4proto" },
		{ NFT_META_NFPROTO, DW_NFT_KEY_NFPROTO, 1, "nfproto" },
		{ NFT_META_PROTOCOL, DW_NFT_KEY_ETHERTYPE, 2, "ethertype" },
		{ NFT_META_IIF, DW_NFT_KEY_IIF, 4, "iif" },
		{ NFT_META_IIFNAME, DW_NFT_KEY_IIFNAME, 16, "iifname" },
		{ NFT_META_OIF, DW_NFT_KEY_OTHER, 4, "oif" },
		{ NFT_META_OIFNAME, DW_NFT_KEY_OTHER, 16, "oifname" },
		{ NFT_META_MARK, DW_NFT_KEY_OTHER, 4, "mark" },
		{ NFT_META_PKTTYPE, DW_NFT_KEY_OTHER, 1, "pkttype" },
		{ NFT_META_SKUID, DW_NFT_KEY_OTHER, 4, "skuid" },
		{ NFT_META_CGROUP, DW_NFT_KEY_OTHER, 4, "cgroup" },
	};
	int slot = dw_nf_slot(r->tb[NFTA_META_DREG]);
	uint32_t key = dw_attr_be32(r->tb[NFTA_META_KEY]);

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].key == key) {
			dw_nft_load(r->p, slot, known[i].means, known[i].n, known[i].what);
			return DW_NFT_NEXT;
		}
	dw_nft_load(r->p, slot, DW_NFT_KEY_OTHER, 4, "meta");
	return DW_NFT_NEXT;
}

/*
 * Which header field lies there. In inet tables the family was asked for before (nfproto), or is
 * told by it.
 */
static enum dw_nft_key field_at(const struct dw_cond *c, uint32_t base, uint32_t offset, uint32_t n)
{
	bool four = c->family == DW_FAMILY_IPV4, six = c->family == DW_FAMILY_IPV6;

	if (base == NFT_PAYLOAD_TRANSPORT_HEADER)
		return offset == 2 && n == 2 ? DW_NFT_KEY_DPORT : DW_NFT_KEY_OTHER;
	if (base != NFT_PAYLOAD_NETWORK_HEADER)
		return DW_NFT_KEY_OTHER;
	if (!six && offset == 16 && n <= 4)
		return DW_NFT_KEY_DADDR4;
	if (!six && offset == 12 && n <= 4)
		return DW_NFT_KEY_SADDR4;
	if (!four && offset == 24 && n <= 16)
		return DW_NFT_KEY_DADDR6;
	if (!four && offset == 8 && n <= 16)
		return DW_NFT_KEY_SADDR6;
	if ((!six && offset == 9 && n == 1) || (six && offset == 6 && n == 1))
		return DW_NFT_KEY_L4PROTO;
	return DW_NFT_KEY_OTHER;
}

static enum dw_nft_flow run_payload(struct run *r)
{
	uint32_t base = dw_attr_be32(r->tb[NFTA_PAYLOAD_BASE]);
	uint32_t n = dw_attr_be32(r->tb[NFTA_PAYLOAD_LEN]);
	enum dw_nft_key key =
		field_at(&r->p->cond, base, dw_attr_be32(r->tb[NFTA_PAYLOAD_OFFSET]), n);

	dw_nft_load(r->p, dw_nf_slot(r->tb[NFTA_PAYLOAD_DREG]), key, DW_MIN(n, 64u),
		    base == NFT_PAYLOAD_TRANSPORT_HEADER ? "another transport field"
							 : "another header field");
	return DW_NFT_NEXT;
}

static enum dw_nft_flow run_fib(struct run *r)
{
	bool type = dw_attr_be32(r->tb[NFTA_FIB_RESULT]) == FIB_ADDRTYPE &&
		    dw_attr_be32(r->tb[NFTA_FIB_FLAGS]) & NFTA_FIB_F_DADDR;

	dw_nft_load(r->p, dw_nf_slot(r->tb[NFTA_FIB_DREG]),
		    type ? DW_NFT_KEY_ADDRTYPE : DW_NFT_KEY_OTHER, 4, "the route");
	return DW_NFT_NEXT;
}

/* Loads something that is told by the expression's name only. The register's attribute differs. */
static enum dw_nft_flow load_other(struct run *r, unsigned attribute)
{
	dw_nft_load(r->p, dw_nf_slot(r->tb[attribute]), DW_NFT_KEY_OTHER, 16, r->name);
	return DW_NFT_NEXT;
}

static enum dw_nft_flow run_first(struct run *r)
{
	return load_other(r, 1);
}

static enum dw_nft_flow run_second(struct run *r)
{
	return load_other(r, 2);
}

static enum dw_nft_flow run_bitwise(struct run *r)
{
	int from = dw_nf_slot(r->tb[NFTA_BITWISE_SREG]), to = dw_nf_slot(r->tb[NFTA_BITWISE_DREG]);
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_nft_data mask, xor_with;
	struct dw_nft_slot slot;
	bool address;

	if (from < 0 || to < 0)
		return DW_NFT_NEXT;
	slot = r->p->slots[from];
	address = slot.key >= DW_NFT_KEY_DADDR4 && slot.key <= DW_NFT_KEY_SADDR6;
	if (address && dw_nft_data_parse(a, r->tb[NFTA_BITWISE_MASK], &mask)) {
		(void)dw_nft_data_parse(a, r->tb[NFTA_BITWISE_XOR], &xor_with);
		if (memcmp(xor_with.bytes, (uint8_t[DW_NFT_DATA]){ 0 }, DW_NFT_DATA) == 0) {
			dw_nft_load(r->p, to, slot.key, slot.n, slot.what);
			memcpy(r->p->bytes + to * 4, mask.bytes,
			       DW_MIN(mask.n, (unsigned)(DW_NFT_SLOTS - to) * 4));
			return DW_NFT_NEXT;
		}
	}
	dw_nft_load(r->p, to, DW_NFT_KEY_OTHER, dw_attr_be32(r->tb[NFTA_BITWISE_LEN]) & 0x3f,
		    slot.what ? slot.what : "a masked value");
	return DW_NFT_NEXT;
}

static enum dw_nft_flow run_byteorder(struct run *r)
{
	int from = dw_nf_slot(r->tb[NFTA_BYTEORDER_SREG]);
	const char *what = from >= 0 ? r->p->slots[from].what : NULL;

	dw_nft_load(r->p, dw_nf_slot(r->tb[NFTA_BYTEORDER_DREG]), DW_NFT_KEY_OTHER, 4,
		    what ? what : "a value");
	return DW_NFT_NEXT;
}

/*
 * --- comparisons
 * ----------------------------------------------------------------------------------
 */

static bool step(uint8_t *bytes, unsigned n, bool up)
{
	for (unsigned i = n; i-- > 0;) {
		bytes[i] = (uint8_t)(up ? bytes[i] + 1 : bytes[i] - 1);
		if (bytes[i] != (up ? 0 : 0xff))
			return true;
	}
	return false; /* nothing is smaller than zero, nothing larger than all ones */
}

static enum dw_nft_flow run_cmp(struct run *r)
{
	int slot = dw_nf_slot(r->tb[NFTA_CMP_SREG]);
	uint32_t op = dw_attr_be32(r->tb[NFTA_CMP_OP]);
	struct dw_nft_data v;
	uint8_t low[DW_NFT_DATA] = { 0 }, high[DW_NFT_DATA];

	r->p->conditional = true;
	if (slot < 0 || !dw_nft_data_parse(r->w->out->scratch, r->tb[NFTA_CMP_DATA], &v))
		return DW_NFT_NEXT;
	memset(high, 0xff, sizeof(high));
	if (op == NFT_CMP_EQ || op == NFT_CMP_NEQ)
		return from_bool(dw_nft_narrow(r->w, r->p, (unsigned)slot, v.bytes, v.bytes, v.n,
					       op == NFT_CMP_NEQ));
	if (op == NFT_CMP_LT || op == NFT_CMP_LTE) {
		memcpy(high, v.bytes, v.n);
		if (op == NFT_CMP_LT && !step(high, v.n, false))
			return DW_NFT_MISS;
	} else {
		memcpy(low, v.bytes, v.n);
		if (op == NFT_CMP_GT && !step(low, v.n, true))
			return DW_NFT_MISS;
	}
	return from_bool(dw_nft_narrow(r->w, r->p, (unsigned)slot, low, high, v.n, false));
}

static enum dw_nft_flow run_range(struct run *r)
{
	int slot = dw_nf_slot(r->tb[NFTA_RANGE_SREG]);
	struct dw_nft_data from, to;
	struct dw_arena *a = r->w->out->scratch;

	r->p->conditional = true;
	if (slot < 0 || !dw_nft_data_parse(a, r->tb[NFTA_RANGE_FROM_DATA], &from) ||
	    !dw_nft_data_parse(a, r->tb[NFTA_RANGE_TO_DATA], &to) || from.n != to.n)
		return DW_NFT_NEXT;
	return from_bool(dw_nft_narrow(r->w, r->p, (unsigned)slot, from.bytes, to.bytes, from.n,
				       dw_attr_be32(r->tb[NFTA_RANGE_OP]) == NFT_RANGE_NEQ));
}

static enum dw_nft_flow run_lookup(struct run *r)
{
	return dw_nft_lookup(r->w, r->p, r->data, r->rest, r->n);
}

/* A condition that is told by the expression's name only. */
static enum dw_nft_flow run_condition(struct run *r)
{
	r->p->conditional = true;
	dw_cond_word(&r->p->cond, r->w->out->scratch, "with a condition on %s", r->name);
	return DW_NFT_NEXT;
}

static enum dw_nft_flow run_match(struct run *r)
{
	struct dw_arena *a = r->w->out->scratch;
	const char *name = dw_attr_string(a, r->tb[NFTA_MATCH_NAME]);
	const struct nlattr *info = r->tb[NFTA_MATCH_INFO];

	if (!name || !info)
		return DW_NFT_NEXT;
	r->p->conditional |= !dw_streq(name, "comment");
	return from_bool(dw_xt_match(&r->p->cond, a, name, dw_attr_be32(r->tb[NFTA_MATCH_REV]),
				     dw_attr_data(info), dw_attr_size(info), &r->p->comment));
}

/*
 * --- what a rule does
 * -----------------------------------------------------------------------------
 */

static const char *place(const struct dw_nft_walk *w)
{
	const struct dw_nft_chain *c = w->chain;
	const char *family = c->family == NFPROTO_IPV4   ? "ip"
			     : c->family == NFPROTO_IPV6 ? "ip6"
							 : "inet";

	return dw_arena_printf(w->out->scratch, "nft %s %s %s handle %llu", family, c->table,
			       c->name, (unsigned long long)w->rule->handle);
}

static enum dw_nft_flow opens(struct run *r, const struct dw_target *t)
{
	const char *comment = r->p->comment ? r->p->comment : r->w->rule->comment;

	dw_forward_emit(r->w->out, &r->p->cond, t, place(r->w), comment);
	return r->p->conditional ? DW_NFT_MISS : DW_NFT_END;
}

/* The value in a register; false: it is not known before the packet comes. */
static bool constant(const struct dw_nft_path *p, const struct nlattr *reg, uint8_t *ret, size_t n)
{
	int slot = dw_nf_slot(reg);

	if (slot < 0 || p->slots[slot].key != DW_NFT_KEY_CONST ||
	    (size_t)slot * 4 + n > sizeof(p->bytes))
		return false;
	memcpy(ret, p->bytes + slot * 4, n);
	return true;
}

static void take_port(struct run *r, struct dw_target *t, unsigned min, unsigned max)
{
	uint16_t first, last;

	if (!r->tb[min])
		return;
	if (!constant(r->p, r->tb[min], (uint8_t *)&first, sizeof(first))) {
		t->words = "a port that the packet decides";
		return;
	}
	t->has_port = true;
	t->port = t->port_last = be16toh(first);
	if (r->tb[max] && constant(r->p, r->tb[max], (uint8_t *)&last, sizeof(last)))
		t->port_last = be16toh(last);
}

static void take_address(struct run *r, struct dw_target *t, unsigned min, unsigned max)
{
	size_t n = t->family == DW_FAMILY_IPV4 ? 4 : 16;

	if (!r->tb[min])
		return;
	if (!constant(r->p, r->tb[min], t->low, n)) {
		t->words = "an address that the packet decides";
		return;
	}
	t->has_address = true;
	memcpy(t->high, t->low, sizeof(t->high));
	if (r->tb[max])
		(void)constant(r->p, r->tb[max], t->high, n);
}

static enum dw_family nf_family(uint32_t nfproto, enum dw_family otherwise)
{
	return nfproto == NFPROTO_IPV4   ? DW_FAMILY_IPV4
	       : nfproto == NFPROTO_IPV6 ? DW_FAMILY_IPV6
					 : otherwise;
}

static enum dw_nft_flow run_nat(struct run *r)
{
	struct dw_target t = { .kind = DW_TARGET_DNAT };

	if (dw_attr_be32(r->tb[NFTA_NAT_TYPE]) != NFT_NAT_DNAT)
		return r->p->conditional ? DW_NFT_MISS : DW_NFT_END;
	t.family = nf_family(dw_attr_be32(r->tb[NFTA_NAT_FAMILY]), r->p->cond.family);
	/* In an inet table the statement itself says which family it is for. */
	if (t.family != DW_FAMILY_UNKNOWN && !dw_cond_family(&r->p->cond, t.family))
		return DW_NFT_MISS;
	take_address(r, &t, NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX);
	take_port(r, &t, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX);
	return opens(r, &t);
}

static enum dw_nft_flow run_redir(struct run *r)
{
	struct dw_target t = { .kind = DW_TARGET_REDIRECT, .family = r->p->cond.family };

	take_port(r, &t, NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX);
	return opens(r, &t);
}

static enum dw_nft_flow run_tproxy(struct run *r)
{
	struct dw_target t = { .kind = DW_TARGET_TPROXY };

	t.family = nf_family(dw_attr_be32(r->tb[NFTA_TPROXY_FAMILY]), r->p->cond.family);
	take_address(r, &t, NFTA_TPROXY_REG_ADDR, NFTA_TPROXY_REG_ADDR);
	take_port(r, &t, NFTA_TPROXY_REG_PORT, NFTA_TPROXY_REG_PORT);
	(void)opens(r, &t);
	return DW_NFT_NEXT; /* tproxy does not end the rule */
}

static enum dw_nft_flow run_target(struct run *r)
{
	const char *name = dw_attr_string(r->w->out->scratch, r->tb[NFTA_TARGET_NAME]);
	const struct nlattr *info = r->tb[NFTA_TARGET_INFO];
	struct dw_target t;

	if (!name || !info)
		return DW_NFT_NEXT;
	t = dw_xt_target(r->p->cond.family, name, dw_attr_be32(r->tb[NFTA_TARGET_REV]),
			 dw_attr_data(info), dw_attr_size(info));
	return t.kind == DW_TARGET_NONE ? DW_NFT_NEXT : opens(r, &t);
}

static enum dw_nft_flow run_immediate(struct run *r)
{
	struct dw_nft_data v;

	if (!dw_nft_data_parse(r->w->out->scratch, r->tb[NFTA_IMMEDIATE_DATA], &v))
		return DW_NFT_NEXT;
	if (v.is_verdict)
		return dw_nft_verdict_take(r->w, r->p, &v.verdict);
	dw_nft_store(r->p, dw_nf_slot(r->tb[NFTA_IMMEDIATE_DREG]), v.bytes, v.n);
	return DW_NFT_NEXT;
}

/*
 * --- the table
 * ------------------------------------------------------------------------------------
 */

static enum dw_nft_flow run_nothing(struct run *r)
{
	return DW_NFT_NEXT;
}

static const struct {
	const char *name;
	enum dw_nft_flow (*run)(struct run *r);
} expressions[] = {
	{ "meta", run_meta },       { "payload", run_payload },     { "cmp", run_cmp },
	{ "range", run_range },     { "lookup", run_lookup },       { "immediate", run_immediate },
	{ "nat", run_nat },         { "redir", run_redir },         { "tproxy", run_tproxy },
	{ "match", run_match },     { "target", run_target },       { "bitwise", run_bitwise },
	{ "fib", run_fib },         { "byteorder", run_byteorder }, { "ct", run_first },
	{ "rt", run_first },        { "exthdr", run_first },        { "numgen", run_first },
	{ "hash", run_second },     { "socket", run_second },       { "osf", run_first },
	{ "xfrm", run_first },      { "tunnel", run_second },       { "limit", run_condition },
	{ "quota", run_condition }, { "connlimit", run_condition },
};

/*
 * Statements without a say in the matter: counter, log, masq, notrack, objref, dynset, dup, last
 * ...
 */
static enum dw_nft_flow (*runner(const char *name))(struct run *r)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(expressions); i++)
		if (dw_streq(expressions[i].name, name))
			return expressions[i].run;
	return run_nothing;
}

enum dw_nft_flow dw_nft_expression(struct dw_nft_walk *w, struct dw_nft_path *p,
				   const struct nlattr *expr, const void *rest, size_t n)
{
	const struct nlattr *tb[NFTA_EXPR_MAX + 1];
	struct run r = { .w = w, .p = p, .rest = rest, .n = n };
	char name[32] = "";

	dw_attr_nested(expr, tb, NFTA_EXPR_MAX);
	if (!tb[NFTA_EXPR_NAME])
		return DW_NFT_NEXT;
	memcpy(name, dw_attr_data(tb[NFTA_EXPR_NAME]),
	       DW_MIN(dw_attr_size(tb[NFTA_EXPR_NAME]), sizeof(name) - 1));
	r.name = dw_arena_strdup(w->out->scratch, name);
	r.data = tb[NFTA_EXPR_DATA];
	dw_attr_nested(r.data, r.tb, ATTRS_MAX);
	return runner(name)(&r);
}
