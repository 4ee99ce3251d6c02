/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab.h"
#include "dw_ip.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEAR_MAC "02:00:00:00:09:01"
#define FAR_MAC  "02:00:00:00:09:02"

/* GRO makes the far end of a veth pair take frames from XDP (NAPI). */
static bool turn_gro_on(const char *name)
{
	struct ethtool_value on = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq f = { .ifr_data = (void *)&on };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	(void)snprintf(f.ifr_name, sizeof(f.ifr_name), "%s", name);
	r = ioctl(fd, SIOCETHTOOL, &f);
	(void)close(fd);
	return r == 0;
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 64) < 0)
		_exit(3);
	return fd;
}

/* Gives back what comes from the first that connects; ends when the test does. */
static void echo(int listener, int end)
{
	struct pollfd p[2] = { { .fd = end, .events = POLLIN },
			       { .fd = listener, .events = POLLIN } };
	static char bytes[65536];

	while (poll(p, 2, -1) > 0 && p[0].revents == 0) {
		ssize_t n;

		if (p[1].fd == listener) {
			p[1].fd = accept(listener, NULL, NULL);
			continue;
		}
		n = read(p[1].fd, bytes, sizeof(bytes));
		if (n <= 0) {
			(void)close(p[1].fd);
			p[1].fd = listener;
		}
		for (ssize_t at = 0; at < n;) {
			ssize_t m = write(p[1].fd, bytes + at, (size_t)(n - at));

			if (m <= 0)
				break;
			at += m;
		}
	}
}

static void tell(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(4);
}

static bool hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

_Noreturn static void be_far(const struct dw_lab_options *o, int in, int out)
{
	struct rlimit files = { 65536, 65536 };
	int first = -1;

	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (unshare(CLONE_NEWNET) < 0)
		_exit(2);
	tell(out);
	if (!hear(in)) /* the veth is there now */
		_exit(2);
	if (!dw_test_ip("addr add 10.9.0.2/24 dev dwfar") ||
	    !dw_test_ip("addr add fd09::2/64 dev dwfar nodad") ||
	    !dw_test_ip("neigh add 10.9.0.1 lladdr " NEAR_MAC " dev dwfar") ||
	    !dw_test_ip("neigh add fd09::1 lladdr " NEAR_MAC " dev dwfar") ||
	    !dw_test_ip("link set dwfar up"))
		_exit(2);
	if (!o->deaf && !turn_gro_on("dwfar"))
		_exit(2);
	for (size_t i = 0; i < o->n_ports; i++) {
		int fd = listen_at(o->ports[i]);

		first = i == 0 ? fd : first;
	}
	tell(out);
	if (o->more && hear(in))
		o->more(o->data);
	if (first >= 0)
		echo(first, in);
	(void)hear(in);
	_exit(0);
}

static bool make_near(const struct dw_lab *l)
{
	char line[160];

	(void)snprintf(line, sizeof(line),
		       "link add dwnear address " NEAR_MAC
		       " type veth peer name dwfar address " FAR_MAC " netns %d",
		       (int)l->far);
	return dw_test_ip(line) && dw_test_ip("addr add 10.9.0.1/24 dev dwnear") &&
	       dw_test_ip("addr add fd09::1/64 dev dwnear nodad") && dw_test_ip("link set lo up") &&
	       dw_test_ip("neigh add 10.9.0.2 lladdr " FAR_MAC " dev dwnear") &&
	       dw_test_ip("neigh add fd09::2 lladdr " FAR_MAC " dev dwnear") &&
	       dw_test_ip("link set dwnear up");
}

int dw_lab_open(const struct dw_lab_options *o, struct dw_lab *ret)
{
	struct dw_lab l = { .mac = { 2, 0, 0, 0, 9, 1 }, .far_mac = { 2, 0, 0, 0, 9, 2 } };
	int to[2], from[2];
	bool up;

	if (geteuid() != 0)
		return -EPERM;
	if (unshare(CLONE_NEWNET) < 0 || pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return -errno;
	l.far = fork();
	if (l.far == 0) {
		(void)close(to[1]);
		(void)close(from[0]);
		be_far(o, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	l.to_far = to[1];
	up = hear(from[0]) && make_near(&l) && write(l.to_far, "x", 1) == 1 && hear(from[0]);
	(void)close(from[0]);
	l.ifindex = if_nametoindex("dwnear");
	if (!up) {
		dw_lab_close(&l);
		return -ENOTSUP;
	}
	*ret = l;
	return 0;
}

void dw_lab_close(struct dw_lab *l)
{
	(void)close(l->to_far);
	(void)kill(l->far, SIGKILL);
	(void)waitpid(l->far, NULL, 0);
}
