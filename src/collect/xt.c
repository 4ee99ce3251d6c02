/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The xtables matches and targets that decide which port leads where, in the kernel's own structs
 * (linux/netfilter/xt_*.h). They come from iptables-legacy and, inside "match" and "target"
 * expressions, from iptables-nft. The blobs are padded by the kernel; a short one is told by name
 * only.
 */
#include <endian.h>
#include <netinet/in.h> /* before linux/in.h, which then steps back */

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

#include "dw_str.h"
#include "forward.h"

struct match {
	struct dw_cond *c;
	struct dw_arena *a;
	const void *info;
	size_t n;
	unsigned revision;
	const char *comment;
};

static bool narrow_ports(struct match *m, uint8_t protocol, const uint16_t ports[2], bool inverted)
{
	struct dw_span span = { ports[0], ports[1] };

	if (!dw_cond_protocols(m->c, protocol, false))
		return false;
	if (span.first == 0 && span.last == UINT16_MAX && !inverted)
		return true;
	return dw_cond_ports(m->c, m->a, &span, 1, inverted);
}

static void tell_source(struct match *m, const uint16_t ports[2], bool inverted)
{
	if (ports[0] != 0 || ports[1] != UINT16_MAX)
		dw_cond_word(m->c, m->a, "sport %s%u-%u", inverted ? "!= " : "", ports[0],
			     ports[1]);
}

static bool match_tcp(struct match *m)
{
	struct xt_tcp i;

	memcpy(&i, m->info, sizeof(i));
	tell_source(m, i.spts, i.invflags & XT_TCP_INV_SRCPT);
	return narrow_ports(m, IPPROTO_TCP, i.dpts, i.invflags & XT_TCP_INV_DSTPT);
}

static bool match_udp(struct match *m)
{
	struct xt_udp i;

	memcpy(&i, m->info, sizeof(i));
	tell_source(m, i.spts, i.invflags & XT_UDP_INV_SRCPT);
	/* The same match serves UDP and UDP-Lite; the protocol stands in the rule itself. */
	if (!dw_cond_protocol_mask(m->c, 1u << DW_PROTOCOL_UDP | 1u << DW_PROTOCOL_UDPLITE))
		return false;
	if (i.dpts[0] == 0 && i.dpts[1] == UINT16_MAX)
		return true;
	return dw_cond_ports(m->c, m->a, &(struct dw_span){ i.dpts[0], i.dpts[1] }, 1,
			     i.invflags & XT_UDP_INV_DSTPT);
}

static bool match_sctp(struct match *m)
{
	struct xt_sctp_info i;

	memcpy(&i, m->info, sizeof(i));
	if (!(i.flags & XT_SCTP_DEST_PORTS))
		return dw_cond_protocols(m->c, IPPROTO_SCTP, false);
	return narrow_ports(m, IPPROTO_SCTP, i.dpts, i.invflags & XT_SCTP_DEST_PORTS);
}

static bool match_multiport(struct match *m)
{
	struct xt_multiport_v1 i = { 0 };
	struct dw_span spans[XT_MULTI_PORTS];
	size_t n = 0;

	memcpy(&i, m->info, DW_MIN(sizeof(i), m->n));
	if (m->revision == 0) {
		memset(i.pflags, 0, sizeof(i.pflags));
		i.invert = 0;
	}
	if (i.flags != XT_MULTIPORT_DESTINATION) {
		dw_cond_word(m->c, m->a, "multiport on %s ports",
			     i.flags == XT_MULTIPORT_EITHER ? "both" : "source");
		m->c->ports_unclear |= i.flags == XT_MULTIPORT_EITHER;
		return true;
	}
	/* pflags: this port begins a range that the next one ends */
	for (unsigned k = 0; k < DW_MIN(i.count, XT_MULTI_PORTS); k++) {
		bool range = i.pflags[k] && k + 1 < XT_MULTI_PORTS;

		spans[n++] = (struct dw_span){ i.ports[k], i.ports[range ? k + 1 : k] };
		k += range;
	}
	return dw_cond_ports(m->c, m->a, spans, n, i.invert);
}

static bool match_addrtype(struct match *m)
{
	struct xt_addrtype_info_v1 i;
	struct xt_addrtype_info old = { 0 };
	bool inverted;

	memcpy(&i, m->info, sizeof(i));
	memcpy(&old, m->info, DW_MIN(sizeof(old), m->n));
	inverted = m->revision == 0 ? old.invert_dest != 0 : i.flags & XT_ADDRTYPE_INVERT_DEST;
	if (i.dest == XT_ADDRTYPE_LOCAL)
		dw_cond_word(m->c, m->a, "daddr type %slocal", inverted ? "!= " : "");
	else if (i.dest)
		dw_cond_word(m->c, m->a, "daddr type %s0x%x", inverted ? "!= " : "", i.dest);
	if (i.source)
		dw_cond_word(m->c, m->a, "saddr type 0x%x", i.source);
	return true;
}

static bool match_comment(struct match *m)
{
	m->comment = dw_arena_strndup(m->a, m->info, DW_MIN(m->n, (size_t)XT_MAX_COMMENT_LEN));
	return true;
}

static bool match_iprange(struct match *m)
{
	struct xt_iprange_mtinfo i;
	const uint8_t *low = (const uint8_t *)&i.dst_min, *high = (const uint8_t *)&i.dst_max;

	memcpy(&i, m->info, sizeof(i));
	if (i.flags & (IPRANGE_SRC | IPRANGE_SRC_INV))
		dw_cond_word(m->c, m->a, "saddr in a range");
	if (!(i.flags & IPRANGE_DST))
		return true;
	if (i.flags & IPRANGE_DST_INV || m->c->family == DW_FAMILY_UNKNOWN) {
		dw_cond_word(m->c, m->a, "daddr not in a range");
		return true;
	}
	return dw_cond_address(m->c, m->c->family, low, high);
}

