/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making probes. RFC 791 (IPv4), 8200 (IPv6), 9293 (TCP), 768 (UDP), 9260 (SCTP), 792 and 4443 (echo).
 */
#include <string.h>

#include "dw_packet.h"
#include "packet-bytes.h"

#define HOPS        64
#define TCP_WINDOW  64240 /* what Linux offers: 44 segments of 1460 */
#define MSS_IPV4    1460
#define MSS_IPV6    1440
#define SCTP_CREDIT 65536
#define ECHO_DATA   16

uint32_t dw_packet_cookie(const struct dw_cookie_key *k, const struct dw_address *target,
			  uint16_t sport, uint16_t dport)
{
	uint32_t w[4];
	uint16_t port[2];
	uint8_t b[4];

	/* words and ports as they lie in the packet */
	memcpy(w, target->bytes, sizeof(w));
	put16(b, sport);
	put16(b + 2, dport);
	memcpy(port, b, sizeof(port));
	return dw_cookie(k, w[0], w[1], w[2], w[3], port[0], port[1]);
}

/* --- checksums ---------------------------------------------------------------------------------- */

/* RFC 1071; an odd last byte has a zero behind it. */
static uint32_t sum(uint32_t so_far, const uint8_t *p, size_t n)
{
	for (; n >= 2; p += 2, n -= 2)
		so_far += get16(p);
	return n > 0 ? so_far + ((uint32_t)p[0] << 8) : so_far;
}

static uint16_t fold(uint32_t s)
{
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* RFC 9293 3.1, RFC 8200 8.1. */
static uint16_t checksum(const struct dw_packet_probe *p, uint8_t protocol, const uint8_t *bytes,
			 size_t n)
{
	size_t size = address_size(p->target->family);
	uint32_t s = (uint32_t)n + protocol;

	s = sum(s, p->source->bytes, size);
	s = sum(s, p->target->bytes, size);
	return fold(sum(s, bytes, n));
}

uint32_t dw_packet_crc32c(const uint8_t *bytes, size_t n)
{
	/* for each half byte, polynomial 0x1EDC6F41 reflected */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	uint32_t c = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		c = table[(c ^ bytes[i]) & 15] ^ c >> 4;
		c = table[(c ^ bytes[i] >> 4) & 15] ^ c >> 4;
	}
	return ~c;
}

/* --- what is behind IP: each returns its length ------------------------------------------------- */

static size_t make_tcp(const struct dw_packet_probe *p, uint8_t *t)
{
	size_t n = p->reset ? 20 : 24;

	memset(t, 0, n);
	put16(t, p->sport);
	put16(t + 2, p->dport);
	put32(t + 4, p->reset ? p->cookie + 1 : p->cookie);
	t[12] = (uint8_t)(n / 4 << 4);
	t[13] = p->reset ? TCP_RST : TCP_SYN;
	if (!p->reset) {
		put16(t + 14, TCP_WINDOW);
		t[20] = 2; /* maximum segment size, length 4 */
		t[21] = 4;
		put16(t + 22, p->target->family == DW_FAMILY_IPV4 ? MSS_IPV4 : MSS_IPV6);
	}
	put16(t + 16, checksum(p, IP_TCP, t, n));
	return n;
}

static size_t make_udp(const struct dw_packet_probe *p, uint8_t *t)
{
	size_t payload = DW_MIN(p->n_payload, DW_PACKET_PAYLOAD_MAX), n = 8 + payload;
	uint16_t check;

	put16(t, p->sport);
	put16(t + 2, p->dport);
	put16(t + 4, (uint16_t)n);
	put16(t + 6, 0);
	if (payload > 0)
		memcpy(t + 8, p->payload, payload);
	if (p->id_at > 0 && p->id_at + 1U <= payload)
		put16(t + 8 + p->id_at - 1, (uint16_t)(p->cookie >> 16));
	check = checksum(p, IP_UDP, t, n);
	put16(t + 6, check != 0 ? check : 0xffff); /* 0 says: none */
	return n;
}

