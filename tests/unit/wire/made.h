/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probes for the tests of packets. */
#ifndef DW_TEST_MADE_H
#define DW_TEST_MADE_H

#include "dw_packet.h"
#include "net.h"

static const struct dw_cookie_key key = { 0x0123456789abcdef, 0xfedcba9876543210 };

enum { FIRST = 25000 };

struct made {
	struct dw_address source, target;
	struct dw_packet_probe probe;
	uint8_t frame[DW_PACKET_MAX];
	size_t n;
};

static inline void make(struct made *m, enum dw_protocol p, bool v4, uint16_t sport, uint16_t dport)
{
	*m = (struct made){ .source = net_address(v4 ? "192.0.2.1" : "2001:db8::1"),
			    .target = net_address(v4 ? "198.51.100.7" : "2001:db8:1::7") };
	m->probe = (struct dw_packet_probe){ .ethernet = true,
					     .mac_from = { 2, 0, 0, 0, 0, 1 },
					     .mac_to = { 2, 0, 0, 0, 0, 2 },
					     .protocol = p,
					     .source = &m->source,
					     .target = &m->target,
					     .sport = sport,
					     .dport = dport };
	m->probe.cookie = dw_packet_cookie(&key, &m->target, sport, dport);
	m->n = dw_packet_make(&m->probe, m->frame);
}

static inline struct dw_packet_asked asked(enum dw_protocol p, bool v4)
{
	return (struct dw_packet_asked){ .ethernet = true,
					 .protocol = p,
					 .family = v4 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6,
					 .key = key,
					 .source_port = FIRST };
}

static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP, DW_PROTOCOL_SCTP,
					      DW_PROTOCOL_RAW };

#endif
