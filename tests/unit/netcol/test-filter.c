/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters as tcpdump -ddd prints them, a DHCP client's, and one like BPFDoor's. */
#include <linux/filter.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "dw_test.h"

static void check(const struct sock_filter *code, size_t n, const char *want)
{
	struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_filter_text(a, code, n), want);
	dw_arena_free(a);
}

#define CHECK(code, want) check((code), DW_ARRAY_SIZE(code), (want))

DW_TEST(filter_tcp_port_22)
{
	static const struct sock_filter code[] = {
		{ 40, 0, 0, 12 },    { 21, 0, 6, 34525 }, { 48, 0, 0, 20 },    { 21, 0, 15, 6 },
		{ 40, 0, 0, 54 },    { 21, 12, 0, 22 },   { 40, 0, 0, 56 },    { 21, 10, 11, 22 },
		{ 21, 0, 10, 2048 }, { 48, 0, 0, 23 },    { 21, 0, 8, 6 },     { 40, 0, 0, 20 },
		{ 69, 6, 0, 8191 },  { 177, 0, 0, 14 },   { 72, 0, 0, 14 },    { 21, 2, 0, 22 },
		{ 72, 0, 0, 16 },    { 21, 0, 1, 22 },    { 6, 0, 0, 262144 }, { 6, 0, 0, 0 },
	};

	CHECK(code, "tcp port 22");
}

DW_TEST(filter_host)
{
	static const struct sock_filter code[] = {
		{ 40, 0, 0, 12 },         { 21, 0, 4, 2048 },  { 32, 0, 0, 26 },
		{ 21, 8, 0, 0x01020304 }, { 32, 0, 0, 30 },    { 21, 6, 7, 0x01020304 },
		{ 21, 1, 0, 2054 },       { 21, 0, 5, 32821 }, { 32, 0, 0, 28 },
		{ 21, 2, 0, 0x01020304 }, { 32, 0, 0, 38 },    { 21, 0, 1, 0x01020304 },
		{ 6, 0, 0, 262144 },      { 6, 0, 0, 0 },
	};

	CHECK(code, "arp or ipv4 or rarp host 1.2.3.4");
}

/* "udp": over IPv6 with and without a fragment header. */
DW_TEST(filter_udp)
{
	static const struct sock_filter code[] = {
		{ 40, 0, 0, 12 }, { 21, 0, 5, 34525 }, { 48, 0, 0, 20 },    { 21, 6, 0, 17 },
		{ 21, 0, 6, 44 }, { 48, 0, 0, 54 },    { 21, 3, 4, 17 },    { 21, 0, 3, 2048 },
		{ 48, 0, 0, 23 }, { 21, 0, 1, 17 },    { 6, 0, 0, 262144 }, { 6, 0, 0, 0 },
	};

	CHECK(code, "udp");
}

DW_TEST(filter_dhclient)
{
	static const struct sock_filter code[] = {
		{ 40, 0, 0, 12 }, { 21, 0, 8, 2048 }, { 48, 0, 0, 23 },  { 21, 0, 6, 17 },
		{ 40, 0, 0, 20 }, { 69, 4, 0, 8191 }, { 177, 0, 0, 14 }, { 72, 0, 0, 16 },
		{ 21, 0, 1, 68 }, { 6, 0, 0, 65535 }, { 6, 0, 0, 0 },
	};

	CHECK(code, "ipv4 udp destination port 68");
}

DW_TEST(filter_arp_or_lldp)
{
	static const struct sock_filter code[] = {
		{ 40, 0, 0, 12 },    { 21, 1, 0, 2054 }, { 21, 0, 1, 0x88cc },
		{ 6, 0, 0, 262144 }, { 6, 0, 0, 0 },
	};

	CHECK(code, "arp or ethertype 0x88cc");
}

/*
 * 30 instructions, as published from the samples: three protocols, each with a magic word in its
 * payload.
 */
