/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One door looked at because something told of it; and with each call of the system failed once. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "dw_test.h"

struct rig {
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_collect c;
};

static void begin(struct rig *r)
{
	*r = (struct rig){ 0 };
	if (dw_sys_open(NULL, &r->sys, NULL) < 0)
		abort();
	r->facts = dw_facts_new();
	r->c = (struct dw_collect){ .sys = r->sys,
				    .facts = r->facts,
				    .rungs = DW_RUNG_NETLINK,
				    .procs = dw_procs_new(r->sys, r->facts->arena) };
}

static void end(struct rig *r)
{
	dw_collect_close(&r->c);
	dw_procs_close(r->c.procs);
	dw_facts_free(r->facts);
	dw_sys_free(r->sys);
}

static int door(int type, struct dw_hint *ret)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at), n = sizeof(ret->cookie);
	int fd = socket(AF_INET, type, 0);
	struct rig r;

	DW_CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		 getsockname(fd, (struct sockaddr *)&at, &size) == 0 &&
		 (type == SOCK_DGRAM || listen(fd, 1) == 0));
	begin(&r);
	*ret = (struct dw_hint){
		.at = { .netns = dw_netns_self(r.sys),
			.protocol = type == SOCK_DGRAM ? DW_PROTOCOL_UDP : DW_PROTOCOL_TCP,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = ntohs(at.sin_port) },
		.kind = type == SOCK_DGRAM ? DW_KIND_DATAGRAM : DW_KIND_LISTENER,
		.pid = (int)getpid(),
	};
	end(&r);
	memcpy(ret->at.address, &at.sin_addr, 4);
	DW_CHECK(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &ret->cookie, &n) == 0);
	return fd;
}

static enum dw_hint_answer ask(struct rig *r, const struct dw_hint *h, size_t *ret_socket)
{
	begin(r);
	return dw_collect_hint(&r->c, h, ret_socket);
}

DW_TEST(a_door_that_is_there)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	for (size_t i = 0; i < DW_ARRAY_SIZE(types); i++) {
		struct dw_hint h;
		int fd = door(types[i], &h);
		struct rig r;
		size_t socket;

		DW_CHECK_INT(ask(&r, &h, &socket), DW_HINT_THERE);
		DW_CHECK_INT(r.facts->sockets.n, 1);
		DW_CHECK(socket == 0 && dw_endpoint_compare(&r.facts->sockets.v[0].at, &h.at) == 0);
		DW_CHECK_INT(r.facts->holds.n, 1);
		DW_CHECK_INT(r.facts->processes.v[r.facts->holds.v[0].process].pid, getpid());
		end(&r);
		(void)close(fd);
		DW_CHECK_INT(ask(&r, &h, &socket), DW_HINT_GONE);
		DW_CHECK(socket == DW_NONE);
		end(&r);
	}
}

static bool is_nobody(const struct dw_hint *h)
{
	struct rig r;
	bool nobody;

	begin(&r);
	nobody = dw_collect_hint_nobody(&r.c, h);
	end(&r);
	return nobody;
}

/* Whoever else takes the port at once would be somebody, each time. */
DW_TEST(nobody_is_at_a_place_that_was_shut)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	for (size_t i = 0; i < DW_ARRAY_SIZE(types); i++) {
		bool nobody = false;

		for (unsigned n = 0; n < 5 && !nobody; n++) {
			struct dw_hint h;
			int fd = door(types[i], &h);

			h.cookie = 0;
			DW_CHECK(!is_nobody(&h));
			(void)close(fd);
			nobody = is_nobody(&h);
		}
		DW_CHECK(nobody);
	}
}

