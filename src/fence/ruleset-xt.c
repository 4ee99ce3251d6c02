/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Matches and targets of xtables (rules of iptables-nft, legacy tables): which of them depend on something that a
 * copy has not. Of a match that asks for several things only what is in doubt is taken away.
 */
#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_dccp.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

#include "ruleset_private.h"

static struct dw_rs_xt in_doubt(enum dw_doubt d, const char *words, void *eased)
{
	return (struct dw_rs_xt){ .act = DW_RS_DOUBT, .doubt = d, .words = words, .eased = eased };
}

static const struct dw_rs_xt decided = { .act = DW_RS_KEEP };

/* Ports are asked for by a span; all of them, not inverted: not asked for. */
static bool is_any(const uint16_t *ports, bool inverted)
{
	return !inverted && ports[0] == 0 && ports[1] == UINT16_MAX;
}

static struct dw_rs_xt tcp(struct dw_arena *a, const void *info, size_t n)
{
	struct xt_tcp t;
	bool ports;

	if (n < sizeof(t))
		return in_doubt(DW_DOUBT_HOST, "a tcp match of another size", NULL);
	memcpy(&t, info, sizeof(t));
	ports = !is_any(t.spts, t.invflags & XT_TCP_INV_SRCPT);
	if (!ports && t.option == 0)
		return decided; /* the flags of a packet that begins a connection are no choice */
	t.spts[0] = 0;
	t.spts[1] = UINT16_MAX;
	t.option = 0;
	t.invflags &= (uint8_t) ~(XT_TCP_INV_SRCPT | XT_TCP_INV_OPTION);
	return in_doubt(DW_DOUBT_SENDER, ports ? "the source port" : "a TCP option",
			dw_arena_memdup(a, &t, sizeof(t)));
}

static struct dw_rs_xt udp(struct dw_arena *a, const void *info, size_t n)
{
	struct xt_udp u;

	if (n < sizeof(u))
		return in_doubt(DW_DOUBT_HOST, "a udp match of another size", NULL);
	memcpy(&u, info, sizeof(u));
	if (is_any(u.spts, u.invflags & XT_UDP_INV_SRCPT))
		return decided;
	u.spts[0] = 0;
	u.spts[1] = UINT16_MAX;
	u.invflags &= (uint8_t)~XT_UDP_INV_SRCPT;
	return in_doubt(DW_DOUBT_SENDER, "the source port", dw_arena_memdup(a, &u, sizeof(u)));
}

static struct dw_rs_xt sctp(struct dw_arena *a, const void *info, size_t n)
{
	const uint32_t doubts = XT_SCTP_SRC_PORTS | XT_SCTP_CHUNK_TYPES;
	struct xt_sctp_info t;

	if (n < sizeof(t))
		return in_doubt(DW_DOUBT_HOST, "an sctp match of another size", NULL);
	memcpy(&t, info, sizeof(t));
	if (!(t.flags & doubts))
		return decided;
	t.flags &= ~doubts;
	t.invflags &= ~doubts;
	return in_doubt(DW_DOUBT_SENDER, "the source port or the chunks",
			dw_arena_memdup(a, &t, sizeof(t)));
}

static struct dw_rs_xt dccp(struct dw_arena *a, const void *info, size_t n)
{
	const uint16_t doubts = XT_DCCP_SRC_PORTS | XT_DCCP_OPTION;
	struct xt_dccp_info t;

	if (n < sizeof(t))
		return in_doubt(DW_DOUBT_HOST, "a dccp match of another size", NULL);
	memcpy(&t, info, sizeof(t));
	if (!(t.flags & doubts))
		return decided;
	t.flags &= (uint16_t)~doubts;
	t.invflags &= (uint16_t)~doubts;
	return in_doubt(DW_DOUBT_SENDER, "the source port or an option",
			dw_arena_memdup(a, &t, sizeof(t)));
}

/* The same layout in both revisions up to the ports: which of them are meant. */
static struct dw_rs_xt multiport(struct dw_arena *a, const void *info, size_t n)
{
	const uint8_t *p = info;

	(void)a;
	if (n >= 1 && p[0] == XT_MULTIPORT_DESTINATION)
		return decided;
	return in_doubt(DW_DOUBT_SENDER, "the source port", NULL);
}

/* match_flags and invert_flags have 8 bits in revision 1, 16 in 2 and 3, at the same place. */
static struct dw_rs_xt conntrack(struct dw_arena *a, unsigned revision, const void *info, size_t n)
{
	const uint16_t host = XT_CONNTRACK_EXPIRES;
	const uint16_t sender = XT_CONNTRACK_ORIGSRC_PORT | XT_CONNTRACK_REPLDST_PORT;
	struct xt_conntrack_mtinfo3 t = { 0 };
	uint16_t flags;

