/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes, links, addresses and neighbours in namespaces of the test's own. Skipped when not root. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dw_packet_socket.h"
#include "dw_route.h"
#include "dw_test.h"
#include "dw_wait.h"
#include "net.h"

static struct dw_ip ip(const char *text)
{
	struct dw_address a = net_address(text);
	struct dw_ip i = { .family = a.family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6 };

	memcpy(i.bytes, a.bytes, 16);
	return i;
}

static bool is_ip(const struct dw_ip *a, const char *text)
{
	struct dw_ip b = ip(text);

	return a->family == b.family && memcmp(a->bytes, b.bytes, 16) == 0;
}

static struct dw_route route(const struct net *n, const char *to)
{
	struct dw_ip a = ip(to);
	struct dw_route r = { 0 };
	struct dw_error e = { 0 };

	if (dw_route_get(n->sys, &a, 0, &r, &e) < 0) {
		printf("%s: %s\n", to, e.message);
		r.type = DW_ROUTE_UNKNOWN;
	}
	return r;
}

DW_TEST(routes)
{
	struct net n;
	struct dw_route r;

	if (!net_open(&n))
		return;
	r = route(&n, "10.77.3.4");
	DW_CHECK(r.type == DW_ROUTE_UNICAST && r.ifindex == n.a0 && r.gateway.family == 0);
	DW_CHECK(is_ip(&r.source, "10.77.0.1"));
	r = route(&n, "fd77::99");
	DW_CHECK(r.type == DW_ROUTE_UNICAST && r.ifindex == n.a0);
	DW_CHECK(is_ip(&r.source, "fd77::1"));
	r = route(&n, "10.77.0.1");
	DW_CHECK(r.type == DW_ROUTE_LOCAL);
	r = route(&n, "10.77.255.255");
	DW_CHECK(r.type == DW_ROUTE_BROADCAST);
	r = route(&n, "192.0.2.1");
	DW_CHECK(r.type == DW_ROUTE_UNREACHABLE && r.ifindex == 0);
	r = route(&n, "2001:db8::1");
	DW_CHECK(r.type == DW_ROUTE_UNREACHABLE);
	DW_CHECK(net_add_route(&n, "192.0.2.0", 24, "10.77.0.2"));
	DW_CHECK(net_add_route(&n, "198.51.100.0", 24, NULL));
	r = route(&n, "192.0.2.1");
	DW_CHECK(r.type == DW_ROUTE_UNICAST && r.ifindex == n.a0);
	DW_CHECK(is_ip(&r.gateway, "10.77.0.2") && is_ip(&r.source, "10.77.0.1"));
	r = route(&n, "198.51.100.7");
	DW_CHECK(r.type == DW_ROUTE_UNREACHABLE);
	net_close(&n);
}

DW_TEST(links)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct net n;
	struct dw_link *links = NULL, one = { 0 };
	size_t n_links = 0;

	if (!net_open(&n))
		return;
	DW_CHECK_INT(dw_links_read(n.sys, a, &links, &n_links, NULL), 0);
	DW_CHECK(n_links >= 2);
	DW_CHECK(n_links > 0 && links[0].type == DW_LINK_LOOPBACK && links[0].is_up);
	DW_CHECK_INT(dw_link_get(n.sys, n.a0, &one, NULL), 0);
	DW_CHECK(one.type == DW_LINK_ETHERNET && one.is_up && !one.has_no_arp);
	DW_CHECK_STR(one.name, "a0");
	DW_CHECK_INT(one.mtu, 1500);
	DW_CHECK(memcmp(one.mac, net_mac_a, 6) == 0);
	DW_CHECK_INT(dw_link_get(n.sys, 9999, &one, NULL), -ENODEV);
	net_close(&n);
}

DW_TEST(networks)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct net n;
	struct dw_link_network *list = NULL;
	size_t count = 0, v4 = 0, v6 = 0;

	if (!net_open(&n))
		return;
	DW_CHECK_INT(dw_networks_read(n.sys, NULL, a, &list, &count, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		if (list[i].ifindex != n.a0)
			continue;
		if (is_ip(&list[i].address, "10.77.0.1"))
			v4 += list[i].bits == 16 && list[i].is_usable && !list[i].is_link_local;
		if (is_ip(&list[i].address, "fd77::1"))
			v6 += list[i].bits == 64 && list[i].is_usable && !list[i].is_link_local;
	}
	DW_CHECK_INT(v4, 1);
	DW_CHECK_INT(v6, 1);
	net_close(&n);
}

/* --- neighbours --------------------------------------------------------------------------------- */

/* Every k-th of the targets is there. */
static void ask(struct net *n, const char *source, unsigned count, unsigned k)
{
	bool v4 = strchr(source, ':') == NULL;
	struct dw_ip *targets = calloc(count, sizeof(*targets));
	struct dw_neighbours_answer *got = calloc(count, sizeof(*got));
	struct dw_link link = { 0 };
	struct dw_neighbours_question q = {
		.link = &link, .source = ip(source), .targets = targets, .n = count, .rate = 200000
	};
	struct dw_error e = { 0 };
	unsigned wrong = 0;
	uint64_t begun = dw_sys_clock_us(n->sys);

	DW_CHECK_INT(dw_link_get(n->sys, n->a0, &link, NULL), 0);
	for (unsigned i = 0; i < count; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), v4 ? "10.77.%u.%u" : "fd77::%x:%x", 1 + i / 250,
			       1 + i % 250);
		targets[i] = ip(text);
		if (i % k == 0 && !net_add_address(n, true, text, v4 ? 32 : 128))
			wrong++;
	}
	DW_CHECK_INT(dw_neighbours_ask(n->sys, &q, got, &e), 0);
	DW_CHECK_STR(e.message, "");
	for (unsigned i = 0; i < count; i++)
		if (got[i].is_there != (i % k == 0) ||
		    (got[i].is_there && memcmp(got[i].mac, net_mac_b, 6) != 0))
			wrong++;
	DW_CHECK_INT(wrong, 0);
	printf("%u asked, %.0f ms with their making\n", count,
	       (double)(dw_sys_clock_us(n->sys) - begun) / 1000);
	free(targets);
	free(got);
}

