/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is on a link: an echo request to all its nodes, ff02::1 (RFC 4291 2.7.1, RFC 4443 4.1). */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "dw_hold.h"
#include "dw_macros.h"
#include "dw_vec.h"
#include "route_private.h"
#include "sys_private.h"

#define PRESENT_MAX 65536u
#define WAIT_MS     1000u
/* Said so often: a link loses some, and hosts answer multicast after a while of their own. */
#define TIMES 2u

/* What comes back is compared with what was said, byte for byte, and no more is read of it. */
struct echo {
	struct icmp6_hdr head;
	uint8_t secret[16];
};

struct present {
	struct dw_arena *arena;
	DW_VEC(struct dw_ip) list;
};

/* A ping socket (icmp(7)) needs no right but a group; a raw one needs CAP_NET_RAW. */
static int open_socket(uint32_t ifindex, const struct dw_ip *source)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_scope_id = ifindex };
	int hops = 1, index = (int)ifindex;
	struct icmp6_filter only;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	bool raw = fd < 0;

	if (raw)
		fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&only);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
	memcpy(&at.sin6_addr, source->bytes, sizeof(at.sin6_addr));
	if ((raw && setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof(only)) < 0) ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return fd;
}

static int say(int fd, uint32_t ifindex, const struct echo *e)
{
	struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_scope_id = ifindex };

	all.sin6_addr.s6_addr[0] = 0xff;
	all.sin6_addr.s6_addr[1] = 0x02;
	all.sin6_addr.s6_addr[15] = 1;
	return sendto(fd, e, sizeof(*e), 0, (const struct sockaddr *)&all, sizeof(all)) < 0 ? -errno
											    : 0;
}

static void add(struct present *p, const struct sockaddr_in6 *from)
{
	struct dw_ip ip = { .family = AF_INET6 };

	memcpy(ip.bytes, &from->sin6_addr, sizeof(ip.bytes));
	for (size_t i = 0; i < p->list.n; i++)
		if (memcmp(p->list.v[i].bytes, ip.bytes, sizeof(ip.bytes)) == 0)
			return;
	if (p->list.n < PRESENT_MAX)
		dw_vec_push(p->arena, &p->list, ip);
}

static void hear(int fd, const struct echo *said, struct present *p)
{
	for (unsigned i = 0; i < PRESENT_MAX; i++) {
		struct sockaddr_in6 from = { 0 };
		socklen_t size = sizeof(from);
		struct echo e;
		ssize_t n = recvfrom(fd, &e, sizeof(e), 0, (struct sockaddr *)&from, &size);

		if (n < 0)
			return;
		if (n == (ssize_t)sizeof(e) && e.head.icmp6_type == ICMP6_ECHO_REPLY &&
		    memcmp(e.secret, said->secret, sizeof(e.secret)) == 0)
			add(p, &from);
	}
}

static int64_t now_ms(void)
{
	struct timespec ts;

	return clock_gettime(CLOCK_MONOTONIC, &ts) == 0
		       ? (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000
		       : 0;
}

static int ask(int fd, uint32_t ifindex, const struct echo *e, struct present *p)
{
	for (unsigned i = 0; i < TIMES; i++) {
		int64_t end = now_ms() + WAIT_MS;
		int r = say(fd, ifindex, e);

		if (r < 0)
			return r;
		for (int64_t left = WAIT_MS; left > 0; left = end - now_ms()) {
			struct pollfd wait = { .fd = fd, .events = POLLIN };

			if (poll(&wait, 1, (int)left) > 0)
				hear(fd, e, p);
		}
	}
	return 0;
}

int dw_link_present(struct dw_sys *s, uint32_t ifindex, const struct dw_ip *source,
		    struct dw_arena *a, struct dw_ip **ret, size_t *ret_n, struct dw_error *e)
{
	struct echo echo = { .head = { .icmp6_type = ICMP6_ECHO_REQUEST } };
	struct present p = { .arena = a };
	_cleanup_fd_ int fd = -1;
	int r = s->kind == DW_SYS_LIVE ? dw_sys_fault(s) : -ENOTSUP;

	if (r == 0)
		r = dw_sys_random(s, &echo.secret, sizeof(echo.secret), NULL);
	if (r == 0)
		fd = r = open_socket(ifindex, source);
	if (r >= 0)
		r = ask(fd, ifindex, &echo, &p);
	if (r < 0)
		return dw_error_errno(e, r, "an echo request to all nodes of the link");
	*ret = p.list.v;
	*ret_n = p.list.n;
	return 0;
}
