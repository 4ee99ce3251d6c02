/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What expressions load (linux/netfilter/nf_tables.h), and whose choice it is. */
#include "judge.h"

/* Loads a value: doubtful ones are left out with what asks for them (some end a rule when there is nothing to load). */
static void load(struct dw_judge *j, struct dw_rs_expr *x, int at, size_t bytes,
		 struct dw_judge_slot what)
{
	dw_judge_put(j, at, bytes, what);
	if (what.doubt)
		dw_judge_doubt(j, x, what.doubt, what.words);
}

static const struct {
	uint32_t key;
	enum dw_doubt doubt;
	enum dw_judge_held held;
	const char *words;
} metas[] = {
	{ NFT_META_LEN, DW_DOUBT_SENDER, DW_HELD_OTHER, "the packet's length" },
	{ NFT_META_PROTOCOL, DW_DOUBT_NONE, DW_HELD_ETHERTYPE, NULL },
	{ NFT_META_PRIORITY, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_MARK, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_IIF, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_OIF, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_IIFNAME, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_OIFNAME, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	/* the copy's devices are of another kind (TUN) */
	{ NFT_META_IIFTYPE, DW_DOUBT_HOST, DW_HELD_IIFTYPE, "the kind of the interface" },
	{ NFT_META_OIFTYPE, DW_DOUBT_HOST, DW_HELD_OTHER, "the kind of the interface" },
	{ NFT_META_SKUID, DW_DOUBT_HOST, DW_HELD_OTHER, "meta skuid" },
	{ NFT_META_SKGID, DW_DOUBT_HOST, DW_HELD_OTHER, "meta skgid" },
	{ NFT_META_NFTRACE, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_RTCLASSID, DW_DOUBT_HOST, DW_HELD_OTHER, "the realm of the route" },
	{ NFT_META_SECMARK, DW_DOUBT_HOST, DW_HELD_OTHER, "meta secmark" },
	{ NFT_META_NFPROTO, DW_DOUBT_NONE, DW_HELD_NFPROTO, NULL },
	{ NFT_META_L4PROTO, DW_DOUBT_NONE, DW_HELD_L4PROTO, NULL },
	{ NFT_META_PKTTYPE, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_CPU, DW_DOUBT_HOST, DW_HELD_OTHER, "meta cpu" },
	{ NFT_META_IIFGROUP, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_OIFGROUP, DW_DOUBT_NONE, DW_HELD_OTHER, NULL },
	{ NFT_META_CGROUP, DW_DOUBT_HOST, DW_HELD_OTHER, "meta cgroup" },
	{ NFT_META_PRANDOM, DW_DOUBT_HOST, DW_HELD_OTHER, "chance" },
	{ NFT_META_SECPATH, DW_DOUBT_HOST, DW_HELD_OTHER, "IPsec" },
	{ NFT_META_TIME_NS, DW_DOUBT_HOST, DW_HELD_OTHER, "the time" },
	{ NFT_META_TIME_DAY, DW_DOUBT_HOST, DW_HELD_OTHER, "the day" },
	{ NFT_META_TIME_HOUR, DW_DOUBT_HOST, DW_HELD_OTHER, "the hour" },
	{ NFT_META_SDIF, DW_DOUBT_HOST, DW_HELD_OTHER, "the VRF" },
	{ NFT_META_SDIFNAME, DW_DOUBT_HOST, DW_HELD_OTHER, "the VRF" },
};

static void meta_set(struct dw_judge *j, struct dw_rs_expr *x, uint32_t key, int from)
{
	struct dw_judge_slot with = dw_judge_get(j, from, 4);

	/* a trace is the copy's own business */
	if (key == NFT_META_NFTRACE) {
		x->act = DW_RS_DROP;
		return;
	}
	dw_judge_effect(j, x, with);
	if (key == NFT_META_MARK && with.doubt)
		j->copy->mark_unsure = true;
}

static void judge_meta(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_META_MAX + 1];
	struct dw_judge_slot what = { .doubt = DW_DOUBT_HOST, .words = "a property of the packet" };
	uint32_t key;
	size_t n = 4;

	dw_attr_nested(x->data, tb, NFTA_META_MAX);
	key = dw_attr_be32(tb[NFTA_META_KEY]);
	if (tb[NFTA_META_SREG]) {
		meta_set(j, x, key, dw_nf_slot(tb[NFTA_META_SREG]));
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(metas); i++)
		if (metas[i].key == key)
			what = (struct dw_judge_slot){ metas[i].doubt, metas[i].words,
						       metas[i].held, 0 };
	if (key == NFT_META_MARK && j->copy->mark_unsure)
		what = (struct dw_judge_slot){ DW_DOUBT_HOST, "meta mark", DW_HELD_OTHER, 0 };
	if (key == NFT_META_IIFNAME || key == NFT_META_OIFNAME || key == NFT_META_SDIFNAME)
		n = 16;                   /* IFNAMSIZ */
	if (what.held == DW_HELD_IIFTYPE) /* what it is compared with tells whose choice it is */
		dw_judge_put(j, dw_nf_slot(tb[NFTA_META_DREG]), n, what);
	else
		load(j, x, dw_nf_slot(tb[NFTA_META_DREG]), n, what);
}

