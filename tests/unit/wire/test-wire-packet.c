/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The packet wire against a real kernel in a namespace of the test's own. Skipped when not root. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dw_packet.h"
#include "dw_packet_socket.h"
#include "dw_test.h"
#include "rig.h"

#define LISTENERS 300

static struct dw_wire *open_wire(const struct net *n)
{
	struct dw_error e = { 0 };
	struct dw_wire *w = NULL;

	if (dw_wire_packet_open(n->sys, n->a0, &w, &e) < 0)
		printf("%s\n", e.message);
	return w;
}

static bool begin(struct dw_wire *w, const struct rig *r)
{
	struct dw_error e = { 0 };

	if (w->ops->begin(w, &r->block, &e) == 0)
		return true;
	printf("%s\n", e.message);
	return false;
}

/* Ports by a generator of its own; is_open and fds have 65,536 places. */
static void open_ports(const struct net *n, const char *at, int type, bool *is_open, int *fds)
{
	uint32_t x = 12345;

	for (unsigned i = 0; i < 65536; i++)
		fds[i] = -1;
	for (unsigned i = 0; i < LISTENERS;) {
		uint16_t port;

		x = x * 1103515245 + 12345;
		port = (uint16_t)(x >> 12);
		if (port == 0 || fds[port] >= 0)
			continue;
		fds[port] = net_listen(n, at, type, port);
		is_open[port] = fds[port] >= 0;
		i++;
	}
}

static void close_ports(const int *fds)
{
	for (unsigned i = 0; i < 65536; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

/* Every port of the host has the state that it has. */
static void whole_host(enum dw_protocol p, int type, const char *source, const char *target,
		       enum dw_scan_why open, enum dw_scan_why closed)
{
	static bool is_open[65536];
	static int fds[65536];
	struct net n;
	struct rig r;
	struct dw_wire *w;
	unsigned wrong = 0, found = 0;

	if (!net_open(&n))
		return;
	memset(is_open, 0, sizeof(is_open));
	/* a Linux host tells of closed UDP ports only so often: icmp(7) */
	DW_CHECK(net_set(&n, "/proc/sys/net/ipv4/icmp_ratemask", "0"));
	DW_CHECK(net_set(&n, "/proc/sys/net/ipv6/icmp/ratemask", "3-127"));
	open_ports(&n, target, type, is_open, fds);
	rig_block(&r, &n, p, source, target, RIG_PORTS);
	r.n_silent = type == SOCK_DGRAM ? LISTENERS : 0; /* nobody reads theirs */
	w = open_wire(&n);
	DW_CHECK(w && begin(w, &r));
	DW_CHECK(w && rig_run(&r, w, type == SOCK_DGRAM ? 6 : 20));
	for (uint32_t i = 0; w && i < RIG_PORTS; i++) {
		bool silent = is_open[i + 1] && type == SOCK_DGRAM;

		found += r.why[i] == open;
		if (rig_answered(w, i) == silent ||
		    (!silent && r.why[i] != (is_open[i + 1] ? open : closed)))
			wrong++;
		if (r.why[i] == DW_SCAN_WHY_SYN_ACK && (r.flags[i] != 0 || r.ttl[i] != 64))
			wrong++;
	}
	DW_CHECK_INT(wrong, 0);
	DW_CHECK_INT(found, type == SOCK_STREAM ? LISTENERS : 0);
	if (w) {
		printf("%s: %u rounds, %llu sent, %llu answers, %llu lost, %llu failed, %.0f ms\n",
		       target, r.rounds, (unsigned long long)r.sent,
		       (unsigned long long)w->counts.answers, (unsigned long long)w->counts.lost,
		       (unsigned long long)w->counts.failed, (double)r.us / 1000);
		DW_CHECK_INT(w->counts.sent, r.sent);
		DW_CHECK_INT(w->counts.foreign, 0);
	}
	dw_wire_free(w);
	rig_free(&r);
	close_ports(fds);
	net_close(&n);
}

DW_TEST(all_tcp_ports)
{
	whole_host(DW_PROTOCOL_TCP, SOCK_STREAM, "10.77.0.1", "10.77.0.2", DW_SCAN_WHY_SYN_ACK,
		   DW_SCAN_WHY_UNKNOWN);
}

DW_TEST(all_tcp_ports_ipv6)
{
	whole_host(DW_PROTOCOL_TCP, SOCK_STREAM, "fd77::1", "fd77::2", DW_SCAN_WHY_SYN_ACK,
		   DW_SCAN_WHY_UNKNOWN);
}

DW_TEST(all_udp_ports)
{
	whole_host(DW_PROTOCOL_UDP, SOCK_DGRAM, "10.77.0.1", "10.77.0.2", DW_SCAN_WHY_REPLY,
		   DW_SCAN_WHY_PORT_UNREACHABLE);
}

DW_TEST(all_udp_ports_ipv6)
{
	whole_host(DW_PROTOCOL_UDP, SOCK_DGRAM, "fd77::1", "fd77::2", DW_SCAN_WHY_REPLY,
		   DW_SCAN_WHY_PORT_UNREACHABLE);
}

DW_TEST_MAIN
