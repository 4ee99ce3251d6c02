/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages, lines and links as kernels write them, and as they do not. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "dw_str.h"
#include "dw_test.h"
#include "netcol.h"

struct caught {
	struct dw_socket_fact s[8];
	size_t n;
};

static void catch (void *arg, const struct dw_socket_fact *s)
{
	struct caught *c = arg;

	if (c->n < DW_ARRAY_SIZE(c->s))
		c->s[c->n++] = *s;
}

static int line(enum dw_procfile f, enum dw_protocol p, const char *text, struct caught *c)
{
	*c = (struct caught){ 0 };
	return dw_procline_parse(f, p, text, strlen(text), catch, c);
}

static void check_text(const struct dw_socket_fact *s, const char *want)
{
	struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_endpoint_text(a, &s->at), want);
	dw_arena_free(a);
}

DW_TEST(procline_tcp)
{
	struct caught c;

	DW_CHECK_INT(line(DW_PROCFILE_INET4, DW_PROTOCOL_TCP,
			  "   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 "
			  "00000000  1000        0 "
			  "12345 1 0000000000000000 100 0 0 10 0",
			  &c),
		     0);
	DW_CHECK_INT(c.n, 1);
	check_text(&c.s[0], "127.0.0.1:631/tcp");
	DW_CHECK_INT(c.s[0].inode, 12345);
	DW_CHECK_INT(c.s[0].uid, 1000);
	DW_CHECK_INT(c.s[0].kind, DW_KIND_LISTENER);
	/* established: no door */
	DW_CHECK_INT(line(DW_PROCFILE_INET4, DW_PROTOCOL_TCP,
			  "  12: 0100007F:0277 0100007F:9999 01 00000000:00000000 00:00000000 "
			  "00000000     0        0 "
			  "12346 1 0000000000000000 20 4 30 10 -1",
			  &c),
		     0);
	DW_CHECK_INT(c.n, 0);
}

DW_TEST(procline_udp6_and_raw)
{
	struct caught c;

	DW_CHECK_INT(line(DW_PROCFILE_INET6, DW_PROTOCOL_UDP,
			  " 1234: 000080FE00000000FF005450B6F5BDFE:0222 "
			  "00000000000000000000000000000000:0000 07 "
			  "00000000:00000000 00:00000000 00000000     0        0 777 2 "
			  "0000000000000000 0",
			  &c),
		     0);
	check_text(&c.s[0], "[fe80::5054:ff:febd:f5b6]:546/udp");
	DW_CHECK_INT(c.s[0].at.family, DW_FAMILY_IPV6);
	DW_CHECK_INT(line(DW_PROCFILE_INET6, DW_PROTOCOL_UDP,
			  "   1: 00000000000000000000000000000000:0035 "
			  "00000000000000000000000000000000:0000 07 "
			  "00000000:00000000 00:00000000 00000000     0        0 778 2 "
			  "0000000000000000 0",
			  &c),
		     0);
	DW_CHECK_INT(c.s[0].at.family, DW_FAMILY_DUAL);
	DW_CHECK_INT(line(DW_PROCFILE_INET6, DW_PROTOCOL_RAW,
			  "  58: 00000000000000000000000000000000:003A "
			  "00000000000000000000000000000000:0000 07 "
			  "00000000:00000000 00:00000000 00000000     0        0 779 2 "
			  "0000000000000000 0",
			  &c),
		     0);
	check_text(&c.s[0], "[::]:58/raw");
	DW_CHECK_INT(c.s[0].at.family, DW_FAMILY_IPV6);
	DW_CHECK_INT(line(DW_PROCFILE_INET6, DW_PROTOCOL_TCP,
			  "   1: 0000000000000000FFFF00000100007F:0050 "
			  "00000000000000000000000000000000:0000 0A "
			  "00000000:00000000 00:00000000 00000000     0        0 780 2 "
			  "0000000000000000 0",
			  &c),
		     0);
	check_text(&c.s[0], "127.0.0.1:80/tcp");
	DW_CHECK_INT(c.s[0].at.family, DW_FAMILY_IPV4);
}

