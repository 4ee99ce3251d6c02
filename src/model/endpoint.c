/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_endpoint.h"

#include <arpa/inet.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"

static const char *const protocol_names[DW_PROTOCOL_COUNT] = {
	[DW_PROTOCOL_UNKNOWN] = "unknown", [DW_PROTOCOL_TCP] = "tcp",
	[DW_PROTOCOL_UDP] = "udp",         [DW_PROTOCOL_UDPLITE] = "udplite",
	[DW_PROTOCOL_SCTP] = "sctp",       [DW_PROTOCOL_DCCP] = "dccp",
	[DW_PROTOCOL_RAW] = "raw",         [DW_PROTOCOL_PACKET] = "packet",
	[DW_PROTOCOL_VSOCK] = "vsock",     [DW_PROTOCOL_BLUETOOTH] = "bluetooth",
};

static const char *const family_names[DW_FAMILY_COUNT] = {
	[DW_FAMILY_UNKNOWN] = "unknown",     [DW_FAMILY_IPV4] = "ipv4",
	[DW_FAMILY_IPV6] = "ipv6",           [DW_FAMILY_DUAL] = "dual",
	[DW_FAMILY_PACKET] = "packet",       [DW_FAMILY_VSOCK] = "vsock",
	[DW_FAMILY_BLUETOOTH] = "bluetooth",
};

static const char *const bound_names[DW_BOUND_COUNT] = {
	[DW_BOUND_UNKNOWN] = "unknown",
	[DW_BOUND_LOOPBACK] = "loopback",
	[DW_BOUND_LINK_LOCAL] = "link-local",
	[DW_BOUND_ADDRESS] = "address",
	[DW_BOUND_INTERFACE] = "interface",
	[DW_BOUND_MULTICAST] = "multicast",
	[DW_BOUND_ANY] = "any",
};

const char *dw_protocol_name(enum dw_protocol p)
{
	return p < DW_PROTOCOL_COUNT ? protocol_names[p] : "unknown";
}

const char *dw_family_name(enum dw_family f)
{
	return f < DW_FAMILY_COUNT ? family_names[f] : "unknown";
}

const char *dw_bound_name(enum dw_bound b)
{
	return b < DW_BOUND_COUNT ? bound_names[b] : "unknown";
}

enum dw_protocol dw_protocol_parse(const char *name)
{
	for (unsigned i = 1; i < DW_PROTOCOL_COUNT; i++)
		if (dw_streq(name, protocol_names[i]))
			return (enum dw_protocol)i;
	return DW_PROTOCOL_UNKNOWN;
}

const char *dw_ip_protocol_name(uint32_t number)
{
	static const struct {
		uint32_t number; /* IANA, Assigned Internet Protocol Numbers */
		const char *name;
	} known[] = {
		{ 1, "icmp" },  { 2, "igmp" },   { 6, "tcp" },     { 17, "udp" },
		{ 47, "gre" },  { 50, "esp" },   { 58, "icmpv6" }, { 89, "ospf" },
		{ 103, "pim" }, { 112, "vrrp" }, { 132, "sctp" },  { 255, "any" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].number == number)
			return known[i].name;
	return NULL;
}

static bool is_v6(const struct dw_endpoint *e)
{
	return e->family == DW_FAMILY_IPV6 || e->family == DW_FAMILY_DUAL;
}

static bool is_link_local6(const struct dw_endpoint *e)
{
	return is_v6(e) && e->address[0] == 0xfe && (e->address[1] & 0xc0) == 0x80;
}

static const char *inet_address(struct dw_arena *a, const struct dw_endpoint *e)
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(is_v6(e) ? AF_INET6 : AF_INET, e->address, text, sizeof(text)))
		return "?";
	if (!is_link_local6(e) || e->ifindex == 0)
		return dw_arena_strdup(a, text);
	if (e->ifname)
		return dw_arena_printf(a, "%s%%%s", text, e->ifname);
	return dw_arena_printf(a, "%s%%%u", text, e->ifindex);
}

const char *dw_endpoint_address(struct dw_arena *a, const struct dw_endpoint *e)
{
	uint32_t cid;

	switch (e->family) {
	case DW_FAMILY_IPV4:
	case DW_FAMILY_IPV6:
	case DW_FAMILY_DUAL:
		return inet_address(a, e);
	case DW_FAMILY_PACKET:
		if (e->ifname)
			return e->ifname;
		return e->ifindex ? dw_arena_printf(a, "if%u", e->ifindex) : "*";
	case DW_FAMILY_VSOCK:
		memcpy(&cid, e->address, sizeof(cid));
		return cid == UINT32_MAX ? "*" : dw_arena_printf(a, "%u", cid);
	case DW_FAMILY_BLUETOOTH:
		/* bdaddr_t is stored least significant byte first */
		return dw_arena_printf(a, "%02X:%02X:%02X:%02X:%02X:%02X", e->address[5],
				       e->address[4], e->address[3], e->address[2], e->address[1],
				       e->address[0]);
	case DW_FAMILY_UNKNOWN:
	case DW_FAMILY_COUNT:
		break;
	}
	return "?";
}

