/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A heavy host to measure on: sleeping processes with many descriptors each, listeners spread over network
 * namespaces of its own. Says "ready" when all is there, and goes away when its standard input ends.
 *
 *	load [-p processes] [-d descriptors per process] [-l listeners] [-n namespaces]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
	unsigned processes, descriptors, listeners, namespaces;
};

static void fail(const char *what)
{
	perror(what);
	_exit(1);
}

static unsigned number(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || v > 10000000) {
		fprintf(stderr, "%s: not a number\n", text);
		exit(2);
	}
	return (unsigned)v;
}

static void raise_limits(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
	if (getrlimit(RLIMIT_NPROC, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NPROC, &r);
	}
}

/* Three in four listen on TCP, the others take UDP. Ports are the kernel's choice, on the loopback. */
static void open_listeners(unsigned n, unsigned seed)
{
	for (unsigned i = 0; i < n; i++) {
		struct sockaddr_in sa = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int type = (i + seed) % 4 ? SOCK_STREAM : SOCK_DGRAM, fd = socket(AF_INET, type, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
		    (type == SOCK_STREAM && listen(fd, 5) < 0))
			fail("listener");
	}
}

/* What processes have beside: files, and pairs of unix sockets. */
static void open_others(unsigned n)
{
	int pair[2];

	for (; n >= 4; n -= 4) {
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ||
		    open("/proc/self/maps", O_RDONLY) < 0)
			fail("file");
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
			fail("socketpair");
	}
	for (; n > 0; n--)
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
			fail("/dev/null");
}

static void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		fail("lo");
	(void)close(fd);
}

/*
 * Process i of the plan. The first ones of them, one for each, live in a namespace of their own; listeners are
 * spread over the first half of all processes.
 */
static void live(const struct plan *p, unsigned i, int ready, int stop)
{
	unsigned holders = p->processes > 1 ? p->processes / 2 : 1;
	unsigned share = i < holders ? p->listeners / holders + (i < p->listeners % holders) : 0;
	char c;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (i < p->namespaces) {
		if (unshare(CLONE_NEWNET) < 0)
			fail("unshare");
		loopback_up();
	}
	open_listeners(share, i);
	open_others(p->descriptors > share + 5 ? p->descriptors - share - 5 : 0);
	if (write(ready, "r", 1) != 1)
		fail("write");
	(void)close(ready);
	while (read(stop, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void start_all(const struct plan *p, int ready[2], int stop[2])
{
	for (unsigned i = 0; i < p->processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid == 0) {
			(void)close(ready[0]);
			(void)close(stop[1]);
			live(p, i, ready[1], stop[0]);
		}
	}
}

static void await_all(unsigned processes, int ready)
{
	char buffer[4096];
	unsigned n = 0;

	while (n < processes) {
		ssize_t got = read(ready, buffer, sizeof(buffer));

		if (got == 0) {
			fprintf(stderr, "only %u of %u processes came up\n", n, processes);
			exit(1);
		}
		if (got < 0 && errno != EINTR)
			fail("read");
		n += got > 0 ? (unsigned)got : 0;
	}
}

int main(int argc, char **argv)
{
	struct plan p = {
		.processes = 3000, .descriptors = 85, .listeners = 5000, .namespaces = 50
	};
	int ready[2], stop[2], option;
	char buffer[256];

	while ((option = getopt(argc, argv, "p:d:l:n:")) != -1) {
		if (option == 'p')
			p.processes = number(optarg);
		else if (option == 'd')
			p.descriptors = number(optarg);
		else if (option == 'l')
			p.listeners = number(optarg);
		else if (option == 'n')
			p.namespaces = number(optarg);
		else
			return 2;
	}
	raise_limits();
	if (pipe(ready) < 0 || pipe(stop) < 0)
		fail("pipe");
	start_all(&p, ready, stop);
	(void)close(ready[1]);
	(void)close(stop[0]);
	await_all(p.processes, ready[0]);
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, buffer, sizeof(buffer)) > 0)
		;
	(void)close(stop[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