static void judge_ct(struct dw_judge *j, struct dw_rs_expr *x)
{
	/*
	 * A new connection has no mark, no label, no helper yet, and has sent nothing: these are what the
	 * rules make of it.
	 */
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
	struct dw_judge_slot what = { .doubt = DW_DOUBT_HOST,
				      .words = "the state of the connection" };
	uint32_t key;

	dw_attr_nested(x->data, tb, NFTA_CT_MAX);
	key = dw_attr_be32(tb[NFTA_CT_KEY]);
	if (tb[NFTA_CT_SREG]) {
		what = dw_judge_get(j, dw_nf_slot(tb[NFTA_CT_SREG]), 4);
		dw_judge_effect(j, x, what);
		j->copy->mark_unsure |= key == NFT_CT_MARK && what.doubt;
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].key == key)
			what = (struct dw_judge_slot){ known[i].doubt, known[i].words,
						       DW_HELD_OTHER, 0 };
	if (key == NFT_CT_MARK && j->copy->mark_unsure)
		what = (struct dw_judge_slot){ DW_DOUBT_HOST, "ct mark", DW_HELD_OTHER, 0 };
	load(j, x, dw_nf_slot(tb[NFTA_CT_DREG]), 16, what);
}

static bool has_ports(int l4proto)
{
	return l4proto < 0 || l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP ||
	       l4proto == IPPROTO_UDPLITE || l4proto == IPPROTO_SCTP || l4proto == IPPROTO_DCCP;
}

static const char *transport_doubt(const struct dw_judge *j, uint32_t at)
{
	/* what has no ports is nothing that we ask about: no packet that we make up meets it */
	if (!has_ports(j->l4proto) || at == 2 || at == 3)
		return NULL;
	/* A connection begins with SYN alone, whoever sends it: the flags are no choice. */
	if (at == 13 && (j->l4proto == IPPROTO_TCP || j->l4proto < 0))
		return NULL;
	return at < 2 ? "the source port" : "a field of the transport header";
}

static const char *network_doubt(const struct dw_judge *j, uint32_t at, bool six)
{
	if (six)
		return at == 6 || (at >= 8 && at < 40) ? NULL
		       : at == 7                       ? "the hop limit"
		       : at < 2                        ? "the DSCP"
						       : "a field of the IP header";
	return at == 0 || at == 9 || (at >= 12 && at < 20) ? NULL
	       : at == 8                                   ? "the TTL"
	       : at == 1                                   ? "the DSCP"
							   : "a field of the IP header";
}

/* Of which family a header is that the rule did not ask for: the chain gets packets of one only. */
static bool is_six(const struct dw_judge *j, uint32_t from, uint32_t n)
{
	if (j->nfproto == NFPROTO_IPV4 || j->nfproto == NFPROTO_IPV6)
		return j->nfproto == NFPROTO_IPV6;
	return n >= 16 || from == 6 || from == 7 || from >= 20;
}

static const char *byte_doubt(const struct dw_judge *j, uint32_t base, uint32_t at, bool six)
{
	if (base == NFT_PAYLOAD_NETWORK_HEADER)
		return network_doubt(j, at, six);
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER)
		return transport_doubt(j, at);
	return base == NFT_PAYLOAD_LL_HEADER ? "the link's header" : "the content of the packet";
}

