/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wants.h"

#define ALLOW(list)    .allow = (list), .n_allow = DW_ARRAY_SIZE(list)
#define REDIRECT(list) .redirects = (list), .n_redirects = DW_ARRAY_SIZE(list)
#define OUT(list)      .out = (list), .n_out = DW_ARRAY_SIZE(list)
#define TCP(port)      .protocol = DW_PROTOCOL_TCP, .first = (port), .last = (port)
#define UDP(port)      .protocol = DW_PROTOCOL_UDP, .first = (port), .last = (port)
#define RAW(n)         .protocol = DW_PROTOCOL_RAW, .first = (n), .last = (n)
#define FROM(list)     .from = (list), .n_from = DW_ARRAY_SIZE(list)

static const struct dw_network lan[] = {
	{ DW_FAMILY_IPV4, { 10 }, 8 },
	{ DW_FAMILY_IPV4, { 192, 168 }, 16 },
	{ DW_FAMILY_IPV6, { 0xfc }, 7 },
};
static const struct dw_network office[] = { { DW_FAMILY_IPV4, { 192, 0, 2 }, 24 } };
static const struct dw_network six[] = { { DW_FAMILY_IPV6, { 0x20, 1, 0xd, 0xb8 }, 32 } };
/* Within each other, the same twice, and not in order. */
static const struct dw_network odd[] = {
	{ DW_FAMILY_IPV4, { 203, 0, 113, 9 }, 32 }, { DW_FAMILY_IPV4, { 192, 0, 2 }, 24 },
	{ DW_FAMILY_IPV4, { 192, 0, 2, 7 }, 32 },   { DW_FAMILY_IPV4, { 192, 0, 2 }, 24 },
	{ DW_FAMILY_IPV4, { 192, 0, 2, 128 }, 25 }, { DW_FAMILY_IPV4, { 192, 0, 3 }, 24 },
};
static const struct dw_network all_four[] = { { DW_FAMILY_IPV4, { 0 }, 0 },
					      { DW_FAMILY_IPV6, { 0x20, 1, 0xd, 0xb8 }, 32 } };

static const struct dw_fence_allow ssh[] = {
	{ TCP(22), FROM(lan), .comment = "ssh: administration (policy:3)" },
};

static const struct dw_fence_allow web[] = {
	{ TCP(22), FROM(lan), .comment = "ssh: role web-server (policy:2)" },
	{ TCP(80), .comment = "web: it serves pages (policy:2)" },
	{ TCP(443), .comment = "web: it serves pages (policy:2)" },
	{ UDP(443), .comment = "web: it serves pages (policy:2)" },
	{ TCP(5432), FROM(office), .comment = "postgresql (policy:4)" },
	{ TCP(5433), FROM(office), .comment = "postgresql (policy:4)" },
	{ .protocol = DW_PROTOCOL_UDP,
	  .first = 60000,
	  .last = 61000,
	  .comment = "mosh (policy:5)" },
};

static const struct dw_fence_allow networks[] = {
	{ TCP(22), FROM(odd), .comment = "ssh (policy:1)" },
	{ TCP(80), FROM(all_four), .comment = "http (policy:2)" },
	{ TCP(81), FROM(six), .comment = "http (policy:3)" },
	{ TCP(82), FROM(odd), .comment = "other (policy:4)" },
};

static const struct dw_fence_allow places[] = {
	{ TCP(22), .on_address = "192.0.2.5", .comment = "ssh (policy:1)" },
	{ TCP(22), .on_address = "2001:db8::5", FROM(six), .comment = "ssh (policy:1)" },
	{ UDP(53), .on_interface = "br-lan.7", .comment = "dns (policy:2)" },
	{ UDP(546), .on_address = "fe80::1", .on_interface = "eth0", .comment = "dhcp (policy:3)" },
	{ UDP(5353), .on_address = "224.0.0.251", FROM(lan), .comment = "mdns (policy:4)" },
	{ UDP(5353), .on_address = "ff02::fb", FROM(lan), .comment = "mdns (policy:4)" },
	{ TCP(99), .on_address = "192.0.2.5", FROM(six), .comment = "nobody gets here (policy:5)" },
};

static const struct dw_fence_allow protocols[] = {
	{ RAW(47), FROM(office), .comment = "gre (policy:1)" },
	{ RAW(50), .comment = "esp (policy:2)" },
	{ RAW(112), .comment = "vrrp (policy:3)" },
	{ .protocol = DW_PROTOCOL_SCTP,
	  .first = 3868,
	  .last = 3868,
	  .comment = "diameter (policy:4)" },
	{ .protocol = DW_PROTOCOL_DCCP, .first = 5004, .last = 5005, .comment = "rtp (policy:5)" },
	{ .protocol = DW_PROTOCOL_UDPLITE,
	  .first = 5004,
	  .last = 5004,
	  .comment = "rtp (policy:6)" },
	{ .protocol = DW_PROTOCOL_VSOCK, .first = 1, .last = 1, .comment = "vsock (policy:7)" },
	{ RAW(255), .comment = "a sniffer (policy:8)" },
};

static const struct dw_fence_allow many[] = {
	{ TCP(1), .comment = "many (policy:1)" },
	{ TCP(3), .comment = "many (policy:1)" },
	{ TCP(5), .comment = "many (policy:1)" },
	{ TCP(7), .comment = "many (policy:1)" },
	{ TCP(9), .comment = "many (policy:1)" },
	{ TCP(11), .comment = "many (policy:1)" },
	{ TCP(13), .comment = "many (policy:1)" },
	{ TCP(15), .comment = "many (policy:1)" },
	{ TCP(17), .comment = "many (policy:1)" },
	{ TCP(19), .comment = "many (policy:1)" },
	{ TCP(21), .comment = "many (policy:1)" },
	{ TCP(23), .comment = "many (policy:1)" },
	{ TCP(25), .comment = "many (policy:1)" },
	{ TCP(27), .comment = "many (policy:1)" },
	{ TCP(20), .comment = "many (policy:1)" },
	{ TCP(31), .comment = "many (policy:1)" },
	{ .protocol = DW_PROTOCOL_TCP, .first = 40, .last = 50, .comment = "many (policy:1)" },
	{ .protocol = DW_PROTOCOL_TCP, .first = 45, .last = 65535, .comment = "many (policy:1)" },
};

