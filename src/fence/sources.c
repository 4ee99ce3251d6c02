/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which source addresses the rules tell apart: what is compared with the address, wherever it was loaded to. */
#include "sources.h"

#include <linux/netfilter/xt_iprange.h>
#include <stdlib.h>
#include <string.h>

#include "legacy.h"

#define SLOTS 16u /* 32-bit registers */

/* Four bytes of a register. */
struct slot {
	enum dw_family family; /* 0: no part of a source address */
	bool odd;              /* a part of it, but not as we can read it */
	uint8_t from;          /* its first byte's place in the address */
	uint8_t n;             /* bytes of the address in it */
	uint8_t mask[4];
	bool nfproto;
};

struct walk {
	struct dw_sources *out;
	const struct dw_rs_rule *rule;
	struct slot slots[SLOTS];
	int nfproto; /* that the rule asked for; -1: not yet */
	bool about;  /* the expression at hand is about the source address and nothing else */
};

static struct slot *slot_at(struct walk *w, int first, unsigned k)
{
	return first >= 0 && (unsigned)first + k < SLOTS ? &w->slots[(unsigned)first + k] : NULL;
}

static void forget(struct walk *w, int first, size_t bytes)
{
	for (unsigned k = 0; k * 4 < DW_MAX(bytes, (size_t)4); k++) {
		struct slot *x = slot_at(w, first, k);

		if (x)
			*x = (struct slot){ 0 };
	}
}

/*
 * --- intervals
 * ------------------------------------------------------------------------------------
 */

void dw_sources_between(struct dw_sources *s, enum dw_family family, const uint8_t *low,
			const uint8_t *high)
{
	unsigned n = dw_address_bytes(family);
	struct dw_source_span *span = dw_new(s->arena, struct dw_source_span);

	if (memcmp(low, high, n) > 0)
		return;
	memcpy(span->low, low, n);
	memcpy(span->high, high, n);
	*dw_vec_add(s->arena, &s->ones) =
		(struct dw_source_class){ .family = family, .spans = span, .n_spans = 1 };
}

static bool is_prefix(const uint8_t *mask, unsigned n)
{
	bool over = false;

	for (unsigned i = 0; i < n * 8; i++) {
		bool set = mask[i / 8] >> (7 - i % 8) & 1;

		if (set && over)
			return false;
		over |= !set;
	}
	return true;
}

void dw_sources_masked(struct dw_sources *s, const struct dw_sources_part *p, const uint8_t *value)
{
	unsigned n = dw_address_bytes(p->family);
	uint8_t low[16] = { 0 }, high[16] = { 0 };

	if (!is_prefix(p->mask, n)) {
		s->odd[p->family] = true;
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		uint8_t v = i < p->n ? value[i] : 0;

		low[i] = v & p->mask[i];
		high[i] = low[i] | (uint8_t)~p->mask[i];
	}
	dw_sources_between(s, p->family, low, high);
}

/*
 * --- loads
 * ----------------------------------------------------------------------------------------
 */

static enum dw_family family_of(const struct walk *w, uint32_t from, uint32_t n)
{
	uint8_t family = w->rule->chain->key.family;
	int said = family == NFPROTO_IPV4 || family == NFPROTO_IPV6 ? family : w->nfproto;

	if (said == NFPROTO_IPV4)
		return DW_FAMILY_IPV4;
	if (said == NFPROTO_IPV6)
		return DW_FAMILY_IPV6;
	/* a chain that only packets of one family are sent to */
	return from == 12 && n <= 8 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6;
}

/* Fields that lie side by side are loaded at once: an address may begin in any of the slots. */
static void load_bytes(struct walk *w, int first, enum dw_family family, uint32_t from, uint32_t n)
{
	uint32_t begin = family == DW_FAMILY_IPV4 ? 12 : 8;
	uint32_t end = begin + dw_address_bytes(family);

	for (unsigned k = 0; k * 4 < n; k++) {
		struct slot *x = slot_at(w, first, k);
		uint32_t at = from + k * 4, last = from + DW_MIN(n, k * 4 + 4);

		if (!x || last <= begin || at >= end)
			continue;
		*x = (struct slot){ .family = family, .mask = { 255, 255, 255, 255 } };
		x->odd = at < begin;
		x->from = (uint8_t)(at < begin ? 0 : at - begin);
		x->n = (uint8_t)(DW_MIN(last, end) - DW_MAX(at, begin));
	}
}

