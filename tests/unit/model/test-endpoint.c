/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "dw_endpoint.h"
#include "dw_model.h"
#include "dw_test.h"

static struct dw_endpoint at(enum dw_family family, const char *address, unsigned port)
{
	struct dw_endpoint e = {
		.protocol = DW_PROTOCOL_TCP, .family = family, .has_port = true, .port = port
	};

	(void)inet_pton(family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, address, e.address);
	return e;
}

DW_TEST(addresses_are_numeric)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_endpoint v4 = at(DW_FAMILY_IPV4, "0.0.0.0", 80),
			   v6 = at(DW_FAMILY_DUAL, "::", 80);
	struct dw_endpoint local = at(DW_FAMILY_IPV6, "fe80::1", 22);
	struct dw_endpoint sniffer = { .protocol = DW_PROTOCOL_PACKET, .family = DW_FAMILY_PACKET };

	DW_CHECK_STR(dw_endpoint_address(a, &v4), "0.0.0.0");
	DW_CHECK_STR(dw_endpoint_address(a, &v6), "::");
	DW_CHECK_STR(dw_endpoint_text(a, &v6), "[::]:80/tcp");
	local.ifindex = 2;
	DW_CHECK_STR(dw_endpoint_address(a, &local), "fe80::1%2");
	local.ifname = "eth0";
	DW_CHECK_STR(dw_endpoint_text(a, &local), "[fe80::1%eth0]:22/tcp");
	DW_CHECK_STR(dw_endpoint_text(a, &sniffer), "*/packet");
	sniffer.ifname = "eth0";
	DW_CHECK_STR(dw_endpoint_text(a, &sniffer), "eth0/packet");
}

DW_TEST(bound_says_how_far_an_address_reaches)
{
	static const struct {
		enum dw_family family;
		const char *address;
		enum dw_bound want;
	} cases[] = {
		{ DW_FAMILY_IPV4, "127.0.0.53", DW_BOUND_LOOPBACK },
		{ DW_FAMILY_IPV4, "0.0.0.0", DW_BOUND_ANY },
		{ DW_FAMILY_IPV4, "169.254.1.1", DW_BOUND_LINK_LOCAL },
		{ DW_FAMILY_IPV4, "224.0.0.251", DW_BOUND_MULTICAST },
		{ DW_FAMILY_IPV4, "10.0.0.1", DW_BOUND_ADDRESS },
		{ DW_FAMILY_IPV6, "::1", DW_BOUND_LOOPBACK },
		{ DW_FAMILY_IPV6, "::ffff:127.0.0.1", DW_BOUND_LOOPBACK },
		{ DW_FAMILY_DUAL, "::", DW_BOUND_ANY },
		{ DW_FAMILY_IPV6, "fe80::1", DW_BOUND_LINK_LOCAL },
		{ DW_FAMILY_IPV6, "ff02::fb", DW_BOUND_MULTICAST },
		{ DW_FAMILY_IPV6, "2001:db8::1", DW_BOUND_ADDRESS },
	};
	struct dw_endpoint device = at(DW_FAMILY_IPV4, "0.0.0.0", 1);

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_endpoint e = at(cases[i].family, cases[i].address, 1);

		DW_CHECK_STR(dw_bound_name(dw_endpoint_bound(&e)), dw_bound_name(cases[i].want));
	}
	device.ifindex = 3;
	DW_CHECK_STR(dw_bound_name(dw_endpoint_bound(&device)), "interface");
	device.ifname = "lo";
	DW_CHECK_STR(dw_bound_name(dw_endpoint_bound(&device)), "loopback");
}

DW_TEST(a_mapped_address_is_one_of_ipv4)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_endpoint e = at(DW_FAMILY_IPV6, "::ffff:10.1.2.3", 80);
	struct dw_endpoint same = at(DW_FAMILY_IPV4, "10.1.2.3", 80);
	struct dw_endpoint six = at(DW_FAMILY_IPV6, "::10.1.2.3", 80);

	dw_endpoint_unmap(&e);
	DW_CHECK_STR(dw_endpoint_text(a, &e), "10.1.2.3:80/tcp");
	DW_CHECK(e.mapped && e.family == DW_FAMILY_IPV4);
	DW_CHECK_INT(dw_endpoint_compare(&e, &same), 0);
	dw_endpoint_unmap(&same);
	DW_CHECK(!same.mapped);
	dw_endpoint_unmap(&six);
	DW_CHECK(!six.mapped && six.family == DW_FAMILY_IPV6);
}

DW_TEST(order_is_total)
{
	struct dw_endpoint a = at(DW_FAMILY_IPV4, "0.0.0.0", 80), b = a;

	DW_CHECK_INT(dw_endpoint_compare(&a, &b), 0);
	b.port = 81;
	DW_CHECK_INT(dw_endpoint_compare(&a, &b), -1);
	DW_CHECK_INT(dw_endpoint_compare(&b, &a), 1);
	b = a;
	b.address[3] = 0xff;
	DW_CHECK_INT(dw_endpoint_compare(&a, &b), -1);
	b = a;
	b.ifindex = 1;
	DW_CHECK_INT(dw_endpoint_compare(&a, &b), -1);
	b = a;
	b.netns = 1;
	b.port = 1;
	DW_CHECK_INT(dw_endpoint_compare(&a, &b), -1);
}

DW_TEST(every_enum_value_has_a_name)
{
	for (unsigned i = 0; i < DW_PROTOCOL_COUNT; i++)
		DW_CHECK(dw_protocol_name((enum dw_protocol)i));
	for (unsigned i = 0; i < DW_FAMILY_COUNT; i++)
		DW_CHECK(dw_family_name((enum dw_family)i));
	for (unsigned i = 0; i < DW_BOUND_COUNT; i++)
		DW_CHECK(dw_bound_name((enum dw_bound)i));
	for (unsigned i = 0; i < DW_KIND_COUNT; i++)
		DW_CHECK(dw_door_kind_name((enum dw_door_kind)i));
	for (unsigned i = 0; i < DW_STARTER_COUNT; i++)
		DW_CHECK(dw_starter_kind_name((enum dw_starter_kind)i));
	for (unsigned i = 0; i < DW_EXE_COUNT; i++)
		DW_CHECK(dw_exe_state_name((enum dw_exe_state)i));
	DW_CHECK_INT(dw_protocol_parse("udplite"), DW_PROTOCOL_UDPLITE);
	DW_CHECK_INT(dw_protocol_parse("nonsense"), DW_PROTOCOL_UNKNOWN);
}

DW_TEST_MAIN