static size_t make_sctp(const struct dw_packet_probe *p, uint8_t *t)
{
	uint32_t crc;

	memset(t, 0, 32);
	put16(t, p->sport);
	put16(t + 2, p->dport);
	/* verification tag 0: RFC 9260 8.5.1 */
	t[12] = SCTP_INIT;
	put16(t + 14, 20);
	put32(t + 16, dw_packet_tag(p->cookie));
	put32(t + 20, SCTP_CREDIT);
	put16(t + 24, 10); /* streams out, and in at most */
	put16(t + 26, 65535);
	put32(t + 28, p->cookie); /* first sequence number */
	crc = dw_packet_crc32c(t, 32);
	for (unsigned i = 0; i < 4; i++) /* the one field that is little-endian */
		t[8 + i] = (uint8_t)(crc >> 8 * i);
	return 32;
}

static size_t make_echo(const struct dw_packet_probe *p, uint8_t *t)
{
	size_t n = 8 + ECHO_DATA;
	bool v4 = p->target->family == DW_FAMILY_IPV4;

	memset(t, 0, n);
	t[0] = v4 ? ICMP_ECHO : ICMP6_ECHO;
	put16(t + 4, p->sport);
	put16(t + 6, (uint16_t)(p->cookie >> 16));
	put32(t + 8, p->cookie);
	put16(t + 2, v4 ? fold(sum(0, t, n)) : checksum(p, IP_ICMP6, t, n));
	return n;
}

static size_t make_inner(const struct dw_packet_probe *p, uint8_t *t)
{
	if (p->protocol == DW_PROTOCOL_TCP)
		return make_tcp(p, t);
	if (p->protocol == DW_PROTOCOL_UDP)
		return make_udp(p, t);
	if (p->protocol == DW_PROTOCOL_SCTP)
		return make_sctp(p, t);
	return make_echo(p, t);
}

/* --- IP, Ethernet ------------------------------------------------------------------------------- */

uint8_t dw_packet_protocol(enum dw_protocol p, enum dw_family f)
{
	if (p == DW_PROTOCOL_TCP)
		return IP_TCP;
	if (p == DW_PROTOCOL_UDP)
		return IP_UDP;
	if (p == DW_PROTOCOL_SCTP)
		return IP_SCTP;
	return f == DW_FAMILY_IPV4 ? IP_ICMP : IP_ICMP6;
}

static void put_ipv4(const struct dw_packet_probe *p, uint8_t *ip, size_t inner)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, (uint16_t)(20 + inner));
	put16(ip + 4, (uint16_t)p->cookie);
	ip[8] = HOPS;
	ip[9] = dw_packet_protocol(p->protocol, DW_FAMILY_IPV4);
	memcpy(ip + 12, p->source->bytes, 4);
	memcpy(ip + 16, p->target->bytes, 4);
	put16(ip + 10, fold(sum(0, ip, 20)));
}

static void put_ipv6(const struct dw_packet_probe *p, uint8_t *ip, size_t inner)
{
	put32(ip, 6U << 28 | (p->cookie & FLOW_MASK));
	put16(ip + 4, (uint16_t)inner);
	ip[6] = dw_packet_protocol(p->protocol, DW_FAMILY_IPV6);
	ip[7] = HOPS;
	memcpy(ip + 8, p->source->bytes, 16);
	memcpy(ip + 24, p->target->bytes, 16);
}

size_t dw_packet_make(const struct dw_packet_probe *p, uint8_t *frame)
{
	bool v4 = p->target->family == DW_FAMILY_IPV4;
	size_t at = 0, header = v4 ? 20 : 40, inner;

	if (p->ethernet) {
		memcpy(frame, p->mac_to, 6);
		memcpy(frame + 6, p->mac_from, 6);
		put16(frame + 12, v4 ? ETHER_IPV4 : ETHER_IPV6);
		at = ETHER_SIZE;
	}
	inner = make_inner(p, frame + at + header);
	if (v4)
		put_ipv4(p, frame + at, inner);
	else
		put_ipv6(p, frame + at, inner);
	return at + header + inner;
}