static void on_payload(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_PAYLOAD_MAX + 1];
	uint32_t from, n;
	int first;

	dw_attr_nested(x->data, tb, NFTA_PAYLOAD_MAX);
	from = dw_attr_be32(tb[NFTA_PAYLOAD_OFFSET]);
	n = dw_attr_be32(tb[NFTA_PAYLOAD_LEN]);
	first = dw_nf_slot(tb[NFTA_PAYLOAD_DREG]);
	if (first < 0 || n > 64 || from > 1024)
		return;
	forget(w, first, n);
	if (dw_attr_be32(tb[NFTA_PAYLOAD_BASE]) == NFT_PAYLOAD_NETWORK_HEADER)
		load_bytes(w, first, family_of(w, from, n), from, n);
	w->about = slot_at(w, first, 0) && slot_at(w, first, 0)->n > 0 &&
		   !slot_at(w, first, 0)->odd &&
		   n <= dw_address_bytes(slot_at(w, first, 0)->family);
}

/* The source of a new connection's own tuple is the packet's. */
static void on_ct(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_CT_MAX + 1];
	uint32_t key;
	int first;

	dw_attr_nested(x->data, tb, NFTA_CT_MAX);
	key = dw_attr_be32(tb[NFTA_CT_KEY]);
	first = dw_nf_slot(tb[NFTA_CT_DREG]);
	forget(w, first, 16);
	if (first < 0)
		return;
	if (key == NFT_CT_SRC_IP ||
	    (key == NFT_CT_SRC && w->rule->chain->key.family == NFPROTO_IPV4))
		load_bytes(w, first, DW_FAMILY_IPV4, 12, 4);
	else if (key == NFT_CT_SRC_IP6 || key == NFT_CT_SRC)
		load_bytes(w, first, DW_FAMILY_IPV6, 8, 16);
}

static void on_meta(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_META_MAX + 1];
	struct slot *slot;

	dw_attr_nested(x->data, tb, NFTA_META_MAX);
	forget(w, dw_nf_slot(tb[NFTA_META_DREG]), 16);
	slot = slot_at(w, dw_nf_slot(tb[NFTA_META_DREG]), 0);
	if (slot)
		slot->nfproto = dw_attr_be32(tb[NFTA_META_KEY]) == NFT_META_NFPROTO;
}

static const uint8_t *value_of(const struct nlattr *a, size_t *ret_n)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];

	dw_attr_nested(a, tb, NFTA_DATA_MAX);
	*ret_n = dw_attr_size(tb[NFTA_DATA_VALUE]);
	return dw_attr_data(tb[NFTA_DATA_VALUE]);
}

static void on_bitwise(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_BITWISE_MAX + 1];
	const uint8_t *mask, *flip;
	size_t n, n_flip;
	int from, to;
	uint32_t length;

	dw_attr_nested(x->data, tb, NFTA_BITWISE_MAX);
	mask = value_of(tb[NFTA_BITWISE_MASK], &n);
	flip = value_of(tb[NFTA_BITWISE_XOR], &n_flip);
	from = dw_nf_slot(tb[NFTA_BITWISE_SREG]);
	to = dw_nf_slot(tb[NFTA_BITWISE_DREG]);
	length = DW_MIN(dw_attr_be32(tb[NFTA_BITWISE_LEN]), 64u);
	w->about = length > 0;
	for (unsigned k = 0; k * 4 < length; k++) {
		const struct slot *source = slot_at(w, from, k);
		struct slot *target = slot_at(w, to, k);

		w->about &= source && source->n > 0;
		if (!source || !target)
			continue;
		*target = *source;
		target->nfproto = false;
		target->odd |= !mask;
		for (unsigned i = 0; i < 4; i++) {
			target->mask[i] &= mask && k * 4 + i < n ? mask[k * 4 + i] : 0;
			target->odd |= flip && k * 4 + i < n_flip && flip[k * 4 + i] != 0;
		}
	}
}

/*
 * --- comparisons
 * ----------------------------------------------------------------------------------
 */

/*
 * The address in the n bytes of registers from `first` on: where it begins, and how much of it is there. False:
 * none, or not one to read.
 */
static bool find_part(struct walk *w, int first, size_t n, unsigned *ret_at,
		      struct dw_sources_part *ret)
{
	struct dw_sources_part p = { 0 };
	unsigned at = 0;

	for (unsigned k = 0; k * 4 < n; k++) {
		const struct slot *x = slot_at(w, first, k);

		if (!x || !x->family)
			continue;
		if (x->odd || x->from != p.n || (p.family && p.family != x->family)) {
			w->out->odd[x->family] = true;
			return false;
		}
		if (!p.family)
			at = k * 4;
		p.family = x->family;
		for (unsigned i = 0; i < x->n && p.n < 16; i++)
			p.mask[p.n++] = x->mask[i];
	}
	if (!p.family)
		return false;
	*ret_at = at;
	*ret = p;
	return true;
}

