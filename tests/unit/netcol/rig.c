/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(expr)                                                                                 \
	do {                                                                                       \
		if ((expr) < 0) {                                                                  \
			fprintf(stderr, "rig: %s: %s\n", #expr, strerror(errno));                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static uint32_t netns_here(void)
{
	struct stat st;

	MUST(stat("/proc/thread-self/ns/net", &st));
	return (uint32_t)st.st_ino;
}

/* in6_ifreq of linux/ipv6.h, which does not go together with netinet/in.h */
struct address6 {
	struct in6_addr address;
	uint32_t prefix;
	int ifindex;
};

static void lo_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    fd6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct address6 a = { .prefix = 64, .ifindex = 1 };

	MUST(ioctl(fd, SIOCSIFFLAGS, &r));
	MUST(inet_pton(AF_INET6, "fe80::1", &a.address));
	MUST(ioctl(fd6, SIOCSIFADDR, &a));
	close(fd);
	close(fd6);
}

static struct sockaddr_in at4(const char *address, int port)
{
	struct sockaddr_in s = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	MUST(inet_pton(AF_INET, address, &s.sin_addr));
	return s;
}

static struct sockaddr_in6 at6(const char *address, int port)
{
	struct sockaddr_in6 s = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	MUST(inet_pton(AF_INET6, address, &s.sin6_addr));
	return s;
}

static int open4(int type, int protocol, const char *address, int port)
{
	struct sockaddr_in s = at4(address, port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -1;
	MUST(bind(fd, (struct sockaddr *)&s, sizeof(s)));
	if (type == SOCK_STREAM)
		MUST(listen(fd, 5));
	return fd;
}

static int open6(int type, const char *address, int port, int v6only, uint32_t scope)
{
	struct sockaddr_in6 s = at6(address, port);
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	s.sin6_scope_id = scope;
	MUST(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)));
	/* an address just added is tentative until a kernel worker has run */
	for (unsigned i = 0; bind(fd, (struct sockaddr *)&s, sizeof(s)) < 0; i++) {
		MUST(errno == EADDRNOTAVAIL && i < 6000 ? 0 : -1);
		(void)usleep(10000);
	}
	if (type == SOCK_STREAM)
		MUST(listen(fd, 5));
	return fd;
}

static void open_connected(void)
{
	struct sockaddr_in s = at4("127.0.0.1", RIG_TCP), own = at4("127.0.0.1", RIG_UDP_CONNECTED);
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	MUST(connect(tcp, (struct sockaddr *)&s, sizeof(s)));
	MUST(bind(udp, (struct sockaddr *)&own, sizeof(own)));
	MUST(connect(udp, (struct sockaddr *)&s, sizeof(s)));
}

static void open_packet(void)
{
	/* udp whose payload begins with 0x39393939, on a cooked socket */
	static struct sock_filter code[] = {
		{ 48, 0, 0, 9 },          { 21, 0, 4, 17 },   { 177, 0, 0, 0 }, { 64, 0, 0, 8 },
		{ 21, 0, 1, 0x39393939 }, { 6, 0, 0, 65535 }, { 6, 0, 0, 0 },
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };
	struct sockaddr_ll lo = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = 1 };
	int all = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	MUST(bind(all, (struct sockaddr *)&lo, sizeof(lo)));
	MUST(setsockopt(all, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	MUST(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP)));
}

static bool open_vsock(void)
{
	struct sockaddr_vm s = { .svm_family = AF_VSOCK,
				 .svm_cid = VMADDR_CID_ANY,
				 .svm_port = RIG_VSOCK };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&s, sizeof(s)) == 0 && listen(fd, 1) == 0;
}

/* A listener that only a ring holds: registered, its descriptor closed. */
static int open_ring(void)
{
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p), fd;

	if (ring < 0)
		return -1;
	fd = open4(SOCK_STREAM, 0, "127.0.0.1", RIG_RING);
	MUST((int)syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1));
	close(fd);
	return ring;
}

static struct {
	pthread_barrier_t ready;
	int tid;
} side;

static void *own_table(void *arg)
{
	MUST(unshare(CLONE_FILES));
	MUST(open4(SOCK_STREAM, 0, "127.0.0.1", RIG_THREAD));
	side.tid = (int)syscall(SYS_gettid);
	pthread_barrier_wait(&side.ready);
	for (;;)
		pause();
	return NULL;
}

