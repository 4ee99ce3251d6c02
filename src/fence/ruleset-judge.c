/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a rule depends on, by its expressions (linux/netfilter/nf_tables.h). A register that holds something in doubt makes
 * a doubt of each comparison with it.
 */
#include <string.h>

#include "legacy.h"
#include "ruleset_private.h"

#define SLOTS 16u /* 32-bit registers */

enum held { HELD_OTHER = 0, HELD_L4PROTO, HELD_NFPROTO, HELD_ETHERTYPE };

struct slot {
	enum dw_doubt doubt;
	const char *words;
	enum held held;
};

struct judge {
	struct dw_rs_copy *copy;
	struct dw_rs_rule *rule;
	struct dw_rule *told;
	uint8_t family;
	struct slot slots[SLOTS];
	int l4proto, nfproto; /* that the rule asked for; -1: not yet */
	bool effects;         /* it decides or changes something */
};

/* First 32-bit register of a register's number; -1: none. */
static int slot_of(const struct nlattr *a)
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

static unsigned slots_of(size_t bytes)
{
	return (unsigned)DW_MAX((size_t)1, (DW_MIN(bytes, (size_t)64) + 3) / 4);
}

static void put(struct judge *j, int at, size_t bytes, struct slot what)
{
	for (unsigned i = 0; at >= 0 && i < slots_of(bytes) && (unsigned)at + i < SLOTS; i++)
		j->slots[(unsigned)at + i] = what;
}

/* What is the most doubtful in these registers. */
static struct slot get(const struct judge *j, int at, size_t bytes)
{
	struct slot worst = { 0 };

	for (unsigned i = 0; at >= 0 && i < slots_of(bytes) && (unsigned)at + i < SLOTS; i++)
		if (j->slots[(unsigned)at + i].doubt > worst.doubt)
			worst = j->slots[(unsigned)at + i];
	return worst;
}

static void doubt(struct judge *j, struct dw_rs_expr *x, enum dw_doubt d, const char *words)
{
	x->act = DW_RS_DOUBT;
	if (d > j->told->doubt) {
		j->told->doubt = d;
		j->told->doubt_words = words;
	}
}

static void opaque(struct judge *j, struct dw_rs_expr *x, enum dw_doubt d, const char *words)
{
	doubt(j, x, d, words);
	j->told->opaque = true;
	j->effects = true;
}

/* Loads a value: doubtful ones are left out with what asks for them (some end a rule when there is nothing to load). */
static void load(struct judge *j, struct dw_rs_expr *x, int at, size_t bytes, struct slot what)
{
	put(j, at, bytes, what);
	if (what.doubt)
		doubt(j, x, what.doubt, what.words);
}

/* Something is done with a value: when the value is in doubt, nobody knows what. */
static void effect(struct judge *j, struct dw_rs_expr *x, struct slot with)
{
	j->effects = true;
	x->act = DW_RS_EFFECT;
	if (with.doubt)
		opaque(j, x, with.doubt, with.words);
}

/*
 * --- loads
 * ----------------------------------------------------------------------------------------
 */

