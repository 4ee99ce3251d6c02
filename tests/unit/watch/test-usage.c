/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Uses of doors are counted as their servers count them: connections and datagrams from this host and, over a veth
 * pair, from another network namespace. 10.8.0.1 and fd08::1 are the server's, .2 and ::2 the far one's.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_test.h"
#include "dw_watch.h"
#include "dw_ip.h"

#define MANY 10000 /* DW_TEST_MANY says another number, for machines that are slow */
#define FAR  0x0a080002u
#define NEAR 0x0a080001u

static struct dw_sys *sys;
static struct dw_usage *usage;
static struct dw_usage_status status;
static uint32_t netns;
static int many = MANY;

static int far_ns = -1;
static pid_t far_keeper; /* whose namespace it is */

/* Runs fn in the far namespace (far) or in this one, as a child. */
static pid_t start(bool far, int (*fn)(uint16_t port, int n), uint16_t port, int n)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit((far && setns(far_ns, CLONE_NEWNET) < 0) || fn(port, n) < 0);
	return pid;
}

static int wait_for(pid_t pid)
{
	int status_of = -1;

	return waitpid(pid, &status_of, 0) == pid ? status_of : -1;
}

static struct sockaddr_in at_port(uint32_t address, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	at.sin_addr.s_addr = htonl(address);
	return at;
}

static int socket_at(int type, uint16_t port, int backlog)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), on = 1, room = 8 << 20;

	/* dual-stack: what comes by IPv4 must be told as IPv4 */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	DW_CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	DW_CHECK(type != SOCK_STREAM || listen(fd, backlog) == 0);
	return fd;
}

static int connect_many(uint16_t port, int n)
{
	const struct sockaddr_in to = at_port(NEAR, port);

	for (int i = 0; i < n; i++) {
		const struct linger at_once = {
			1, 0
		}; /* no TIME-WAIT: there are only so many ports */
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		char byte;

		if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
		    write(fd, "12345", 5) != 5 || read(fd, &byte, 1) != 1)
			return -1;
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fd);
	}
	return 0;
}

static int send_many(uint16_t port, int n)
{
	const struct sockaddr_in to = at_port(NEAR, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (int i = 0; i < n; i++) {
		if (sendto(fd, "1234567", 7, 0, (const struct sockaddr *)&to, sizeof(to)) != 7)
			return -1;
		if (i % 100 == 99)
			usleep(1000);
	}
	close(fd);
	return 0;
}

static void serve_connections(int fd, int n)
{
	for (int i = 0; i < n; i++) {
		int one = accept(fd, NULL, NULL);
		char text[8];

		if (read(one, text, sizeof(text)) != 5 || write(one, "x", 1) != 1)
			printf("connection %d: %s\n", i, strerror(errno));
		(void)!read(one, text, 1);
		close(one);
	}
}

struct wanted {
	uint16_t port;
	uint8_t protocol;
	struct dw_bpf_usage sum;
	struct dw_bpf_usage_key key;
	unsigned n;
};

static int add(void *data, const struct dw_bpf_usage_key *k, const struct dw_bpf_usage *v)
{
	struct wanted *w = data;

	if (k->port != w->port || k->protocol != w->protocol || k->netns != netns)
		return 0;
	w->sum = *v;
	w->key = *k;
	w->n++;
	return 0;
}

static struct wanted look(uint16_t port, int protocol)
{
	struct wanted w = { .port = port, .protocol = (uint8_t)protocol };
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_usage_read(usage, add, &w, &e), 0);
	return w;
}

static unsigned bits(const struct dw_bpf_usage *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DW_BPF_USAGE_SKETCH / 64; i++)
		n += (unsigned)__builtin_popcountll(v->sketch[i]);
	return n;
}

static bool is_address(const uint8_t *address, uint32_t want)
{
	uint32_t v;

	memcpy(&v, address, sizeof(v));
	return ntohl(v) == want;
}