DW_TEST(filter_magic_words)
{
	static const struct sock_filter code[] = {
		{ 40, 0, 0, 12 },     { 21, 0, 27, 0x800 }, { 48, 0, 0, 23 },
		{ 21, 0, 5, 17 },     { 40, 0, 0, 20 },     { 69, 23, 0, 0x1fff },
		{ 177, 0, 0, 14 },    { 72, 0, 0, 22 },     { 21, 19, 20, 0x7255 },
		{ 21, 0, 7, 1 },      { 40, 0, 0, 20 },     { 69, 17, 0, 0x1fff },
		{ 177, 0, 0, 14 },    { 72, 0, 0, 22 },     { 21, 0, 14, 0x7255 },
		{ 80, 0, 0, 14 },     { 21, 11, 12, 8 },    { 21, 0, 11, 6 },
		{ 40, 0, 0, 20 },     { 69, 9, 0, 0x1fff }, { 177, 0, 0, 14 },
		{ 80, 0, 0, 26 },     { 84, 0, 0, 0xf0 },   { 116, 0, 0, 2 },
		{ 12, 0, 0, 0 },      { 7, 0, 0, 0 },       { 72, 0, 0, 14 },
		{ 21, 0, 1, 0x5293 }, { 6, 0, 0, 65535 },   { 6, 0, 0, 0 },
	};

	CHECK(code, "ipv4 udp with 0x7255 at payload byte 0; "
		    "ipv4 icmp with 0x7255 at payload byte 0 and type is 8; "
		    "ipv4 tcp with 0x5293 at payload byte 0: passes only marked packets");
}

/* The same idea on a SOCK_DGRAM packet socket: no Ethernet header, a word of four bytes. */
DW_TEST(filter_magic_cooked)
{
	static const struct sock_filter code[] = {
		{ 48, 0, 0, 9 },          { 21, 0, 4, 17 },   { 177, 0, 0, 0 }, { 64, 0, 0, 8 },
		{ 21, 0, 1, 0x39393939 }, { 6, 0, 0, 65535 }, { 6, 0, 0, 0 },
	};

	CHECK(code, "udp with 0x39393939 at payload byte 0: passes only marked packets");
}

DW_TEST(filter_trivial)
{
	static const struct sock_filter all[] = { { 6, 0, 0, 65535 } }, none[] = { { 6, 0, 0, 0 } };
	static const struct sock_filter longer[] = {
		{ 128, 0, 0, 0 },
		{ 37, 0, 1, 100 },
		{ 6, 0, 0, 65535 },
		{ 6, 0, 0, 0 },
	};

	CHECK(all, "everything");
	CHECK(none, "passes nothing");
	CHECK(longer, "packets with length > 100");
}

DW_TEST(filter_not_port)
{
	static const struct sock_filter code[] = {
		{ 40, 0, 0, 12 }, { 21, 0, 6, 2048 },  { 48, 0, 0, 23 },
		{ 21, 0, 4, 6 },  { 177, 0, 0, 14 },   { 72, 0, 0, 16 },
		{ 21, 1, 0, 22 }, { 6, 0, 0, 262144 }, { 6, 0, 0, 0 },
	};

	CHECK(code, "ipv4 tcp destination port is not 22");
}

/*
 * Jumps out of the program, no RET at the end, sizes that lie: nothing is read that is not there.
 */
DW_TEST(filter_hostile)
{
	static const struct sock_filter far[] = { { 21, 200, 200, 1 }, { 6, 0, 0, 1 } };
	static const struct sock_filter open[] = { { 40, 0, 0, 12 } };
	static const struct sock_filter wrap[] = { { 5, 0, 0, UINT32_MAX }, { 6, 0, 0, 1 } };
	static const struct sock_filter mem[] = { { 96, 0, 0, 999 },
						  { 2, 0, 0, 999 },
						  { 22, 0, 0, 0 } };

	CHECK(far, "2 instructions, no valid filter");
	CHECK(open, "1 instructions, no valid filter");
	CHECK(wrap, "2 instructions, no valid filter");
	CHECK(mem, "everything");
	check(open, 0, "0 instructions, no valid filter");
}

/* 2^1000 ways: the walk ends, and says that it saw the first only. */
DW_TEST(filter_explosion)
{
	struct sock_filter code[2001];
	struct dw_arena *a = dw_arena_new();
	const char *text;

	for (unsigned i = 0; i < 2000; i += 2) {
		code[i] = (struct sock_filter){ 48, 0, 0, i };
		code[i + 1] = (struct sock_filter){ 21, 1, 0, 7 };
	}
	code[2000] = (struct sock_filter){ 6, 0, 0, 1 };
	code[1999] = (struct sock_filter){ 21, 0, 0, 7 };
	text = dw_filter_text(a, code, 2001);
	DW_CHECK(dw_starts_with(text, "2001 instructions"));
	DW_CHECK(strlen(text) < 600);
	dw_arena_free(a);
}

DW_TEST_MAIN
