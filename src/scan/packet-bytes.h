/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of packets, for those that make and read them; private to src/scan. */
#ifndef DW_SCAN_PACKET_PRIVATE_H
#define DW_SCAN_PACKET_PRIVATE_H

#include "dw_scan.h"

enum {
	ETHER_SIZE = 14,
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	ETHER_VLAN = 0x8100, /* IEEE 802.1Q */
	ETHER_QINQ = 0x88a8,
};
/* https://www.iana.org/assignments/protocol-numbers */
enum {
	IP_ICMP = 1,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ICMP6 = 58,
	IP_SCTP = 132,
	IP6_HOP_BY_HOP = 0,
	IP6_ROUTING = 43,
	IP6_OPTIONS = 60,
};
enum { TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
enum { SCTP_INIT = 1, SCTP_INIT_ACK = 2, SCTP_ABORT = 6 };
enum {
	ICMP_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_ECHO = 8,
	ICMP_EXCEEDED = 11,
	ICMP6_UNREACHABLE = 1,
	ICMP6_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_REPLY = 129,
};
#define FLOW_MASK 0xfffffU

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static inline size_t address_size(enum dw_family f)
{
	return f == DW_FAMILY_IPV4 ? 4 : 16;
}

#endif