/* Fields that lie side by side are loaded at once: "udp sport 67 udp dport 68" is one load of four bytes. */
static void load_bytes(struct dw_judge *j, struct dw_rs_expr *x, int to, uint32_t base,
		       uint32_t from, uint32_t n)
{
	bool six = is_six(j, from, n), any = false;
	const char *first = NULL;

	for (uint32_t k = 0; k * 4 < n; k++) {
		struct dw_judge_slot what = { 0 };

		for (uint32_t i = 0; i < 4 && k * 4 + i < n; i++) {
			const char *words = byte_doubt(j, base, from + k * 4 + i, six);

			if (!words)
				what.decided |= (uint8_t)(1u << i);
			else if (!what.words)
				what.words = words;
			any |= !words;
		}
		what.doubt = what.words ? DW_DOUBT_SENDER : DW_DOUBT_NONE;
		if (!first)
			first = what.words;
		dw_judge_put(j, to < 0 ? to : to + (int)k, 4, what);
	}
	if (!any)
		dw_judge_doubt(j, x, DW_DOUBT_SENDER, first);
}

static void judge_payload(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_PAYLOAD_MAX + 1];
	uint32_t base, from, n;
	int to;

	dw_attr_nested(x->data, tb, NFTA_PAYLOAD_MAX);
	base = dw_attr_be32(tb[NFTA_PAYLOAD_BASE]);
	from = DW_MIN(dw_attr_be32(tb[NFTA_PAYLOAD_OFFSET]), 65535u);
	n = DW_MIN(dw_attr_be32(tb[NFTA_PAYLOAD_LEN]), 64u);
	to = dw_nf_slot(tb[NFTA_PAYLOAD_DREG]);
	if (tb[NFTA_PAYLOAD_SREG]) {
		dw_judge_effect(j, x, dw_judge_get(j, dw_nf_slot(tb[NFTA_PAYLOAD_SREG]), n));
		return;
	}
	load_bytes(j, x, to, base, from, n);
	/* the protocol in the header itself says as much as meta l4proto */
	if (to >= 0 && base == NFT_PAYLOAD_NETWORK_HEADER && n == 1 &&
	    ((from == 9 && j->nfproto == NFPROTO_IPV4) ||
	     (from == 6 && j->nfproto == NFPROTO_IPV6)))
		j->slots[to].held = DW_HELD_L4PROTO;
}

static void judge_exthdr(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_EXTHDR_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_EXTHDR_MAX);
	if (tb[NFTA_EXTHDR_SREG] || !tb[NFTA_EXTHDR_DREG])
		dw_judge_effect(j, x, dw_judge_get(j, dw_nf_slot(tb[NFTA_EXTHDR_SREG]), 4));
	else
		load(j, x, dw_nf_slot(tb[NFTA_EXTHDR_DREG]), dw_attr_be32(tb[NFTA_EXTHDR_LEN]),
		     (struct dw_judge_slot){ DW_DOUBT_SENDER, "options and extension headers",
					     DW_HELD_OTHER, 0 });
}

static void judge_fib(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_FIB_MAX + 1];

	dw_attr_nested(x->data, tb, NFTA_FIB_MAX);
	load(j, x, dw_nf_slot(tb[NFTA_FIB_DREG]), 16, (struct dw_judge_slot){ 0 });
}

/* With a seed it is the same everywhere; without one the kernel takes one by chance (nft_jhash_init()). */
static void judge_hash(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_HASH_MAX + 1];
	struct dw_judge_slot what;

	dw_attr_nested(x->data, tb, NFTA_HASH_MAX);
	what = dw_judge_get(j, dw_nf_slot(tb[NFTA_HASH_SREG]), dw_attr_be32(tb[NFTA_HASH_LEN]));
	if (dw_attr_be32(tb[NFTA_HASH_TYPE]) != NFT_HASH_JENKINS || !tb[NFTA_HASH_SEED])
		what = (struct dw_judge_slot){ DW_DOUBT_HOST, "a hash with a seed of chance",
					       DW_HELD_OTHER, 0 };
	load(j, x, dw_nf_slot(tb[NFTA_HASH_DREG]), 4, what);
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