DW_TEST(connections_are_counted_exactly)
{
	int fd = socket_at(SOCK_STREAM, 5001, 1024);
	pid_t here = start(false, connect_many, 5001, many / 2);
	struct wanted w;
	pid_t there;

	serve_connections(fd, many / 2);
	DW_CHECK_INT(wait_for(here), 0);
	there = start(true, connect_many, 5001, many);
	serve_connections(fd, many);
	DW_CHECK_INT(wait_for(there), 0);
	close(fd);
	w = look(5001, IPPROTO_TCP);
	DW_CHECK_INT(w.n, 1);
	DW_CHECK_INT(w.key.family, AF_INET);
	DW_CHECK(is_address(w.key.address, NEAR));
	DW_CHECK_INT(w.sum.accepted, many + many / 2);
	DW_CHECK_INT(w.sum.local, many / 2);
	DW_CHECK_INT(w.sum.datagrams, 0);
	DW_CHECK_INT(w.sum.refused, 0);
	DW_CHECK_INT(w.sum.bytes, 5 * (many + many / 2));
	DW_CHECK(is_address(w.sum.peer, FAR));
	DW_CHECK_INT(w.sum.peer_family, AF_INET);
	DW_CHECK_INT(bits(&w.sum), 2);
	DW_CHECK(w.sum.first && w.sum.last > w.sum.first);
}

static int receive_many(int fd, int n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[16];
	int got = 0;

	while (got < n && poll(&p, 1, 60000) == 1)
		got += recv(fd, text, sizeof(text), 0) == 7;
	return got;
}

DW_TEST(datagrams_are_counted_exactly)
{
	int fd = socket_at(SOCK_DGRAM, 5002, 0), got;
	pid_t here, there;
	struct wanted w;

	if (!status.udp) {
		printf("SKIPPED: datagrams are not counted here\n");
		return;
	}
	here = start(false, send_many, 5002, many);
	got = receive_many(fd, many);
	DW_CHECK_INT(wait_for(here), 0);
	there = start(true, send_many, 5002, many);
	got += receive_many(fd, many);
	DW_CHECK_INT(wait_for(there), 0);
	close(fd);
	DW_CHECK_INT(got, 2 * many);
	w = look(5002, IPPROTO_UDP);
	DW_CHECK_INT(w.n, 1);
	DW_CHECK_INT(w.key.family, AF_INET);
	DW_CHECK(is_address(w.key.address, NEAR));
	DW_CHECK_INT(w.sum.datagrams, got);
	DW_CHECK_INT(w.sum.local, many);
	DW_CHECK_INT(w.sum.bytes, 7 * got);
	DW_CHECK_INT(w.sum.accepted, 0);
	DW_CHECK(is_address(w.sum.peer, FAR));
	DW_CHECK_INT(bits(&w.sum), 2);
}

static int send_six(uint16_t port, int n)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin6_addr.s6_addr[0] = 0xfd;
	to.sin6_addr.s6_addr[1] = 0x08;
	to.sin6_addr.s6_addr[15] = 1;
	for (int i = 0; i < n; i++)
		if (sendto(fd, "1234567", 7, 0, (const struct sockaddr *)&to, sizeof(to)) != 7)
			return -1;
	close(fd);
	return 0;
}

DW_TEST(both_families_are_counted_apart)
{
	const uint8_t far6[16] = { 0xfd, 0x08, [15] = 2 };
	int fd = socket_at(SOCK_DGRAM, 5003, 0);
	struct wanted w;

	if (!status.udp)
		return;
	DW_CHECK_INT(wait_for(start(true, send_six, 5003, 3)), 0);
	DW_CHECK_INT(receive_many(fd, 3), 3);
	w = look(5003, IPPROTO_UDP);
	DW_CHECK_INT(w.n, 1);
	DW_CHECK_INT(w.key.family, AF_INET6);
	DW_CHECK_INT(w.sum.datagrams, 3);
	DW_CHECK_INT(w.sum.local, 0);
	DW_CHECK(memcmp(w.sum.peer, far6, 16) == 0);
	DW_CHECK_INT(wait_for(start(true, send_many, 5003, 3)), 0);
	DW_CHECK_INT(receive_many(fd, 3), 3);
	DW_CHECK_INT(look(5003, IPPROTO_UDP).n, 2);
	close(fd);
}

static int knock(uint16_t port, int n)
{
	const struct sockaddr_in to = at_port(NEAR, port);

	for (int i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		(void)connect(fd, (const struct sockaddr *)&to, sizeof(to));
		/* those for which there is room get in before the next one comes, however busy the machine is */
		if (i < 3)
			(void)poll(&p, 1, 60000);
	}
	return 0;
}

DW_TEST(a_full_backlog_is_counted)
{
	int fd = socket_at(SOCK_STREAM, 5004, 2);
	struct wanted w;

	if (!status.refused) {
		printf("SKIPPED: refused connections are not counted here\n");
		return;
	}
	DW_CHECK_INT(wait_for(start(true, knock, 5004, 20)), 0);
	/* the backlog of 2 lets 3 wait; their ends are told when the far end is gone */
	DW_CHECK_SOON((w = look(5004, IPPROTO_TCP)).sum.accepted >= 3 && w.sum.refused >= 10);
	DW_CHECK_INT(w.sum.accepted, 3);
	close(fd);
}