static const struct {
	uint32_t key;
	enum dw_doubt doubt;
	enum held held;
	const char *words;
} metas[] = {
	{ NFT_META_LEN, DW_DOUBT_SENDER, HELD_OTHER, "the packet's length" },
	{ NFT_META_PROTOCOL, DW_DOUBT_NONE, HELD_ETHERTYPE, NULL },
	{ NFT_META_PRIORITY, DW_DOUBT_NONE, HELD_OTHER, NULL },
	{ NFT_META_MARK, DW_DOUBT_NONE, HELD_OTHER, NULL },
	{ NFT_META_IIF, DW_DOUBT_NONE, HELD_OTHER, NULL },
	{ NFT_META_OIF, DW_DOUBT_NONE, HELD_OTHER, NULL },
	{ NFT_META_IIFNAME, DW_DOUBT_NONE, HELD_OTHER, NULL },
	{ NFT_META_OIFNAME, DW_DOUBT_NONE, HELD_OTHER, NULL },
	/* the copy's devices are of another kind (TUN) */
	{ NFT_META_IIFTYPE, DW_DOUBT_HOST, HELD_OTHER, "the kind of the interface" },
	{ NFT_META_OIFTYPE, DW_DOUBT_HOST, HELD_OTHER, "the kind of the interface" },
	{ NFT_META_SKUID, DW_DOUBT_HOST, HELD_OTHER, "meta skuid" },
	{ NFT_META_SKGID, DW_DOUBT_HOST, HELD_OTHER, "meta skgid" },
	{ NFT_META_NFTRACE, DW_DOUBT_NONE, HELD_OTHER, NULL },
	{ NFT_META_RTCLASSID, DW_DOUBT_HOST, HELD_OTHER, "the realm of the route" },
	{ NFT_META_SECMARK, DW_DOUBT_HOST, HELD_OTHER, "meta secmark" },
	{ NFT_META_NFPROTO, DW_DOUBT_NONE, HELD_NFPROTO, NULL },
	{ NFT_META_L4PROTO, DW_DOUBT_NONE, HELD_L4PROTO, NULL },
	{ NFT_META_PKTTYPE, DW_DOUBT_NONE, HELD_OTHER, NULL },
	{ NFT_META_CPU, DW_DOUBT_HOST, HELD_OTHER, "meta cpu" },
	{ NFT_META_IIFGROUP, DW_DOUBT_HOST, HELD_OTHER, "the interface's group" },
	{ NFT_META_OIFGROUP, DW_DOUBT_HOST, HELD_OTHER, "the interface's group" },
	{ NFT_META_CGROUP, DW_DOUBT_HOST, HELD_OTHER, "meta cgroup" },
	{ NFT_META_PRANDOM, DW_DOUBT_HOST, HELD_OTHER, "chance" },
	{ NFT_META_SECPATH, DW_DOUBT_HOST, HELD_OTHER, "IPsec" },
	{ NFT_META_TIME_NS, DW_DOUBT_HOST, HELD_OTHER, "the time" },
	{ NFT_META_TIME_DAY, DW_DOUBT_HOST, HELD_OTHER, "the day" },
	{ NFT_META_TIME_HOUR, DW_DOUBT_HOST, HELD_OTHER, "the hour" },
	{ NFT_META_SDIF, DW_DOUBT_HOST, HELD_OTHER, "the VRF" },
	{ NFT_META_SDIFNAME, DW_DOUBT_HOST, HELD_OTHER, "the VRF" },
};

static void meta_set(struct judge *j, struct dw_rs_expr *x, uint32_t key, int from)
{
	struct slot with = get(j, from, 4);

	/* a trace is the copy's own business */
	if (key == NFT_META_NFTRACE) {
		x->act = DW_RS_DROP;
		return;
	}
	effect(j, x, with);
	if (key == NFT_META_MARK && with.doubt)
		j->copy->mark_unsure = true;
}

static void judge_meta(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_META_MAX + 1];
	struct slot what = { .doubt = DW_DOUBT_HOST, .words = "a property of the packet" };
	uint32_t key;
	size_t n = 4;

	dw_attr_nested(x->data, tb, NFTA_META_MAX);
	key = dw_attr_be32(tb[NFTA_META_KEY]);
	if (tb[NFTA_META_SREG]) {
		meta_set(j, x, key, slot_of(tb[NFTA_META_SREG]));
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(metas); i++)
		if (metas[i].key == key)
			what = (struct slot){ metas[i].doubt, metas[i].words, metas[i].held };
	if (key == NFT_META_MARK && j->copy->mark_unsure)
		what = (struct slot){ DW_DOUBT_HOST, "meta mark", HELD_OTHER };
	if (key == NFT_META_IIFNAME || key == NFT_META_OIFNAME || key == NFT_META_SDIFNAME)
		n = 16; /* IFNAMSIZ */
	load(j, x, slot_of(tb[NFTA_META_DREG]), n, what);
}

