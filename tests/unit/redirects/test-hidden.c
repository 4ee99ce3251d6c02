/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search for hidden ports: finds what the views leave out, and nothing else. */
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dw_test.h"
#include "probe.h"

static int bound(int family, int type, const char *address, uint16_t port, bool reuse, bool v6only)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(family, type | SOCK_CLOEXEC, 0), one = 1;

	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (v6only)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	inet_pton(family, address,
		  family == AF_INET ? (void *)&in.sin_addr : (void *)&in6.sin6_addr);
	if ((family == AF_INET ? bind(fd, (struct sockaddr *)&in, sizeof(in))
			       : bind(fd, (struct sockaddr *)&in6, sizeof(in6))) < 0) {
		printf("bind %s %u: %s\n", address, port, strerror(errno));
		abort();
	}
	return fd;
}

static int listening(int family, const char *address, uint16_t port)
{
	int fd = bound(family, SOCK_STREAM, address, port, false, false);

	if (listen(fd, 256) < 0)
		abort();
	return fd;
}

static int connected(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		abort();
	return fd;
}

/* A kernel that keeps quiet about some ports. */
static unsigned hide_tcp, hide_udp;

static void hiding(struct dw_collect *c, size_t netns, struct dw_ports *p, unsigned *ret_views)
{
	static const unsigned tcp[] = { DW_PROBE_TCP4, DW_PROBE_TCP6 },
			      udp[] = { DW_PROBE_UDP4, DW_PROBE_UDP6 };

	dw_ports_known(c, netns, p, ret_views);
	for (size_t i = 0; i < 2; i++) {
		p->map[tcp[i]][hide_tcp / 8] &= (uint8_t) ~(1u << (hide_tcp % 8));
		p->map[udp[i]][hide_udp / 8] &= (uint8_t) ~(1u << (hide_udp % 8));
	}
}

static void no_wait(void)
{
}

static const struct dw_probe_ops hiding_ops = { hiding, no_wait };

static const char *socket_lines(struct world *w)
{
	struct dw_facts *f = w->c.facts;
	char *lines = dw_arena_strdup(w->arena, "");

	for (size_t i = 0; i < f->sockets.n; i++) {
		const struct dw_socket_fact *s = &f->sockets.v[i];

		lines = dw_arena_printf(
			w->arena, "%s%s %s%s\n", lines, dw_endpoint_text(w->arena, &s->at),
			dw_family_name(s->at.family), s->could_see & ~s->seen ? " hidden" : "");
	}
	return lines;
}

DW_TEST(finds_exactly_the_hidden_listener)
{
	struct world w;
	int fd, other;

	if (!fresh_netns())
		return;
	w = world_live();
	fd = listening(AF_INET, "127.0.0.1", 4444);
	other = listening(AF_INET, "0.0.0.0", 4445);
	hide_tcp = 4444;
	hide_udp = 0;
	dw_probe_all(&w.c, &hiding_ops);
	DW_CHECK_STR(socket_lines(&w), "127.0.0.1:4444/tcp ipv4 hidden\n");
	DW_CHECK_STR(incomplete_lines(&w), "");
	/* its holder is found by its descriptor: this very process */
	DW_CHECK_INT(w.c.facts->holds.n, 1);
	if (w.c.facts->holds.n == 1) {
		const struct dw_hold_fact *h = &w.c.facts->holds.v[0];

		DW_CHECK_INT(w.c.facts->processes.v[h->process].pid, getpid());
		DW_CHECK_STR(h->via, dw_arena_printf(w.arena, "fd %d", fd));
		DW_CHECK_INT(w.c.facts->sockets.v[h->socket].kind, DW_KIND_LISTENER);
	}
	close(fd);
	close(other);
	world_free(&w);
}

DW_TEST(finds_hidden_udp_and_dual_stack)
{
	struct world w;
	int tcp, udp;

	if (!fresh_netns())
		return;
	w = world_live();
	tcp = listening(AF_INET6, "::", 7000);
	udp = bound(AF_INET, SOCK_DGRAM, "0.0.0.0", 5300, false, false);
	hide_tcp = 7000;
	hide_udp = 5300;
	dw_probe_all(&w.c, &hiding_ops);
	DW_CHECK_STR(socket_lines(&w), "[::]:7000/tcp dual hidden\n0.0.0.0:5300/udp ipv4 hidden\n");
	close(tcp);
	close(udp);
	world_free(&w);
}

/*
 * What sock_diag did not show before Linux 6.8: a TCP socket that is bound and does not listen. No
 * door.
 */
DW_TEST(a_reserved_port_is_no_door)
{
	struct world w;
	int fd;

	if (!fresh_netns())
		return;
	w = world_live();
	fd = bound(AF_INET, SOCK_STREAM, "0.0.0.0", 6000, false, false);
	hide_tcp = 6000;
	hide_udp = 0;
	dw_probe_all(&w.c, &hiding_ops);
	DW_CHECK_STR(socket_lines(&w), "");
	close(fd);
	world_free(&w);
}