static bool judge_host_load(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[8];

	for (size_t i = 0; i < DW_ARRAY_SIZE(host_loads); i++) {
		if (!dw_streq(host_loads[i].name, x->name))
			continue;
		dw_attr_nested(x->data, tb, DW_ARRAY_SIZE(tb) - 1);
		load(j, x, dw_nf_slot(tb[host_loads[i].attribute]), 16,
		     (struct dw_judge_slot){ DW_DOUBT_HOST, host_loads[i].words, DW_HELD_OTHER,
					     0 });
		return true;
	}
	return false;
}

/* Each four bytes for themselves; a mask of zeros takes the doubt away with the bits. */
static void judge_mask(struct dw_judge *j, int from, int to, unsigned k, const uint8_t *mask,
		       size_t n)
{
	struct dw_judge_slot what = dw_judge_get(j, from + (int)k, 4);

	what.held = DW_HELD_OTHER;
	for (unsigned i = 0; i < 4; i++)
		if (mask && k * 4 + i < n && mask[k * 4 + i] == 0)
			what.decided |= (uint8_t)(1u << i);
	if (what.decided == 0xf)
		what.doubt = DW_DOUBT_NONE;
	dw_judge_put(j, to + (int)k, 4, what);
}

static void judge_bitwise(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_BITWISE_MAX + 3], *data[NFTA_DATA_MAX + 1];
	const struct nlattr *second; /* newer than some headers: another register */
	struct dw_judge_slot all, other;
	int from, to;
	size_t n;

	dw_attr_nested(x->data, tb, DW_ARRAY_SIZE(tb) - 1);
	dw_attr_nested(tb[NFTA_BITWISE_MASK], data, NFTA_DATA_MAX);
	n = DW_MIN(dw_attr_be32(tb[NFTA_BITWISE_LEN]), 64u);
	second = tb[NFTA_BITWISE_DATA + 1];
	from = dw_nf_slot(tb[NFTA_BITWISE_SREG]);
	to = dw_nf_slot(tb[NFTA_BITWISE_DREG]);
	all = dw_judge_get(j, from, n);
	other = dw_judge_get(j, dw_nf_slot(second), n);
	if (from < 0 || to < 0)
		return;
	if (other.doubt > all.doubt)
		all = other;
	all.held = DW_HELD_OTHER;
	/* a shift, or two registers: bytes wander */
	if (second || !data[NFTA_DATA_VALUE]) {
		all.decided = 0;
		load(j, x, to, n, all);
		return;
	}
	for (unsigned k = 0; k * 4 < n; k++)
		judge_mask(j, from, to, k, dw_attr_data(data[NFTA_DATA_VALUE]),
			   dw_attr_size(data[NFTA_DATA_VALUE]));
	/* what it is made of may have been left out */
	if (all.doubt && all.decided == 0)
		dw_judge_doubt(j, x, all.doubt, all.words);
}

static void judge_byteorder(struct dw_judge *j, struct dw_rs_expr *x)
{
	const struct nlattr *tb[NFTA_BYTEORDER_MAX + 1];
	struct dw_judge_slot what;

	dw_attr_nested(x->data, tb, NFTA_BYTEORDER_MAX);
	what = dw_judge_get(j, dw_nf_slot(tb[NFTA_BYTEORDER_SREG]),
			    dw_attr_be32(tb[NFTA_BYTEORDER_LEN]));
	what.held = DW_HELD_OTHER;
	what.decided = 0;
	load(j, x, dw_nf_slot(tb[NFTA_BYTEORDER_DREG]), dw_attr_be32(tb[NFTA_BYTEORDER_LEN]), what);
}

bool dw_judge_load(struct dw_judge *j, struct dw_rs_expr *x)
{
	static const struct {
		const char *name;
		void (*judge)(struct dw_judge *j, struct dw_rs_expr *x);
	} known[] = {
		{ "meta", judge_meta },       { "payload", judge_payload },
		{ "ct", judge_ct },           { "exthdr", judge_exthdr },
		{ "fib", judge_fib },         { "hash", judge_hash },
		{ "bitwise", judge_bitwise }, { "byteorder", judge_byteorder },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq(known[i].name, x->name)) {
			known[i].judge(j, x);
			return true;
		}
	return judge_host_load(j, x);
}