static const struct dw_fence_allow published[] = {
	{ TCP(22), FROM(lan), .comment = "ssh (policy:1)" },
	{ TCP(8080), .forwarded = true, .target = "172.17.0.2:80", .comment = "shop (policy:2)" },
	{ .protocol = DW_PROTOCOL_TCP,
	  .first = 9000,
	  .last = 9010,
	  .forwarded = true,
	  FROM(lan),
	  .target = "172.17.0.3:9000",
	  .comment = "tools (policy:3)" },
	{ UDP(53), .forwarded = true, .on_address = "192.0.2.5", .target = "172.17.0.4:53",
	  .comment = "dns (policy:4)" },
};

static const struct dw_fence_allow shop[] = {
	{ TCP(22), FROM(lan), .comment = "ssh (policy:1)" },
	{ TCP(80), .comment = "http (policy:2)" },
	{ UDP(53), FROM(office), .comment = "dns (policy:3)" },
	{ TCP(9999), .comment = "direct (policy:4)" },
};
static const struct dw_fence_redirect redirects[] = {
	{ DW_PROTOCOL_TCP, 80, 8080, "the shop needs no root (policy:5)" },
	{ DW_PROTOCOL_UDP, 53, 5353, NULL },
	{ DW_PROTOCOL_TCP, 81, 8081, "nobody is let in here (policy:6)" },
};

static const struct dw_fence_allow out[] = {
	{ UDP(53), FROM(office), .comment = "dns (policy:7)" },
	{ TCP(53), FROM(office), .comment = "dns (policy:7)" },
	{ TCP(443), .comment = "https: updates (policy:8)" },
	{ RAW(50), FROM(six), .comment = "esp (policy:9)" },
};

#define HOSTILE                                                                                    \
	"a\"b'c\\d`e$(f)${g};h|i&j\nEND\n*filter\n# k\t\x1b[2J\x01 \xc3\xbc \xe2\x80\xae \xff %s " \
	"%n { } @x"

static const struct dw_fence_allow hostile[] = {
	{ TCP(22), FROM(lan), .comment = HOSTILE },
	{ TCP(23), .comment = "\"" },
	{ TCP(24), .comment = "\\" },
	{ TCP(25), .comment = "'" },
	{ TCP(26), .comment = "" },
	{ TCP(27), .comment = NULL },
	{ TCP(28), FROM(office),
	  .comment =
		  "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
		  "123456789 123456789 123456789 12345678\xc3\xbc 123456789 123456789 123456789 "
		  "123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
		  "1234567\xc3\xbc"
		  " 123456789 123456789" },
	{ TCP(29), .on_interface = "eth*", .comment = "every interface" },
	{ TCP(30), .on_interface = "eth+", .comment = "every interface" },
	{ TCP(31), .on_interface = "a\"; flush ruleset", .comment = "an interface" },
	{ TCP(32), .on_interface = "", .comment = "an interface" },
	{ TCP(33), .on_address = "0/0", .comment = "an address" },
	{ TCP(34), .on_address = "1.2.3.4; accept", .comment = "an address" },
	{ .protocol = DW_PROTOCOL_TCP, .first = 36, .last = 35, .comment = "a range" },
	{ .protocol = DW_PROTOCOL_TCP, .first = 0, .last = 65535, .comment = "a range" },
	{ .protocol = DW_PROTOCOL_RAW, .first = 0, .last = 254, .comment = "a range" },
	{ .protocol = DW_PROTOCOL_UNKNOWN, .first = 1, .last = 1, .comment = "a protocol" },
	{ TCP(37), FROM(lan), .comment = "drop" },
	{ TCP(38), FROM(six), .comment = "drop_from_v6" },
};
static const struct dw_fence_redirect hostile_redirects[] = {
	{ DW_PROTOCOL_TCP, 22, 2222, HOSTILE },
};

const struct named_want named_wants[] = {
	{ "nothing", { .log_denied = false } },
	{ "ssh", { ALLOW(ssh), .policy = "/etc/doorward/policy" } },
	{ "web", { ALLOW(web), .log_denied = true, .dhcp = true, .dhcp6 = true } },
	{ "networks", { ALLOW(networks) } },
	{ "places", { ALLOW(places) } },
	{ "protocols", { ALLOW(protocols) } },
	{ "many", { ALLOW(many) } },
	{ "published", { ALLOW(published), .guard_forwarded = true, .log_denied = true } },
	{ "redirect", { ALLOW(shop), REDIRECT(redirects), .log_denied = true } },
	{ "egress-log", { ALLOW(ssh), OUT(out), .egress = DW_EGRESS_LOG } },
	{ "egress-deny",
	  { ALLOW(web), REDIRECT(redirects), OUT(out), .egress = DW_EGRESS_DENY, .log_denied = true,
	    .dhcp = true, .dhcp6 = true, .guard_forwarded = true } },
	{ "hostile",
	  { ALLOW(hostile), REDIRECT(hostile_redirects), OUT(hostile), .egress = DW_EGRESS_DENY,
	    .policy = "/tmp/\"\n*filter\n'`$x\xff" } },
	{ NULL, { 0 } },
};