static void compare_order(struct walk *w, const struct dw_sources_part *p, uint32_t op,
			  const uint8_t *value)
{
	uint8_t low[16] = { 0 }, high[16];
	unsigned n = dw_address_bytes(p->family);

	memset(high, 0xff, sizeof(high));
	/* whether the bound itself belongs to it matters for one address: both are told apart from the rest */
	if (op == NFT_CMP_LT || op == NFT_CMP_LTE)
		memcpy(high, value, n);
	else
		memcpy(low, value, n);
	dw_sources_between(w->out, p->family, low, high);
	if (op == NFT_CMP_LT || op == NFT_CMP_GT)
		dw_sources_between(w->out, p->family, value, value);
}

static void on_cmp(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_CMP_MAX + 1];
	struct dw_sources_part p;
	const struct slot *slot;
	const uint8_t *value;
	unsigned at;
	uint32_t op;
	size_t n;

	dw_attr_nested(x->data, tb, NFTA_CMP_MAX);
	value = value_of(tb[NFTA_CMP_DATA], &n);
	op = dw_attr_be32(tb[NFTA_CMP_OP]);
	slot = slot_at(w, dw_nf_slot(tb[NFTA_CMP_SREG]), 0);
	if (slot && slot->nfproto && value && n >= 1 && op == NFT_CMP_EQ)
		w->nfproto = value[0];
	if (!value || !find_part(w, dw_nf_slot(tb[NFTA_CMP_SREG]), n, &at, &p))
		return;
	w->about = op == NFT_CMP_EQ && at == 0 && p.n >= n;
	if (at + p.n > n) /* compared are only the first bytes of it */
		p.n = (unsigned)(n - at);
	if (op == NFT_CMP_EQ || op == NFT_CMP_NEQ) {
		memset(p.mask + p.n, 0, sizeof(p.mask) - p.n);
		dw_sources_masked(w->out, &p, value + at);
	} else if (at == 0 && p.n == n && p.n == dw_address_bytes(p.family)) {
		compare_order(w, &p, op, value);
	} else {
		w->out->odd[p.family] = true;
	}
}

static void on_range(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_RANGE_MAX + 1];
	const uint8_t *low, *high;
	struct dw_sources_part p;
	size_t n, n_high;
	unsigned at;

	dw_attr_nested(x->data, tb, NFTA_RANGE_MAX);
	low = value_of(tb[NFTA_RANGE_FROM_DATA], &n);
	high = value_of(tb[NFTA_RANGE_TO_DATA], &n_high);
	if (!low || !high || n != n_high ||
	    !find_part(w, dw_nf_slot(tb[NFTA_RANGE_SREG]), n, &at, &p))
		return;
	if (at == 0 && n == dw_address_bytes(p.family) && p.n == n)
		dw_sources_between(w->out, p.family, low, high);
	else
		w->out->odd[p.family] = true;
}

static void on_lookup(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_LOOKUP_MAX + 1];
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_sources_part p;
	struct dw_rs_set *set;
	const char *name;
	unsigned at;

	dw_attr_nested(x->data, tb, NFTA_LOOKUP_MAX);
	name = dw_attr_string(scratch, tb[NFTA_LOOKUP_SET]);
	set = name ? (struct dw_rs_set *)dw_rs_find(w->out->copy->set_index,
						    w->rule->chain->key.family,
						    w->rule->chain->key.table, name)
		   : NULL;
	if (set && !set->filled &&
	    find_part(w, dw_nf_slot(tb[NFTA_LOOKUP_SREG]), set->key_len, &at, &p) && !set->told) {
		set->told =
			true; /* the same set tells the same sources apart wherever it is looked into */
		dw_sources_set(w->out, set, at, &p);
	}
	if (tb[NFTA_LOOKUP_DREG])
		forget(w, dw_nf_slot(tb[NFTA_LOOKUP_DREG]), 16);
}

static void on_immediate(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_IMMEDIATE_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_IMMEDIATE_MAX);
	forget(w, dw_nf_slot(tb[NFTA_IMMEDIATE_DREG]), 16);
}

/*
 * --- xtables
 * --------------------------------------------------------------------------------------
 */

