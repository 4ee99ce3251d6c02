/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rule's conditions and statements depend on, and so the rule. */
#include "judge.h"

#include <net/if_arp.h>
#include <string.h>

#include "legacy.h"

/*
 * --- conditions
 * -----------------------------------------------------------------------------------
 */

static void compare(struct dw_judge *j, struct dw_rs_expr *x, struct dw_judge_slot with)
{
	if (with.doubt)
		dw_judge_doubt(j, x, with.doubt, with.words);
}

/* What the rule asked for before tells what the header's fields are. */
static void learn(struct dw_judge *j, int at, const struct nlattr *data, bool equal)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];
	const uint8_t *v;

	dw_attr_nested(data, tb, NFTA_DATA_MAX);
	v = dw_attr_data(tb[NFTA_DATA_VALUE]);
	if (at < 0 || (unsigned)at >= DW_JUDGE_SLOTS || !v || dw_attr_size(tb[NFTA_DATA_VALUE]) < 1)
		return;
	if (j->slots[at].held == DW_HELD_L4PROTO) {
		j->rule->compat_proto = v[0];
		j->rule->compat_flags = equal ? 0 : NFT_RULE_COMPAT_F_INV;
		j->l4proto = equal ? v[0] : -1;
	}
	if (equal && j->slots[at].held == DW_HELD_NFPROTO)
		j->nfproto = v[0];
	if (equal && j->slots[at].held == DW_HELD_ETHERTYPE &&
	    dw_attr_size(tb[NFTA_DATA_VALUE]) >= 2)
		j->nfproto = v[0] == 0x86 && v[1] == 0xdd   ? NFPROTO_IPV6
			     : v[0] == 0x08 && v[1] == 0x00 ? NFPROTO_IPV4
							    : j->nfproto;
}

/*
 * Two fields in one comparison, of which one is in doubt: the rule asks for both, so the other still counts. Not
 * so when it asks for anything else than being equal.
 */
static void compare_mixed(struct dw_judge *j, struct dw_rs_expr *x, const uint8_t *mask,
			  const struct nlattr *value, bool equal)
{
	size_t n = dw_attr_size(value);
	uint8_t *eased;

	if (!equal) {
		j->told->opaque = true;
		return;
	}
	eased = dw_arena_memdup(j->copy->arena, dw_attr_data(value), n);
	for (size_t i = 0; i < n; i++)
		eased[i] &= mask[i];
	x->eased = eased;
	x->eased_mask = dw_arena_memdup(j->copy->arena, mask, n);
	x->eased_n = n;
}

/* nft asks for an interface with frames before it looks at their header: then that is what it is about. */
static bool asks_for_frames(const struct dw_judge *j, int at, const struct nlattr *value)
{
	uint16_t type = 0;

	if (at < 0 || j->slots[at].held != DW_HELD_IIFTYPE || dw_attr_size(value) != sizeof(type))
		return false;
	memcpy(&type, dw_attr_data(value), sizeof(type));
	return type == ARPHRD_ETHER;
}

static void judge_cmp(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_CMP_MAX + 1], *data[NFTA_DATA_MAX + 1];
	uint8_t mask[DW_JUDGE_SLOTS * 4];
	bool equal, mixed;
	size_t n;
	int at;

	dw_attr_nested(x->data, tb, NFTA_CMP_MAX);
	dw_attr_nested(tb[NFTA_CMP_DATA], data, NFTA_DATA_MAX);
	at = dw_nf_slot(tb[NFTA_CMP_SREG]);
	n = DW_MIN(dw_attr_size(data[NFTA_DATA_VALUE]), sizeof(mask));
	equal = dw_attr_be32(tb[NFTA_CMP_OP]) == NFT_CMP_EQ;
	mixed = dw_judge_is_mixed(j, at, n, mask);
	if (equal && asks_for_frames(j, at, data[NFTA_DATA_VALUE]))
		compare(j, x, (struct dw_judge_slot){ DW_DOUBT_SENDER, "the link's header", 0, 0 });
	else if (mixed || (n > 0 && mask[0] == 0))
		compare(j, x, dw_judge_get(j, at, n));
	if (mixed && dw_attr_size(data[NFTA_DATA_VALUE]) == n)
		compare_mixed(j, x, mask, data[NFTA_DATA_VALUE], equal);
	if (dw_attr_be32(tb[NFTA_CMP_OP]) <= NFT_CMP_NEQ)
		learn(j, at, tb[NFTA_CMP_DATA], equal);
}

