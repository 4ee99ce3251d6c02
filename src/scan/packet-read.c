/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading answers. Hostile bytes: a view shrinks as headers are taken off it, and each taker looks how long it is. */
#include <errno.h>
#include <string.h>

#include "dw_packet.h"
#include "packet-bytes.h"

#define EXTENSIONS_MAX 8

struct view {
	const uint8_t *p;
	size_t n;
};

/* An IP packet, its headers taken off. */
struct ip {
	struct dw_address from, to;
	uint8_t protocol, ttl;
	uint32_t id; /* IPv4's identification; IPv6's flow label */
	struct view inner;
};

static bool take(struct view *v, size_t n)
{
	if (v->n < n)
		return false;
	v->p += n;
	v->n -= n;
	return true;
}

/* --- IP ----------------------------------------------------------------------------------------- */

/* The packet may be longer than what we have of it: captured, or quoted, in part. */
static bool read_ipv4(struct view v, struct ip *ret)
{
	size_t header, total;

	if (v.n < 20 || v.p[0] >> 4 != 4)
		return false;
	header = (size_t)(v.p[0] & 15) * 4;
	total = get16(v.p + 2);
	/* more fragments follow, or this is not the first; the bit for "don't" is none of these */
	if (header < 20 || total < header || (get16(v.p + 6) & 0x3fff) != 0)
		return false;
	ret->from.family = ret->to.family = DW_FAMILY_IPV4;
	memcpy(ret->from.bytes, v.p + 12, 4);
	memcpy(ret->to.bytes, v.p + 16, 4);
	ret->id = get16(v.p + 4);
	ret->ttl = v.p[8];
	ret->protocol = v.p[9];
	v.n = DW_MIN(v.n, total);
	if (!take(&v, header))
		return false;
	ret->inner = v;
	return true;
}

/* Header 44, a fragment, is none of those that are passed over: what has it is refused. */
static bool pass_extensions(struct view *v, uint8_t *protocol)
{
	for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
		if (*protocol != IP6_HOP_BY_HOP && *protocol != IP6_ROUTING &&
		    *protocol != IP6_OPTIONS)
			return true;
		if (v->n < 8)
			return false;
		*protocol = v->p[0];
		if (!take(v, 8 + (size_t)v->p[1] * 8))
			return false;
	}
	return false;
}

static bool read_ipv6(struct view v, struct ip *ret)
{
	size_t payload;

	if (v.n < 40 || v.p[0] >> 4 != 6)
		return false;
	payload = get16(v.p + 4);
	ret->from.family = ret->to.family = DW_FAMILY_IPV6;
	memcpy(ret->from.bytes, v.p + 8, 16);
	memcpy(ret->to.bytes, v.p + 24, 16);
	ret->id = get32(v.p) & FLOW_MASK;
	ret->protocol = v.p[6];
	ret->ttl = v.p[7];
	(void)take(&v, 40);
	v.n = DW_MIN(v.n, payload);
	if (!pass_extensions(&v, &ret->protocol))
		return false;
	ret->inner = v;
	return true;
}

static bool read_ip(enum dw_family f, struct view v, struct ip *ret)
{
	*ret = (struct ip){ 0 };
	return f == DW_FAMILY_IPV4 ? read_ipv4(v, ret) : read_ipv6(v, ret);
}

/* Up to two VLAN tags. */
static bool pass_ethernet(enum dw_family f, struct view *v)
{
	uint16_t type;

	if (!take(v, ETHER_SIZE))
		return false;
	type = get16(v->p - 2);
	for (unsigned i = 0; i < 2 && (type == ETHER_VLAN || type == ETHER_QINQ); i++) {
		if (!take(v, 4))
			return false;
		type = get16(v->p - 2);
	}
	return type == (f == DW_FAMILY_IPV4 ? ETHER_IPV4 : ETHER_IPV6);
}

/* --- whose probe -------------------------------------------------------------------------------- */

/* From the probe's ports: its round and its cookie. False: not one of our ports. */
static bool is_ours(const struct dw_packet_asked *a, const struct dw_address *host, uint16_t sport,
		    uint16_t dport, struct dw_packet_seen *seen, uint32_t *ret_cookie)
{
	uint16_t round = (uint16_t)(sport - a->source_port);

	if (round >= DW_PACKET_ROUNDS)
		return false;
	seen->host = *host;
	seen->sport = sport;
	seen->port = dport;
	seen->round = (uint8_t)round;
	*ret_cookie = dw_packet_cookie(&a->key, host, sport, dport);
	return true;
}

static int read_tcp(const struct dw_packet_asked *a, const struct ip *ip,
		    struct dw_packet_seen *seen)
{
	const uint8_t *t = ip->inner.p;
	uint32_t cookie;
	uint8_t flags;
	size_t header;