void dw_sources_match(struct dw_sources *s, enum dw_family family, const char *name,
		      unsigned revision, const void *info, size_t n)
{
	struct xt_iprange_mtinfo range;

	if (!dw_streq(name, "iprange") || revision != 1 || !info || n < sizeof(range))
		return;
	memcpy(&range, info, sizeof(range));
	if (range.flags & IPRANGE_SRC)
		dw_sources_between(s, family, (const uint8_t *)&range.src_min,
				   (const uint8_t *)&range.src_max);
}

static void on_match(struct walk *w, const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_MATCH_MAX + 1];
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *name;

	dw_attr_nested(x->data, tb, NFTA_MATCH_MAX);
	name = dw_attr_string(scratch, tb[NFTA_MATCH_NAME]);
	if (name)
		dw_sources_match(w->out, family_of(w, 0, 0), name, dw_attr_be32(tb[NFTA_MATCH_REV]),
				 dw_attr_data(tb[NFTA_MATCH_INFO]),
				 dw_attr_size(tb[NFTA_MATCH_INFO]));
}

/*
 * --- all of it
 * ------------------------------------------------------------------------------------
 */

/* Says nothing of packets: what counts them, iptables's comments. */
static bool is_remark(const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_MATCH_MAX + 1];
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();

	if (dw_streq(x->name, "counter"))
		return true;
	if (!dw_streq(x->name, "match"))
		return false;
	dw_attr_nested(x->data, tb, NFTA_MATCH_MAX);
	return dw_streq0(dw_attr_string(scratch, tb[NFTA_MATCH_NAME]), "comment");
}

static void walk_rule(struct dw_sources *s, const struct dw_rs_rule *rule)
{
	static const struct {
		const char *name;
		void (*look)(struct walk *w, const struct dw_rs_expr *x);
	} known[] = {
		{ "payload", on_payload }, { "cmp", on_cmp },
		{ "lookup", on_lookup },   { "bitwise", on_bitwise },
		{ "range", on_range },     { "meta", on_meta },
		{ "ct", on_ct },           { "immediate", on_immediate },
		{ "match", on_match },
	};
	struct walk w = { .out = s, .rule = rule, .nfproto = -1 };
	size_t before = s->ones.n;
	uint64_t print = DW_SOURCES_MIX;

	for (size_t i = 0; i < rule->n_exprs; i++) {
		w.about = false;
		for (size_t k = 0; k < DW_ARRAY_SIZE(known); k++)
			if (dw_streq(known[k].name, rule->exprs[i].name))
				known[k].look(&w, &rule->exprs[i]);
		if (!w.about && !is_remark(&rule->exprs[i]))
			print = dw_sources_mix(print, dw_attr_data(rule->exprs[i].list),
					       dw_attr_size(rule->exprs[i].list));
	}
	dw_sources_run(s, rule->chain, print, before);
}

static int by_span(const void *a, const void *b)
{
	const struct dw_source_class *x = a, *y = b;

	if (x->family != y->family)
		return (int)x->family - (int)y->family;
	return memcmp(x->spans, y->spans, sizeof(*x->spans));
}

/* Half of all rules are about the same few networks. */
static void drop_twins(struct dw_sources *s)
{
	size_t n = 0;

	if (s->ones.n == 0)
		return;
	qsort(s->ones.v, s->ones.n, sizeof(*s->ones.v), by_span);
	for (size_t i = 0; i < s->ones.n; i++)
		if (n == 0 || by_span(&s->ones.v[n - 1], &s->ones.v[i]) != 0)
			s->ones.v[n++] = s->ones.v[i];
	s->ones.n = n;
}

static void add_odd(struct dw_sources *s)
{
	for (unsigned f = 0; f < DW_FAMILY_COUNT; f++)
		if (s->odd[f])
			*dw_vec_add(s->arena, &s->sets) =
				(struct dw_source_class){ .family = (enum dw_family)f,
							  .too_odd = true };
}

void dw_sources_find(struct dw_ruleset *r)
{
	struct dw_sources s = { .copy = r->copy, .arena = r->arena };
	const struct dw_rs_copy *c = s.copy;

	for (size_t i = 0; i < c->rules.n; i++)
		if (!c->rules.v[i].chain->apart)
			walk_rule(&s, &c->rules.v[i]);
	dw_sources_run_end(&s);
	for (size_t i = 0; i < c->legacy.n; i++)
		dw_legacy_sources(c->legacy.v[i], &s);
	drop_twins(&s);
	add_odd(&s);
	for (size_t i = 0; i < s.sets.n; i++)
		dw_vec_push(s.arena, &s.ones, s.sets.v[i]);
	r->sources = s.ones.v;
	r->n_sources = s.ones.n;
}
