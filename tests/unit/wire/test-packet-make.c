/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames that we make: against bytes made elsewhere, and by checksums reckoned another way. */
#include <string.h>

#include "dw_test.h"
#include "made.h"

static unsigned hex(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void is_bytes(const uint8_t *got, size_t n, const char *want)
{
	size_t wrong = 0;

	DW_CHECK_INT(n, strlen(want) / 2);
	for (size_t i = 0; i < n && 2 * i + 1 < strlen(want); i++)
		wrong += got[i] != (hex(want[2 * i]) << 4 | hex(want[2 * i + 1]));
	DW_CHECK_INT(wrong, 0);
}

/* Made by other code from the RFCs: the cookie is 0xdeadbeef, the port 25003. */
static const struct {
	enum dw_protocol p;
	bool v4, reset;
	uint16_t dport;
	const char *want;
} golden[] = {
	{ DW_PROTOCOL_TCP, true, false, 443,
	  "02000000000202000000000108004500002cbeef00004006cfa0c0000201c633640761ab01bbde"
	  "adbeef000000006002faf0aff50000020405b4" },
	{ DW_PROTOCOL_TCP, true, true, 443,
	  "020000000002020000000001080045000028beef00004006cfa4c0000201c633640761ab01bbde"
	  "adbef00000000050040000c29f0000" },
	{ DW_PROTOCOL_UDP, true, false, 53,
	  "020000000002020000000001080045000023beef00004011cf9ec0000201c633640761ab003500"
	  "0f8f33dead68656c6c6f" },
	{ DW_PROTOCOL_SCTP, true, false, 2905,
	  "020000000002020000000001080045000034beef00004084cf1ac0000201c633640761ab0b5900"
	  "000000e4a0574801000014deadbeef00010000000affffdeadbeef" },
	{ DW_PROTOCOL_RAW, true, false, 0,
	  "02000000000202000000000108004500002cbeef00004001cfa5c0000201c633640708001a0961"
	  "abdeaddeadbeef000000000000000000000000" },
	{ DW_PROTOCOL_TCP, false, false, 443,
	  "02000000000202000000000186dd600dbeef0018064020010db800000000000000000000000120"
	  "010db800010000000000000000000761ab01bbdeadbeef000000006002faf040cb0000020405a0" },
	{ DW_PROTOCOL_TCP, false, true, 443,
	  "02000000000202000000000186dd600dbeef0014064020010db800000000000000000000000120"
	  "010db800010000000000000000000761ab01bbdeadbef0000000005004000053610000" },
	{ DW_PROTOCOL_UDP, false, false, 53,
	  "02000000000202000000000186dd600dbeef000f114020010db800000000000000000000000120"
	  "010db800010000000000000000000761ab0035000f1ff5dead68656c6c6f" },
	{ DW_PROTOCOL_SCTP, false, false, 2905,
	  "02000000000202000000000186dd600dbeef0020844020010db800000000000000000000000120"
	  "010db800010000000000000000000761ab0b5900000000e4a0574801000014deadbeef00010000"
	  "000affffdeadbeef" },
	{ DW_PROTOCOL_RAW, false, false, 0,
	  "02000000000202000000000186dd600dbeef00183a4020010db800000000000000000000000120"
	  "010db80001000000000000000000078000463b61abdeaddeadbeef000000000000000000000000" },
};

DW_TEST(golden_frames)
{
	static const uint8_t payload[] = "..hello";

	for (size_t i = 0; i < DW_ARRAY_SIZE(golden); i++) {
		struct made m;

		make(&m, golden[i].p, golden[i].v4, FIRST + 3, golden[i].dport);
		m.probe.cookie = 0xdeadbeef;
		m.probe.reset = golden[i].reset;
		m.probe.payload = payload;
		m.probe.n_payload = 7;
		m.probe.id_at = 1;
		m.n = dw_packet_make(&m.probe, m.frame);
		is_bytes(m.frame, m.n, golden[i].want);
	}
}

/* RFC 1071 the slow way: words of a long number, carries at the end. */
static unsigned ones_sum(unsigned long long s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s += i % 2 ? p[i] : (unsigned)p[i] * 256;
	while (s > 0xffff)
		s = s % 0x10000 + s / 0x10000;
	return (unsigned)s;
}

/* CRC32c bit by bit, from the other side than the program's table. */
static uint32_t crc32c(const uint8_t *p, size_t n)
{
	uint32_t c = 0xffffffff;

	for (size_t i = 0; i < n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			bool one = ((c ^ (uint32_t)p[i] >> bit) & 1) != 0;

			c = c >> 1 ^ (one ? 0x82f63b78 : 0);
		}
	return ~c;
}

static void checksums_of(const struct made *m, bool v4)
{
	const uint8_t *ip = m->frame + 14, *t = ip + (v4 ? 20 : 40);
	size_t n = m->n - (size_t)(t - m->frame), size = v4 ? 4 : 16;
	unsigned pseudo = (unsigned)n + dw_packet_protocol(m->probe.protocol, m->target.family);
	uint8_t copy[DW_PACKET_MAX];

	pseudo = ones_sum(pseudo, m->source.bytes, size);
	pseudo = ones_sum(pseudo, m->target.bytes, size);
	if (v4)
		DW_CHECK_INT(ones_sum(0, ip, 20), 0xffff);
	if (m->probe.protocol == DW_PROTOCOL_SCTP) {
		uint32_t crc = (uint32_t)t[8] | (uint32_t)t[9] << 8 | (uint32_t)t[10] << 16 |
			       (uint32_t)t[11] << 24;

		memcpy(copy, t, n);
		memset(copy + 8, 0, 4);
		DW_CHECK_INT(crc, crc32c(copy, n));
	} else if (m->probe.protocol == DW_PROTOCOL_RAW && v4) {
		DW_CHECK_INT(ones_sum(0, t, n), 0xffff);
	} else {
		DW_CHECK_INT(ones_sum(pseudo, t, n), 0xffff);
	}
}

DW_TEST(checksums)
{
	static const uint8_t payload[] = "an odd number of bytes, and more of them";

	DW_CHECK_INT(dw_packet_crc32c((const uint8_t *)"123456789", 9), 0xe3069283);
	for (unsigned i = 0; i < 8000; i++) {
		bool v4 = i % 2 == 0;
		struct made m;

		make(&m, protocols[i / 2 % 4], v4, (uint16_t)(FIRST + i % 32), (uint16_t)(i * 7));
		if (m.probe.protocol == DW_PROTOCOL_UDP) {
			m.probe.payload = payload;
			m.probe.n_payload = (uint16_t)(i % sizeof(payload));
			m.probe.id_at = (uint16_t)(i % 50);
			m.n = dw_packet_make(&m.probe, m.frame);
		}
		m.probe.reset = m.probe.protocol == DW_PROTOCOL_TCP && i % 3 == 0;
		m.n = dw_packet_make(&m.probe, m.frame);
		checksums_of(&m, v4);
	}
}

DW_TEST(long_payloads_are_cut)
{
	static uint8_t payload[9000];
	struct made m;

	make(&m, DW_PROTOCOL_UDP, false, FIRST, 53);
	m.probe.payload = payload;
	m.probe.n_payload = sizeof(payload);
	m.n = dw_packet_make(&m.probe, m.frame);
	DW_CHECK_INT(m.n, DW_PACKET_HEADERS_MAX + DW_PACKET_PAYLOAD_MAX);
	DW_CHECK(m.n <= DW_PACKET_MAX);
	checksums_of(&m, false);
}

DW_TEST_MAIN