static void judge_range(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_RANGE_MAX + 1], *data[NFTA_DATA_MAX + 1];
	struct dw_judge_slot what;
	uint8_t mask[DW_JUDGE_SLOTS * 4];
	size_t n;
	int at;

	dw_attr_nested(x->data, tb, NFTA_RANGE_MAX);
	dw_attr_nested(tb[NFTA_RANGE_FROM_DATA], data, NFTA_DATA_MAX);
	at = dw_nf_slot(tb[NFTA_RANGE_SREG]);
	n = DW_MIN(dw_attr_size(data[NFTA_DATA_VALUE]), sizeof(mask));
	what = dw_judge_get(j, at, n);
	if (dw_judge_is_mixed(j, at, n, mask))
		j->told->opaque = true;
	else if (n > 0 && mask[0])
		return;
	compare(j, x, what);
}

static struct dw_rs_set *set_named(const struct dw_judge *j, const struct nlattr *name)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *s = dw_attr_string(scratch, name);

	return s ? (struct dw_rs_set *)dw_rs_find(j->copy->set_index, j->family,
						  j->rule->chain->key.table, s)
		 : NULL;
}

static struct dw_judge_slot set_doubt(const struct dw_judge *j, const struct dw_rs_set *set)
{
	if (!set)
		return (struct dw_judge_slot){ DW_DOUBT_HOST, "a set that is not there",
					       DW_HELD_OTHER, 0 };
	if (set->refused)
		return (struct dw_judge_slot){
			DW_DOUBT_HOST,
			dw_arena_printf(j->copy->arena,
					"set %s, which the kernel does not take a copy of",
					set->key.name),
			DW_HELD_OTHER, 0
		};
	if (set->filled)
		return (struct dw_judge_slot){
			DW_DOUBT_HOST,
			dw_arena_printf(j->copy->arena, "set %s, which is filled at run time",
					set->key.name),
			DW_HELD_OTHER, 0
		};
	return (struct dw_judge_slot){ 0 };
}

static void judge_lookup(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_LOOKUP_MAX + 1];
	const struct dw_rs_set *set;
	struct dw_judge_slot what, key;
	uint8_t mask[DW_JUDGE_SLOTS * 4];
	size_t n;
	int at;

	dw_attr_nested(x->data, tb, NFTA_LOOKUP_MAX);
	at = dw_nf_slot(tb[NFTA_LOOKUP_SREG]);
	set = set_named(j, tb[NFTA_LOOKUP_SET]);
	what = set_doubt(j, set);
	n = set ? DW_MIN((size_t)set->key_len, sizeof(mask)) : sizeof(mask);
	key = dw_judge_get(j, at, n);
	/* which other parts of the key go with the one in doubt is lost with the lookup */
	if (dw_judge_is_mixed(j, at, n, mask))
		j->told->opaque = true;
	else if (mask[0])
		key.doubt = DW_DOUBT_NONE;
	if (key.doubt > what.doubt)
		what = key;
	what.decided = 0;
	what.held = DW_HELD_OTHER;
	if (tb[NFTA_LOOKUP_DREG] && dw_attr_be32(tb[NFTA_LOOKUP_DREG]) == NFT_REG_VERDICT) {
		dw_judge_effect(j, x, what);
		return;
	}
	compare(j, x, what);
	if (tb[NFTA_LOOKUP_DREG])
		dw_judge_put(j, dw_nf_slot(tb[NFTA_LOOKUP_DREG]), 16, what);
}

/*
 * --- statements
 * ------------------------------------------------------------------------------------
 */

static void judge_immediate(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_IMMEDIATE_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_IMMEDIATE_MAX);
	if (dw_attr_be32(tb[NFTA_IMMEDIATE_DREG]) == NFT_REG_VERDICT)
		dw_judge_effect(j, x, (struct dw_judge_slot){ 0 });
	else
		dw_judge_put(j, dw_nf_slot(tb[NFTA_IMMEDIATE_DREG]), 16,
			     (struct dw_judge_slot){ 0 });
}

/*
 * Elements that a rule adds would fill the copy's set by what we send; without a limit in them the statement is
 * met by every packet (as long as there is room), so it is left out. With one it is a condition of the host's.
 */
static void judge_dynset(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_DYNSET_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_DYNSET_MAX);
	if (tb[NFTA_DYNSET_EXPR] || tb[NFTA_DYNSET_EXPRESSIONS])
		dw_judge_doubt(j, x, DW_DOUBT_HOST, "a limit or count of each element of a set");
	else
		x->act = DW_RS_DROP;
}

