/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_scratch.h"

#define PATIENCE_MS 60000 /* for what is expected, however busy the machine is */
#define MOMENT_MS   300   /* and for what is not, behind the last that is */
#define STEP_MS     10
#define TRIES_MAX   256

const uint16_t world_ports[] = { 21, 22, 23, 24, 25, 53, 80, 81, 82, 443, 2222, 8080 };
const size_t world_n_ports = DW_ARRAY_SIZE(world_ports);

enum { HOST, OFFICE, WORLD, BOX, PLACES };

static struct dw_netns places[PLACES] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
static int listeners[2][2][DW_ARRAY_SIZE(world_ports)]; /* host, box; TCP, UDP */

static const struct {
	int place;
	const char *v4, *v6;
} people[WORLD_WHO_COUNT] = {
	[WORLD_HOST] = { HOST, NULL, NULL },
	[WORLD_OFFICE] = { OFFICE, "10.9.0.2", "fd09::2" },
	[WORLD_OFFICE7] = { OFFICE, "10.9.0.7", NULL },
	[WORLD_NEAR] = { WORLD, "192.0.2.2", "2001:db8:1::2" },
	[WORLD_ANYONE] = { WORLD, "198.51.100.77", "2001:db8:77::77" },
	[WORLD_BOX] = { BOX, "172.18.0.5", NULL },
};

/* place -1: here */
static bool run_at(int place, const char *script, const char *input)
{
	int status = 0, in[2] = { -1, -1 };
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		if ((place >= 0 && setns(places[place].fd, CLONE_NEWNET) < 0) || dup2(in[0], 0) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	if (input && write(in[1], input, strlen(input)) < 0)
		printf("%s: %s\n", script, strerror(errno));
	(void)close(in[1]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool world_run(const char *script, const char *input)
{
	return run_at(HOST, script, input);
}

bool world_run_here(const char *script, const char *input)
{
	return run_at(-1, script, input);
}

bool world_run_at(enum world_who who, const char *script, const char *input)
{
	return run_at(people[who].place, script, input);
}

const struct dw_netns *world_netns(enum world_who who)
{
	return &places[people[who].place];
}

bool world_read(const char *script, char *ret, size_t n)
{
	size_t got = 0;
	ssize_t r = 1;
	int out[2], status = 1;
	pid_t pid;

	if (pipe(out) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		if (dup2(out[1], STDOUT_FILENO) == STDOUT_FILENO)
			(void)execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	while (pid > 0 && got < n - 1 && (r = read(out[0], ret + got, n - 1 - got)) > 0)
		got += (size_t)r;
	(void)close(out[0]);
	ret[got] = '\0';
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && got > 0;
}

bool world_rules(const char *rules)
{
	return world_run("nft flush ruleset; nft -f -", rules);
}

/* Neighbours are known beforehand: a rule set may drop what would find them. */
static bool make_networks(void)
{
	char script[2048];

	(void)snprintf(
		script, sizeof(script),
		"ip link set lo up\n"
		"ip link add eth0 address 02:00:00:00:09:01 type veth peer name o0 address "
		"02:00:00:00:09:02\n"
		"ip link add wan0 address 02:00:00:00:0a:01 type veth peer name w0 address "
		"02:00:00:00:0a:02\n"
		"ip link add br0 type bridge\n"
		"ip link add port0 type veth peer name b0\n"
		"ip link set port0 master br0\n"
		"ip link set o0 netns /proc/%d/fd/%d\n"
		"ip link set w0 netns /proc/%d/fd/%d\n"
		"ip link set b0 netns /proc/%d/fd/%d\n"
		"ip addr add 10.9.0.1/24 dev eth0; ip addr add fd09::1/64 dev eth0 nodad\n"
		"ip addr add 192.0.2.1/24 dev wan0; ip addr add 2001:db8:1::1/64 dev wan0 nodad\n"
		"ip addr add 172.18.0.1/16 dev br0\n"
		"for i in eth0 wan0 port0 br0; do ip link set $i up; done\n"
		"ip route add default via 192.0.2.2; ip route add default via 2001:db8:1::2\n"
		"ip neigh add fd09::2 lladdr 02:00:00:00:09:02 dev eth0\n"
		"ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:0a:02 dev wan0\n"
		"echo 1 >/proc/sys/net/ipv4/ip_forward\n",
		(int)getpid(), places[OFFICE].fd, (int)getpid(), places[WORLD].fd, (int)getpid(),
		places[BOX].fd);
	return run_at(HOST, script, NULL) &&
	       run_at(OFFICE,
		      "ip link set lo up; ip addr add 10.9.0.2/24 dev o0; ip addr add 10.9.0.7/24 "
		      "dev o0\n"
		      "ip addr add fd09::2/64 dev o0 nodad; ip link set o0 up\n"
		      "ip neigh add fd09::1 lladdr 02:00:00:00:09:01 dev o0\n"
		      "ip route add default via 10.9.0.1; ip route add default via fd09::1\n",
		      NULL) &&
	       run_at(WORLD,
		      "ip link set lo up; ip addr add 192.0.2.2/24 dev w0\n"
		      "ip addr add 198.51.100.77/32 dev lo; ip addr add 2001:db8:77::77/128 dev lo "
		      "nodad\n"
		      "ip addr add 2001:db8:1::2/64 dev w0 nodad; ip link set w0 up\n"
		      "ip neigh add 2001:db8:1::1 lladdr 02:00:00:00:0a:01 dev w0\n"
		      "ip route add default via 192.0.2.1; ip route add default via "
		      "2001:db8:1::1\n",
		      NULL) &&
	       run_at(BOX,
		      "ip link set lo up; ip addr add 172.18.0.5/16 dev b0; ip link set b0 up\n"
		      "ip route add default via 172.18.0.1\n",
		      NULL);
}

/* --- connections -------------------------------------------------------------------------------- */

static socklen_t address_of(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (strchr(text, ':')) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		(void)inet_pton(AF_INET6, text, &v6->sin6_addr);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	(void)inet_pton(AF_INET, text, &v4->sin_addr);
	return sizeof(*v4);
}

static int socket_at(int place, int family, int type)
{
	int fd;

	if (setns(places[place].fd, CLONE_NEWNET) < 0)
		abort();
	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (setns(places[HOST].fd, CLONE_NEWNET) < 0)
		abort();
	return fd;
}

static bool listen_at(int place, int which)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	struct sockaddr_storage at;

	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < world_n_ports; i++) {
			socklen_t n = address_of("::", world_ports[i], &at);
			int fd = socket_at(place, AF_INET6, types[t]);

			listeners[which][t][i] = fd;
			if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) < 0)
				return false;
			if (t == 0 && listen(fd, 64) < 0)
				return false;
		}
	return true;
}