const char *dw_endpoint_text(struct dw_arena *a, const struct dw_endpoint *e)
{
	const char *address = dw_endpoint_address(a, e), *protocol = dw_protocol_name(e->protocol);

	if (e->family == DW_FAMILY_UNKNOWN && !e->has_port)
		return protocol;
	if (!e->has_port)
		return dw_arena_printf(a, "%s/%s", address, protocol);
	if (is_v6(e))
		return dw_arena_printf(a, "[%s]:%u/%s", address, e->port, protocol);
	return dw_arena_printf(a, "%s:%u/%s", address, e->port, protocol);
}

#define COMPARE(x, y)                                                                              \
	do {                                                                                       \
		if ((x) != (y))                                                                    \
			return (x) < (y) ? -1 : 1;                                                 \
	} while (0)

int dw_endpoint_compare(const struct dw_endpoint *a, const struct dw_endpoint *b)
{
	int r;

	COMPARE(a->netns, b->netns);
	COMPARE(a->protocol, b->protocol);
	COMPARE(a->has_port, b->has_port);
	COMPARE(a->port, b->port);
	COMPARE(a->family, b->family);
	r = memcmp(a->address, b->address, sizeof(a->address));
	if (r != 0)
		return r < 0 ? -1 : 1;
	COMPARE(a->ifindex, b->ifindex);
	return 0;
}

bool dw_endpoint_is_any(const struct dw_endpoint *e)
{
	static const uint8_t zero[16];

	return memcmp(e->address, zero, sizeof(zero)) == 0;
}

bool dw_address_unmap(uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(address, mapped, sizeof(mapped)) != 0)
		return false;
	memmove(address, address + sizeof(mapped), 4);
	memset(address + 4, 0, 12);
	return true;
}

void dw_endpoint_unmap(struct dw_endpoint *e)
{
	if (!is_v6(e) || !dw_address_unmap(e->address))
		return;
	e->family = DW_FAMILY_IPV4;
	e->mapped = true;
}

static enum dw_bound bound4(const struct dw_endpoint *e)
{
	if (e->address[0] == 127)
		return DW_BOUND_LOOPBACK;
	if (e->address[0] == 169 && e->address[1] == 254)
		return DW_BOUND_LINK_LOCAL;
	if ((e->address[0] & 0xf0) == 224)
		return DW_BOUND_MULTICAST;
	return DW_BOUND_ADDRESS;
}

static enum dw_bound bound6(const struct dw_endpoint *e)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(e->address, loopback, sizeof(loopback)) == 0)
		return DW_BOUND_LOOPBACK;
	if (memcmp(e->address, mapped, sizeof(mapped)) == 0 && e->address[12] == 127)
		return DW_BOUND_LOOPBACK;
	if (is_link_local6(e))
		return DW_BOUND_LINK_LOCAL;
	if (e->address[0] == 0xff)
		return DW_BOUND_MULTICAST;
	return DW_BOUND_ADDRESS;
}

enum dw_bound dw_endpoint_bound(const struct dw_endpoint *e)
{
	if (e->family == DW_FAMILY_UNKNOWN)
		return DW_BOUND_UNKNOWN;
	if (e->family == DW_FAMILY_PACKET)
		return e->ifindex ? DW_BOUND_INTERFACE : DW_BOUND_ANY;
	if (e->family == DW_FAMILY_VSOCK) {
		uint32_t cid;

		memcpy(&cid, e->address, sizeof(cid));
		return cid == UINT32_MAX ? DW_BOUND_ANY
		       : cid == 1        ? DW_BOUND_LOOPBACK
					 : DW_BOUND_ADDRESS;
	}
	if (dw_endpoint_is_any(e)) {
		if (e->ifname && dw_streq(e->ifname, "lo"))
			return DW_BOUND_LOOPBACK;
		return e->ifindex ? DW_BOUND_INTERFACE : DW_BOUND_ANY;
	}
	if (e->family == DW_FAMILY_BLUETOOTH)
		return DW_BOUND_ADDRESS;
	return is_v6(e) ? bound6(e) : bound4(e);
}