static void judge_ct(struct judge *j, struct dw_rs_expr *x)
{
	/* A new connection has no mark, no label, no helper yet, and has sent nothing: these are what the rules make of it. */
	static const struct {
		uint32_t key;
		enum dw_doubt doubt;
		const char *words;
	} known[] = {
		{ NFT_CT_EXPIRATION, DW_DOUBT_HOST, "ct expiration" },
		{ NFT_CT_SECMARK, DW_DOUBT_HOST, "ct secmark" },
		{ NFT_CT_PROTO_SRC, DW_DOUBT_SENDER, "the source port" },
		{ NFT_CT_BYTES, DW_DOUBT_HOST, "ct bytes" },
		{ NFT_CT_PKTS, DW_DOUBT_HOST, "ct packets" },
		{ NFT_CT_AVGPKT, DW_DOUBT_HOST, "ct avgpkt" },
		{ NFT_CT_ID, DW_DOUBT_HOST, "ct id" },
		{ NFT_CT_STATE, DW_DOUBT_NONE, NULL },
		{ NFT_CT_DIRECTION, DW_DOUBT_NONE, NULL },
		{ NFT_CT_STATUS, DW_DOUBT_NONE, NULL },
		{ NFT_CT_MARK, DW_DOUBT_NONE, NULL },
		{ NFT_CT_HELPER, DW_DOUBT_NONE, NULL },
		{ NFT_CT_L3PROTOCOL, DW_DOUBT_NONE, NULL },
		{ NFT_CT_SRC, DW_DOUBT_NONE, NULL },
		{ NFT_CT_DST, DW_DOUBT_NONE, NULL },
		{ NFT_CT_PROTOCOL, DW_DOUBT_NONE, NULL },
		{ NFT_CT_PROTO_DST, DW_DOUBT_NONE, NULL },
		{ NFT_CT_LABELS, DW_DOUBT_NONE, NULL },
		{ NFT_CT_ZONE, DW_DOUBT_NONE, NULL },
		{ NFT_CT_EVENTMASK, DW_DOUBT_NONE, NULL },
		{ NFT_CT_SRC_IP, DW_DOUBT_NONE, NULL },
		{ NFT_CT_DST_IP, DW_DOUBT_NONE, NULL },
		{ NFT_CT_SRC_IP6, DW_DOUBT_NONE, NULL },
		{ NFT_CT_DST_IP6, DW_DOUBT_NONE, NULL },
	};
	const struct nlattr *tb[NFTA_CT_MAX + 1];
	struct slot what = { .doubt = DW_DOUBT_HOST, .words = "the state of the connection" };
	uint32_t key;

	dw_attr_nested(x->data, tb, NFTA_CT_MAX);
	key = dw_attr_be32(tb[NFTA_CT_KEY]);
	if (tb[NFTA_CT_SREG]) {
		what = get(j, slot_of(tb[NFTA_CT_SREG]), 4);
		effect(j, x, what);
		j->copy->mark_unsure |= key == NFT_CT_MARK && what.doubt;
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].key == key)
			what = (struct slot){ known[i].doubt, known[i].words, HELD_OTHER };
	if (key == NFT_CT_MARK && j->copy->mark_unsure)
		what = (struct slot){ DW_DOUBT_HOST, "ct mark", HELD_OTHER };
	load(j, x, slot_of(tb[NFTA_CT_DREG]), 16, what);
}

static bool has_ports(int l4proto)
{
	return l4proto < 0 || l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP ||
	       l4proto == IPPROTO_UDPLITE || l4proto == IPPROTO_SCTP || l4proto == IPPROTO_DCCP;
}

static const char *transport_doubt(const struct judge *j, uint32_t from, uint32_t n)
{
	/* what is no port of ours to ask about: no packet that we make up meets it */
	if (!has_ports(j->l4proto))
		return NULL;
	if (from < 2)
		return "the source port";
	if (from == 2 && n <= 2)
		return NULL;
	/* A connection begins with SYN alone, whoever sends it: the flags are no choice. */
	if (from == 13 && n == 1 && (j->l4proto == IPPROTO_TCP || j->l4proto < 0))
		return NULL;
	return "a field of the transport header";
}

static const char *network_doubt(const struct judge *j, uint32_t from, uint32_t n)
{
	bool six = j->nfproto == NFPROTO_IPV6, four = j->nfproto == NFPROTO_IPV4;
	uint32_t to = from + n;

	if (!six && from >= 12 && to <= 20)
		return NULL;
	if (!four && from >= 8 && to <= 40 && (six || n >= 16))
		return NULL;
	if ((!six && from == 9 && n == 1) || (!four && from == 6 && n == 1))
		return NULL;
	/* version and length of the header */
	if (!six && from == 0 && n == 1)
		return NULL;
	if (!six && from == 8 && n == 1)
		return "the TTL";
	if (!four && from == 7 && n == 1)
		return "the hop limit";
	if (from < 2)
		return "the DSCP";
	return "a field of the IP header";
}

