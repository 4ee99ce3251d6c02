/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers to a scan: the first byte chooses what was asked (protocol, family, Ethernet or none), the rest is a
 * frame. Its cookies are put right where it has the length for them, or no fuzzer would ever come past them.
 */
#include <stdlib.h>
#include <string.h>

#include "dw_packet.h"
#include "packet-bytes.h"

#define FIRST 25000

static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP, DW_PROTOCOL_SCTP,
					      DW_PROTOCOL_RAW };

static void put_right(const struct dw_packet_asked *a, uint8_t *ip, size_t n)
{
	size_t header = a->family == DW_FAMILY_IPV4 ? 20 : 40;
	struct dw_address host = { .family = a->family };
	uint8_t *t = ip + header;
	uint32_t cookie;

	if (n < header + 20)
		return;
	memcpy(host.bytes, ip + (a->family == DW_FAMILY_IPV4 ? 12 : 8), address_size(a->family));
	if (a->protocol == DW_PROTOCOL_RAW) {
		cookie = dw_packet_cookie(&a->key, &host, get16(t + 4), 0);
		put16(t + 6, (uint16_t)(cookie >> 16));
		put32(t + 8, cookie);
		return;
	}
	cookie = dw_packet_cookie(&a->key, &host, get16(t + 2), get16(t));
	if (a->protocol == DW_PROTOCOL_TCP)
		put32(t + 8, cookie + 1);
	else if (a->protocol == DW_PROTOCOL_SCTP)
		put32(t + 4, dw_packet_tag(cookie));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_packet_asked a = { .key = { 0x0123456789abcdef, 0xfedcba9876543210 },
				     .source_port = FIRST };
	struct dw_packet_seen seen = { 0 };
	uint8_t *frame;
	size_t n, link;

	if (size < 1 || size > 4096)
		return 0;
	a.protocol = protocols[data[0] & 3];
	a.family = data[0] & 4 ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	a.ethernet = (data[0] & 8) != 0;
	n = size - 1;
	frame = malloc(n > 0 ? n : 1);
	if (!frame)
		return 0;
	memcpy(frame, data + 1, n);
	link = a.ethernet ? ETHER_SIZE : 0;
	if ((data[0] & 16) != 0 && n > link)
		put_right(&a, frame + link, n - link);
	if (dw_packet_read(&a, frame, n, &seen) == 1) {
		if (seen.why == DW_SCAN_WHY_UNKNOWN || seen.round >= DW_PACKET_ROUNDS ||
		    seen.host.family != a.family)
			abort();
		if (seen.why == DW_SCAN_WHY_REPLY)
			(void)dw_packet_repeats_id(&a, &seen, data[0]);
	}
	free(frame);
	return 0;
}