/* Everything that holds a port on an honest host. */
DW_TEST(no_false_alarm)
{
	struct timespec begin, end;
	int fds[512], server, server6;
	size_t n = 0;
	struct world w;

	if (!fresh_netns())
		return;
	w = world_live();
	server = listening(AF_INET, "127.0.0.1", 8000);
	server6 = listening(AF_INET6, "::1", 8000);
	for (unsigned i = 0; i < 200; i++)
		fds[n++] = connected(8000);
	for (unsigned i = 0; i < 20; i++) /* TIME_WAIT on the client's side, then on the server's */
		close(connected(8000));
	for (unsigned i = 0; i < 20; i++) {
		int client = connected(8000), peer;

		while ((peer = accept(server, NULL, NULL)) >= 0 && i == 0)
			close(peer), i = 1;
		if (peer >= 0)
			close(peer);
		close(client);
	}
	for (unsigned i = 0; i < 50; i++)
		fds[n++] = bound(AF_INET, SOCK_DGRAM, "0.0.0.0", 0, false, false);
	for (unsigned i = 0; i < 4; i++)
		fds[n++] = bound(AF_INET, SOCK_DGRAM, "0.0.0.0", 5353, true, false);
	fds[n++] = bound(AF_INET6, SOCK_DGRAM, "::", 7777, false, true);
	fds[n++] = bound(AF_INET, SOCK_DGRAM, "0.0.0.0", 7777, false, false);
	fds[n++] = bound(AF_INET6, SOCK_STREAM, "::", 7778, false, true);
	fds[n++] = bound(AF_INET, SOCK_STREAM, "127.0.0.1", 7778, false, false);
	w.c.hidden = true;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	DW_CHECK_INT(dw_collect_hidden(&w.c, NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("the sweep took %ld ms\n",
	       (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	DW_CHECK_STR(socket_lines(&w), "");
	DW_CHECK_STR(incomplete_lines(&w), "");
	while (n > 0)
		close(fds[--n]);
	close(server);
	close(server6);
	world_free(&w);
}

/* Not asked for: nothing is done. */
DW_TEST(only_on_request)
{
	struct world w = world_live();
	unsigned before = dw_sys_calls(w.sys);

	DW_CHECK_INT(dw_collect_hidden(&w.c, NULL), 0);
	DW_CHECK_INT(dw_sys_calls(w.sys), before);
	world_free(&w);
}

DW_TEST(a_socket_that_went_is_not_hidden)
{
	struct world w;

	if (!fresh_netns())
		return;
	w = world_live();
	w.c.hidden = true;
	*dw_vec_add(w.c.facts->arena, &w.c.facts->sockets) = (struct dw_socket_fact){
		.at = { .netns = w.c.facts->netns.v[0].inode,
			.protocol = DW_PROTOCOL_TCP,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = 1234 },
		.kind = DW_KIND_LISTENER,
		.inode = 1,
		.seen = DW_SEEN_DIAG,
		.could_see = DW_SEEN_DIAG | DW_SEEN_PROC,
	};
	DW_CHECK_INT(dw_collect_hidden(&w.c, NULL), 0);
	DW_CHECK_STR(socket_lines(&w), "0.0.0.0:1234/tcp ipv4\n");
	world_free(&w);
}

DW_TEST(proc_lines_of_every_kind)
{
	static char text[] = "  sl  local_address rem_address\n"
			     "   0: 0100007F:1F90 00000000:0000 0A\n"
			     "garbage\n   1: 0100007F\n   2: 0100007F:1\n   3: 0100007F:XYZW 0\n";
	static char six[] = "  sl\n   0: 00000000000000000000000000000000:0050 0\n"
			    "   1: 0000000000000000FFFF00000100007F:0051 0\n";
	struct dw_bytes b4 = { text, sizeof(text) - 1 }, b6 = { six, sizeof(six) - 1 };
	static struct dw_ports p, wild;

	dw_ports_proc(&p, DW_PROBE_TCP4, &b4, false);
	dw_ports_proc(&p, DW_PROBE_UDP6, &b6, false);
	dw_ports_proc(&wild, DW_PROBE_UDP6, &b6, true);
	DW_CHECK(dw_port_bit(p.map[DW_PROBE_TCP4], 8080));
	DW_CHECK(!dw_port_bit(p.map[DW_PROBE_TCP4], 1));
	DW_CHECK(dw_port_bit(p.map[DW_PROBE_UDP6], 80));
	DW_CHECK(!dw_port_bit(p.map[DW_PROBE_UDP4], 80));
	DW_CHECK(dw_port_bit(p.map[DW_PROBE_UDP4], 81));
	DW_CHECK(dw_port_bit(wild.map[DW_PROBE_UDP4], 80));
}

DW_TEST_MAIN
