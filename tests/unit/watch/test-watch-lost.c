/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storms of doors: all are told, or counted as lost, which is said once. And which hooks are used when the better ones
 * are not there. Other programs of the machine open doors meanwhile: DW_TEST_QUIET says that none does.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "door.h"
#include "dw_ip.h"
#include "dw_test.h"

#define STORM 50000 /* ten times DW_TEST_MANY, where that is set: for machines that are slow */

/* Opens and shuts so many, listeners and datagram sockets in turn. */
static pid_t storm(unsigned n)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_in at = { .sin_family = AF_INET,
					  .sin_port = htons((uint16_t)(20000 + i % 10000)) };
		int fd = socket(AF_INET, (i & 1 ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0),
		    on = 1;

		at.sin_addr.s_addr = htonl(0x7f000909); /* 127.0.9.9: in nobody's way */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
		    (!(i & 1) && listen(fd, 1) < 0))
			_exit(1);
		close(fd);
	}
	_exit(0);
}

struct heard {
	uint64_t opened, closed; /* of that process */
	uint64_t all;
	unsigned overflows;
	bool order; /* times never went back by more than a moment */
};

static void hear(struct dw_watch *w, pid_t pid, struct heard *h)
{
	static struct dw_bpf_watch ev[512];
	struct dw_error e = { 0 };
	int n;

	for (;;) {
		n = dw_watch_read(w, ev, 512, &e);
		if (n == -EOVERFLOW)
			h->overflows++;
		if (n == 0)
			return;
		for (int i = 0; i < n; i++) {
			h->all++;
			if (ev[i].tgid != (uint32_t)pid)
				continue;
			h->opened += ev[i].what == DW_BPF_WATCH_OPENED;
			h->closed += ev[i].what == DW_BPF_WATCH_CLOSED;
		}
	}
}

static uint64_t lost(const struct dw_watch *w)
{
	struct dw_watch_status st;

	dw_watch_status(w, &st);
	return st.lost;
}

/* Hears until the child has ended, and so many of its events were told, or lost, or are long overdue. */
static int hear_all(struct dw_watch *w, pid_t pid, uint64_t want, struct heard *h)
{
	struct pollfd p = { .fd = dw_watch_fd(w), .events = POLLIN };
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		(void)poll(&p, 1, 10);
		hear(w, pid, h);
	}
	hear(w, pid, h);
	for (unsigned i = 0; i < 6000 && h->opened + h->closed + lost(w) < want; i++) {
		dw_test_nap(10);
		hear(w, pid, h);
	}
	return status;
}

static struct dw_watch *watch_by(struct dw_sys *s, unsigned without, size_t ring)
{
	const struct dw_watch_options o = { .without = without, .ring = ring };
	struct dw_watch *w = NULL;
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_watch_open(s, &o, &w, &e), 0);
	return w;
}

static struct dw_sys *sys;
static unsigned storm_size = STORM;

DW_TEST(none_of_many_is_lost)
{
	struct dw_watch *w = watch_by(sys, 0, 0);
	struct dw_watch_status st;
	struct heard h = { 0 };

	DW_CHECK_INT(hear_all(w, storm(storm_size), 2 * (uint64_t)storm_size, &h), 0);
	dw_watch_status(w, &st);
	printf("%llu opened, %llu closed, %llu of anybody, %llu lost\n",
	       (unsigned long long)h.opened, (unsigned long long)h.closed,
	       (unsigned long long)h.all, (unsigned long long)st.lost);
	DW_CHECK_INT(st.events, h.all);
	DW_CHECK(h.opened <= storm_size && h.closed <= storm_size);
	DW_CHECK(h.opened + h.closed + st.lost >= 2 * storm_size);
	if (st.lost == 0) {
		DW_CHECK_INT(h.opened, storm_size);
		DW_CHECK_INT(h.closed, storm_size);
		DW_CHECK_INT(h.overflows, 0);
	}
	dw_watch_close(w);
}

DW_TEST(what_is_lost_is_counted)
{
	const unsigned n = 5000;
	struct dw_watch *w = watch_by(sys, 0, 65536);
	struct dw_bpf_watch ev;
	struct dw_watch_status st;
	struct heard h = { 0 };
	struct dw_error e = { 0 };
	int status = 0;
	pid_t pid = storm(n);

	DW_CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	DW_CHECK_INT(dw_watch_read(w, &ev, 1, &e), -EOVERFLOW);
	DW_CHECK(strstr(e.message, "lost") != NULL);
	dw_watch_status(w, &st);
	DW_CHECK_INT(st.ring, 65536);
	hear(w, pid, &h);
	dw_watch_status(w, &st);
	printf("%llu heard, %llu lost\n", (unsigned long long)h.all, (unsigned long long)st.lost);
	/* the ring holds as many as it has room for, and every other one was counted */
	DW_CHECK(h.all >= 65536 / (sizeof(ev) + 8) - 1);
	DW_CHECK(h.all + st.lost >= 2 * (uint64_t)n);
	if (getenv("DW_TEST_QUIET")) {
		DW_CHECK_INT(h.all + st.lost, 2 * n);
		DW_CHECK_INT(h.overflows, 0); /* it was said, once */
	}
	dw_watch_close(w);
}

