/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests/bench/watch measures with:
 *
 *   latency N PAUSE   opens and shuts N doors, TCP and UDP in turn, PAUSE µs between; prints p50, p99, p99.9 and the
 *                     worst of the microseconds from the return of listen(2) or bind(2) to the event in user space
 *   storm N           N binds as fast as they go: how many were told, how many lost; peak memory; processor time a
 *   event hold PORT [stats]   watches and counts until standard input ends, then prints what it saw at the port
 *   serve PORT        answers HTTP, a connection each; prints how many, and processor microseconds, at the end of input
 *   fetch PORT N      asks it N times, a connection each; prints the processor microseconds
 *   open N            opens N listeners, 100 ms apart, each for a second: prints when each listen(2) had returned
 *   syscalls N        nanoseconds of processor of a system call that does nothing
 */
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dw_watch.h"

static uint64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static double processor(int who)
{
	struct rusage u;

	(void)getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static struct dw_watch *watch_host(struct dw_sys **ret)
{
	struct dw_watch *w = NULL;
	struct dw_error e = { 0 };

	if (dw_sys_open(NULL, ret, &e) < 0 || dw_watch_open(*ret, NULL, &w, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		exit(77);
	}
	return w;
}

static int open_door(unsigned i, uint64_t *ret_at)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)(10000 + i % 20000)) };
	int fd = socket(AF_INET, (i & 1 ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0), on = 1;

	at.sin_addr.s_addr = htonl(0x7f000707);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    (!(i & 1) && listen(fd, 8) < 0)) {
		perror("bind, listen");
		_exit(1);
	}
	*ret_at = now();
	return fd;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void print_quantiles(int64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	printf("%zu %.1f %.1f %.1f %.1f\n", n, (double)v[n / 2] / 1e3,
	       (double)v[n * 99 / 100] / 1e3, (double)v[n * 999 / 1000] / 1e3,
	       (double)v[n - 1] / 1e3);
}

/* The i-th event of the child is its i-th door: they come in order, and none may be lost. */
static size_t hear_child(struct dw_watch *w, pid_t pid, uint64_t *heard, size_t n)
{
	static struct dw_bpf_watch ev[256];
	struct pollfd p = { .fd = dw_watch_fd(w), .events = POLLIN };
	struct dw_error e = { 0 };
	size_t got = 0;

	while (got < n) {
		int k = dw_watch_read(w, ev, 256, &e);
		uint64_t at = now();

		if (k == 0 && poll(&p, 1, 3000) == 0)
			break;
		for (int i = 0; i < k && got < n; i++)
			if (ev[i].tgid == (uint32_t)pid && ev[i].what == DW_BPF_WATCH_OPENED)
				heard[got++] = at;
	}
	return got;
}

static int latency(size_t n, unsigned pause)
{
	uint64_t *opened =
		mmap(NULL, n * 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t *heard = calloc(n, 8);
	struct dw_sys *s = NULL;
	struct dw_watch *w = watch_host(&s);
	pid_t pid = fork();
	size_t got;

	if (opened == MAP_FAILED || !heard)
		return 1;
	for (size_t i = 0; pid == 0 && i < n; i++) {
		close(open_door((unsigned)i, &opened[i]));
		if (pause)
			usleep(pause);
	}
	if (pid == 0)
		_exit(0);
	got = hear_child(w, pid, heard, n);
	(void)waitpid(pid, NULL, 0);
	if (got < n)
		printf("lost %zu\n", n - got);
	for (size_t i = 0; i < got; i++)
		heard[i] -= opened[i];
	if (got == n)
		print_quantiles((int64_t *)heard, n);
	dw_watch_close(w);
	dw_sys_free(s);
	return got == n ? 0 : 1;
}

static int storm(size_t n)
{
	struct dw_sys *s = NULL;
	struct dw_watch *w = watch_host(&s);
	struct dw_watch_status st;
	static struct dw_bpf_watch ev[1024];
	struct dw_error e = { 0 };
	struct rusage u;
	double before = processor(RUSAGE_SELF);
	uint64_t start = now(), seen = 0, all = 0, overflows = 0;
	pid_t pid = fork();
	int k, status = 1;
	bool ended = false;

	for (size_t i = 0; pid == 0 && i < n; i++) {
		uint64_t at;

		close(open_door((unsigned)(i * 2 + 1), &at));
	}
	if (pid == 0)
		_exit(0);
	do {
		struct pollfd p = { .fd = dw_watch_fd(w), .events = POLLIN };

		k = dw_watch_read(w, ev, 1024, &e);
		overflows += k == -EOVERFLOW;
		for (int i = 0; i < k; i++, all++)
			seen += ev[i].tgid == (uint32_t)pid && ev[i].what == DW_BPF_WATCH_OPENED;
		if (k == 0 && !ended) {
			(void)poll(&p, 1, 10);
			ended = waitpid(pid, &status, WNOHANG) == pid;
			k = 1; /* once more after its end */
		}
	} while (k || !ended);
	dw_watch_status(w, &st);
	(void)getrusage(RUSAGE_SELF, &u);
	printf("binds %zu seen %llu events %llu lost %llu overflows %llu seconds %.1f rss_mib %.1f "
	       "ring_mib %.1f "
	       "cpu_us_per_event %.2f\n",
	       n, (unsigned long long)seen, (unsigned long long)all, (unsigned long long)st.lost,
	       (unsigned long long)overflows, (double)(now() - start) / 1e9,
	       (double)u.ru_maxrss / 1024, (double)st.ring / 1048576,
	       (processor(RUSAGE_SELF) - before) / (double)(all ? all : 1));
	dw_watch_close(w);
	dw_sys_free(s);
	return status ? 1 : 0;
}

static int print_use(void *data, const struct dw_bpf_usage_key *k, const struct dw_bpf_usage *v)
{
	if (k->port == *(const uint16_t *)data)
		printf("accepted %llu local %llu bytes %llu\n", (unsigned long long)v->accepted,
		       (unsigned long long)v->local, (unsigned long long)v->bytes);
	return 0;
}

/* What the kernel has counted for our programs: runs, nanoseconds each (its own clock is in them). */
static void print_programs(void)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	for (uint32_t id = 0;; id = attr.next_id) {
		int fd;

		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		if (syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr)) < 0)
			return;
		id = attr.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.prog_id = id;
		fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
		memset(&info, 0, sizeof(info));
		memset(&attr, 0, sizeof(attr));
		attr.info.bpf_fd = (uint32_t)fd;
		attr.info.info_len = sizeof(info);
		attr.info.info = (uint64_t)(uintptr_t)&info;
		if (fd >= 0 && syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0 &&
		    info.run_cnt > 0)
			printf("program %s runs %llu ns %llu\n", info.name,
			       (unsigned long long)info.run_cnt,
			       (unsigned long long)(info.run_time_ns / info.run_cnt));
		if (fd >= 0)
			close(fd);
		memset(&attr, 0, sizeof(attr));
		attr.next_id = id;
	}
}