DW_TEST(neighbours)
{
	struct net n;

	if (!net_open(&n))
		return;
	ask(&n, "10.77.0.1", 20000, 40);
	ask(&n, "fd77::1", 4000, 40);
	net_close(&n);
}

static bool knows_far_end(const struct dw_neighbour *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_ip(&list[i].address, "10.77.0.2"))
			return memcmp(list[i].mac, net_mac_b, 6) == 0;
	return false;
}

DW_TEST(known_neighbours)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct net n;
	struct dw_neighbour *list = NULL;
	size_t count = 0;
	int fd;

	if (!net_open(&n))
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	DW_CHECK_INT(dw_neighbours_read(n.sys, n.a0, AF_INET, a, &list, &count, NULL), 0);
	DW_CHECK_INT(count, 0);
	/* Of both families: the kernel asks and is asked over IPv6 on its own, so ours may be one of several. */
	for (unsigned i = 0; i < 1000 && !knows_far_end(list, count); i++) {
		struct sockaddr_in to = { .sin_family = AF_INET,
					  .sin_port = htons(9),
					  .sin_addr.s_addr = inet_addr("10.77.0.2") };

		(void)sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to));
		dw_sys_pause(n.sys, 10);
		DW_CHECK_INT(dw_neighbours_read(n.sys, n.a0, 0, a, &list, &count, NULL), 0);
	}
	DW_CHECK(knows_far_end(list, count));
	DW_CHECK_INT(dw_neighbours_read(n.sys, n.a0, AF_INET, a, &list, &count, NULL), 0);
	DW_CHECK(count == 1 && knows_far_end(list, count));
	(void)close(fd);
	net_close(&n);
}

/* --- a dump of what changes meanwhile ------------------------------------------------------------ */

enum { ADDRESSES = 2000 };

struct moving {
	const struct net *n;
	unsigned seen, restarts, moves; /* so many dumps are disturbed */
};

/* The kernel makes one part of a dump ahead of the one that is read: there are several, so the last is marked. */
static int disturb(const struct nlmsghdr *m, void *arg)
{
	struct moving *x = arg;
	char text[32];

	(void)m;
	if (x->seen++ > 0 || x->restarts >= x->moves)
		return 0;
	(void)snprintf(text, sizeof(text), "10.78.%u.%u", x->moves, 1 + x->restarts);
	return net_add_address(x->n, false, text, 32) ? 0 : -EIO;
}

static void begin_anew(void *arg)
{
	struct moving *x = arg;

	x->seen = 0;
	x->restarts++;
}

static int dump_addresses(struct moving *x, struct dw_error *e)
{
	struct {
		struct nlmsghdr head;
		struct ifaddrmsg body;
	} ask = { .head = { .nlmsg_len = sizeof(ask),
			    .nlmsg_type = RTM_GETADDR,
			    .nlmsg_flags = NLM_F_DUMP },
		  .body = { .ifa_family = AF_INET } };

	return dw_netlink_request(x->n->sys, NULL, NETLINK_ROUTE, &ask.head, disturb, begin_anew, x,
				  e);
}

DW_TEST(half_an_answer_is_none)
{
	struct net n;
	struct dw_error e = { 0 };

	if (!net_open(&n))
		return;
	for (unsigned i = 0; i < ADDRESSES; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "10.79.%u.%u", 1 + i / 250, 1 + i % 250);
		DW_CHECK(net_add_address(&n, false, text, 32));
	}
	struct moving twice = { .n = &n, .moves = 2 }, always = { .n = &n, .moves = 250 };

	DW_CHECK_INT(dump_addresses(&twice, &e), 0);
	DW_CHECK_INT(twice.restarts, 2);
	DW_CHECK(twice.seen > ADDRESSES);
	DW_CHECK_INT(dump_addresses(&always, &e), -EAGAIN);
	DW_CHECK(always.restarts > 2 && strstr(e.message, "changed each of the"));
	net_close(&n);
}

/* --- failures ----------------------------------------------------------------------------------- */

DW_TEST(each_failure_of_asking_is_survived)
{
	struct net n;
	struct dw_ip target = ip("10.77.0.2");
	struct dw_link link = { 0 };
	struct dw_neighbours_answer got = { 0 };
	struct dw_neighbours_question q = {
		.link = &link, .source = ip("10.77.0.1"), .targets = &target, .n = 1
	};

	if (!net_open(&n))
		return;
	DW_CHECK_INT(dw_link_get(n.sys, n.a0, &link, NULL), 0);
	for (unsigned i = 1; i < 100; i++) {
		struct dw_error e = { 0 };
		int r;

		dw_sys_fail_at(n.sys, i, ENOMEM);
		r = dw_neighbours_ask(n.sys, &q, &got, &e);
		if (dw_sys_calls(n.sys) < i) {
			DW_CHECK(r == 0 && got.is_there && i > 8);
			break;
		}
		DW_CHECK_INT(r, -ENOMEM);
		DW_CHECK(!got.is_there && e.message[0] != '\0');
	}
	dw_sys_fail_at(n.sys, 0, 0);
	net_close(&n);
}

DW_TEST_MAIN