	if (ip->inner.n < 20 || !is_ours(a, &ip->from, get16(t + 2), get16(t), seen, &cookie))
		return 0;
	flags = t[13] & (TCP_SYN | TCP_RST | TCP_ACK);
	header = (size_t)(t[12] >> 4) * 4;
	/* RFC 9293 3.10.7.1: what answers a SYN acknowledges it, a reset too */
	if (get32(t + 8) != cookie + 1 || header < 20)
		return -EBADMSG;
	if (flags == (TCP_RST | TCP_ACK))
		seen->why = DW_SCAN_WHY_RESET;
	else if (flags == (TCP_SYN | TCP_ACK))
		seen->why = DW_SCAN_WHY_SYN_ACK;
	else
		return -EBADMSG;
	seen->is_bare = seen->why == DW_SCAN_WHY_SYN_ACK && (header == 20 || get16(t + 14) == 0);
	return 1;
}

static int read_udp(const struct dw_packet_asked *a, const struct ip *ip,
		    struct dw_packet_seen *seen)
{
	const uint8_t *t = ip->inner.p;
	uint32_t cookie;
	size_t n;

	if (ip->inner.n < 8 || !is_ours(a, &ip->from, get16(t + 2), get16(t), seen, &cookie))
		return 0;
	n = get16(t + 4);
	if (n < 8)
		return -EBADMSG;
	seen->why = DW_SCAN_WHY_REPLY;
	seen->payload = t + 8;
	seen->n_payload = DW_MIN(ip->inner.n, n) - 8;
	return 1;
}

bool dw_packet_repeats_id(const struct dw_packet_asked *asked, const struct dw_packet_seen *seen,
			  uint16_t id_at)
{
	uint32_t cookie = dw_packet_cookie(&asked->key, &seen->host, seen->sport, seen->port);

	if (id_at == 0)
		return true;
	return id_at + 1U <= seen->n_payload &&
	       get16(seen->payload + id_at - 1) == (uint16_t)(cookie >> 16);
}

static int read_sctp(const struct dw_packet_asked *a, const struct ip *ip,
		     struct dw_packet_seen *seen)
{
	const uint8_t *t = ip->inner.p;
	uint32_t cookie;

	if (ip->inner.n < 16 || !is_ours(a, &ip->from, get16(t + 2), get16(t), seen, &cookie))
		return 0;
	if (get32(t + 4) != dw_packet_tag(cookie))
		return -EBADMSG;
	if (t[12] == SCTP_INIT_ACK && get16(t + 14) >= 20)
		seen->why = DW_SCAN_WHY_INIT_ACK;
	else if (t[12] == SCTP_ABORT)
		seen->why = DW_SCAN_WHY_ABORT;
	else
		return -EBADMSG;
	return 1;
}

static int read_echo(const struct dw_packet_asked *a, const struct ip *ip,
		     struct dw_packet_seen *seen)
{
	const uint8_t *t = ip->inner.p;
	uint32_t cookie;

	if (ip->inner.n < 12 || !is_ours(a, &ip->from, get16(t + 4), 0, seen, &cookie))
		return 0;
	if (t[1] != 0 || get16(t + 6) != (uint16_t)(cookie >> 16) || get32(t + 8) != cookie)
		return -EBADMSG;
	seen->why = DW_SCAN_WHY_ECHO;
	return 1;
}

/* --- ICMP errors -------------------------------------------------------------------------------- */

/* RFC 792, 1122 3.2.2.1, 1812 5.2.7.1; the last one for each type has code 255: all others. UNKNOWN: says nothing. */
static const struct {
	enum dw_family family;
	uint8_t type, code;
	enum dw_scan_why why;
} errors[] = {
	{ DW_FAMILY_IPV4, ICMP_UNREACHABLE, 3, DW_SCAN_WHY_PORT_UNREACHABLE },
	{ DW_FAMILY_IPV4, ICMP_UNREACHABLE, 4, DW_SCAN_WHY_UNKNOWN }, /* too large */
	{ DW_FAMILY_IPV4, ICMP_UNREACHABLE, 9, DW_SCAN_WHY_PROHIBITED },
	{ DW_FAMILY_IPV4, ICMP_UNREACHABLE, 10, DW_SCAN_WHY_PROHIBITED },
	{ DW_FAMILY_IPV4, ICMP_UNREACHABLE, 13, DW_SCAN_WHY_PROHIBITED },
	{ DW_FAMILY_IPV4, ICMP_UNREACHABLE, 255, DW_SCAN_WHY_UNREACHABLE },
	{ DW_FAMILY_IPV4, ICMP_EXCEEDED, 0, DW_SCAN_WHY_UNREACHABLE }, /* goes in circles */
	/* RFC 4443 3.1 to 3.4 */
	{ DW_FAMILY_IPV6, ICMP6_UNREACHABLE, 1, DW_SCAN_WHY_PROHIBITED },
	{ DW_FAMILY_IPV6, ICMP6_UNREACHABLE, 4, DW_SCAN_WHY_PORT_UNREACHABLE },
	{ DW_FAMILY_IPV6, ICMP6_UNREACHABLE, 5, DW_SCAN_WHY_PROHIBITED },
	{ DW_FAMILY_IPV6, ICMP6_UNREACHABLE, 6, DW_SCAN_WHY_PROHIBITED },
	{ DW_FAMILY_IPV6, ICMP6_UNREACHABLE, 255, DW_SCAN_WHY_UNREACHABLE },
	{ DW_FAMILY_IPV6, ICMP6_EXCEEDED, 0, DW_SCAN_WHY_UNREACHABLE },
	{ DW_FAMILY_IPV6, ICMP6_PARAMETER, 1, DW_SCAN_WHY_UNREACHABLE }, /* knows no SCTP */
};