static void judge_payload(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_PAYLOAD_MAX + 1];
	struct slot what = { 0 };
	uint32_t base, from, n;

	dw_attr_nested(x->data, tb, NFTA_PAYLOAD_MAX);
	base = dw_attr_be32(tb[NFTA_PAYLOAD_BASE]);
	from = dw_attr_be32(tb[NFTA_PAYLOAD_OFFSET]);
	n = dw_attr_be32(tb[NFTA_PAYLOAD_LEN]);
	if (tb[NFTA_PAYLOAD_SREG]) {
		effect(j, x, get(j, slot_of(tb[NFTA_PAYLOAD_SREG]), n));
		return;
	}
	if (base == NFT_PAYLOAD_NETWORK_HEADER && from < 1024 && n <= 64)
		what.words = network_doubt(j, from, n);
	else if (base == NFT_PAYLOAD_TRANSPORT_HEADER && from < 1024 && n <= 64)
		what.words = transport_doubt(j, from, n);
	else
		what.words = base == NFT_PAYLOAD_LL_HEADER ? "the link's header"
							   : "the content of the packet";
	what.doubt = what.words ? DW_DOUBT_SENDER : DW_DOUBT_NONE;
	/* the protocol in the header itself says as much as meta l4proto */
	if (!what.words && base == NFT_PAYLOAD_NETWORK_HEADER && n == 1 &&
	    ((from == 9 && j->nfproto == NFPROTO_IPV4) ||
	     (from == 6 && j->nfproto == NFPROTO_IPV6)))
		what.held = HELD_L4PROTO;
	load(j, x, slot_of(tb[NFTA_PAYLOAD_DREG]), n, what);
}

static void judge_exthdr(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_EXTHDR_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_EXTHDR_MAX);
	if (tb[NFTA_EXTHDR_SREG] || !tb[NFTA_EXTHDR_DREG])
		effect(j, x, get(j, slot_of(tb[NFTA_EXTHDR_SREG]), 4));
	else
		load(j, x, slot_of(tb[NFTA_EXTHDR_DREG]), dw_attr_be32(tb[NFTA_EXTHDR_LEN]),
		     (struct slot){ DW_DOUBT_SENDER, "options and extension headers", HELD_OTHER });
}

static void judge_fib(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_FIB_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_FIB_MAX);
	load(j, x, slot_of(tb[NFTA_FIB_DREG]), 16, (struct slot){ 0 });
}

/* With a seed it is the same everywhere; without one the kernel takes one by chance (nft_jhash_init()). */
static void judge_hash(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_HASH_MAX + 1];
	struct slot what;

	dw_attr_nested(x->data, tb, NFTA_HASH_MAX);
	what = get(j, slot_of(tb[NFTA_HASH_SREG]), dw_attr_be32(tb[NFTA_HASH_LEN]));
	if (dw_attr_be32(tb[NFTA_HASH_TYPE]) != NFT_HASH_JENKINS || !tb[NFTA_HASH_SEED])
		what = (struct slot){ DW_DOUBT_HOST, "a hash with a seed of chance", HELD_OTHER };
	load(j, x, slot_of(tb[NFTA_HASH_DREG]), 4, what);
}

/* Loads that are the host's own, whatever they say; the register is the first or second attribute. */
static const struct {
	const char *name;
	unsigned attribute;
	const char *words;
} host_loads[] = {
	{ "numgen", NFTA_NG_DREG, "a counter or chance (numgen)" },
	{ "rt", NFTA_RT_DREG, "the route" },
	{ "socket", NFTA_SOCKET_DREG, "the socket" },
	{ "xfrm", NFTA_XFRM_DREG, "IPsec" },
	{ "osf", NFTA_OSF_DREG, "the sender's operating system" },
	{ "tunnel", 2, "the tunnel" },
};

static bool judge_host_load(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[8];

	for (size_t i = 0; i < DW_ARRAY_SIZE(host_loads); i++) {
		if (!dw_streq(host_loads[i].name, x->name))
			continue;
		dw_attr_nested(x->data, tb, DW_ARRAY_SIZE(tb) - 1);
		load(j, x, slot_of(tb[host_loads[i].attribute]), 16,
		     (struct slot){ DW_DOUBT_HOST, host_loads[i].words, HELD_OTHER });
		return true;
	}
	return false;
}

