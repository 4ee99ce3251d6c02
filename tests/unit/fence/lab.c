/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_MAX 128

const uint16_t lab_ports[LAB_PORTS] = { 22, 80, 443, 5000, 8005, 8080 };
const struct lab_address lab_sources[] = {
	{ "10.9.0.2", "eth0" },       { "10.9.0.7", "eth0" }, { "198.51.100.2", "eth0" },
	{ "10.10.0.2", "eth1" },      { "fd09::2", "eth0" },  { "fd09::7", "eth0" },
	{ "2001:db8:99::2", "eth0" }, { "fd10::2", "eth1" },  { NULL, NULL },
};
const struct lab_address lab_targets[] = {
	{ "10.9.0.1", "eth0" }, { "198.51.100.1", "eth0" },   { "10.10.0.1", "eth1" },
	{ "fd09::1", "eth0" },  { "2001:db8:99::1", "eth0" }, { "fd10::1", "eth1" },
	{ NULL, NULL },
};

static socklen_t address_of(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		abort();
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

static int bound(const char *text, uint16_t port, int type)
{
	struct sockaddr_storage at;
	socklen_t n = address_of(text, port, &at);
	int on = 1, fd = socket(at.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (at.ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
	    bind(fd, (struct sockaddr *)&at, n) != 0) {
		fprintf(stderr, "lab: %s %u: %s\n", text, port, strerror(errno));
		_exit(1);
	}
	return fd;
}

/* --- servers ------------------------------------------------------------------------------------------- */

static void answer(const struct pollfd *p, bool udp)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof(from);
	char byte[16];

	if (!udp) {
		int fd = accept(p->fd, NULL, NULL);

		if (fd >= 0)
			(void)close(fd);
		return;
	}
	if (recvfrom(p->fd, byte, sizeof(byte), 0, (struct sockaddr *)&from, &n) > 0)
		(void)sendto(p->fd, byte, 1, 0, (struct sockaddr *)&from, n);
}

static _Noreturn void serve(const struct lab_address *at, const uint16_t *ports, unsigned n_ports)
{
	struct pollfd v[SOCKETS_MAX];
	bool udp[SOCKETS_MAX];
	nfds_t n = 0;

	for (; at->text; at++)
		for (unsigned i = 0; i < n_ports * 2 && n < SOCKETS_MAX; i++, n++) {
			udp[n] = i % 2;
			v[n].events = POLLIN;
			v[n].fd = bound(at->text, ports[i / 2], udp[n] ? SOCK_DGRAM : SOCK_STREAM);
			if (!udp[n] && listen(v[n].fd, 512) != 0)
				_exit(1);
		}
	for (;;) {
		if (poll(v, n, -1) < 0)
			_exit(1);
		for (nfds_t i = 0; i < n; i++)
			if (v[i].revents)
				answer(&v[i], udp[i]);
	}
}

/* A process in a new namespace, which serves as soon as somebody writes to *ret_go. */
static pid_t start(const struct lab_address *at, const uint16_t *ports, unsigned n, int *ret_go)
{
	int go[2], ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
		abort();
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(go[1]);
		byte = unshare(CLONE_NEWNET) == 0;
		if (write(ready[1], &byte, 1) != 1 || !byte || read(go[0], &byte, 1) != 1)
			_exit(1);
		serve(at, ports, n);
	}
	(void)close(go[0]);
	(void)close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1 || !byte)
		pid = -1;
	(void)close(ready[0]);
	*ret_go = go[1];
	return pid;
}

/* --- namespaces ------------------------------------------------------------------------------------------ */

static bool enter(pid_t in)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)in);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
}

static void feed(int fd, const char *input)
{
	for (size_t n = input ? strlen(input) : 0; n > 0;) {
		ssize_t w = write(fd, input, n);

		if (w <= 0)
			break;
		input += w;
		n -= (size_t)w;
	}
	(void)close(fd);
}

