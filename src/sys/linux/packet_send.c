/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sending frames by sendmmsg(2) with PACKET_QDISC_BYPASS, packet(7); and which ports are ours to send from.
 * PACKET_TX_RING is slower: 1.6 million frames a second over veth where this sends 1.9 (Linux 6.18, one core, a
 * peer that drops them).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_str.h"
#include "packet_private.h"
#include "sys_private.h"

struct dw_packet_sender {
	struct dw_sys *sys;
	int fd;
	uint32_t ifindex;
	struct mmsghdr messages[DW_PACKET_BATCH];
	struct iovec parts[DW_PACKET_BATCH];
	uint8_t frames[DW_PACKET_BATCH][DW_PACKET_ROOM];
};

void dw_packet_sender_free(struct dw_packet_sender *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		(void)close(p->fd);
	free(p);
}

static int open_it(struct dw_packet_sender *p)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)p->ifindex };
	const int yes = 1;
	int r = dw_sys_fault(p->sys);

	if (r < 0)
		return r;
	/* protocol 0: it receives nothing */
	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return -errno;
	r = dw_sys_fault(p->sys);
	if (r == 0 && bind(p->fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		r = -errno;
	if (r == 0)
		r = dw_sys_fault(p->sys);
	if (r == 0 && setsockopt(p->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) < 0)
		r = -errno;
	return r;
}

int dw_packet_sender_open(struct dw_sys *s, uint32_t ifindex, struct dw_packet_sender **ret,
			  struct dw_error *e)
{
	_cleanup_packet_sender_ struct dw_packet_sender *p = NULL;
	int r;

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "packet sockets: this host is not live");
	p = calloc(1, sizeof(*p));
	if (!p)
		dw_oom();
	p->sys = s;
	p->fd = -1;
	p->ifindex = ifindex;
	for (size_t i = 0; i < DW_PACKET_BATCH; i++) {
		p->parts[i].iov_base = p->frames[i];
		p->messages[i].msg_hdr.msg_iov = &p->parts[i];
		p->messages[i].msg_hdr.msg_iovlen = 1;
	}
	r = open_it(p);
	if (r < 0)
		return dw_error_errno(e, r, "a packet socket to send on interface %u", ifindex);
	*ret = dw_steal_ptr(p);
	return 0;
}

uint8_t *dw_packet_sender_frame(struct dw_packet_sender *p, size_t i)
{
	return p->frames[i];
}

void dw_packet_sender_length(struct dw_packet_sender *p, size_t i, size_t n)
{
	p->parts[i].iov_len = n;
}

/* ENOBUFS: the device's queue is full. EAGAIN: our socket's buffer is. */
int dw_packet_sender_send(struct dw_packet_sender *p, size_t n, size_t *ret_sent, bool *ret_full,
			  struct dw_error *e)
{
	int r = dw_sys_fault(p->sys);
	size_t sent = 0;

	while (r == 0 && sent < n) {
		int done = sendmmsg(p->fd, p->messages + sent, (unsigned)(n - sent), 0);

		if (done > 0)
			sent += (size_t)done;
		else if (done < 0 && errno != EINTR)
			r = -errno;
	}
	*ret_sent = sent;
	*ret_full = r == -ENOBUFS || r == -EAGAIN;
	if (r < 0 && !*ret_full)
		return dw_error_errno(e, r, "sending on interface %u", p->ifindex);
	return 0;
}

/* --- source ports ------------------------------------------------------------------------------- */

#define FIRST_PORT 20000U /* those of services are mostly below */
#define LAST_PORT  65000U

/* The range of the kernel's own, ip(7); what cannot be read is taken as the kernel's default. */
static void local_range(struct dw_sys *s, uint64_t *low, uint64_t *high)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };
	size_t n;

	*low = 32768;
	*high = 60999;
	if (dw_sys_file_read(s, "/proc/sys/net/ipv4/ip_local_port_range", 64, a, &text, NULL) < 0)
		return;
	n = strcspn(text.data, " \t\n");
	if (!dw_parse_u64n(text.data, n, 10, 65535, low))
		return;
	n += strspn(text.data + n, " \t");
	(void)dw_parse_u64n(text.data + n, strcspn(text.data + n, " \t\n"), 10, 65535, high);
}

/* By binding, which is the kernel's own answer, for both families at once. EADDRINUSE: no. */
static int is_free(struct dw_sys *s, int family, int protocol, uint16_t port)
{
	_cleanup_fd_ int fd = -1;
	const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	fd = socket(family, (protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
		    protocol);
	/* a kernel without IPv6, or without SCTP, has none of its ports in use */
	if (fd < 0)
		return errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? 1 : -errno;
	r = family == AF_INET ? bind(fd, (const struct sockaddr *)&v4, sizeof(v4))
			      : bind(fd, (const struct sockaddr *)&v6, sizeof(v6));
	if (r < 0)
		return errno == EADDRINUSE || errno == EACCES ? 0 : -errno;
	return 1;
}

/* 1: all n are free. */
static int are_free(struct dw_sys *s, int protocol, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		/* a socket for IPv6 is for IPv4 as well, unless bindv6only says otherwise */
		int r = is_free(s, AF_INET6, protocol, (uint16_t)(first + i));

		if (r == 1)
			r = is_free(s, AF_INET, protocol, (uint16_t)(first + i));
		if (r != 1)
			return r;
	}
	return 1;
}

/* outside: of the kernel's own range only. 0: none. */
static int choose(struct dw_sys *s, int protocol, uint32_t n, uint64_t seed, bool outside)
{
	uint32_t places = (LAST_PORT - FIRST_PORT) / n;
	uint64_t low, high;

	local_range(s, &low, &high);
	for (uint32_t i = 0; i < places; i++) {
		uint32_t first = FIRST_PORT + (uint32_t)((seed + i) % places) * n;
		int r;

		if (outside && first + n > low && first <= high)
			continue;
		r = are_free(s, protocol, first, n);
		if (r != 0)
			return r < 0 ? r : (int)first;
	}
	return 0;
}

int dw_packet_ports_choose(struct dw_sys *s, int protocol, uint16_t n, uint64_t seed,
			   uint16_t *ret_first, struct dw_error *e)
{
	int r;

	if (s->kind != DW_SYS_LIVE || n == 0 || n > LAST_PORT - FIRST_PORT)
		return dw_error_errno(e, s->kind != DW_SYS_LIVE ? -ENOTSUP : -EINVAL,
				      "source ports");
	r = choose(s, protocol, n, seed, true);
	/* where the range is everything, the kernel may take one of ours later: better than no scan */
	if (r == 0)
		r = choose(s, protocol, n, seed, false);
	if (r <= 0)
		return dw_error_errno(e, r < 0 ? r : -EADDRINUSE, "%u adjacent source ports", n);
	*ret_first = (uint16_t)r;
	return 0;
}