static void judge_bitwise(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr
		*tb[NFTA_BITWISE_MAX + 3]; /* a second source register is newer than some headers */
	size_t n;
	struct slot what, other;

	dw_attr_nested(x->data, tb, DW_ARRAY_SIZE(tb) - 1);
	n = dw_attr_be32(tb[NFTA_BITWISE_LEN]);
	what = get(j, slot_of(tb[NFTA_BITWISE_SREG]), n);
	other = get(j, slot_of(tb[NFTA_BITWISE_MAX + 1]), n);
	if (other.doubt > what.doubt)
		what = other;
	what.held = HELD_OTHER;
	load(j, x, slot_of(tb[NFTA_BITWISE_DREG]), n, what);
}

static void judge_byteorder(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_BYTEORDER_MAX + 1];
	struct slot what;

	dw_attr_nested(x->data, tb, NFTA_BYTEORDER_MAX);
	what = get(j, slot_of(tb[NFTA_BYTEORDER_SREG]), dw_attr_be32(tb[NFTA_BYTEORDER_LEN]));
	what.held = HELD_OTHER;
	load(j, x, slot_of(tb[NFTA_BYTEORDER_DREG]), dw_attr_be32(tb[NFTA_BYTEORDER_LEN]), what);
}

/*
 * --- conditions
 * -----------------------------------------------------------------------------------
 */

static void compare(struct judge *j, struct dw_rs_expr *x, struct slot with)
{
	if (with.doubt)
		doubt(j, x, with.doubt, with.words);
}

/* What the rule asked for before tells what the header's fields are. */
static void learn(struct judge *j, int at, const struct nlattr *data, bool equal)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];
	const uint8_t *v;

	dw_attr_nested(data, tb, NFTA_DATA_MAX);
	v = dw_attr_data(tb[NFTA_DATA_VALUE]);
	if (at < 0 || (unsigned)at >= SLOTS || !v || dw_attr_size(tb[NFTA_DATA_VALUE]) < 1)
		return;
	if (j->slots[at].held == HELD_L4PROTO) {
		j->rule->compat_proto = v[0];
		j->rule->compat_flags = equal ? 0 : NFT_RULE_COMPAT_F_INV;
		j->l4proto = equal ? v[0] : -1;
	}
	if (equal && j->slots[at].held == HELD_NFPROTO)
		j->nfproto = v[0];
	if (equal && j->slots[at].held == HELD_ETHERTYPE && dw_attr_size(tb[NFTA_DATA_VALUE]) >= 2)
		j->nfproto = v[0] == 0x86 && v[1] == 0xdd   ? NFPROTO_IPV6
			     : v[0] == 0x08 && v[1] == 0x00 ? NFPROTO_IPV4
							    : j->nfproto;
}

static void judge_cmp(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_CMP_MAX + 1], *data[NFTA_DATA_MAX + 1];
	int at;

	dw_attr_nested(x->data, tb, NFTA_CMP_MAX);
	dw_attr_nested(tb[NFTA_CMP_DATA], data, NFTA_DATA_MAX);
	at = slot_of(tb[NFTA_CMP_SREG]);
	compare(j, x, get(j, at, dw_attr_size(data[NFTA_DATA_VALUE])));
	if (dw_attr_be32(tb[NFTA_CMP_OP]) <= NFT_CMP_NEQ)
		learn(j, at, tb[NFTA_CMP_DATA], dw_attr_be32(tb[NFTA_CMP_OP]) == NFT_CMP_EQ);
}

static void judge_range(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_RANGE_MAX + 1], *data[NFTA_DATA_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_RANGE_MAX);
	dw_attr_nested(tb[NFTA_RANGE_FROM_DATA], data, NFTA_DATA_MAX);
	compare(j, x, get(j, slot_of(tb[NFTA_RANGE_SREG]), dw_attr_size(data[NFTA_DATA_VALUE])));
}

static struct dw_rs_set *set_named(const struct judge *j, const struct nlattr *name)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *s = dw_attr_string(scratch, name);

	return s ? (struct dw_rs_set *)dw_rs_find(j->copy->set_index, j->family,
						  j->rule->chain->key.table, s)
		 : NULL;
}