static void judge_objref(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_OBJREF_MAX + 1];
	const struct dw_rs_set *set;
	uint32_t type;

	dw_attr_nested(x->data, tb, NFTA_OBJREF_MAX);
	set = tb[NFTA_OBJREF_SET_NAME] ? set_named(j, tb[NFTA_OBJREF_SET_NAME]) : NULL;
	type = set ? set->object_type : dw_attr_be32(tb[NFTA_OBJREF_IMM_TYPE]);
	if (type == NFT_OBJECT_QUOTA)
		dw_judge_doubt(j, x, DW_DOUBT_HOST, "a quota");
	else if (type == NFT_OBJECT_LIMIT || type == NFT_OBJECT_CONNLIMIT)
		dw_judge_doubt(j, x, DW_DOUBT_HOST, "a limit");
	else if (type == NFT_OBJECT_SYNPROXY)
		dw_judge_opaque(j, x, DW_DOUBT_HOST, "synproxy");
	else if (type != NFT_OBJECT_COUNTER && type != NFT_OBJECT_CT_HELPER &&
		 type != NFT_OBJECT_CT_TIMEOUT && type != NFT_OBJECT_CT_EXPECT &&
		 type != NFT_OBJECT_SECMARK)
		dw_judge_doubt(j, x, DW_DOUBT_HOST, "an object of a kind that is not known");
	/* What counts and notes things decides nothing; but where a map does not have the key, the rule ends. */
	else if (set)
		compare(j, x, set_doubt(j, set));
}

static void judge_nat(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[16];
	struct dw_judge_slot with = { 0 };

	/* nat, masq and redir keep their registers in attributes of which none above these is one */
	dw_attr_nested(x->data, tb, DW_ARRAY_SIZE(tb) - 1);
	for (unsigned i = 1; i <= NFTA_NAT_REG_PROTO_MAX; i++) {
		bool nat = dw_streq(x->name, "nat");
		bool is_register = nat ? i >= NFTA_NAT_REG_ADDR_MIN : i != NFTA_REDIR_FLAGS;
		struct dw_judge_slot s = { 0 };

		if (dw_streq(x->name, "masq"))
			is_register = i == NFTA_MASQ_REG_PROTO_MIN || i == NFTA_MASQ_REG_PROTO_MAX;
		if (is_register)
			s = dw_judge_get(j, dw_nf_slot(tb[i]), 4);
		if (s.doubt > with.doubt)
			with = s;
	}
	dw_judge_effect(j, x, with);
}

static void judge_effect(struct dw_judge *j, struct dw_rs_expr *x)
{
	dw_judge_effect(j, x, (struct dw_judge_slot){ 0 });
}

static void judge_drop(struct dw_judge *j, struct dw_rs_expr *x)
{
	x->act = DW_RS_DROP;
}

static void judge_keep(struct dw_judge *j, struct dw_rs_expr *x)
{
	x->act = DW_RS_KEEP;
}

static const struct {
	const char *name, *words;
	bool opaque;
} host_conditions[] = {
	{ "limit", "a limit", false },
	{ "quota", "a quota", false },
	{ "connlimit", "the number of connections", false },
	{ "flow_offload", "a flowtable", false },
	{ "queue", "a program (queue)", true },
	{ "synproxy", "synproxy", true },
	{ "tproxy", "a transparent proxy's socket", true },
	{ "fwd", "fwd", true },
};

static bool judge_host_condition(struct dw_judge *j, struct dw_rs_expr *x)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(host_conditions); i++) {
		if (!dw_streq(host_conditions[i].name, x->name))
			continue;
		if (host_conditions[i].opaque)
			dw_judge_opaque(j, x, DW_DOUBT_HOST, host_conditions[i].words);
		else
			dw_judge_doubt(j, x, DW_DOUBT_HOST, host_conditions[i].words);
		return true;
	}
	return false;
}

/*
 * --- xtables
 * --------------------------------------------------------------------------------------
 */

static void take_xt(struct dw_judge *j, struct dw_rs_expr *x, const struct dw_rs_xt *t)
{
	x->act = t->act;
	x->eased = t->eased;
	if (t->opaque)
		dw_judge_opaque(j, x, t->doubt, t->words);
	else if (t->doubt)
		dw_judge_doubt(j, x, t->doubt, t->words);
	if (t->act == DW_RS_EFFECT)
		j->effects = true;
}

static void judge_match(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_MATCH_MAX + 1];
	const char *name;
	struct dw_rs_xt t;

	dw_attr_nested(x->data, tb, NFTA_MATCH_MAX);
	name = dw_attr_string(j->copy->arena, tb[NFTA_MATCH_NAME]);
	t = dw_rs_xt_match(j->copy, name ? name : "", dw_attr_be32(tb[NFTA_MATCH_REV]),
			   dw_attr_data(tb[NFTA_MATCH_INFO]), dw_attr_size(tb[NFTA_MATCH_INFO]));
	j->rule->has_compat = true;
	take_xt(j, x, &t);
}

static void judge_target(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_TARGET_MAX + 1];
	const char *name;
	struct dw_rs_xt t;

	dw_attr_nested(x->data, tb, NFTA_TARGET_MAX);
	name = dw_attr_string(j->copy->arena, tb[NFTA_TARGET_NAME]);
	t = dw_rs_xt_target(j->copy, name ? name : "");
	j->rule->has_compat = true;
	take_xt(j, x, &t);
}