/* Two at one port: the kernel may answer with the other one when it is asked for one. */
DW_TEST(one_of_two_that_share_a_port)
{
	struct dw_hint h;
	int fd = socket(AF_INET, SOCK_STREAM, 0), other, one = 1;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at), n = sizeof(h.cookie);
	size_t socket_found;
	struct rig r;

	DW_CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0 &&
		 bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0 &&
		 getsockname(fd, (struct sockaddr *)&at, &size) == 0);
	other = socket(AF_INET, SOCK_STREAM, 0);
	DW_CHECK(setsockopt(other, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0 &&
		 bind(other, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(other, 1) == 0);
	h = (struct dw_hint){ .at = { .protocol = DW_PROTOCOL_TCP,
				      .family = DW_FAMILY_IPV4,
				      .has_port = true,
				      .port = ntohs(at.sin_port) },
			      .pid = (int)getpid() };
	memcpy(h.at.address, &at.sin_addr, 4);
	for (int i = 0; i < 2; i++) {
		DW_CHECK(getsockopt(i ? other : fd, SOL_SOCKET, SO_COOKIE, &h.cookie, &n) == 0);
		begin(&r);
		h.at.netns = dw_netns_self(r.sys);
		DW_CHECK_INT(dw_collect_hint(&r.c, &h, &socket_found), DW_HINT_THERE);
		DW_CHECK(socket_found != DW_NONE &&
			 r.facts->sockets.v[socket_found].cookie == h.cookie);
		end(&r);
	}
	(void)close(fd);
	(void)close(other);
}

DW_TEST(another_process_is_not_taken_for_its_holder)
{
	struct dw_hint h;
	int fd = door(SOCK_STREAM, &h);
	struct rig r;
	size_t socket;

	h.pid = 1;
	DW_CHECK_INT(ask(&r, &h, &socket), DW_HINT_UNHELD);
	DW_CHECK_INT(r.facts->holds.n, 0);
	end(&r);
	/* the same number, but a process that began at another time */
	h.pid = (int)getpid();
	h.started_ns = 1;
	DW_CHECK_INT(ask(&r, &h, &socket), DW_HINT_UNHELD);
	end(&r);
	h.at.netns = 12345;
	DW_CHECK_INT(ask(&r, &h, &socket), DW_HINT_NO_WAY);
	end(&r);
	(void)close(fd);
}

DW_TEST(what_is_gone_is_told_by_its_event)
{
	struct dw_hint h;
	struct rig r;
	size_t socket;

	(void)close(door(SOCK_STREAM, &h));
	begin(&r);
	socket = dw_collect_hint_gone(&r.c, &h, "a filter");
	DW_CHECK_INT(socket, 0);
	DW_CHECK_STR(r.facts->sockets.v[0].filter, "a filter");
	DW_CHECK_INT(r.facts->holds.n, 1);
	end(&r);
}

DW_TEST(every_call_may_fail)
{
	struct dw_hint h;
	int fd = door(SOCK_STREAM, &h);
	unsigned n, before;
	size_t socket;
	struct rig r;

	begin(&r);
	before = dw_sys_calls(r.sys);
	(void)dw_collect_hint(&r.c, &h, &socket);
	n = dw_sys_calls(r.sys) - before;
	end(&r);
	DW_CHECK(n > 5);
	for (unsigned i = 1; i <= n; i++) {
		enum dw_hint_answer answer;

		begin(&r);
		dw_sys_fail_at(r.sys, i, EIO);
		answer = dw_collect_hint(&r.c, &h, &socket);
		/* it is there: whatever fails, it may not be seen, but is never called shut with its holder */
		DW_CHECK(answer != DW_HINT_THERE || r.facts->holds.n == 1);
		DW_CHECK((answer == DW_HINT_THERE || answer == DW_HINT_UNHELD) ==
			 (socket != DW_NONE));
		end(&r);
	}
	(void)close(fd);
}

DW_TEST(a_poll_sees_it)
{
	struct dw_hint h;
	int fd = door(SOCK_STREAM, &h);
	struct rig r;
	bool seen = false;

	begin(&r);
	DW_CHECK_INT(dw_collect_poll_one(&r.c, h.at.netns, 0, NULL), 0);
	for (size_t i = 0; i < r.facts->sockets.n; i++)
		seen |= r.facts->sockets.v[i].cookie == h.cookie;
	DW_CHECK(seen);
	DW_CHECK_INT(dw_collect_poll_one(&r.c, 12345, 0, NULL), -ENOENT);
	end(&r);
	(void)close(fd);
}

DW_TEST_MAIN