	if (revision == 1 && n >= sizeof(struct xt_conntrack_mtinfo1))
		flags = ((const struct xt_conntrack_mtinfo1 *)info)->match_flags;
	else if ((revision == 2 || revision == 3) && n >= sizeof(struct xt_conntrack_mtinfo2))
		flags = ((const struct xt_conntrack_mtinfo2 *)info)->match_flags;
	else
		return in_doubt(DW_DOUBT_HOST, "a conntrack match of another revision", NULL);
	if (!(flags & (host | sender)))
		return decided;
	if (revision != 3 || n < sizeof(t))
		return in_doubt(flags & host ? DW_DOUBT_HOST : DW_DOUBT_SENDER,
				"the state of the connection", NULL);
	memcpy(&t, info, sizeof(t));
	t.match_flags &= (uint16_t) ~(host | sender);
	return in_doubt(flags & host ? DW_DOUBT_HOST : DW_DOUBT_SENDER,
			flags & host ? "ct expiration" : "the source port",
			dw_arena_memdup(a, &t, sizeof(t)));
}

/* Matches that need no look at their settings. */
static const struct {
	const char *name;
	enum dw_doubt doubt;
	const char *words;
} by_name[] = {
	{ "addrtype", DW_DOUBT_NONE, NULL },
	{ "comment", DW_DOUBT_NONE, NULL },
	{ "connlabel", DW_DOUBT_NONE, NULL },
	{ "connmark", DW_DOUBT_NONE, NULL },
	{ "helper", DW_DOUBT_NONE, NULL },
	{ "icmp", DW_DOUBT_NONE, NULL },
	{ "icmp6", DW_DOUBT_NONE, NULL },
	{ "iprange", DW_DOUBT_NONE, NULL },
	{ "mark", DW_DOUBT_NONE, NULL },
	{ "pkttype", DW_DOUBT_NONE, NULL },
	{ "rpfilter", DW_DOUBT_NONE, NULL },
	{ "state", DW_DOUBT_NONE, NULL },
	/* of protocols without ports: no packet of ours */
	{ "ah", DW_DOUBT_NONE, NULL },
	{ "esp", DW_DOUBT_NONE, NULL },
	{ "ipcomp", DW_DOUBT_NONE, NULL },
	{ "mh", DW_DOUBT_NONE, NULL },
	{ "dscp", DW_DOUBT_SENDER, "the DSCP" },
	{ "tos", DW_DOUBT_SENDER, "the TOS" },
	{ "ecn", DW_DOUBT_SENDER, "ECN" },
	{ "ttl", DW_DOUBT_SENDER, "the TTL" },
	{ "hl", DW_DOUBT_SENDER, "the hop limit" },
	{ "length", DW_DOUBT_SENDER, "the packet's length" },
	{ "mac", DW_DOUBT_SENDER, "the MAC address" },
	{ "tcpmss", DW_DOUBT_SENDER, "the MSS" },
	{ "eui64", DW_DOUBT_SENDER, "the MAC address" },
	{ "frag", DW_DOUBT_SENDER, "extension headers" },
	{ "ipv6header", DW_DOUBT_SENDER, "extension headers" },
	{ "rt", DW_DOUBT_SENDER, "extension headers" },
	{ "hbh", DW_DOUBT_SENDER, "extension headers" },
	{ "dst", DW_DOUBT_SENDER, "extension headers" },
	{ "srh", DW_DOUBT_SENDER, "extension headers" },
	{ "l2tp", DW_DOUBT_SENDER, "the content of the packet" },
	/* words that are looked for anywhere: whoever sends can put them in */
	{ "string", DW_DOUBT_SENDER, "the content of the packet" },
	/*
	 * They look at any bit, also at those that are no sender's to choose (where it goes to): that one of
	 * all choices meets them is not said.
	 */
	{ "u32", DW_DOUBT_HOST, "bits of the packet (u32)" },
	{ "bpf", DW_DOUBT_HOST, "a program (bpf)" },
	{ "limit", DW_DOUBT_HOST, "a limit" },
	{ "hashlimit", DW_DOUBT_HOST, "a limit (hashlimit)" },
	{ "connlimit", DW_DOUBT_HOST, "the number of connections" },
	{ "connbytes", DW_DOUBT_HOST, "what the connection has carried" },
	{ "quota", DW_DOUBT_HOST, "a quota" },
	{ "recent", DW_DOUBT_HOST, "who was here recently" },
	{ "set", DW_DOUBT_HOST, "an ipset" },
	{ "statistic", DW_DOUBT_HOST, "chance or a count (statistic)" },
	{ "time", DW_DOUBT_HOST, "the time" },
	{ "owner", DW_DOUBT_HOST, "the owner of the socket" },
	{ "socket", DW_DOUBT_HOST, "the socket" },
	{ "cgroup", DW_DOUBT_HOST, "the cgroup" },
	{ "cpu", DW_DOUBT_HOST, "the processor" },
	{ "realm", DW_DOUBT_HOST, "the realm of the route" },
	{ "policy", DW_DOUBT_HOST, "IPsec" },
	{ "rateest", DW_DOUBT_HOST, "a rate" },
	{ "nfacct", DW_DOUBT_HOST, "a quota (nfacct)" },
	{ "physdev", DW_DOUBT_HOST, "the port of a bridge" },
	{ "devgroup", DW_DOUBT_NONE, NULL },
	{ "osf", DW_DOUBT_HOST, "the sender's operating system" },
	{ "ipvs", DW_DOUBT_HOST, "IPVS" },
	{ "cluster", DW_DOUBT_HOST, "which node of a cluster this is" },
};