static int start(const struct world_try *t, uint8_t number)
{
	bool is_v6 = strchr(t->to, ':') != NULL;
	const char *from = is_v6 ? people[t->who].v6 : people[t->who].v4;
	int type = t->protocol == DW_PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM, one = 1;
	int fd = socket_at(people[t->who].place, is_v6 ? AF_INET6 : AF_INET, type);
	struct sockaddr_storage at;
	socklen_t n = address_of(from ? from : is_v6 ? "::" : "0.0.0.0", t->from_port, &at);

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) < 0)
		printf("a socket: %s\n", strerror(errno));
	n = address_of(t->to, t->port, &at);
	(void)connect(fd, (struct sockaddr *)&at, n);
	if (type == SOCK_DGRAM)
		(void)send(fd, &number, 1, 0);
	return fd;
}

static bool is_connected(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int code = 0;
	socklen_t n = sizeof(code);

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n) == 0 && code == 0;
}

/* Datagrams that came in, by the number in them; connections are taken, and left. */
static void see_arrivals(struct world_try *tries, size_t n)
{
	for (size_t w = 0; w < 2; w++)
		for (size_t i = 0; i < world_n_ports; i++) {
			uint8_t number;
			int fd;

			while (recv(listeners[w][1][i], &number, 1, 0) == 1)
				if (number < n)
					tries[number].arrived = true;
			while ((fd = accept(listeners[w][0][i], NULL, NULL)) >= 0)
				(void)close(fd);
		}
}

/* True: nobody is missing any more. */
static bool look(struct world_try *tries, const int *fds, size_t n)
{
	bool all = true;

	see_arrivals(tries, n);
	for (size_t i = 0; i < n && i < TRIES_MAX; i++) {
		if (tries[i].protocol == DW_PROTOCOL_TCP)
			tries[i].arrived |= is_connected(fds[i]);
		all &= tries[i].arrived || !tries[i].expected;
	}
	return all;
}

void world_try(struct world_try *tries, size_t n)
{
	unsigned waited = 0, quiet = 0;
	int fds[TRIES_MAX];

	see_arrivals(tries, 0);
	for (size_t i = 0; i < n && i < TRIES_MAX; i++) {
		tries[i].arrived = false;
		fds[i] = start(&tries[i], (uint8_t)i);
	}
	while (quiet < MOMENT_MS && waited < PATIENCE_MS) {
		(void)poll(NULL, 0, STEP_MS);
		waited += STEP_MS;
		quiet = look(tries, fds, n) ? quiet + STEP_MS : 0;
	}
	for (size_t i = 0; i < n && i < TRIES_MAX; i++)
		(void)close(fds[i]);
}

/* --- the whole ---------------------------------------------------------------------------------- */

bool world_open(struct dw_sys *s)
{
	struct dw_error e = { 0 };

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return false;
	places[HOST].fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	for (int i = OFFICE; i < PLACES; i++)
		if (dw_scratch_open(s, &places[i], &e) < 0) {
			printf("%s\n", e.message);
			return false;
		}
	if (!make_networks())
		return false;
	return listen_at(HOST, 0) && listen_at(BOX, 1);
}

void world_close(void)
{
	for (int i = 0; i < PLACES; i++)
		dw_scratch_close(&places[i]);
}

static bool is_in(const struct dw_source *s, const uint8_t *address, size_t size)
{
	for (size_t i = 0; i < s->n_spans; i++)
		if (memcmp(address, s->spans[i].low, size) >= 0 &&
		    memcmp(address, s->spans[i].high, size) <= 0)
			return true;
	return false;
}

size_t world_source(const struct dw_rehearsal *r, enum world_who who, const char *to)
{
	bool is_v6 = strchr(to, ':') != NULL;
	const char *text = is_v6 ? people[who].v6 : people[who].v4;
	uint8_t address[16] = { 0 };
	size_t n;
	const struct dw_source *s = dw_rehearsal_sources(r, &n);

	if (text)
		(void)inet_pton(is_v6 ? AF_INET6 : AF_INET, text, address);
	for (size_t i = 0; i < n; i++) {
		if ((s[i].family == DW_FAMILY_IPV6) != is_v6)
			continue;
		if (text ? is_in(&s[i], address, is_v6 ? 16 : 4) : s[i].kind == DW_SOURCE_HOST)
			return i;
	}
	return SIZE_MAX;
}