bool dw_xt_match(struct dw_cond *c, struct dw_arena *a, const char *name, unsigned revision,
		 const void *info, size_t n, const char **ret_comment)
{
	static const struct {
		const char *name;
		unsigned revision; /* the highest that is known */
		size_t least;      /* bytes */
		bool (*decode)(struct match *m);
	} known[] = {
		{ "tcp", 0, sizeof(struct xt_tcp), match_tcp },
		{ "udp", 0, sizeof(struct xt_udp), match_udp },
		{ "udplite", 0, sizeof(struct xt_udp), match_udp },
		{ "sctp", 0, sizeof(struct xt_sctp_info), match_sctp },
		{ "multiport", 1, sizeof(struct xt_multiport), match_multiport },
		{ "addrtype", 1, sizeof(struct xt_addrtype_info_v1), match_addrtype },
		{ "comment", 0, 1, match_comment },
		{ "iprange", 1, sizeof(struct xt_iprange_mtinfo), match_iprange },
	};
	struct match m = { .c = c, .a = a, .info = info, .n = n, .revision = revision };

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++) {
		bool possible;

		if (!dw_streq(known[i].name, name) || revision > known[i].revision ||
		    n < known[i].least)
			continue;
		possible = known[i].decode(&m);
		if (m.comment)
			*ret_comment = m.comment;
		return possible;
	}
	/*
	 * A match that might well be about ports (dccp, ipset, bpf ...): the rule is told, not its
	 * port.
	 */
	dw_cond_word(c, a, "match %s", name);
	return true;
}

/*
 * --- targets
 * --------------------------------------------------------------------------------------
 */

static void take_addresses(struct dw_target *t, const void *low, const void *high, size_t n)
{
	t->has_address = true;
	memcpy(t->low, low, n);
	memcpy(t->high, high, n);
}

static void take_ports(struct dw_target *t, uint16_t min, uint16_t max)
{
	t->has_port = true;
	t->port = be16toh(min);
	t->port_last = be16toh(max);
}

static bool range_v4(struct dw_target *t, const void *info, size_t n)
{
	struct nf_nat_ipv4_multi_range_compat i;

	if (n < sizeof(i))
		return false;
	memcpy(&i, info, sizeof(i));
	if (i.range[0].flags & NF_NAT_RANGE_MAP_IPS)
		take_addresses(t, &i.range[0].min_ip, &i.range[0].max_ip, 4);
	if (i.range[0].flags & NF_NAT_RANGE_PROTO_SPECIFIED)
		take_ports(t, i.range[0].min.all, i.range[0].max.all);
	return true;
}

static bool range_any(struct dw_target *t, const void *info, size_t n)
{
	struct nf_nat_range i;

	if (n < sizeof(i))
		return false;
	memcpy(&i, info, sizeof(i));
	if (i.flags & (NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_NETMAP))
		take_addresses(t, &i.min_addr, &i.max_addr, t->family == DW_FAMILY_IPV4 ? 4 : 16);
	if (i.flags & NF_NAT_RANGE_PROTO_SPECIFIED)
		take_ports(t, i.min_proto.all, i.max_proto.all);
	return true;
}

static bool decode_nat(struct dw_target *t, unsigned revision, const void *info, size_t n)
{
	/* nf_nat_range2 (DNAT revision 2) begins as nf_nat_range does. */
	if (revision == 0 && t->family == DW_FAMILY_IPV4)
		return range_v4(t, info, n);
	return range_any(t, info, n);
}

static bool decode_tproxy(struct dw_target *t, unsigned revision, const void *info, size_t n)
{
	static const uint8_t none[16];
	struct xt_tproxy_target_info_v1 i = { 0 };
	size_t size = t->family == DW_FAMILY_IPV4 ? 4 : 16;

	if (n < (revision ? sizeof(i) : sizeof(struct xt_tproxy_target_info)))
		return false;
	if (revision) {
		memcpy(&i, info, sizeof(i));
	} else {
		struct xt_tproxy_target_info old;

		memcpy(&old, info, sizeof(old));
		i.laddr.ip = old.laddr;
		i.lport = old.lport;
	}
	if (memcmp(&i.laddr, none, size) != 0)
		take_addresses(t, &i.laddr, &i.laddr, size);
	if (i.lport)
		take_ports(t, i.lport, i.lport);
	return true;
}

struct dw_target dw_xt_target(enum dw_family family, const char *name, unsigned revision,
			      const void *info, size_t n)
{
	static const struct {
		const char *name;
		enum dw_target_kind kind;
		bool (*decode)(struct dw_target *t, unsigned revision, const void *info, size_t n);
	} known[] = {
		{ "DNAT", DW_TARGET_DNAT, decode_nat },
		{ "REDIRECT", DW_TARGET_REDIRECT, decode_nat },
		{ "NETMAP", DW_TARGET_NETMAP, decode_nat },
		{ "TPROXY", DW_TARGET_TPROXY, decode_tproxy },
	};
	struct dw_target t = { .family = family };

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++) {
		if (!dw_streq(known[i].name, name))
			continue;
		t.kind = known[i].kind;
		if (!known[i].decode(&t, revision, info, n))
			t.words = "somewhere (the target could not be read)";
	}
	return t;
}
