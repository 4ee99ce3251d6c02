/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child that answers for addresses which the kernel does not have. See dw_spare.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_hold.h"
#include "dw_sandbox.h"
#include "dw_spare.h"
#include "dw_str.h"
#include "dw_sysctl.h"
#include "packet_private.h"
#include "route_private.h"
#include "sys_private.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

enum { ETHER = 14, ARP_SIZE = 28, IP6 = 40, ADVERTISEMENT_SIZE = 32 };
enum { SOLICITATION = 135, ADVERTISEMENT = 136 };

struct dw_spare {
	struct dw_sys *sys;
	struct dw_link link;
	int fd, family;
	uint8_t mac[6];
	struct dw_ip *addresses; /* sorted; the child has a copy */
	size_t *order;           /* of each: its number as it was given */
	size_t n;
	volatile uint8_t *taken; /* shared */
	struct dw_sandbox *child;
};

/* --- in the child ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct dw_ip *)a)->bytes, ((const struct dw_ip *)b)->bytes, 16);
}

/* SIZE_MAX: none of ours. */
static size_t number_of(const struct dw_spare *p, const uint8_t *bytes)
{
	struct dw_ip key = { .family = p->family };
	const struct dw_ip *found;

	memcpy(key.bytes, bytes, dw_ip_size(p->family));
	found = bsearch(&key, p->addresses, p->n, sizeof(*p->addresses), compare);
	return found ? p->order[found - p->addresses] : SIZE_MAX;
}

static void give_up(const struct dw_spare *p, size_t i)
{
	dw_shared_set(&p->taken[i], 1);
}

static bool is_kept(const struct dw_spare *p, size_t i)
{
	return i != SIZE_MAX && dw_shared_get(&p->taken[i]) == 0;
}

/* Bound to the interface; what does not fit is asked for again. */
static void say(int fd, const uint8_t *frame, size_t n)
{
	(void)send(fd, frame, n, MSG_DONTWAIT);
}

/* From f, a question. */
static void answer_arp(const struct dw_spare *p, int fd, const uint8_t *f)
{
	static const uint8_t head[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 2 };
	uint8_t out[ETHER + ARP_SIZE];

	memcpy(out, f + 22, 6);
	memcpy(out + 6, p->mac, 6);
	memcpy(out + 12, head, sizeof(head));
	memcpy(out + 22, p->mac, 6);
	memcpy(out + 28, f + 38, 4);
	memcpy(out + 32, f + 22, 10);
	say(fd, out, sizeof(out));
}

static void see_arp(const struct dw_spare *p, int fd, const uint8_t *f, size_t n)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0 }, nobody[4] = { 0 };
	size_t from, to;

	if (n < ETHER + ARP_SIZE || memcmp(f + ETHER, head, sizeof(head)) != 0 ||
	    (f[22] & 1) != 0 || memcmp(f + 22, p->mac, 6) == 0)
		return;
	from = number_of(p, f + 28);
	to = number_of(p, f + 38);
	if (from != SIZE_MAX)
		give_up(p, from);
	if (f[21] != 1 || !is_kept(p, to))
		return;
	if (memcmp(f + 28, nobody, 4) == 0)
		give_up(p, to);
	else
		answer_arp(p, fd, f);
}