int lab_run(pid_t in, const char *script, const char *input)
{
	int status = 0, pipes[2];
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		abort();
	pid = fork();
	if (pid == 0) {
		if (!enter(in) || dup2(pipes[0], 0) != 0)
			_exit(126);
		(void)execl("/bin/sh", "sh", "-e", "-c", script, (char *)NULL);
		_exit(127);
	}
	(void)close(pipes[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	feed(pipes[1], input);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									       : 128;
}

static const char wires[] =
	"ip link set lo up\n"
	"ip link add p0 type veth peer name eth0 netns %d\n"
	"ip link add p1 type veth peer name eth1 netns %d\n"
	"for a in 10.9.0.2/16 10.9.0.7/16 198.51.100.2/24; do ip addr add $a dev p0; done\n"
	"for a in fd09::2/64 fd09::7/64 2001:db8:99::2/64; do ip addr add $a dev p0 nodad; done\n"
	"ip addr add 10.10.0.2/16 dev p1; ip addr add fd10::2/64 dev p1 nodad\n"
	"ip link set p0 up; ip link set p1 up; ip route add 172.17.0.0/16 via 10.9.0.1 2>/dev/null "
	"|| :\n";

static const char host_wires[] =
	"ip link set lo up\n"
	"echo 1 >/proc/sys/net/ipv4/ip_forward\n"
	"for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done\n"
	"ip link add br0 type veth peer name c0 netns %d\n"
	"for a in 10.9.0.1/16 198.51.100.1/24; do ip addr add $a dev eth0; done\n"
	"for a in fd09::1/64 2001:db8:99::1/64; do ip addr add $a dev eth0 nodad; done\n"
	"ip addr add 10.10.0.1/16 dev eth1; ip addr add fd10::1/64 dev eth1 nodad\n"
	"ip addr add 172.17.0.1/16 dev br0\n"
	"for i in eth0 eth1 br0; do ip link set $i up; done\n";

static const char container_wires[] =
	"ip link set lo up; ip addr add 172.17.0.2/16 dev c0; ip link set c0 up\n"
	"ip route add default via 172.17.0.1\n";

static bool wire(const struct lab *l)
{
	char script[2048];

	(void)snprintf(script, sizeof(script), wires, (int)l->host, (int)l->host);
	if (lab_run(getpid(), script, NULL) != 0)
		return false;
	(void)snprintf(script, sizeof(script), host_wires, (int)l->container);
	return lab_run(l->host, script, NULL) == 0 &&
	       lab_run(l->container, container_wires, NULL) == 0 &&
	       /* once more: now that the host is up there is a way to its gateway */
	       lab_run(getpid(), "ip route replace 172.17.0.0/16 via 10.9.0.1", NULL) == 0;
}

bool lab_open(struct lab *l)
{
	static const struct lab_address container[] = { { "172.17.0.2", "c0" }, { NULL, NULL } };
	static const uint16_t container_ports[] = { 80, 443 };
	int go_host = -1, go_container = -1;
	bool good;

	*l = (struct lab){ .host = -1, .container = -1 };
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("(not root, or no namespaces here: not run)\n");
		return false;
	}
	l->host = start(lab_targets, lab_ports, LAB_PORTS, &go_host);
	l->container = start(container, container_ports, 2, &go_container);
	good = l->host > 0 && l->container > 0 && wire(l) && write(go_host, "g", 1) == 1 &&
	       write(go_container, "g", 1) == 1;
	(void)close(go_host);
	(void)close(go_container);
	if (good)
		return true;
	printf("(no veth, or no ip(8): not run)\n");
	lab_close(l);
	return false;
}

void lab_close(struct lab *l)
{
	const pid_t pids[] = { l->host, l->container };

	for (unsigned i = 0; i < 2; i++)
		if (pids[i] > 0 && kill(pids[i], SIGKILL) == 0)
			(void)waitpid(pids[i], NULL, 0);
}

/* --- probes ------------------------------------------------------------------------------------------------ */

static long now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Each from a port of its own: connection tracking still knows those of the rules before. */
static uint16_t fresh_port(void)
{
	static unsigned given;

	return (uint16_t)(10000 + given++ % 50000);
}

static void begin(struct lab_probe *p)
{
	struct sockaddr_storage to;
	socklen_t n = address_of(p->to, p->port, &to);

	p->arrived = false;
	p->fd = bound(p->from, fresh_port(), p->udp ? SOCK_DGRAM : SOCK_STREAM);
	(void)connect(p->fd, (struct sockaddr *)&to, n);
	if (p->udp)
		(void)send(p->fd, "x", 1, 0);
}

/* Refused is let in too: what the filter denies is never answered. */
static void look(struct lab_probe *p, short events)
{
	socklen_t n = sizeof(int);
	int code = 0;
	char byte;

	if (!events)
		return;
	(void)getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &code, &n);
	if (p->udp)
		p->arrived |= code == ECONNREFUSED || recv(p->fd, &byte, 1, 0) == 1;
	else
		p->arrived |= code == 0 || code == ECONNREFUSED || code == ECONNRESET;
}

static bool is_waiting(const struct lab_probe *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i].expected && !v[i].arrived)
			return true;
	return false;
}

/* Datagrams may be lost, on a busy machine or while addresses are resolved; of TCP the kernel sees to that. */
static void send_again(struct lab_probe *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (v[i].udp && !v[i].arrived)
			(void)send(v[i].fd, "x", 1, 0);
}

void lab_probe(struct lab_probe *v, unsigned n)
{
	struct pollfd *polls = calloc(n, sizeof(*polls));
	unsigned quiet = 0;
	long begun, sent;

	if (!polls)
		abort();
	for (unsigned i = 0; i < n; i++) {
		begin(&v[i]);
		polls[i] = (struct pollfd){ .fd = v[i].fd, .events = v[i].udp ? POLLIN : POLLOUT };
	}
	begun = sent = now_ms();
	/*
	 * what is not expected gets a tenth of a second behind the last that is; a busy machine makes time
	 * unreliable
	 */
	while (quiet < 3 && now_ms() - begun < 60000) {
		int news = poll(polls, n, 40);

		if (news > 0)
			for (unsigned i = 0; i < n; i++) {
				look(&v[i], polls[i].revents);
				if (polls[i].revents)
					polls[i].fd = -1;
			}
		quiet = news > 0 || is_waiting(v, n) ? 0 : quiet + 1;
		if (quiet == 0 && now_ms() - sent > 500) {
			send_again(v, n);
			sent = now_ms();
		}
	}
	for (unsigned i = 0; i < n; i++)
		(void)close(v[i].fd);
	free(polls);
}

int lab_connect(pid_t in, const char *to, uint16_t port)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct timeval limit = { .tv_sec = 3 };
		struct sockaddr_storage at;
		socklen_t n = address_of(to, port, &at);
		int fd = enter(in) ? socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;

		if (fd < 0)
			_exit(255);
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		_exit(connect(fd, (struct sockaddr *)&at, n) == 0 ? 0 : errno & 0xff);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									       : 255;
}