DW_TEST(procline_packet_sctp_bluetooth)
{
	struct caught c;

	DW_CHECK_INT(line(DW_PROCFILE_PACKET, DW_PROTOCOL_PACKET,
			  "0000000000000000 3      3    0806   2     1 0      0      4711", &c),
		     0);
	DW_CHECK_INT(c.s[0].inode, 4711);
	DW_CHECK_INT(c.s[0].at.ifindex, 2);
	DW_CHECK_INT(c.s[0].kind, DW_KIND_SNIFFER);
	DW_CHECK_INT(line(DW_PROCFILE_SCTP, DW_PROTOCOL_SCTP,
			  "ffff8800 ffff8801 2   10  29   3868     0 5555 10.0.0.1 *10.0.0.2 "
			  "2001:0db8:0000:0000:0000:0000:0000:0001 ",
			  &c),
		     0);
	DW_CHECK_INT(c.n, 3);
	check_text(&c.s[1], "10.0.0.2:3868/sctp");
	check_text(&c.s[2], "[2001:db8::1]:3868/sctp");
	/* not listening */
	DW_CHECK_INT(line(DW_PROCFILE_SCTP, DW_PROTOCOL_SCTP,
			  "0 0 2   7   29   3868     0 5555 10.0.0.1 ", &c),
		     0);
	DW_CHECK_INT(c.n, 0);
	DW_CHECK_INT(line(DW_PROCFILE_L2CAP, DW_PROTOCOL_BLUETOOTH,
			  "00:1A:7D:DA:71:13 (1) 00:00:00:00:00:00 (0) 4 0x001f 0x0000 0x0000 672 "
			  "672 1 0",
			  &c),
		     0);
	check_text(&c.s[0], "00:1A:7D:DA:71:13:31/bluetooth");
	DW_CHECK_INT(line(DW_PROCFILE_RFCOMM, DW_PROTOCOL_BLUETOOTH,
			  "00:00:00:00:00:00 00:00:00:00:00:00 4 22", &c),
		     0);
	DW_CHECK_INT(c.s[0].at.port, 22);
	DW_CHECK_INT(line(DW_PROCFILE_RFCOMM, DW_PROTOCOL_BLUETOOTH,
			  "00:1A:7D:DA:71:13 00:11:22:33:44:55 1 3", &c),
		     0);
	DW_CHECK_INT(c.n, 0);
}

DW_TEST(procline_bad)
{
	static const char *const bad[] = {
		"",
		"   ",
		"0: zz",
		"   0: 0100007F:0277",
		"0: 0100007F0277 00000000:0000 0A 0 0 0 0 0 1",
		"0: 0100007:00277 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
		"0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000 -1 0 1",
		"0: 0100007F:0277 00000000:0000 0A 0:0 0:0 0 0 0 99999999999999999999999",
		"0 0100007F:0277 00000000:0000 0A 0:0 0:0 0 0 0 1",
	};
	struct caught c;

	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++) {
		DW_CHECK_INT(line(DW_PROCFILE_INET4, DW_PROTOCOL_TCP, bad[i], &c), -EBADMSG);
		DW_CHECK_INT(line(DW_PROCFILE_SCTP, DW_PROTOCOL_SCTP, bad[i], &c), -EBADMSG);
		DW_CHECK_INT(line(DW_PROCFILE_L2CAP, DW_PROTOCOL_BLUETOOTH, bad[i], &c), -EBADMSG);
		DW_CHECK_INT(c.n, 0);
	}
	DW_CHECK_INT(line(DW_PROCFILE_PACKET, DW_PROTOCOL_PACKET, "0 3 3 0806 2 1 0 0", &c),
		     -EBADMSG);
	DW_CHECK_INT(
		line(DW_PROCFILE_SCTP, DW_PROTOCOL_SCTP, "0 0 2 10 29 3868 0 5555 10.0.0.300", &c),
		-EBADMSG);
}

DW_TEST(links_of_descriptors)
{
	uint64_t inode = 0;

	DW_CHECK(dw_fds_parse_link("socket:[4711]", 13, "socket", &inode) && inode == 4711);
	DW_CHECK(dw_fds_parse_link("net:[4026531840]", 16, "net", &inode) && inode == 4026531840U);
	DW_CHECK(!dw_fds_parse_link("socket:[4711", 12, "socket", &inode));
	DW_CHECK(!dw_fds_parse_link("socket:[]", 9, "socket", &inode));
	DW_CHECK(!dw_fds_parse_link("socket:[12a]", 12, "socket", &inode));
	DW_CHECK(!dw_fds_parse_link("/tmp/socket:[1]", 15, "socket", &inode));
	DW_CHECK(!dw_fds_parse_link("socket", 6, "socket", &inode));
}

static bool ring(const char *text, int *slot, uint64_t *inode)
{
	return dw_fds_parse_ring_line(text, strlen(text), slot, inode);
}