static int start_thread(void)
{
	pthread_t t;

	pthread_barrier_init(&side.ready, NULL, 2);
	if (pthread_create(&t, NULL, own_table, NULL) != 0)
		_exit(1);
	pthread_barrier_wait(&side.ready);
	return side.tid;
}

/*
 * A namespace kept by a listening socket, and one kept by a descriptor on it; back home afterwards.
 */
static void leave_namespaces(struct rig *r)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), kept;

	MUST(home);
	MUST(unshare(CLONE_NEWNET));
	r->orphan = netns_here();
	MUST(open4(SOCK_STREAM, 0, "0.0.0.0", RIG_ORPHAN));
	MUST(unshare(CLONE_NEWNET));
	r->by_fd = netns_here();
	kept = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	MUST(kept);
	MUST(setns(home, CLONE_NEWNET));
	close(home);
}

static int share(void)
{
	int pid = fork();

	MUST(pid);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void open_all(struct rig *r)
{
	int fd;

	MUST(unshare(CLONE_NEWNET));
	r->netns = netns_here();
	lo_up();
	/* first, so that the other process holds this one only */
	r->shared_fd = open4(SOCK_STREAM, 0, "127.0.0.1", RIG_SHARED);
	r->sharer = share();
	MUST(open4(SOCK_STREAM, 0, "127.0.0.1", RIG_TCP));
	MUST(open6(SOCK_STREAM, "::", RIG_DUAL, 0, 0));
	MUST(open6(SOCK_STREAM, "::", RIG_V6ONLY, 1, 0));
	MUST(open6(SOCK_STREAM, "::ffff:127.0.0.1", RIG_MAPPED, 0, 0));
	MUST(open4(SOCK_DGRAM, 0, "0.0.0.0", RIG_UDP));
	MUST(open6(SOCK_DGRAM, "::1", RIG_UDP6, 0, 0));
	open_connected();
	r->udplite = open4(SOCK_DGRAM, 136, "0.0.0.0", RIG_UDPLITE) >= 0;
	r->mptcp = open4(SOCK_STREAM, 262, "127.0.0.1", RIG_MPTCP) >= 0;
	fd = open4(SOCK_STREAM, 0, "0.0.0.0", RIG_DEVICE);
	MUST(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	MUST(open6(SOCK_STREAM, "fe80::1", RIG_LINK_LOCAL, 0, 1));
	MUST(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
	MUST(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
	open_packet();
	r->vsock = open_vsock();
	r->ring_fd = open_ring();
	leave_namespaces(r);
	r->thread = start_thread();
}

static void storm(struct rig *r)
{
	MUST(unshare(CLONE_NEWNET));
	r->netns = netns_here();
	lo_up();
	MUST(open4(SOCK_STREAM, 0, "127.0.0.1", RIG_TCP));
}

static void storm_on(void)
{
	for (;;) {
		int pid = fork();

		if (pid == 0) {
			struct sockaddr_in s = at4("127.0.0.1", 20000 + getpid() % 20000);
			int fd, on = 1;

			/* the listener of the process itself is not theirs to hold */
			(void)syscall(SYS_close_range, 3, ~0U, 0);
			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
			(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
			if (bind(fd, (struct sockaddr *)&s, sizeof(s)) == 0)
				(void)listen(fd, 5);
			(void)usleep((useconds_t)(getpid() % 8) * 500);
			_exit(0);
		}
		(void)usleep(200); /* the machine is shared */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static bool start(struct rig *r, void (*fill)(struct rig *r), void (*then)(void))
{
	struct rig *seen = r;
	int pipes[2], pid;
	ssize_t n;

	*r = (struct rig){ .ring_fd = -1 };
	if (geteuid() != 0 || pipe(pipes) < 0)
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pipes[0]);
		fill(r);
		r->pid = getpid();
		if (write(pipes[1], r, sizeof(*r)) != sizeof(*r))
			_exit(1);
		close(pipes[1]);
		if (then)
			then();
		for (;;)
			pause();
	}
	close(pipes[1]);
	n = read(pipes[0], seen, sizeof(*seen));
	close(pipes[0]);
	if (n == sizeof(*seen))
		return true;
	(void)waitpid(pid, NULL, 0);
	return false;
}

bool rig_start(struct rig *r)
{
	return start(r, open_all, NULL);
}

bool rig_storm_start(struct rig *r)
{
	return start(r, storm, storm_on);
}

void rig_stop(struct rig *r)
{
	if (r->pid > 0) {
		(void)kill(r->pid, SIGKILL);
		(void)waitpid(r->pid, NULL, 0);
	}
	r->pid = 0;
}