static enum dw_scan_why error_why(enum dw_family f, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(errors); i++)
		if (errors[i].family == f && errors[i].type == type &&
		    (errors[i].code == code || errors[i].code == 255))
			return errors[i].why;
	return DW_SCAN_WHY_UNKNOWN;
}

/* What the protocol itself repeats of the cookie: 8 bytes are always quoted (RFC 792), more mostly. */
static bool quotes_cookie(const struct dw_packet_asked *a, const struct ip *q, uint32_t cookie)
{
	uint32_t id = q->to.family == DW_FAMILY_IPV4 ? (uint16_t)cookie : cookie & FLOW_MASK;

	if (a->protocol == DW_PROTOCOL_TCP)
		return get32(q->inner.p + 4) == cookie;
	if (a->protocol == DW_PROTOCOL_SCTP && q->inner.n >= 20)
		return get32(q->inner.p + 16) == dw_packet_tag(cookie);
	if (a->protocol == DW_PROTOCOL_RAW && get16(q->inner.p + 6) != (uint16_t)(cookie >> 16))
		return false;
	return q->id == id;
}

static int read_error(const struct dw_packet_asked *a, const struct ip *ip,
		      struct dw_packet_seen *seen)
{
	struct view quote = ip->inner;
	struct ip q;
	uint32_t cookie;
	uint16_t sport, dport;

	if (!take(&quote, 8) || !read_ip(a->family, quote, &q) || q.inner.n < 8 ||
	    q.protocol != dw_packet_protocol(a->protocol, a->family))
		return 0;
	sport = get16(q.inner.p + (a->protocol == DW_PROTOCOL_RAW ? 4 : 0));
	dport = a->protocol == DW_PROTOCOL_RAW ? 0 : get16(q.inner.p + 2);
	if (!is_ours(a, &q.to, sport, dport, seen, &cookie))
		return 0;
	seen->why = error_why(a->family, ip->inner.p[0], ip->inner.p[1]);
	if (seen->why == DW_SCAN_WHY_UNKNOWN)
		return 0;
	if (!quotes_cookie(a, &q, cookie))
		return -EBADMSG;
	if (memcmp(ip->from.bytes, q.to.bytes, sizeof(q.to.bytes)) != 0) {
		seen->from = ip->from;
		if (seen->why == DW_SCAN_WHY_PORT_UNREACHABLE) /* only the host can know that */
			seen->why = DW_SCAN_WHY_PROHIBITED;
	}
	return 1;
}

static int read_icmp(const struct dw_packet_asked *a, const struct ip *ip,
		     struct dw_packet_seen *seen)
{
	uint8_t reply = a->family == DW_FAMILY_IPV4 ? ICMP_REPLY : ICMP6_REPLY;

	if (ip->inner.n < 8)
		return 0;
	if (ip->inner.p[0] == reply)
		return a->protocol == DW_PROTOCOL_RAW ? read_echo(a, ip, seen) : 0;
	return read_error(a, ip, seen);
}

/* --- all ---------------------------------------------------------------------------------------- */

static int read_inner(const struct dw_packet_asked *a, const struct ip *ip,
		      struct dw_packet_seen *seen)
{
	if (ip->protocol == dw_packet_protocol(DW_PROTOCOL_RAW, a->family))
		return read_icmp(a, ip, seen);
	if (ip->protocol != dw_packet_protocol(a->protocol, a->family))
		return 0;
	if (a->protocol == DW_PROTOCOL_TCP)
		return read_tcp(a, ip, seen);
	if (a->protocol == DW_PROTOCOL_UDP)
		return read_udp(a, ip, seen);
	return read_sctp(a, ip, seen);
}

int dw_packet_read(const struct dw_packet_asked *asked, const uint8_t *frame, size_t n,
		   struct dw_packet_seen *ret)
{
	struct view v = { .p = frame, .n = n };
	struct dw_packet_seen seen = { 0 };
	struct ip ip;
	int r;

	if (asked->ethernet && !pass_ethernet(asked->family, &v))
		return 0;
	if (!read_ip(asked->family, v, &ip))
		return 0;
	seen.ttl = ip.ttl;
	r = read_inner(asked, &ip, &seen);
	if (r == 1)
		*ret = seen;
	return r;
}
