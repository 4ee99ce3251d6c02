/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host to measure on: sleeping processes with many descriptors each, listeners spread over network
 * namespaces of its own. Says "ready" when all is there, and goes away when its standard input ends or on
 * SIGTERM, SIGINT or SIGHUP; the processes go with it however it ends.
 *
 *	load [--processes N] [--descriptors N, a process] [--listeners N, in all] [--namespaces N] [--doors]
 *
 * With --doors each listener is told before "ready": "door PID NETNS PROTOCOL FAMILY PORT", as getsockname(2)
 * gave it, so that a reader can hold an audit to it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
	unsigned processes, descriptors, listeners, namespaces;
	bool doors;
};

/* What a process says when all of its own stands; small enough that a pipe keeps it in one piece. */
struct door {
	uint32_t pid, netns; /* netns 0: no door, the process is ready */
	uint16_t port;
	uint8_t tcp, v6;
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

static void tell(int ready, const struct door *d)
{
	ssize_t n;

	do
		n = write(ready, d, sizeof(*d));
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*d))
		_exit(1);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 sa = { 0 };
	socklen_t n = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		fail("getsockname");
	/* sin_port and sin6_port lie at the same place */
	return ntohs(sa.sin6_port);
}

/*
 * Three in four listen on TCP, the others take UDP; one in three speaks IPv6. Ports are the kernel's choice, on
 * the loopback: nothing can come in from outside.
 */
static void open_listeners(unsigned n, unsigned seed, const struct door *self, int tell_to)
{
	const struct sockaddr_in v4 = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
					 .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	for (unsigned i = 0; i < n; i++) {
		struct door d = *self;
		int fd;

		d.tcp = (i + seed) % 4 != 0;
		d.v6 = (i + seed) % 3 == 0;
		fd = socket(d.v6 ? AF_INET6 : AF_INET, d.tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
		if (fd < 0 ||
		    bind(fd, d.v6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4,
			 d.v6 ? sizeof(v6) : sizeof(v4)) < 0 ||
		    (d.tcp && listen(fd, 5) < 0))
			fail("listener");
		d.port = port_of(fd);
		if (tell_to >= 0)
			tell(tell_to, &d);
	}
}

/* What processes have beside: files, and pairs of unix sockets. */
static void open_others(unsigned n)
{
	int pair[2];

	for (; n >= 4; n -= 4) {
		if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ||
		    open("/proc/self/maps", O_RDONLY | O_CLOEXEC) < 0)
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

/* Every process of a namespace after its first enters it through the first one's descriptor. */
static void enter(int *namespaces, unsigned which)
{
	if (namespaces[which] < 0)
		return;
	if (setns(namespaces[which], CLONE_NEWNET) < 0)
		fail("setns");
}

static void make_namespaces(const struct plan *p, int *ret)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	ret[0] = -1; /* the first is the one that we were started in */
	for (unsigned i = 1; i < p->namespaces; i++) {
		if (unshare(CLONE_NEWNET) < 0)
			fail("unshare");
		loopback_up();
		ret[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (ret[i] < 0)
			fail("/proc/self/ns/net");
	}
	if (home < 0 || setns(home, CLONE_NEWNET) < 0)
		fail("back home");
	(void)close(home);
}

static void live(const struct plan *p, unsigned i, int *namespaces, int ready, int stop)
{
	unsigned share = p->listeners / p->processes + (i < p->listeners % p->processes);
	struct door self = { .pid = (uint32_t)getpid() };
	struct stat st;
	char c;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(namespaces, i % p->namespaces);
	if (stat("/proc/self/ns/net", &st) < 0)
		fail("/proc/self/ns/net");
	for (unsigned n = 1; n < p->namespaces; n++)
		(void)close(namespaces[n]);
	self.netns = (uint32_t)st.st_ino;
	open_listeners(share, i, &self, p->doors ? ready : -1);
	open_others(p->descriptors > share + 5 ? p->descriptors - share - 5 : 0);
	tell(ready, &(struct door){ .pid = self.pid });
	(void)close(ready);
	while (read(stop, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void read_doors(int ready, unsigned *up)
{
	struct door d[256];
	ssize_t got = read(ready, d, sizeof(d));

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0 || (size_t)got % sizeof(*d) != 0) {
		fprintf(stderr, "only %u processes came up\n", *up);
		exit(1);
	}
	for (size_t i = 0; i < (size_t)got / sizeof(*d); i++) {
		if (d[i].netns == 0)
			++*up;
		else
			printf("door %u %u %s %s %u\n", d[i].pid, d[i].netns,
			       d[i].tcp ? "tcp" : "udp", d[i].v6 ? "ipv6" : "ipv4", d[i].port);
	}
}

/* A few at a time: thousands of processes that all open files at once take longer than one after another. */
static void start_all(const struct plan *p, int *namespaces, int ready[2], int stop[2])
{
	unsigned up = 0;

	for (unsigned i = 0; i < p->processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid == 0) {
			(void)close(ready[0]);
			(void)close(stop[1]);
			live(p, i, namespaces, ready[1], stop[0]);
		}
		while (i + 1 - up > 32)
			read_doors(ready[0], &up);
	}
	(void)close(ready[1]);
	(void)close(stop[0]);
	while (up < p->processes)
		read_doors(ready[0], &up);
}

static int end_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		fail("signalfd");
	return fd;
}

static void await_end(int signals)
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
			       { .fd = signals, .events = POLLIN } };
	char buffer[256];

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents)
			return;
		if (p[0].revents && read(STDIN_FILENO, buffer, sizeof(buffer)) <= 0)
			return;
	}
}

static void parse(struct plan *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "processes", required_argument, NULL, 'p' },
		{ "descriptors", required_argument, NULL, 'd' },
		{ "listeners", required_argument, NULL, 'l' },
		{ "namespaces", required_argument, NULL, 'n' },
		{ "doors", no_argument, NULL, 'D' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			p->processes = number(optarg);
		else if (option == 'd')
			p->descriptors = number(optarg);
		else if (option == 'l')
			p->listeners = number(optarg);
		else if (option == 'n')
			p->namespaces = number(optarg);
		else if (option == 'D')
			p->doors = true;
		else
			exit(2);
	}
	if (p->processes == 0 || p->namespaces == 0) {
		fprintf(stderr, "at least one process and one namespace\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct plan p = {
		.processes = 3000, .descriptors = 85, .listeners = 5000, .namespaces = 50
	};
	int ready[2], stop[2], *namespaces, signals;

	parse(&p, argc, argv);
	raise_limits();
	namespaces = calloc(p.namespaces, sizeof(*namespaces));
	if (!namespaces || pipe(ready) < 0 || pipe(stop) < 0)
		fail("pipe");
	make_namespaces(&p, namespaces);
	start_all(&p, namespaces, ready, stop);
	/* from here on the processes alone keep the namespaces */
	for (unsigned i = 1; i < p.namespaces; i++)
		(void)close(namespaces[i]);
	signals = end_signals();
	printf("ready\n");
	fflush(stdout);
	await_end(signals);
	(void)close(stop[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