/* A socket that is connected is a client: what comes to it is its answer. */
DW_TEST(clients_are_not_counted)
{
	struct sockaddr_in to = at_port(NEAR, 5005);
	int server = socket_at(SOCK_DGRAM, 5005, 0);
	int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 from;
	struct sockaddr_in own;
	socklen_t n = sizeof(own), n6 = sizeof(from);
	char text[8];

	if (!status.udp)
		return;
	DW_CHECK(connect(client, (struct sockaddr *)&to, sizeof(to)) == 0);
	DW_CHECK(getsockname(client, (struct sockaddr *)&own, &n) == 0);
	DW_CHECK(send(client, "ask", 3, 0) == 3);
	DW_CHECK(recvfrom(server, text, 3, 0, (struct sockaddr *)&from, &n6) == 3);
	DW_CHECK(sendto(server, "answer", 6, 0, (struct sockaddr *)&from, n6) == 6);
	DW_CHECK(recv(client, text, 6, 0) == 6);
	DW_CHECK_INT(look(5005, IPPROTO_UDP).sum.datagrams, 1);
	DW_CHECK_INT(look(ntohs(own.sin_port), IPPROTO_UDP).n, 0);
	close(server);
	close(client);
}

DW_TEST(a_counter_can_be_forgotten)
{
	struct wanted w = look(5001, IPPROTO_TCP);
	struct dw_usage_status before, after;

	DW_CHECK_INT(w.n, 1);
	dw_usage_status(usage, &before);
	dw_usage_forget(usage, &w.key);
	dw_usage_status(usage, &after);
	DW_CHECK_INT(look(5001, IPPROTO_TCP).n, 0);
	DW_CHECK(before.doors > 0 && before.doors <= before.doors_max);
	DW_CHECK(!getenv("DW_TEST_QUIET") || after.doors == before.doors - 1);
}

/* Two namespaces, and a pair of interfaces between. */
static bool make_lab(void)
{
	struct stat st;
	char line[128];
	int pipes[2];
	char byte;

	if (unshare(CLONE_NEWNET) < 0 || pipe(pipes) < 0)
		return false;
	far_keeper = fork();
	if (far_keeper == 0) {
		if (unshare(CLONE_NEWNET) < 0 || write(pipes[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	if (read(pipes[0], &byte, 1) != 1)
		return false;
	(void)snprintf(line, sizeof(line), "/proc/%d/ns/net", (int)far_keeper);
	far_ns = open(line, O_RDONLY | O_CLOEXEC);
	(void)snprintf(line, sizeof(line), "link add near type veth peer name far netns %d",
		       (int)far_keeper);
	if (far_ns < 0 || !dw_test_ip(line) || stat("/proc/self/ns/net", &st) < 0)
		return false;
	netns = (uint32_t)st.st_ino;
	return dw_test_ip("addr add 10.8.0.1/24 dev near") &&
	       dw_test_ip("addr add fd08::1/64 dev near nodad") && dw_test_ip("link set near up") &&
	       dw_test_ip("link set lo up");
}

static int far_up(uint16_t port, int n)
{
	return dw_test_ip("addr add 10.8.0.2/24 dev far") &&
			       dw_test_ip("addr add fd08::2/64 dev far nodad") &&
			       dw_test_ip("link set far up") && dw_test_ip("link set lo up")
		       ? 0
		       : -1;
}

int main(void)
{
	const char *number = getenv("DW_TEST_MANY");
	struct dw_error e = { 0 };
	int r;

	if (number)
		many = (int)strtol(number, NULL, 10);
	if (dw_sys_open(NULL, &sys, &e) < 0 || dw_usage_open(sys, &usage, &e) < 0) {
		printf("SKIPPED: %s\n", e.message);
		return 77;
	}
	if (!make_lab() || wait_for(start(true, far_up, 0, 0)) != 0) {
		printf("SKIPPED: no network namespaces\n");
		return 77;
	}
	dw_usage_status(usage, &status);
	printf("counted: tcp %d refused %d udp %d bytes %d\n", status.tcp, status.refused,
	       status.udp, status.bytes);
	r = dw_test_run();
	dw_usage_close(usage);
	dw_sys_free(sys);
	(void)kill(far_keeper, SIGKILL);
	(void)wait_for(far_keeper);
	return r;
}