static struct slot set_doubt(const struct judge *j, const struct dw_rs_set *set)
{
	if (!set)
		return (struct slot){ DW_DOUBT_HOST, "a set that is not there", HELD_OTHER };
	if (set->refused)
		return (struct slot){ DW_DOUBT_HOST,
				      dw_arena_printf(
					      j->copy->arena,
					      "set %s, which the kernel does not take a copy of",
					      set->key.name),
				      HELD_OTHER };
	if (set->filled)
		return (struct slot){ DW_DOUBT_HOST,
				      dw_arena_printf(j->copy->arena,
						      "set %s, which is filled at run time",
						      set->key.name),
				      HELD_OTHER };
	return (struct slot){ 0 };
}

static void judge_lookup(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_LOOKUP_MAX + 1];
	const struct dw_rs_set *set;
	struct slot what, key;

	dw_attr_nested(x->data, tb, NFTA_LOOKUP_MAX);
	set = set_named(j, tb[NFTA_LOOKUP_SET]);
	what = set_doubt(j, set);
	key = get(j, slot_of(tb[NFTA_LOOKUP_SREG]), set ? set->key_len : 64);
	if (key.doubt > what.doubt)
		what = key;
	what.held = HELD_OTHER;
	if (tb[NFTA_LOOKUP_DREG] && dw_attr_be32(tb[NFTA_LOOKUP_DREG]) == NFT_REG_VERDICT) {
		effect(j, x, what);
		return;
	}
	compare(j, x, what);
	if (tb[NFTA_LOOKUP_DREG])
		put(j, slot_of(tb[NFTA_LOOKUP_DREG]), 16, what);
}

/*
 * --- statements
 * ------------------------------------------------------------------------------------
 */

static void judge_immediate(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_IMMEDIATE_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_IMMEDIATE_MAX);
	if (dw_attr_be32(tb[NFTA_IMMEDIATE_DREG]) == NFT_REG_VERDICT)
		effect(j, x, (struct slot){ 0 });
	else
		put(j, slot_of(tb[NFTA_IMMEDIATE_DREG]), 16, (struct slot){ 0 });
}

/*
 * Elements that a rule adds would fill the copy's set by what we send; without a limit in them the statement is met by every
 * packet (as long as there is room), so it is left out. With one it is a condition of the host's.
 */
static void judge_dynset(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_DYNSET_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_DYNSET_MAX);
	if (tb[NFTA_DYNSET_EXPR] || tb[NFTA_DYNSET_EXPRESSIONS])
		doubt(j, x, DW_DOUBT_HOST, "a limit or count of each element of a set");
	else
		x->act = DW_RS_DROP;
}

static void judge_objref(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_OBJREF_MAX + 1];
	const struct dw_rs_set *set;
	uint32_t type;

	dw_attr_nested(x->data, tb, NFTA_OBJREF_MAX);
	set = tb[NFTA_OBJREF_SET_NAME] ? set_named(j, tb[NFTA_OBJREF_SET_NAME]) : NULL;
	type = set ? set->object_type : dw_attr_be32(tb[NFTA_OBJREF_IMM_TYPE]);
	if (type == NFT_OBJECT_QUOTA)
		doubt(j, x, DW_DOUBT_HOST, "a quota");
	else if (type == NFT_OBJECT_LIMIT || type == NFT_OBJECT_CONNLIMIT)
		doubt(j, x, DW_DOUBT_HOST, "a limit");
	else if (type == NFT_OBJECT_SYNPROXY)
		opaque(j, x, DW_DOUBT_HOST, "synproxy");
	else if (type != NFT_OBJECT_COUNTER && type != NFT_OBJECT_CT_HELPER &&
		 type != NFT_OBJECT_CT_TIMEOUT && type != NFT_OBJECT_CT_EXPECT &&
		 type != NFT_OBJECT_SECMARK)
		doubt(j, x, DW_DOUBT_HOST, "an object of a kind that is not known");
	/* What counts and notes things decides nothing; but where a map does not have the key, the rule ends. */
	else if (set)
		compare(j, x, set_doubt(j, set));
}

