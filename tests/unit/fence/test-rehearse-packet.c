/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets that rehearse: their sums, and that a log's bytes give back what was sent. */
#include "dw_test.h"
#include "packet.h"

static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP, DW_PROTOCOL_UDPLITE,
					      DW_PROTOCOL_SCTP, DW_PROTOCOL_DCCP };
static const uint8_t v6_from[16] = { 0xfd, 9, [15] = 2 }, v6_to[16] = { 0xfd, 9, [15] = 1 };
static const uint8_t v4_from[4] = { 10, 9, 0, 2 }, v4_to[4] = { 10, 9, 0, 1 };

static struct dw_rehearse_packet packet(enum dw_family f, enum dw_protocol p)
{
	bool is_v4 = f == DW_FAMILY_IPV4;

	return (struct dw_rehearse_packet){ .family = f,
					    .protocol = p,
					    .from = is_v4 ? v4_from : v6_from,
					    .to = is_v4 ? v4_to : v6_to,
					    .from_port = 50505,
					    .to_port = 443,
					    .id = 0x01020304 };
}

static uint16_t ones_sum(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

DW_TEST(what_is_made_is_read)
{
	for (unsigned f = DW_FAMILY_IPV4; f <= DW_FAMILY_IPV6; f++)
		for (size_t i = 0; i < DW_ARRAY_SIZE(protocols); i++) {
			const struct dw_rehearse_packet p = packet(f, protocols[i]);
			struct dw_rehearse_seen seen = { 0 };
			uint8_t bytes[DW_REHEARSE_ROOM];
			size_t n = dw_rehearse_packet_make(&p, bytes);

			DW_CHECK(n > 20 && n <= DW_REHEARSE_ROOM);
			DW_CHECK(dw_rehearse_packet_read(bytes, n, &seen));
			DW_CHECK_INT(seen.family, f);
			DW_CHECK_INT(seen.protocol, protocols[i]);
			DW_CHECK_INT(seen.id, p.id);
			DW_CHECK_INT(seen.to_port, 443);
			DW_CHECK(memcmp(seen.to, p.to, f == DW_FAMILY_IPV4 ? 4 : 16) == 0);
		}
}

DW_TEST(sums_are_right)
{
	static const struct {
		enum dw_protocol protocol;
		uint8_t number;
	} summed[] = { { DW_PROTOCOL_TCP, 6 }, { DW_PROTOCOL_UDP, 17 }, { DW_PROTOCOL_DCCP, 33 } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(summed); i++) {
		struct dw_rehearse_packet p = packet(DW_FAMILY_IPV4, summed[i].protocol);
		uint8_t bytes[DW_REHEARSE_ROOM];
		size_t n = dw_rehearse_packet_make(&p, bytes);

		DW_CHECK_INT(ones_sum(bytes, 20, 0), 0xffff);
		/* the pseudo header: both addresses, the protocol, the length */
		DW_CHECK_INT(ones_sum(bytes + 12, n - 12, summed[i].number + (uint32_t)(n - 20)),
			     0xffff);
	}
}

/* RFC 3720 B.4 has 32 bytes of zero: 0x8a9136aa; ours are checked by taking the sum out again. */
DW_TEST(sctp_has_its_own_sum)
{
	struct dw_rehearse_packet p = packet(DW_FAMILY_IPV4, DW_PROTOCOL_SCTP);
	uint8_t bytes[DW_REHEARSE_ROOM];
	uint32_t crc = UINT32_MAX, told;
	size_t n = dw_rehearse_packet_make(&p, bytes);

	told = (uint32_t)bytes[28] | (uint32_t)bytes[29] << 8 | (uint32_t)bytes[30] << 16 |
	       (uint32_t)bytes[31] << 24;
	memset(bytes + 28, 0, 4);
	for (size_t i = 20; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	DW_CHECK_INT(told, ~crc);
}

DW_TEST(answers_and_cut_ones_are_none_of_ours)
{
	struct dw_rehearse_packet p = packet(DW_FAMILY_IPV4, DW_PROTOCOL_TCP);
	struct dw_rehearse_seen seen;
	uint8_t bytes[DW_REHEARSE_ROOM];
	size_t n = dw_rehearse_packet_make(&p, bytes);

	for (size_t cut = 0; cut < 34; cut++)
		DW_CHECK(!dw_rehearse_packet_read(bytes, cut, &seen));
	bytes[20 + 13] = 0x14; /* RST, ACK */
	DW_CHECK(!dw_rehearse_packet_read(bytes, n, &seen));
	bytes[20 + 13] = 0x12; /* SYN, ACK */
	DW_CHECK(!dw_rehearse_packet_read(bytes, n, &seen));
	bytes[20 + 13] = 0x02;
	bytes[9] = 1; /* ICMP */
	DW_CHECK(!dw_rehearse_packet_read(bytes, n, &seen));
	bytes[9] = 6;
	bytes[0] = 0x4f; /* options beyond the end */
	DW_CHECK(!dw_rehearse_packet_read(bytes, 44, &seen));
	p = packet(DW_FAMILY_IPV4, DW_PROTOCOL_UDP);
	n = dw_rehearse_packet_make(&p, bytes);
	bytes[n - 1] ^= 1; /* somebody else's datagram */
	DW_CHECK(!dw_rehearse_packet_read(bytes, n, &seen));
}

DW_TEST(what_cannot_be_made)
{
	struct dw_rehearse_packet p = packet(DW_FAMILY_IPV4, DW_PROTOCOL_VSOCK);
	uint8_t bytes[DW_REHEARSE_ROOM];

	DW_CHECK_INT(dw_rehearse_packet_make(&p, bytes), 0);
}

DW_TEST_MAIN
