/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of ordinary sockets, on loopback: what is open, closed, silent; TCP and UDP, IPv4 and IPv6. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "dw_ip.h"
#include "dw_macros.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "dw_wire.h"

#define PORTS 64

struct rig {
	struct dw_sys *sys;
	struct dw_wire *wire;
	struct dw_wire_host host;
	uint16_t ports[PORTS];
	int sockets[PORTS];
	struct dw_wire_block block;
	struct dw_wire_answer answers[PORTS];
	size_t n;
};

/* A socket on a port of the kernel's choice; -1: no such family here. */
static int bound(int family, int type, uint16_t *ret_port)
{
	struct sockaddr_in6 at = { 0 };
	socklen_t n = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(at);
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	at.sin6_family = (sa_family_t)family;
	if (family == AF_INET)
		((struct sockaddr_in *)(void *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		at.sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, n) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		return -1;
	*ret_port = ntohs(at.sin6_port); /* at the same place for both families */
	return fd;
}

/* Ports with even numbers in the list are open. */
static bool begin(struct rig *r, int family, enum dw_protocol protocol)
{
	struct dw_error e = { 0 };
	int type = protocol == DW_PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM;

	*r = (struct rig){ 0 };
	r->host.address.family = family == AF_INET ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6;
	(void)inet_pton(family, family == AF_INET ? "127.0.0.1" : "::1", r->host.address.bytes);
	for (int i = 0; i < PORTS; i++) {
		r->sockets[i] = bound(family, type, &r->ports[i]);
		if (r->sockets[i] < 0)
			return false;
	}
	for (int i = 0; i < PORTS; i++)
		if (i % 2) {
			(void)close(r->sockets[i]);
			r->sockets[i] = -1;
		} else if (type == SOCK_STREAM) {
			DW_CHECK_INT(listen(r->sockets[i], 8), 0);
		}
	r->block = (struct dw_wire_block){ .protocol = protocol,
					   .hosts = &r->host,
					   .n_hosts = 1,
					   .ports = r->ports,
					   .n_ports = PORTS };
	DW_CHECK_INT(dw_sys_open(NULL, &r->sys, &e), 0);
	DW_CHECK_INT(dw_wire_connect_open(r->sys, &r->wire, &e), 0);
	DW_CHECK_INT(r->wire->ops->begin(r->wire, &r->block, &e), 0);
	return true;
}

static void end(struct rig *r)
{
	for (int i = 0; i < PORTS; i++)
		if (r->sockets[i] >= 0)
			(void)close(r->sockets[i]);
	if (r->wire)
		r->wire->ops->end(r->wire);
	dw_wire_free(r->wire);
	dw_sys_free(r->sys);
}

/* Servers of datagrams say back what they hear. */
static void echo(struct rig *r)
{
	char text[64];

	for (int i = 0; i < PORTS; i += 2) {
		struct sockaddr_in6 from;
		socklen_t n = sizeof(from);
		ssize_t got = recvfrom(r->sockets[i], text, sizeof(text), 0,
				       (struct sockaddr *)&from, &n);

		if (got >= 0)
			(void)sendto(r->sockets[i], text, (size_t)got, 0,
				     (const struct sockaddr *)&from, n);
	}
}

#define PATIENCE_US 60000000u /* however busy the machine is */
#define MOMENT_US   300000u

static bool is_answered(const struct rig *r, uint32_t slot)
{
	return (r->wire->answered[slot / 64] >> slot % 64 & 1) != 0;
}

/* Of the open and of the closed ports, those with even and with odd numbers. */
static size_t answered(const struct rig *r, uint32_t first)
{
	size_t n = 0;

	for (uint32_t i = first; i < PORTS; i += 2)
		n += is_answered(r, i);
	return n;
}

/* Until all have answered who are to; for a moment longer where some are silent. */
static void ask_all(struct rig *r, bool answer)
{
	bool silent = !answer && r->block.protocol == DW_PROTOCOL_UDP;
	struct dw_error e = { 0 };
	uint32_t slots[PORTS];
	size_t sent = 0, n = 0;
	uint64_t until;

	for (uint32_t i = 0; i < PORTS; i++)
		slots[i] = i;
	DW_CHECK_INT(r->wire->ops->send(r->wire, slots, PORTS, 0, &sent, &e), 0);
	DW_CHECK_INT(sent, PORTS);
	until = r->wire->ops->now(r->wire) + (silent ? MOMENT_US : PATIENCE_US);
	while (r->wire->ops->now(r->wire) < until) {
		if (answer)
			echo(r);
		DW_CHECK_INT(r->wire->ops->receive(r->wire, 10000, r->answers + r->n, PORTS - r->n,
						   &n, &e),
			     0);
		r->n += n;
		if (r->wire->counts.answers == PORTS ||
		    (answer && answered(r, 0) == PORTS / 2 && answered(r, 1) > 0))
			break;
	}
}

static void check_stream(int family)
{
	struct rig r;

	if (!begin(&r, family, DW_PROTOCOL_TCP)) {
		printf("no such family here\n");
		return;
	}
	ask_all(&r, false);
	DW_CHECK_INT(r.wire->counts.answers, PORTS);
	DW_CHECK_INT(r.wire->counts.sent, PORTS);
	DW_CHECK_INT(r.n, PORTS / 2); /* resets are bits alone */
	for (uint32_t i = 0; i < PORTS; i++)
		DW_CHECK(is_answered(&r, i));
	for (size_t i = 0; i < r.n; i++) {
		DW_CHECK_INT(r.answers[i].why, DW_SCAN_WHY_CONNECTED);
		DW_CHECK_INT(r.answers[i].slot % 2, 0);
	}
	end(&r);
}

DW_TEST(tcp_open_and_closed)
{
	check_stream(AF_INET);
}

DW_TEST(tcp_over_ipv6)
{
	check_stream(AF_INET6);
}

static void check_datagrams(int family, bool answer)
{
	struct rig r;
	size_t open = 0, closed = 0;

	if (!begin(&r, family, DW_PROTOCOL_UDP))
		return;
	ask_all(&r, answer);
	for (size_t i = 0; i < r.n; i++) {
		bool even = r.answers[i].slot % 2 == 0;

		DW_CHECK_INT(r.answers[i].why,
			     even ? DW_SCAN_WHY_REPLY : DW_SCAN_WHY_PORT_UNREACHABLE);
		DW_CHECK_INT(r.answers[i].from.family, 0);
		DW_CHECK(!even || r.answers[i].ttl != 0);
		open += even;
		closed += !even;
	}
	DW_CHECK_INT(open, answer ? PORTS / 2 : 0);
	/* loopback has no limit on ICMP: icmp_global_allow() and xrlim leave it out */
	DW_CHECK(closed > 0);
	for (uint32_t i = 0; !answer && i < PORTS; i += 2)
		DW_CHECK(!is_answered(&r, i));
	end(&r);
}

DW_TEST(udp_open_closed_and_silent)
{
	check_datagrams(AF_INET, true);
	check_datagrams(AF_INET, false);
	check_datagrams(AF_INET6, true);
}

DW_TEST(a_port_asked_twice_says_so)
{
	struct dw_error e = { 0 };
	const uint32_t slots[] = { 0, 0 };
	size_t sent = 0, n = 0;
	struct rig r;

	if (!begin(&r, AF_INET, DW_PROTOCOL_TCP))
		return;
	DW_CHECK_INT(r.wire->ops->send(r.wire, slots, 2, 7, &sent, &e), 0);
	for (int i = 0; i < 6000 && r.n < 2; i++) {
		DW_CHECK_INT(
			r.wire->ops->receive(r.wire, 10000, r.answers + r.n, PORTS - r.n, &n, &e),
			0);
		r.n += n;
	}
	DW_CHECK_INT(r.n, 2);
	DW_CHECK_INT(r.answers[0].flags, 0);
	DW_CHECK_INT(r.answers[1].flags, DW_WIRE_AGAIN);
	DW_CHECK_INT(r.answers[1].round, 7);
	end(&r);
}

DW_TEST(few_files_are_enough)
{
	struct rlimit before, few = { .rlim_cur = 300, .rlim_max = 300 };
	struct rig r;

	/* the hard limit cannot be raised again: only as root, so a child would be needed; the soft one is enough */
	DW_CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	few.rlim_max = before.rlim_max;
	DW_CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	if (begin(&r, AF_INET, DW_PROTOCOL_TCP)) {
		struct rlimit now;

		ask_all(&r, false);
		DW_CHECK_INT(r.wire->counts.answers, PORTS);
		end(&r);
		DW_CHECK_INT(getrlimit(RLIMIT_NOFILE, &now), 0);
		DW_CHECK_INT(now.rlim_cur, 300);
	}
	(void)setrlimit(RLIMIT_NOFILE, &before);
}

DW_TEST(failures_are_told)
{
	struct dw_error e = { 0 };
	const uint32_t slot = 0;
	size_t sent = 0, n = 0;
	struct rig r;

	if (!begin(&r, AF_INET, DW_PROTOCOL_TCP))
		return;
	dw_sys_fail_at(r.sys, 1, EIO);
	DW_CHECK_INT(r.wire->ops->send(r.wire, &slot, 1, 0, &sent, &e), 0);
	DW_CHECK_INT(r.wire->counts.failed, 1);
	dw_sys_fail_at(r.sys, 1, EIO);
	DW_CHECK_INT(r.wire->ops->receive(r.wire, 0, r.answers, 1, &n, &e), -EIO);
	dw_sys_fail_at(r.sys, 0, 0);
	end(&r);
}

/* In a network where nobody takes a port that was let go. */
int main(void)
{
	if (!dw_test_own_network())
		printf("not root, or no network namespaces: ports may be others'\n");
	return dw_test_run();
}
