/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "packet.h"

#include <string.h>

enum {
	V4_SIZE = 20, /* RFC 791, without options */
	V6_SIZE = 40, /* RFC 8200 */
	TTL = 64,
};

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* RFC 1071 */
static uint32_t add_up(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += get16(p + i);
	if (n % 2 != 0)
		sum += (uint32_t)p[n - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* CRC32c, RFC 9260 appendix A: a bit at a time, for packets of 32 bytes. */
static uint32_t crc32c(const uint8_t *p, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

/* --- what is in IP ------------------------------------------------------------------------------ */

/* SYN with the one option that all send: a maximum segment size (RFC 9293 3.7.1). */
static size_t make_tcp(const struct dw_rehearse_packet *p, uint8_t *b)
{
	put32(b + 4, p->id);
	b[12] = 6 << 4;
	b[13] = 0x02;
	put16(b + 14, 64240);
	b[20] = 2;
	b[21] = 4;
	put16(b + 22, 1460);
	return 24;
}

static size_t make_udp(const struct dw_rehearse_packet *p, uint8_t *b)
{
	put16(b + 4, 16); /* UDP-Lite (RFC 3828): all of it is in the checksum */
	put32(b + 8, p->id);
	put32(b + 12, ~p->id);
	return 16;
}

/* INIT, RFC 9260 3.3.2 */
static size_t make_sctp(const struct dw_rehearse_packet *p, uint8_t *b)
{
	b[12] = 1;
	put16(b + 14, 20);
	put32(b + 16, p->id);
	put32(b + 20, 65536);
	put16(b + 24, 10);
	put16(b + 26, 10);
	put32(b + 28, p->id);
	return 32;
}

/* Request with 48 bits of sequence number, and a service code; RFC 4340 5.1, 5.5 */
static size_t make_dccp(const struct dw_rehearse_packet *p, uint8_t *b)
{
	b[4] = 20 / 4;
	b[8] = 0 << 1 | 1;
	put32(b + 12, p->id);
	return 20;
}

static const struct maker {
	enum dw_protocol protocol;
	uint8_t number; /* of IP */
	size_t (*make)(const struct dw_rehearse_packet *p, uint8_t *b);
	uint8_t sum_at;       /* its checksum; SCTP's is another one */
	uint8_t id_at, least; /* what must be there to read it */
} makers[] = {
	{ DW_PROTOCOL_TCP, 6, make_tcp, 16, 4, 14 },
	{ DW_PROTOCOL_UDP, 17, make_udp, 6, 8, 16 },
	{ DW_PROTOCOL_UDPLITE, 136, make_udp, 6, 8, 16 },
	{ DW_PROTOCOL_SCTP, 132, make_sctp, 0, 16, 20 },
	{ DW_PROTOCOL_DCCP, 33, make_dccp, 6, 12, 16 },
};

static void sum(const struct maker *m, const struct dw_rehearse_packet *p, uint8_t *b, size_t n)
{
	size_t address = p->family == DW_FAMILY_IPV4 ? 4 : 16;
	uint32_t crc, all = m->number + (uint32_t)n;
	uint16_t folded;

	if (m->sum_at == 0) {
		crc = crc32c(b, n);
		for (unsigned i = 0; i < 4; i++)
			b[8 + i] = (uint8_t)(crc >> 8 * i);
		return;
	}
	all = add_up(add_up(all, p->from, address), p->to, address);
	folded = fold(add_up(all, b, n));
	put16(b + m->sum_at, folded == 0 ? 0xffff : folded);
}

/* --- IP ----------------------------------------------------------------------------------------- */

static void make_v4(const struct dw_rehearse_packet *p, uint8_t number, size_t n, uint8_t *b)
{
	b[0] = 4 << 4 | V4_SIZE / 4;
	put16(b + 2, (uint16_t)(V4_SIZE + n));
	b[6] = 0x40; /* not to be cut */
	b[8] = TTL;
	b[9] = number;
	memcpy(b + 12, p->from, 4);
	memcpy(b + 16, p->to, 4);
	put16(b + 10, fold(add_up(0, b, V4_SIZE)));
}

static void make_v6(const struct dw_rehearse_packet *p, uint8_t number, size_t n, uint8_t *b)
{
	b[0] = 6 << 4;
	put16(b + 4, (uint16_t)n);
	b[6] = number;
	b[7] = TTL;
	memcpy(b + 8, p->from, 16);
	memcpy(b + 24, p->to, 16);
}

size_t dw_rehearse_packet_make(const struct dw_rehearse_packet *p, uint8_t *bytes)
{
	bool is_v4 = p->family == DW_FAMILY_IPV4;
	size_t head = is_v4 ? V4_SIZE : V6_SIZE;

	for (size_t i = 0; i < DW_ARRAY_SIZE(makers); i++) {
		const struct maker *m = &makers[i];
		uint8_t *b = bytes + head;
		size_t n;

		if (m->protocol != p->protocol)
			continue;
		memset(bytes, 0, DW_REHEARSE_ROOM);
		put16(b, p->from_port);
		put16(b + 2, p->to_port);
		n = m->make(p, b);
		sum(m, p, b, n);
		if (is_v4)
			make_v4(p, m->number, n, bytes);
		else
			make_v6(p, m->number, n, bytes);
		return head + n;
	}
	return 0;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* SYN alone, INIT, Request: what we sent. Their answers (RST, ABORT, Reset) have a number in that place, too. */
static bool is_first(const struct maker *m, const uint8_t *b)
{
	switch (m->number) {
	case 6:
		return (b[13] & 0x17) == 0x02;
	case 132:
		return b[12] == 1;
	case 33:
		return (b[8] >> 1 & 0x0f) == 0;
	}
	return get32(b + 8) == (uint32_t)~get32(b + 12);
}

static bool read_transport(uint8_t number, const uint8_t *b, size_t n, struct dw_rehearse_seen *s)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(makers); i++) {
		const struct maker *m = &makers[i];

		if (m->number != number)
			continue;
		if (n < m->least || !is_first(m, b))
			return false;
		s->protocol = m->protocol;
		s->to_port = get16(b + 2);
		s->id = get32(b + m->id_at);
		return s->id != 0;
	}
	return false;
}

static uint8_t read_network(const uint8_t *b, size_t n, size_t *ret_head,
			    struct dw_rehearse_seen *s)
{
	if (n >= V4_SIZE && b[0] >> 4 == 4) {
		s->family = DW_FAMILY_IPV4;
		memcpy(s->to, b + 16, 4);
		*ret_head = (size_t)(b[0] & 15) * 4;
		return b[9];
	}
	if (n >= V6_SIZE && b[0] >> 4 == 6) {
		s->family = DW_FAMILY_IPV6;
		memcpy(s->to, b + 24, 16);
		*ret_head = V6_SIZE;
		return b[6];
	}
	return 0;
}

bool dw_rehearse_packet_read_parts(const uint8_t *network, size_t n_network,
				   const uint8_t *transport, size_t n_transport,
				   struct dw_rehearse_seen *ret)
{
	struct dw_rehearse_seen s = { 0 };
	size_t head = 0;
	uint8_t number = read_network(network, n_network, &head, &s);

	if (number == 0 || !read_transport(number, transport, n_transport, &s))
		return false;
	*ret = s;
	return true;
}

bool dw_rehearse_packet_read(const uint8_t *bytes, size_t n, struct dw_rehearse_seen *ret)
{
	struct dw_rehearse_seen s = { 0 };
	size_t head = 0;
	uint8_t number = read_network(bytes, n, &head, &s);

	if (number == 0 || head < V4_SIZE || head > n)
		return false;
	if (!read_transport(number, bytes + head, n - head, &s))
		return false;
	*ret = s;
	return true;
}