static void judge_nat(struct judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[16];
	struct slot with = { 0 };

	/* nat, masq and redir keep their registers in attributes of which none above these is one */
	dw_attr_nested(x->data, tb, DW_ARRAY_SIZE(tb) - 1);
	for (unsigned i = 1; i <= NFTA_NAT_REG_PROTO_MAX; i++) {
		bool nat = dw_streq(x->name, "nat");
		bool is_register = nat ? i >= NFTA_NAT_REG_ADDR_MIN : i != NFTA_REDIR_FLAGS;
		struct slot s = { 0 };

		if (dw_streq(x->name, "masq"))
			is_register = i == NFTA_MASQ_REG_PROTO_MIN || i == NFTA_MASQ_REG_PROTO_MAX;
		if (is_register)
			s = get(j, slot_of(tb[i]), 4);
		if (s.doubt > with.doubt)
			with = s;
	}
	effect(j, x, with);
}

static void judge_effect(struct judge *j, struct dw_rs_expr *x)
{
	effect(j, x, (struct slot){ 0 });
}

static void judge_drop(struct judge *j, struct dw_rs_expr *x)
{
	x->act = DW_RS_DROP;
}

static void judge_keep(struct judge *j, struct dw_rs_expr *x)
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

static bool judge_host_condition(struct judge *j, struct dw_rs_expr *x)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(host_conditions); i++) {
		if (!dw_streq(host_conditions[i].name, x->name))
			continue;
		if (host_conditions[i].opaque)
			opaque(j, x, DW_DOUBT_HOST, host_conditions[i].words);
		else
			doubt(j, x, DW_DOUBT_HOST, host_conditions[i].words);
		return true;
	}
	return false;
}

/*
 * --- xtables
 * --------------------------------------------------------------------------------------
 */

static void take_xt(struct judge *j, struct dw_rs_expr *x, const struct dw_rs_xt *t)
{
	x->act = t->act;
	x->eased = t->eased;
	if (t->opaque)
		opaque(j, x, t->doubt, t->words);
	else if (t->doubt)
		doubt(j, x, t->doubt, t->words);
	if (t->act == DW_RS_EFFECT)
		j->effects = true;
}

static void judge_match(struct judge *j, struct dw_rs_expr *x)
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

static void judge_target(struct judge *j, struct dw_rs_expr *x)
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

static void judge_expression(struct judge *j, struct dw_rs_expr *x)
{
	static const struct {
		const char *name;
		void (*judge)(struct judge *j, struct dw_rs_expr *x);
	} known[] = {
		{ "meta", judge_meta },       { "payload", judge_payload },
		{ "cmp", judge_cmp },         { "immediate", judge_immediate },
		{ "lookup", judge_lookup },   { "counter", judge_keep },
		{ "bitwise", judge_bitwise }, { "ct", judge_ct },
		{ "match", judge_match },     { "target", judge_target },
		{ "range", judge_range },     { "byteorder", judge_byteorder },
		{ "fib", judge_fib },         { "exthdr", judge_exthdr },
		{ "hash", judge_hash },       { "dynset", judge_dynset },
		{ "objref", judge_objref },   { "nat", judge_nat },
		{ "redir", judge_nat },       { "masq", judge_nat },
		{ "reject", judge_effect },   { "notrack", judge_effect },
		{ "log", judge_drop },        { "dup", judge_drop },
		{ "last", judge_keep },
	};

	x->act = DW_RS_KEEP;
	x->eased = NULL;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq(known[i].name, x->name)) {
			known[i].judge(j, x);
			return;
		}
	if (!judge_host_load(j, x) && !judge_host_condition(j, x))
		opaque(j, x, DW_DOUBT_HOST,
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
 * The kernel did not take a copy of the rule, and does not say which of it. First what is not part of every kernel is left out, then
 * all but a plain verdict.
 */
static void judge_refused(struct judge *j)
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
	struct judge j = { .copy = c, .rule = &c->rules.v[id], .told = &r->rules[id] };

	j.family = j.rule->chain->key.family;
	j.nfproto = j.family == NFPROTO_IPV4 || j.family == NFPROTO_IPV6 ? j.family : -1;
	j.l4proto = -1;
	j.told->doubt = DW_DOUBT_NONE;
	j.told->doubt_words = NULL;
	j.told->opaque = false;
	for (size_t i = 0; i < j.rule->n_exprs; i++)
		judge_expression(&j, &j.rule->exprs[i]);
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