static int hold(uint16_t port, bool stats)
{
	struct dw_sys *s = NULL;
	struct dw_watch *w = watch_host(&s);
	struct dw_usage *u = NULL;
	struct dw_watch_status st;
	static struct dw_bpf_watch ev[256];
	struct dw_error e = { 0 };
	struct pollfd p[2] = { { .fd = dw_watch_fd(w), .events = POLLIN },
			       { .fd = 0, .events = POLLIN } };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr)); /* BPF_STATS_RUN_TIME */
	if (dw_usage_open(s, &u, &e) < 0)
		fprintf(stderr, "%s\n", e.message);
	if (stats && syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof(attr)) < 0)
		perror("BPF_ENABLE_STATS");
	printf("ready\n");
	fflush(stdout);
	while (!p[1].revents) {
		(void)poll(p, 2, -1);
		while (dw_watch_read(w, ev, 256, &e) != 0)
			;
	}
	dw_watch_status(w, &st);
	if (u)
		(void)dw_usage_read(u, print_use, &port, &e);
	printf("events %llu lost %llu cpu_us %.0f\n", (unsigned long long)st.events,
	       (unsigned long long)st.lost, processor(RUSAGE_SELF));
	if (stats)
		print_programs();
	dw_usage_close(u);
	dw_watch_close(w);
	dw_sys_free(s);
	return 0;
}

static void answer(int fd)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n";
	char request[2048];

	(void)!read(fd, request, sizeof(request));
	(void)!write(fd, text, sizeof(text) - 1);
	close(fd);
}

static int serve(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, one;
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
	unsigned long long n = 0;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 4096) < 0)
		return 1;
	printf("ready\n");
	fflush(stdout);
	while (!p[1].revents) {
		(void)poll(p, 2, -1);
		if (p[0].revents && (one = accept(fd, NULL, NULL)) >= 0) {
			n++;
			answer(one);
		}
	}
	/* those that came last and wait */
	while ((one = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		n++;
		answer(one);
	}
	printf("served %llu cpu_us %.0f\n", n, processor(RUSAGE_SELF));
	return 0;
}

static int fetch(uint16_t port, unsigned long n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	char buffer[2048] = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
	const size_t length = strlen(buffer);
	unsigned long got = 0;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned long i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
		    write(fd, buffer, length) > 0 && read(fd, buffer + length, 1024) > 0)
			got++;
		close(fd);
	}
	printf("got %lu cpu_us %.0f\n", got, processor(RUSAGE_SELF));
	return got != n;
}

static int open_some(unsigned n)
{
	struct pollfd never = { .fd = -1 };

	for (unsigned i = 0; i < n; i++) {
		uint64_t at;
		int fd = open_door(i * 2, &at);

		printf("%u %llu\n", 10000 + i * 2 % 20000, (unsigned long long)at);
		fflush(stdout);
		if (fork() == 0) {
			(void)poll(&never, 0, 1000);
			_exit(0);
		}
		close(fd);
		(void)poll(&never, 0, 100);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

static int syscalls(size_t n)
{
	double start = processor(RUSAGE_SELF);

	for (size_t i = 0; i < n; i++)
		(void)syscall(SYS_getppid);
	printf("%.1f\n", (processor(RUSAGE_SELF) - start) * 1e3 / (double)n);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	if (strcmp(mode, "latency") == 0)
		return latency(n, argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0);
	if (strcmp(mode, "storm") == 0)
		return storm(n);
	if (strcmp(mode, "hold") == 0)
		return hold((uint16_t)n, argc > 3);
	if (strcmp(mode, "serve") == 0)
		return serve((uint16_t)n);
	if (strcmp(mode, "fetch") == 0)
		return fetch((uint16_t)n, argc > 3 ? strtoul(argv[3], NULL, 10) : 1);
	if (strcmp(mode, "open") == 0)
		return open_some((unsigned)n);
	if (strcmp(mode, "syscalls") == 0)
		return syscalls(n);
	fprintf(stderr, "usage: watch-bench latency N PAUSE | storm N | hold PORT [stats] | serve "
			"PORT | fetch PORT N | open N | syscalls N\n");
	return 1;
}
