/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Doors of every kind are heard of when they open and shut, wherever that is, and however short they live. The variable
 * DW_TEST_WATCH_HOOK names the hook by which they must be (a virtual machine's kernel allows the best).
 */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "door.h"
#include "dw_test.h"
#include "dw_ip.h"

#define MPTCP 262
#define TICK  20000000ULL /* of /proc's start times, and one more */

static struct dw_sys *sys;
static struct dw_watch *watch;
static struct dw_watch_status status;
static char own_name[32]; /* that of a loader, when it is run by one */

/* Where events were lost, it is tried again: others' doors may have taken all the room. */
static void unless_lost(void (*part)(void))
{
	int before = dw_test_failures;

	for (unsigned tries = 0; tries < 20; tries++) {
		unsigned losses = dw_door_losses();

		dw_test_failures = before;
		part();
		if (dw_test_failures == before || dw_door_losses() == losses)
			return;
		printf("events were lost: again\n");
	}
}

#define WATCH_TEST(id)                                                                             \
	static void id##_once(void);                                                               \
	DW_TEST(id)                                                                                \
	{                                                                                          \
		unless_lost(id##_once);                                                            \
	}                                                                                          \
	static void id##_once(void)

static const struct dw_door *door(const char *name)
{
	for (unsigned i = 0; i < dw_n_doors; i++)
		if (strcmp(dw_doors[i].name, name) == 0)
			return &dw_doors[i];
	abort();
}

static void check_event(const struct dw_bpf_watch *ev, const struct dw_door *d,
			const struct dw_door_truth *t)
{
	DW_CHECK_INT(ev->family, d->family);
	DW_CHECK_INT(ev->type, d->type);
	DW_CHECK_INT(ev->port, t->port);
	DW_CHECK_INT(ev->netns, t->netns);
	/* of MPTCP, the TCP socket below is told, which has a cookie of its own */
	if (d->protocol != MPTCP && !(ev->cookie == 0 && ev->hook == DW_BPF_WATCH_HOOK_TRACEPOINT))
		DW_CHECK_INT(ev->cookie, t->cookie);
	DW_CHECK(ev->started + TICK > t->started && ev->started < t->started + TICK);
	DW_CHECK(ev->cgroup != 0 && ev->time != 0);
	DW_CHECK(!(ev->flags & DW_BPF_WATCH_F_AUTOBIND) == !d->any);
	DW_CHECK(!(ev->flags & DW_BPF_WATCH_F_MPTCP) == (strcmp(d->name, "mptcp") != 0));
	if (d->family == AF_INET && d->type != SOCK_RAW)
		DW_CHECK(ev->address[0] == 127 && ev->address[3] == 1);
	if (d->family == AF_INET6 && d->type != SOCK_RAW)
		DW_CHECK(ev->address[0] == 0 && ev->address[15] == 1);
}

static void check_door(const struct dw_door *d, const struct dw_door_way *way)
{
	struct dw_door_truth t = { 0 };
	struct dw_bpf_watch ev;
	const char *must = getenv("DW_TEST_WATCH_HOOK");

	dw_door_drain(watch);
	if (!dw_door_run(d, way, &t) || t.error) {
		printf("SKIPPED %s: %s\n", d->name,
		       t.error ? strerror(-t.error) : "no such namespaces");
		return;
	}
	if (!status.hooks[d->kind]) {
		printf("%s: not seen here\n", d->name);
		return;
	}
	DW_CHECK(dw_door_hear(watch, t.pid, DW_BPF_WATCH_OPENED, DW_DOOR_PATIENT, &ev));
	check_event(&ev, d, &t);
	DW_CHECK_INT(ev.tgid, t.pid);
	DW_CHECK_INT(ev.tid, t.pid);
	DW_CHECK_INT(ev.uid, way->nobody ? 65534 : 0);
	DW_CHECK_STR(ev.comm, own_name);
	/* SCTP's module may come after us: it is always the tracepoint's */
	if (must && d->kind != DW_WATCH_SCTP)
		DW_CHECK_STR(status.hooks[d->kind], must);
	if (!(status.closes >> d->kind & 1)) {
		printf("%s: seen by %s, its closing is not\n", d->name, status.hooks[d->kind]);
		return;
	}
	DW_CHECK(dw_door_hear(watch, t.pid, DW_BPF_WATCH_CLOSED, DW_DOOR_PATIENT, &ev));
	check_event(&ev, d, &t);
	DW_CHECK(ev.cookie != 0);
	printf("%s: seen by %s\n", d->name, status.hooks[d->kind]);
}

WATCH_TEST(every_kind_of_door_is_heard_of)
{
	const struct dw_door_way here = { .ms = 1 };

	for (unsigned i = 0; i < dw_n_doors; i++)
		check_door(&dw_doors[i], &here);
}

WATCH_TEST(a_door_that_is_shut_at_once_is_heard_of)
{
	const struct dw_door_way here = { 0 };

	for (unsigned i = 0; i < 20; i++)
		check_door(door(i % 2 ? "tcp" : "udp"), &here);
}

WATCH_TEST(other_users_are_told)
{
	const struct dw_door_way nobody = { .nobody = true, .ms = 1 };

	check_door(door("tcp"), &nobody);
	check_door(door("udp"), &nobody);
}

WATCH_TEST(namespaces_are_no_hiding_places)
{
	const struct dw_door_way net = { .unshare = CLONE_NEWNET, .ms = 1 };

	for (unsigned i = 0; i < dw_n_doors; i++)
		if (dw_doors[i].kind != DW_WATCH_VSOCK)
			check_door(&dw_doors[i], &net);
}

/* Children of ours are in the new namespace from then on: this one is run in a child. */
WATCH_TEST(containers_are_no_hiding_places)
{
	const struct dw_door_way container = {
		.unshare = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC, .ms = 1
	};

	check_door(door("tcp"), &container);
	check_door(door("udp6"), &container);
	check_door(door("packet"), &container);
}

WATCH_TEST(who_inherits_a_door_shuts_it)
{
	const struct dw_door_way exec = { .exec = true };
	struct dw_door_truth t = { 0 };
	struct dw_bpf_watch opened = { 0 }, closed = { 0 };

	dw_door_drain(watch);
	DW_CHECK(dw_door_run(door("tcp"), &exec, &t) && t.error == 0);
	DW_CHECK(dw_door_hear(watch, t.pid, DW_BPF_WATCH_OPENED, DW_DOOR_PATIENT, &opened));
	DW_CHECK(dw_door_hear(watch, t.pid, DW_BPF_WATCH_CLOSED, DW_DOOR_PATIENT, &closed));
	DW_CHECK_STR(opened.comm, own_name);
	DW_CHECK_STR(closed.comm, "sleep");
	DW_CHECK(opened.cookie == closed.cookie && opened.tgid == closed.tgid);
	DW_CHECK(closed.time - opened.time > 40000000ULL);
}

/* A connection is made as a copy of its listener, and is no door. */
WATCH_TEST(connections_are_no_news)
{
	int server = dw_door_open(door("tcp")), client, accepted;
	struct sockaddr_storage at;
	struct dw_bpf_watch ev = { 0 };
	socklen_t n = sizeof(at);

	DW_CHECK(server >= 0 && getsockname(server, (struct sockaddr *)&at, &n) == 0);
	DW_CHECK(dw_door_hear(watch, getpid(), DW_BPF_WATCH_OPENED, DW_DOOR_PATIENT, &ev));
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	DW_CHECK(connect(client, (struct sockaddr *)&at, n) == 0);
	accepted = accept(server, NULL, NULL);
	close(accepted);
	close(client);
	close(server);
	DW_CHECK(dw_door_hear(watch, getpid(), DW_BPF_WATCH_CLOSED, DW_DOOR_PATIENT, &ev));
	DW_CHECK_INT(ev.port, 4101);
	DW_CHECK(!dw_door_hear(watch, getpid(), DW_BPF_WATCH_CLOSED, DW_DOOR_HASTY, &ev));
}

/* As a back door of the kind of BPFDoor does it. */
WATCH_TEST(a_sniffer_with_a_filter_is_told)
{
	struct sock_filter all = { BPF_RET | BPF_K, 0, 0, 0xffff };
	const struct sock_fprog program = { 1, &all };
	struct dw_bpf_watch ev = { 0 };
	int fd;

	dw_door_drain(watch);
	fd = dw_door_open(door("packet"));
	if (fd < 0 || !status.hooks[DW_WATCH_PACKET]) {
		printf("SKIPPED: no packet sockets\n");
		return;
	}
	DW_CHECK(dw_door_hear(watch, getpid(), DW_BPF_WATCH_OPENED, DW_DOOR_PATIENT, &ev));
	DW_CHECK(!(ev.flags & DW_BPF_WATCH_F_FILTER));
	DW_CHECK(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0);
	DW_CHECK(dw_door_hear(watch, getpid(), DW_BPF_WATCH_OPENED, DW_DOOR_PATIENT, &ev));
	DW_CHECK(ev.flags & DW_BPF_WATCH_F_FILTER);
	DW_CHECK_INT(ev.family, AF_PACKET);
	close(fd);
}

int main(void)
{
	int r;

	(void)prctl(PR_GET_NAME, own_name);
	/* nothing of this shall be open to others, nor hear them */
	if (unshare(CLONE_NEWNET) < 0 || !dw_test_ip("link set lo up")) {
		printf("SKIPPED: no network namespaces\n");
		return 77;
	}
	watch = dw_door_watch(&sys, 0);
	if (!watch)
		return 77;
	dw_watch_status(watch, &status);
	r = dw_test_run();
	dw_watch_close(watch);
	dw_sys_free(sys);
	return r;
}