static uint16_t checksum6(const uint8_t *ip, const uint8_t *icmp, size_t n)
{
	uint32_t s = (uint32_t)n + IPPROTO_ICMPV6;

	for (size_t i = 8; i < IP6; i += 2)
		s += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	for (size_t i = 0; i < n; i += 2)
		s += (uint32_t)(icmp[i] << 8 | icmp[i + 1]);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void answer_solicitation(const struct dw_spare *p, int fd, const uint8_t *f, size_t n)
{
	const uint8_t *asks = f + ETHER + IP6, *mac = f + 6;
	uint8_t out[ETHER + IP6 + ADVERTISEMENT_SIZE] = { 0 }, *ip = out + ETHER, *icmp = ip + IP6;
	uint16_t check;

	if (n >= ETHER + IP6 + 32 && asks[24] == 1 && asks[25] == 1)
		mac = asks + 26;
	if ((mac[0] & 1) != 0)
		return;
	memcpy(out, mac, 6);
	memcpy(out + 6, p->mac, 6);
	out[12] = 0x86;
	out[13] = 0xdd;
	ip[0] = 0x60;
	ip[5] = ADVERTISEMENT_SIZE;
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 255;
	memcpy(ip + 8, asks + 8, 16);
	memcpy(ip + 24, f + ETHER + 8, 16);
	icmp[0] = ADVERTISEMENT;
	icmp[4] = 0x60; /* solicited, override */
	memcpy(icmp + 8, asks + 8, 16);
	icmp[24] = 2; /* the target's link-layer address, 8 bytes */
	icmp[25] = 1;
	memcpy(icmp + 26, p->mac, 6);
	check = checksum6(ip, icmp, ADVERTISEMENT_SIZE);
	icmp[2] = (uint8_t)(check >> 8);
	icmp[3] = (uint8_t)check;
	say(fd, out, sizeof(out));
}

/* RFC 4861 7.1: hop limit 255 says that it comes from this link. */
static void see_neighbour(const struct dw_spare *p, int fd, const uint8_t *f, size_t n)
{
	static const uint8_t nobody[16] = { 0 };
	const uint8_t *icmp = f + ETHER + IP6;
	size_t i;

	if (n < ETHER + IP6 + 24 || f[ETHER + 6] != IPPROTO_ICMPV6 || f[ETHER + 7] != 255 ||
	    icmp[1] != 0 || memcmp(f + 6, p->mac, 6) == 0)
		return;
	i = number_of(p, icmp + 8);
	if (!is_kept(p, i))
		return;
	if (icmp[0] == ADVERTISEMENT || memcmp(f + ETHER + 8, nobody, 16) == 0)
		give_up(p, i);
	else if (icmp[0] == SOLICITATION)
		answer_solicitation(p, fd, f, n);
}

static int answer(void *data, const int *fds)
{
	const struct dw_spare *p = data;
	struct pollfd poll_for = { .fd = fds[0], .events = POLLIN };
	uint8_t frame[DW_PACKET_CUT];

	for (;;) { /* until the parent kills it */
		ssize_t n;

		(void)poll(&poll_for, 1, -1);
		if ((poll_for.revents & (POLLERR | POLLNVAL)) != 0)
			(void)poll(NULL, 0, 5); /* the interface is down: do not spin */
		n = recv(fds[0], frame, sizeof(frame), MSG_DONTWAIT);
		if (n <= 0)
			continue;
		if (p->family == AF_INET)
			see_arp(p, fds[0], frame, (size_t)n);
		else
			see_neighbour(p, fds[0], frame, (size_t)n);
	}
	return 0;
}

/* --- in the parent ------------------------------------------------------------------------------ */

/* A host that forwards would send what comes for our addresses back to the link. */
static int choose_mac(struct dw_spare *p, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *file = dw_arena_printf(a, "/proc/sys/net/ipv%d/conf/%s/forwarding",
					   p->family == AF_INET ? 4 : 6, p->link.name);
	const char *text = NULL;

	memcpy(p->mac, p->link.mac, sizeof(p->mac));
	if (dw_sysctl_read(p->sys, file, a, &text, NULL) < 0 || dw_streq(text, "0"))
		return 0;
	/* IEEE 802-2014 8.4.4.2: the second bit says that it is of local choice */
	p->mac[0] = (uint8_t)((p->mac[0] & 0xfc) | 2);
	return dw_sys_random(p->sys, p->mac + 1, sizeof(p->mac) - 1, e);
}

static int set(const struct dw_spare *p, int level, int option, const void *value, socklen_t n)
{
	int r = dw_sys_fault(p->sys);

	return r == 0 && setsockopt(p->fd, level, option, value, n) < 0 ? -errno : r;
}

/* What the interface takes in beside its own: packet(7), PACKET_ADD_MEMBERSHIP. It ends with the socket. */
static int take_in(const struct dw_spare *p)
{
	struct packet_mreq unicast = { .mr_ifindex = (int)p->link.ifindex,
				       .mr_type = PACKET_MR_UNICAST,
				       .mr_alen = 6 };
	const struct packet_mreq groups = { .mr_ifindex = (int)p->link.ifindex,
					    .mr_type = PACKET_MR_ALLMULTI };
	int r = 0;

	memcpy(unicast.mr_address, p->mac, 6);
	if (memcmp(p->mac, p->link.mac, 6) != 0)
		r = set(p, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &unicast, sizeof(unicast));
	/* questions for an IPv6 address go to a group that it alone is in */
	if (r == 0 && p->family == AF_INET6)
		r = set(p, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &groups, sizeof(groups));
	return r;
}

static int open_socket(struct dw_spare *p)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET,
					.sll_protocol = htons(p->family == AF_INET ? ETH_P_ARP
										   : ETH_P_IPV6),
					.sll_ifindex = (int)p->link.ifindex };
	struct packet_code code = { 0 };
	struct sock_fprog program = { 0 };
	const int yes = 1;
	int r = dw_sys_fault(p->sys);

	if (r < 0)
		return r;
	dw_packet_code_questions(p->family, &code);
	program.len = (unsigned short)code.n;
	program.filter = code.code;
	/* protocol 0: nothing arrives until it is bound */
	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return -errno;
	r = set(p, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
	if (r == 0)
		r = set(p, SOL_SOCKET, SO_LOCK_FILTER, &yes, sizeof(yes));
	/* before 4.20 our own frames come too, and are known by their MAC */
	(void)setsockopt(p->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
	if (r == 0)
		r = take_in(p);
	if (r == 0)
		r = dw_sys_fault(p->sys);
	if (r == 0 && bind(p->fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		r = -errno;
	return r;
}

static int start(struct dw_spare *p, struct dw_error *e)
{
	const struct dw_sandbox_options o = {
		.name = "who answers for spare addresses",
		.run = answer,
		.data = p,
		.fds = &p->fd,
		.n_fds = 1,
		.calls = DW_SANDBOX_POLL | DW_SANDBOX_RECEIVE | DW_SANDBOX_SEND,
	};

	return dw_sandbox_start(p->sys, &o, &p->child, e);
}

static int by_address(const void *a, const void *b, void *all)
{
	const struct dw_ip *list = all;

	return compare(&list[*(const size_t *)a], &list[*(const size_t *)b]);
}

static void sort(struct dw_spare *p, const struct dw_ip *addresses)
{
	struct dw_ip *copy = calloc(p->n, sizeof(*copy));

	p->addresses = calloc(p->n, sizeof(*p->addresses));
	p->order = calloc(p->n, sizeof(*p->order));
	if (!copy || !p->addresses || !p->order)
		dw_oom();
	memcpy(copy, addresses, p->n * sizeof(*copy));
	for (size_t i = 0; i < p->n; i++)
		p->order[i] = i;
	qsort_r(p->order, p->n, sizeof(*p->order), by_address, copy);
	for (size_t i = 0; i < p->n; i++)
		p->addresses[i] = copy[p->order[i]];
	free(copy);
}

int dw_spare_open(struct dw_sys *s, const struct dw_link *link, const struct dw_ip *addresses,
		  size_t n, struct dw_spare **ret, struct dw_error *e)
{
	struct dw_spare *p;
	void *taken = NULL;
	int r;

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "spare addresses: this host is not live");
	if (n == 0 || n > DW_SPARE_MAX || link->type != DW_LINK_ETHERNET || link->has_no_arp)
		return dw_error_set(e, -EINVAL, "%s: no spare addresses can be used there",
				    link->name);
	r = dw_shared_map(s, "spare addresses", n, &taken, e);
	if (r < 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		dw_oom();
	*p = (struct dw_spare){ .sys = s,
				.link = *link,
				.fd = -1,
				.family = addresses[0].family,
				.n = n,
				.taken = taken };
	sort(p, addresses);
	r = choose_mac(p, e);
	if (r == 0) {
		r = open_socket(p);
		if (r < 0)
			(void)dw_error_errno(e, r, "a packet socket for spare addresses on %s",
					     link->name);
	}
	if (r == 0)
		r = start(p, e);
	if (r < 0) {
		dw_spare_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void dw_spare_free(struct dw_spare *p)
{
	if (!p)
		return;
	dw_sandbox_free(p->child);
	if (p->fd >= 0)
		(void)close(p->fd);
	dw_shared_unmap((void *)(uintptr_t)p->taken, p->n);
	free(p->addresses);
	free(p->order);
	free(p);
}

const uint8_t *dw_spare_mac(const struct dw_spare *p)
{
	return p->mac;
}

const volatile uint8_t *dw_spare_taken(const struct dw_spare *p)
{
	return p->taken;
}

int dw_spare_check(struct dw_spare *p, struct dw_error *e)
{
	return dw_sandbox_check(p->child, e);
}
