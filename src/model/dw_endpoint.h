/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a door is: network namespace, protocol, family, address, port, interface. */
#ifndef DW_ENDPOINT_H
#define DW_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_arena.h"

enum dw_protocol {
	DW_PROTOCOL_UNKNOWN = 0,
	DW_PROTOCOL_TCP,
	DW_PROTOCOL_UDP,
	DW_PROTOCOL_UDPLITE,
	DW_PROTOCOL_SCTP,
	DW_PROTOCOL_DCCP,
	DW_PROTOCOL_RAW,    /* port: the IP protocol number, 255 = any */
	DW_PROTOCOL_PACKET, /* no port; address: the interface */
	DW_PROTOCOL_VSOCK,  /* address: the CID */
	DW_PROTOCOL_BLUETOOTH,
	DW_PROTOCOL_COUNT
};

enum dw_family {
	DW_FAMILY_UNKNOWN = 0,
	DW_FAMILY_IPV4,
	DW_FAMILY_IPV6, /* IPv6 only */
	DW_FAMILY_DUAL, /* an IPv6 socket bound to :: that takes IPv4 too */
	DW_FAMILY_PACKET,
	DW_FAMILY_VSOCK,
	DW_FAMILY_BLUETOOTH,
	DW_FAMILY_COUNT
};

/* How far the bound address alone lets others reach. */
enum dw_bound {
	DW_BOUND_UNKNOWN = 0,
	DW_BOUND_LOOPBACK,   /* 127.0.0.0/8, ::1 */
	DW_BOUND_LINK_LOCAL, /* 169.254.0.0/16, fe80::/10 */
	DW_BOUND_ADDRESS,    /* one address */
	DW_BOUND_INTERFACE,  /* any address, on one interface */
	DW_BOUND_MULTICAST,  /* a group address */
	DW_BOUND_ANY,
	DW_BOUND_COUNT
};

/*
 * An IPv6 socket that is bound to ::ffff:a.b.c.d gets packets of IPv4 alone (RFC 4291, 2.5.5.2; ipv6(7)): its door is
 * a.b.c.d, of family ipv4, and `mapped`; ss shows it as it was bound.
 *
 * The network namespace is its nsfs inode, as in /proc/PID/ns/net. Addresses are in network order, an IPv4
 * address in the first 4 bytes. For vsock and bluetooth the first bytes hold the CID (host order) and the
 * device address.
 */
struct dw_endpoint {
	uint32_t netns;
	enum dw_protocol protocol;
	enum dw_family family;
	uint8_t address[16];
	bool has_port;
	uint32_t port;      /* host order */
	uint32_t ifindex;   /* bound interface or scope, 0: none */
	const char *ifname; /* NULL: none or not known */
	bool mapped;        /* bound as ::ffff:a.b.c.d; tells doors apart no more than ifname does */
};

const char *dw_protocol_name(enum dw_protocol p); /* as in the JSON contract; "unknown" */
const char *dw_family_name(enum dw_family f);
const char *dw_bound_name(enum dw_bound b);
enum dw_protocol dw_protocol_parse(const char *name); /* DW_PROTOCOL_UNKNOWN when it is none */
/* What the "port" of a raw socket is: a number of the IP header; the well-known ones by name ("icmpv6"), else NULL. */
const char *dw_ip_protocol_name(uint32_t number);

/* Numeric, without brackets; link-local with %interface; a packet socket's interface or "*". In the arena. */
const char *dw_endpoint_address(struct dw_arena *a, const struct dw_endpoint *e);
/* For people: 0.0.0.0:80/tcp, [::]:80/tcp, eth0/packet. In the arena. */
const char *dw_endpoint_text(struct dw_arena *a, const struct dw_endpoint *e);
/* Total order: namespace, protocol, port, family, address, interface. 0: the same endpoint. */
int dw_endpoint_compare(const struct dw_endpoint *a, const struct dw_endpoint *b);
bool dw_endpoint_is_any(const struct dw_endpoint *e); /* unspecified address */
/* True: it was ::ffff:a.b.c.d, and is a.b.c.d in the first 4 bytes now. */
bool dw_address_unmap(uint8_t address[16]);
void dw_endpoint_unmap(struct dw_endpoint *e); /* so for an endpoint of IPv6; others stay as they are */
enum dw_bound dw_endpoint_bound(const struct dw_endpoint *e);

#endif
