/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "dw_macros.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif
uint32_t own_netns(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? (uint32_t)st.st_ino : 0;
}

void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		_exit(10);
	(void)close(fd);
}

int bound4(int type, int protocol, uint32_t address, uint16_t *ret_port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, type, protocol);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&sa, n) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		_exit(11);
	*ret_port = ntohs(sa.sin_port);
	if (type == SOCK_STREAM && listen(fd, 5) < 0)
		_exit(12);
	return fd;
}

static int bound6(int type, const char *address, int only, uint16_t *ret_port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET6, type, 0);

	if (fd < 0 || inet_pton(AF_INET6, address, &sa.sin6_addr) != 1 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, n) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		_exit(13);
	*ret_port = ntohs(sa.sin6_port);
	if (type == SOCK_STREAM && listen(fd, 5) < 0)
		_exit(14);
	return fd;
}

/* "ip and tcp": the second instruction of a filter that tcpdump(8) would make. */
static int sniffer(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = DW_ARRAY_SIZE(code), .filter = code };
	struct sockaddr_ll sa = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = 1,
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		_exit(15);
	return fd;
}

static int reuse_port(uint16_t *ret_port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	int one = 1, first = -1;

	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0 ||
		    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
		    getsockname(fd, (struct sockaddr *)&sa, &n) < 0 || listen(fd, 5) < 0)
			_exit(16);
		if (first < 0)
			first = fd;
	}
	*ret_port = ntohs(sa.sin_port);
	return first;
}

/* A listener as fixed file 2 of a ring, its descriptor closed. */
static int ring_with_listener(uint16_t *ret_port)
{
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p), fds[4] = { -1, -1, -1, -1 };

	if (ring < 0)
		return -1;
	fds[2] = bound4(SOCK_STREAM, 0, INADDR_LOOPBACK, ret_port);
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, fds, 4) < 0)
		_exit(17);
	(void)close(fds[2]);
	return ring;
}

struct thread {
	struct made *made;
	pthread_barrier_t ready;
};

static void *other_table(void *arg)
{
	struct thread *t = arg;

	if (unshare(CLONE_FILES) < 0)
		_exit(18);
	t->made->thread_fd = bound4(SOCK_STREAM, 0, INADDR_LOOPBACK, &t->made->port_thread);
	t->made->thread_id = (int)syscall(SYS_gettid);
	(void)pthread_barrier_wait(&t->ready);
	for (;;)
		(void)pause();
	return NULL;
}

static void connected_udp(struct made *m)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(9),
	};

	m->connected = bound4(SOCK_DGRAM, 0, INADDR_LOOPBACK, &m->port_connected);
	if (connect(m->connected, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		_exit(19);
	m->unbound = socket(AF_INET, SOCK_DGRAM, 0);
}

static void socket_in_kept_namespace(struct made *m)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (home < 0 || unshare(CLONE_NEWNET) < 0)
		_exit(20);
	m->kept_netns = own_netns();
	m->kept = bound4(SOCK_STREAM, 0, INADDR_ANY, &m->port_kept);
	if (setns(home, CLONE_NEWNET) < 0)
		_exit(21);
	(void)close(home);
}

static void make(struct made *m)
{
	static struct thread t;
	pthread_t id;

	m->netns = own_netns();
	m->tcp = bound4(SOCK_STREAM, 0, INADDR_LOOPBACK, &m->port_tcp);
	m->udp = bound4(SOCK_DGRAM, 0, INADDR_ANY, &m->port_udp);
	m->dual = bound6(SOCK_STREAM, "::", 0, &m->port_dual);
	m->only6 = bound6(SOCK_DGRAM, "::", 1, &m->port_only6);
	m->mapped = bound6(SOCK_STREAM, "::ffff:127.0.0.1", 0, &m->port_mapped);
	m->lite = bound4(SOCK_DGRAM, IPPROTO_UDPLITE, INADDR_ANY, &m->port_lite);
	m->mptcp = bound4(SOCK_STREAM, IPPROTO_MPTCP, INADDR_ANY, &m->port_mptcp);
	m->raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	m->raw6 = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	m->packet = sniffer();
	m->reuse = reuse_port(&m->port_reuse);
	m->ring = ring_with_listener(&m->port_ring);
	connected_udp(m);
	socket_in_kept_namespace(m);
	m->many[0] = bound4(SOCK_STREAM, 0, INADDR_LOOPBACK, &m->port_many[0]);
	for (int i = 1; i < MANY; i++)
		m->many[1] = bound4(SOCK_STREAM, 0, INADDR_LOOPBACK, &m->port_many[1]);
	t.made = m;
	if (pthread_barrier_init(&t.ready, NULL, 2) != 0 ||
	    pthread_create(&id, NULL, other_table, &t) != 0)
		_exit(22);
	(void)pthread_barrier_wait(&t.ready);
}

/* In a network of its own: makes what it is to have, says what that is, and is then what `become` makes of it. */
static struct child start(void (*fill)(struct made *m), void (*become)(size_t length, int said),
			  size_t length)
{
	struct child c = { .pid = -1 };
	char byte;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return c;
	c.pid = fork();
	if (c.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(ends[0]);
		if (unshare(CLONE_NEWNET) < 0)
			_exit(9);
		loopback_up();
		fill(&c.made);
		if (write(ends[1], &c.made, sizeof(c.made)) != sizeof(c.made))
			_exit(8);
		become(length, ends[1]);
	}
	(void)close(ends[1]);
	if (c.pid > 0 && (read(ends[0], &c.made, sizeof(c.made)) != sizeof(c.made) ||
			  read(ends[0], &byte, 1) != 1)) {
		stop_child(&c);
		c.pid = -1;
	}
	(void)close(ends[0]);
	return c;
}

static void wait_to_be_killed(size_t length dw_unused, int said)
{
	if (write(said, "", 1) != 1)
		_exit(26);
	for (;;)
		(void)pause();
}

struct child start_child(void)
{
	return start(make, wait_to_be_killed, 0);
}

static void make_one(struct made *m)
{
	m->netns = own_netns();
	m->tcp = bound4(SOCK_STREAM, 0, INADDR_LOOPBACK, &m->port_tcp);
}

/* The shell says that it runs, and then waits for what nobody writes. */
static void become_command(size_t length, int said)
{
	static const char script[] = "echo; read x";
	const size_t rest = sizeof("sh") + sizeof("-c") + sizeof(script) + 1;
	char *last = calloc(1, length);
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, last, NULL };
	int never[2];

	if (!last || length <= rest || pipe2(never, 0) < 0)
		_exit(23);
	memset(last, 'x', length - rest);
	if (dup2(never[0], STDIN_FILENO) < 0 || dup2(said, STDOUT_FILENO) < 0)
		_exit(24);
	(void)execv("/bin/sh", argv);
	_exit(25);
}

struct child start_command(size_t length)
{
	return start(make_one, become_command, length);
}

void stop_child(const struct child *c)
{
	(void)kill(c->pid, SIGKILL);
	(void)waitpid(c->pid, NULL, 0);
}