/*
 * --- rules
 * -----------------------------------------------------------------------------------------
 */

static void judge_expression(struct dw_judge *j, struct dw_rs_expr *x)
{
	static const struct {
		const char *name;
		void (*judge)(struct dw_judge *j, struct dw_rs_expr *x);
	} known[] = {
		{ "cmp", judge_cmp },       { "immediate", judge_immediate },
		{ "lookup", judge_lookup }, { "counter", judge_keep },
		{ "match", judge_match },   { "target", judge_target },
		{ "range", judge_range },   { "dynset", judge_dynset },
		{ "objref", judge_objref }, { "nat", judge_nat },
		{ "redir", judge_nat },     { "masq", judge_nat },
		{ "reject", judge_effect }, { "notrack", judge_effect },
		{ "log", judge_drop },      { "dup", judge_drop },
		{ "last", judge_keep },
	};

	x->act = DW_RS_KEEP;
	x->eased = NULL;
	x->eased_mask = NULL;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq(known[i].name, x->name)) {
			known[i].judge(j, x);
			return;
		}
	if (!dw_judge_load(j, x) && !judge_host_condition(j, x))
		dw_judge_opaque(j, x, DW_DOUBT_HOST,
				dw_arena_printf(j->copy->arena, "%s, which is not known", x->name));
}

static bool is_plain_verdict(const struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_IMMEDIATE_MAX + 1], *data[NFTA_DATA_MAX + 1],
		*verdict[NFTA_VERDICT_MAX + 1];

	if (!dw_streq(x->name, "immediate"))
		return false;
	dw_attr_nested(x->data, tb, NFTA_IMMEDIATE_MAX);
	dw_attr_nested(tb[NFTA_IMMEDIATE_DATA], data, NFTA_DATA_MAX);
	dw_attr_nested(data[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
	return data[NFTA_DATA_VERDICT] && !verdict[NFTA_VERDICT_CHAIN];
}

/*
 * The kernel did not take a copy of the rule, and does not say which of it. First what is not part of every
 * kernel is left out, then all but a plain verdict.
 */
static void judge_refused(struct dw_judge *j)
{
	static const char *const common[] = { "meta",      "payload", "cmp",      "bitwise",
					      "byteorder", "lookup",  "range",    "ct",
					      "fib",       "counter", "immediate" };

	for (size_t i = 0; i < j->rule->n_exprs; i++) {
		struct dw_rs_expr *x = &j->rule->exprs[i];
		bool stays = is_plain_verdict(x);

		for (size_t k = 0; j->rule->refused < 2 && k < DW_ARRAY_SIZE(common); k++)
			stays |= dw_streq(common[k], x->name);
		if (stays)
			continue;
		j->told->opaque |= x->act == DW_RS_EFFECT;
		x->act = DW_RS_DOUBT;
	}
	j->told->doubt = DW_DOUBT_HOST;
	j->told->doubt_words = "the kernel does not take a copy of it";
}

static void judge_rule(struct dw_ruleset *r, uint32_t id)
{
	struct dw_rs_copy *c = r->copy;
	struct dw_judge j = { .copy = c, .rule = &c->rules.v[id], .told = &r->rules[id] };

	j.family = j.rule->chain->key.family;
	j.nfproto = j.family == NFPROTO_IPV4 || j.family == NFPROTO_IPV6 ? j.family : -1;
	j.l4proto = -1;
	j.told->doubt = DW_DOUBT_NONE;
	j.told->doubt_words = NULL;
	j.told->opaque = false;
	for (size_t i = 0; i < j.rule->n_exprs; i++)
		judge_expression(&j, &j.rule->exprs[i]);
	if (j.l4proto >= 0)
		j.told->l4proto = (uint8_t)j.l4proto;
	if (j.rule->refused)
		judge_refused(&j);
	/* Who only counts and logs never matters. */
	if (j.effects && !j.rule->chain->apart)
		return;
	j.told->doubt = DW_DOUBT_NONE;
	j.told->doubt_words = NULL;
	j.told->opaque = false;
	for (size_t i = 0; i < j.rule->n_exprs; i++)
		if (j.rule->exprs[i].act == DW_RS_DOUBT)
			j.rule->exprs[i].act = DW_RS_DROP;
}

void dw_rs_judge_all(struct dw_ruleset *r)
{
	const struct dw_rs_copy *c = r->copy;
	bool before;

	/* A mark that turns out to be unsure makes doubts of rules that were judged already. */
	do {
		before = c->mark_unsure;
		for (uint32_t i = 0; i < c->rules.n; i++)
			judge_rule(r, i);
		for (size_t i = 0; i < c->legacy.n; i++)
			dw_legacy_judge(r->copy, c->legacy.v[i], r->rules);
	} while (c->mark_unsure != before);
}