DW_TEST(registered_files_of_rings)
{
	uint64_t inode = 9;
	int slot = -1;

	DW_CHECK(ring("    3: socket:[99]", &slot, &inode) && slot == 3 && inode == 99);
	DW_CHECK(ring("    4: TCPv6", &slot, &inode) && slot == 4 && inode == 0);
	DW_CHECK(!ring("    5: <none>", &slot, &inode));
	DW_CHECK(!ring("    6: /etc/passwd", &slot, &inode));
	DW_CHECK(!ring("    x: socket:[1]", &slot, &inode));
	DW_CHECK(!ring("", &slot, &inode));
}

static bool stat_is(const char *text, struct dw_fds_process *p)
{
	return dw_fds_parse_stat(text, strlen(text), p);
}

/* Names may hold anything; and the directory must be that process's. */
DW_TEST(stat_of_processes)
{
	struct dw_fds_process p = { .pid = 17 };

	DW_CHECK(stat_is(
		"17 (a) b) S 1 (x) S 4 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 1 2\n",
		&p));
	DW_CHECK_STR(p.comm, "a) b) S 1 (x");
	DW_CHECK(stat_is("17 (a) S 9 9) S 4 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 1 2\n",
			 &p));
	DW_CHECK_INT(p.ppid, 4);
	DW_CHECK_INT(p.started_ticks, 4242);
	DW_CHECK_STR(p.comm, "a) S 9 9");
	DW_CHECK(!stat_is("18 (b) S 4 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 1 2\n", &p));
	DW_CHECK(!stat_is("17 (b) S 4", &p));
	DW_CHECK(!stat_is("(b", &p));
	DW_CHECK(!stat_is("", &p));
}

DW_TEST(mounts_of_namespaces)
{
	static const char good[] =
		"42 30 0:4 net:[4026532177] /run/netns/my\\040net rw shared:2 - nsfs nsfs rw";
	static const char other[] =
		"42 30 0:4 mnt:[4026532177] /run/snapd/ns/x.mnt rw - nsfs nsfs rw";
	static const char disk[] = "42 30 8:1 / / rw - ext4 /dev/sda1 rw";
	struct dw_arena *a = dw_arena_new();
	const char *point = NULL;
	uint32_t inode = 0;

	DW_CHECK(dw_mountinfo_netns(a, good, strlen(good), &inode, &point));
	DW_CHECK_INT(inode, 4026532177U);
	DW_CHECK_STR(point, "/run/netns/my net");
	DW_CHECK(!dw_mountinfo_netns(a, other, strlen(other), &inode, &point));
	DW_CHECK(!dw_mountinfo_netns(a, disk, strlen(disk), &inode, &point));
	DW_CHECK(!dw_mountinfo_netns(a, " - nsfs ", 8, &inode, &point));
	dw_arena_free(a);
}

DW_TEST(protocols_in_use)
{
	uint64_t n = 7;
	static const char text[] =
		"MPTCP     2048      3      -1   NI       0   no   kernel      y   n";

	DW_CHECK(dw_protocols_parse(text, strlen(text), "MPTCP", &n) && n == 3);
	DW_CHECK(!dw_protocols_parse(text, strlen(text), "MPTCPv6", &n));
	DW_CHECK(!dw_protocols_parse("MPTCP 1", 7, "MPTCP", &n));
}

/* Every cut of a good message is refused or read without going beyond its end (ASan watches). */
DW_TEST(cut_messages)
{
	struct inet_diag_msg d = { .idiag_family = AF_INET,
				   .idiag_state = TCP_LISTEN,
				   .idiag_inode = 5 };
	size_t whole = NLMSG_HDRLEN + sizeof(d) + 8;

	d.id.idiag_sport = 0x5000;
	for (size_t n = NLMSG_HDRLEN; n <= whole; n++) {
		char *exact = calloc(1, n);
		struct nlmsghdr *m = (void *)exact;
		struct caught c = { 0 };
		struct nlattr attr = { .nla_len = 200, .nla_type = INET_DIAG_SKV6ONLY };
		size_t body = DW_MIN(n - NLMSG_HDRLEN, sizeof(d));

		m->nlmsg_len = (uint32_t)n;
		memcpy(exact + NLMSG_HDRLEN, &d, body);
		if (n == whole)
			memcpy(exact + NLMSG_HDRLEN + sizeof(d), &attr, sizeof(attr));
		DW_CHECK_INT(dw_diag_parse_inet(m, DW_PROTOCOL_TCP, catch, &c),
			     body == sizeof(d) ? 0 : -EBADMSG);
		DW_CHECK_INT(c.n, body == sizeof(d) ? 1 : 0);
		free(exact);
	}
}

DW_TEST_MAIN
