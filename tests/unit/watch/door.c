/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "door.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dw_ip.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define ALL_FRAMES 0x0003 /* ETH_P_ALL */

const struct dw_door dw_doors[] = {
	{ "tcp", AF_INET, SOCK_STREAM, IPPROTO_TCP, true, 4101, false, DW_WATCH_TCP, 0 },
	{ "tcp6", AF_INET6, SOCK_STREAM, IPPROTO_TCP, true, 4102, false, DW_WATCH_TCP, 0 },
	{ "mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP, true, 4103, false, DW_WATCH_TCP, 0 },
	{ "udp", AF_INET, SOCK_DGRAM, IPPROTO_UDP, false, 4104, false, DW_WATCH_UDP, 0 },
	{ "udp6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP, false, 4105, false, DW_WATCH_UDP, 0 },
	{ "udp any", AF_INET, SOCK_DGRAM, IPPROTO_UDP, false, 0, true, DW_WATCH_UDP, 0 },
	{ "udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, false, 4106, false, DW_WATCH_UDP, 0 },
	{ "raw", AF_INET, SOCK_RAW, 89, false, 0, false, DW_WATCH_RAW, 89 },
	{ "raw6", AF_INET6, SOCK_RAW, 89, false, 0, false, DW_WATCH_RAW, 89 },
	{ "packet", AF_PACKET, SOCK_RAW, ALL_FRAMES, false, 0, false, DW_WATCH_PACKET, ALL_FRAMES },
	{ "vsock", AF_VSOCK, SOCK_STREAM, 0, true, 4107, false, DW_WATCH_VSOCK, 0 },
	{ "sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP, true, 4108, false, DW_WATCH_SCTP, 0 },
};
const unsigned dw_n_doors = sizeof(dw_doors) / sizeof(dw_doors[0]);

static int bind_it(int fd, const struct dw_door *d)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(d->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(d->port) };
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK,
				  .svm_port = d->port,
				  .svm_cid = VMADDR_CID_ANY };

	in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in6.sin6_addr = in6addr_loopback;
	if (d->family == AF_INET)
		return bind(fd, (const struct sockaddr *)&in4, sizeof(in4));
	if (d->family == AF_INET6)
		return bind(fd, (const struct sockaddr *)&in6, sizeof(in6));
	return bind(fd, (const struct sockaddr *)&vm, sizeof(vm));
}

int dw_door_open(const struct dw_door *d)
{
	int protocol = d->family == AF_PACKET ? htons((uint16_t)d->protocol) : d->protocol;
	int fd = socket(d->family, d->type, protocol), on = 1, r = 0;

	if (fd < 0)
		return -errno;
	if (d->listens)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (d->port || d->any)
		r = bind_it(fd, d);
	if (r == 0 && d->listens)
		r = listen(fd, 8);
	if (r == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static uint64_t started(void)
{
	char text[1024] = "", *at;
	FILE *f = fopen("/proc/self/stat", "re");
	unsigned long long ticks = 0;

	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	at = strrchr(text, ')');
	/* 22nd field; the state behind the name is the 3rd */
	for (int i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	return ticks * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static uint32_t port_of(int fd, const struct dw_door *d)
{
	struct sockaddr_in6 at = { 0 }; /* the port lies where that of IPv4 does */
	socklen_t n = sizeof(at);

	if (d->told)
		return d->told;
	if (d->family == AF_VSOCK || getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		return d->port;
	return ntohs(at.sin6_port);
}

static void child(const struct dw_door *d, const struct dw_door_way *w, int to)
{
	struct dw_door_truth t = { 0 };
	socklen_t n = sizeof(t.cookie);
	struct stat st = { 0 };
	int fd;

	t.started = started();
	if (w->unshare && unshare(w->unshare & ~CLONE_NEWPID) < 0)
		_exit(1);
	if (w->unshare & CLONE_NEWNET && !dw_test_ip("link set lo up"))
		_exit(1);
	fd = dw_door_open(d);
	/* raw and packet doors need the right to open them, so who opens is root; a listener is nobody's */
	t.error = fd < 0 ? fd : 0;
	if (fd >= 0) {
		(void)getsockopt(fd, SOL_SOCKET, SO_COOKIE, &t.cookie, &n);
		(void)stat("/proc/self/ns/net", &st);
		t.netns = (uint32_t)st.st_ino;
		t.port = port_of(fd, d);
	}
	if (write(to, &t, sizeof(t)) != sizeof(t))
		_exit(1);
	if (w->exec)
		execlp("sleep", "sleep", "0.05", NULL);
	usleep(w->ms * 1000);
	_exit(0);
}

static void start_child(const struct dw_door *d, const struct dw_door_way *w, int to)
{
	if (w->nobody && setuid(65534) < 0)
		_exit(1);
	child(d, w, to);
}

bool dw_door_run(const struct dw_door *d, const struct dw_door_way *w, struct dw_door_truth *ret)
{
	int pipes[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(pipes) < 0)
		return false;
	if (w->unshare & CLONE_NEWPID && unshare(CLONE_NEWPID) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		start_child(d, w, pipes[1]);
	close(pipes[1]);
	n = read(pipes[0], ret, sizeof(*ret));
	close(pipes[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || n != sizeof(*ret))
		return false;
	ret->pid = pid;
	return true;
}

static unsigned losses;

unsigned dw_door_losses(void)
{
	return losses;
}

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool dw_door_hear(struct dw_watch *w, pid_t pid, unsigned what, unsigned patience_ms,
		  struct dw_bpf_watch *ret)
{
	struct pollfd p = { .fd = dw_watch_fd(w), .events = POLLIN };
	uint64_t until = now_ms() + patience_ms;
	struct dw_bpf_watch ev;
	struct dw_error e = { 0 };
	int n;

	do {
		n = dw_watch_read(w, &ev, 1, &e);
		if (n == 0)
			(void)poll(&p, 1, 100);
		if (n > 0 && ev.tgid == (uint32_t)pid && ev.what == what) {
			*ret = ev;
			return true;
		}
	} while (n > 0 || (n == 0 && now_ms() < until));
	losses += n == -EOVERFLOW;
	return false;
}

void dw_door_drain(struct dw_watch *w)
{
	struct dw_bpf_watch ev[64];
	struct dw_error e = { 0 };
	int n;

	do
		n = dw_watch_read(w, ev, 64, &e);
	while (n > 0 || n == -EOVERFLOW);
}

struct dw_watch *dw_door_watch(struct dw_sys **ret_sys, unsigned without)
{
	const struct dw_watch_options o = { .without = without };
	struct dw_watch *w = NULL;
	struct dw_error e = { 0 };

	if (dw_sys_open(NULL, ret_sys, &e) < 0 || dw_watch_open(*ret_sys, &o, &w, &e) < 0) {
		printf("SKIPPED: %s\n", e.message);
		return NULL;
	}
	return w;
}