static struct dw_rs_xt by_table(const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(by_name); i++)
		if (dw_streq(by_name[i].name, name))
			return by_name[i].doubt ? in_doubt(by_name[i].doubt, by_name[i].words, NULL)
						: decided;
	return in_doubt(DW_DOUBT_HOST, "a match that is not known", NULL);
}

struct dw_rs_xt dw_rs_xt_match(struct dw_rs_copy *c, const char *name, unsigned revision,
			       const void *info, size_t n)
{
	static const struct {
		const char *name;
		struct dw_rs_xt (*look)(struct dw_arena *a, const void *info, size_t n);
	} closer[] = {
		{ "tcp", tcp },   { "udp", udp },   { "udplite", udp },
		{ "sctp", sctp }, { "dccp", dccp }, { "multiport", multiport },
	};

	if (!info)
		n = 0;
	for (size_t i = 0; i < DW_ARRAY_SIZE(closer); i++)
		if (dw_streq(closer[i].name, name))
			return closer[i].look(c->arena, info, n);
	if (dw_streq(name, "conntrack"))
		return conntrack(c->arena, revision, info, n);
	if (c->mark_unsure && (dw_streq(name, "mark") || dw_streq(name, "connmark")))
		return in_doubt(DW_DOUBT_HOST, "the mark", NULL);
	return by_table(name);
}

struct dw_rs_xt dw_rs_xt_target(struct dw_rs_copy *c, const char *name)
{
	static const struct {
		const char *name;
		enum dw_rs_act act;
	} known[] = {
		{ "", DW_RS_EFFECT }, /* legacy: a verdict or a jump */
		{ "REJECT", DW_RS_EFFECT },
		{ "DNAT", DW_RS_EFFECT },
		{ "SNAT", DW_RS_EFFECT },
		{ "MASQUERADE", DW_RS_EFFECT },
		{ "REDIRECT", DW_RS_EFFECT },
		{ "NETMAP", DW_RS_EFFECT },
		{ "SNPT", DW_RS_EFFECT },
		{ "DNPT", DW_RS_EFFECT },
		{ "MARK", DW_RS_EFFECT },
		{ "CONNMARK", DW_RS_EFFECT },
		{ "HMARK", DW_RS_EFFECT },
		{ "CT", DW_RS_EFFECT },
		{ "NOTRACK", DW_RS_EFFECT },
		/* change what no rule decides by, but a rule in doubt */
		{ "CHECKSUM", DW_RS_KEEP },
		{ "CLASSIFY", DW_RS_KEEP },
		{ "DSCP", DW_RS_KEEP },
		{ "TOS", DW_RS_KEEP },
		{ "ECN", DW_RS_KEEP },
		{ "TTL", DW_RS_KEEP },
		{ "HL", DW_RS_KEEP },
		{ "TCPMSS", DW_RS_KEEP },
		{ "TCPOPTSTRIP", DW_RS_KEEP },
		/* these would do something elsewhere: audit records, timers and lights are the whole machine's */
		{ "LOG", DW_RS_DROP },
		{ "NFLOG", DW_RS_DROP },
		{ "ULOG", DW_RS_DROP },
		{ "AUDIT", DW_RS_DROP },
		{ "TRACE", DW_RS_DROP },
		{ "TEE", DW_RS_DROP },
		{ "SET", DW_RS_DROP },
		{ "RATEEST", DW_RS_DROP },
		{ "IDLETIMER", DW_RS_DROP },
		{ "LED", DW_RS_DROP },
		{ "SECMARK", DW_RS_DROP },
		{ "CONNSECMARK", DW_RS_DROP },
	};

	/* a mark by a hash over the source port too */
	c->mark_unsure |= dw_streq(name, "HMARK");
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq(known[i].name, name))
			return (struct dw_rs_xt){ .act = known[i].act };
	return (struct dw_rs_xt){ .act = DW_RS_DOUBT,
				  .doubt = DW_DOUBT_HOST,
				  .opaque = true,
				  .words = "a target that is not known, or a program" };
}