/* Room is made again as soon as something is read. */
DW_TEST(after_a_loss_it_goes_on)
{
	struct dw_watch *w = watch_by(sys, 0, 65536);
	struct heard h = { 0 };
	int status = 0;
	pid_t pid = storm(2000);

	DW_CHECK(waitpid(pid, &status, 0) == pid);
	hear(w, pid, &h);
	DW_CHECK(h.overflows >= 1);
	/* where others' storms fill the ring again, the next may have room */
	for (unsigned tries = 0; tries < 20; tries++) {
		uint64_t before = lost(w);

		h = (struct heard){ 0 };
		DW_CHECK_INT(hear_all(w, storm(50), 100, &h), 0);
		if (lost(w) == before)
			break;
	}
	DW_CHECK_INT(h.opened, 50);
	DW_CHECK_INT(h.closed, 50);
	dw_watch_close(w);
}

static void hooks_without(unsigned without, struct dw_watch_status *ret)
{
	struct dw_watch *w = watch_by(sys, without, 0);

	*ret = (struct dw_watch_status){ 0 };
	if (w)
		dw_watch_status(w, ret);
	dw_watch_close(w);
}

static int opens_without(unsigned without, const char *word)
{
	const struct dw_watch_options o = { .without = without };
	struct dw_watch *w = NULL;
	struct dw_error e = { 0 };
	int r = dw_watch_open(sys, &o, &w, &e);

	DW_CHECK(w == NULL);
	DW_CHECK(strstr(e.message, word) != NULL);
	return r;
}

DW_TEST(without_the_best_hooks_the_next_are_used)
{
	struct dw_watch_status st;

	hooks_without(DW_WATCH_HOOK_FEXIT, &st);
	DW_CHECK_STR(st.hooks[DW_WATCH_TCP], "tracepoint");
	DW_CHECK_STR(st.hooks[DW_WATCH_UDP], "cgroup");
	DW_CHECK_STR(st.hooks[DW_WATCH_RAW], "cgroup");
	DW_CHECK_STR(st.hooks[DW_WATCH_PACKET], "tracepoint");
	DW_CHECK_STR(st.hooks[DW_WATCH_VSOCK], "tracepoint");
	DW_CHECK(!(st.closes >> DW_WATCH_PACKET & 1));
	hooks_without(DW_WATCH_HOOK_FEXIT | DW_WATCH_HOOK_CGROUP, &st);
	DW_CHECK_STR(st.hooks[DW_WATCH_TCP], "tracepoint");
	DW_CHECK_STR(st.hooks[DW_WATCH_UDP], NULL);
	hooks_without(DW_WATCH_HOOK_FEXIT | DW_WATCH_HOOK_TRACEPOINT, &st);
	DW_CHECK_STR(st.hooks[DW_WATCH_TCP], NULL);
	DW_CHECK_STR(st.hooks[DW_WATCH_UDP], "cgroup");
}

DW_TEST(what_is_not_possible_is_said)
{
	const struct dw_watch_options odd = { .ring = 5000 };
	struct dw_watch *w = NULL;
	struct dw_error e = { 0 };

	DW_CHECK_INT(opens_without(DW_WATCH_HOOK_BTF, "BTF"), -ENOTSUP);
	DW_CHECK_INT(
		opens_without(DW_WATCH_HOOK_FEXIT | DW_WATCH_HOOK_TRACEPOINT | DW_WATCH_HOOK_CGROUP,
			      "BPF"),
		-ENOTSUP);
	DW_CHECK_INT(dw_watch_open(sys, &odd, &w, &e), -EINVAL);
	DW_CHECK(w == NULL);
}

int main(void)
{
	struct dw_watch *w = dw_door_watch(&sys, 0);
	const char *number = getenv("DW_TEST_MANY");
	int r;

	if (!w)
		return 77;
	if (!dw_test_own_network())
		printf("no network namespace: others may have the same ports\n");
	dw_watch_close(w);
	if (number)
		storm_size = 10 * (unsigned)strtoul(number, NULL, 10);
	r = dw_test_run();
	dw_sys_free(sys);
	return r;
}
