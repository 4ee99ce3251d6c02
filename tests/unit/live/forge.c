/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets that were never asked for. */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forge.h"

uint16_t all_ports[PORTS], listeners[LISTENERS];
bool is_listener[65536];

/* The same on each run. */
void choose_ports(void)
{
	uint32_t x = 12345, n = 0;

	for (uint32_t i = 0; i < PORTS; i++)
		all_ports[i] = (uint16_t)(i + 1);
	memset(is_listener, 0, sizeof(is_listener));
	while (n < LISTENERS) {
		uint16_t port;

		x = x * 1664525 + 1013904223;
		port = (uint16_t)(x >> 16);
		/* not where the far host's own connections begin, nor ours */
		if (port < 2 || port >= 32768 || is_listener[port])
			continue;
		is_listener[port] = true;
		listeners[n++] = port;
	}
}

static uint16_t checksum(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* As the packet wire would say it: the cookie of a probe to that address and port. */
uint32_t cookie_of(const char *address, uint16_t ours, uint16_t port)
{
	const struct dw_cookie_key key = KEY;
	bool v6 = strchr(address, ':') != NULL;
	uint32_t a[4] = { 0 };

	(void)inet_pton(v6 ? AF_INET6 : AF_INET, address, a);
	return dw_cookie(&key, a[0], a[1], a[2], a[3], htons(ours), htons(port));
}

/* A whole IPv4 packet of TCP from 10.9.0.3 to us. */
static void send_tcp(int fd, uint16_t from, uint16_t to, uint32_t ack, unsigned flags)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} p = { 0 };

	p.ip.version = 4;
	p.ip.ihl = 5;
	p.ip.ttl = 64;
	p.ip.protocol = IPPROTO_TCP;
	(void)inet_pton(AF_INET, "10.9.0.3", &p.ip.saddr);
	(void)inet_pton(AF_INET, "10.9.0.1", &p.ip.daddr);
	p.tcp.source = htons(from);
	p.tcp.dest = htons(to);
	p.tcp.ack_seq = ack;
	p.tcp.doff = 5;
	p.tcp.window = htons(1000);
	((uint8_t *)&p.tcp)[13] = (uint8_t)flags;
	at.sin_addr.s_addr = p.ip.daddr;
	if (sendto(fd, &p, sizeof(p), 0, (struct sockaddr *)&at, sizeof(at)) < 0)
		_exit(5);
}

/* 3/13 from 10.9.0.2, about a SYN from us to that port of 10.9.0.3. */
static void send_icmp(uint16_t ours, uint16_t port, uint32_t cookie)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		uint16_t ports[2];
		uint32_t seq;
	} p = { .icmp = { .type = ICMP_DEST_UNREACH, .code = ICMP_PKT_FILTERED } };

	p.ip.version = 4;
	p.ip.ihl = 5;
	p.ip.protocol = IPPROTO_TCP;
	(void)inet_pton(AF_INET, "10.9.0.1", &p.ip.saddr);
	(void)inet_pton(AF_INET, "10.9.0.3", &p.ip.daddr);
	p.ports[0] = htons(ours);
	p.ports[1] = htons(port);
	p.seq = cookie;
	p.icmp.checksum = checksum(&p, sizeof(p));
	at.sin_addr.s_addr = p.ip.saddr;
	if (sendto(fd, &p, sizeof(p), 0, (struct sockaddr *)&at, sizeof(at)) < 0)
		_exit(5);
	(void)close(fd);
}

/* 1/1 from fd09::2, about a SYN from us to that port of fd09::3. */
static void send_icmp6(uint16_t ours, uint16_t port, uint32_t cookie)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	struct {
		struct icmp6_hdr icmp;
		struct ip6_hdr ip;
		uint16_t ports[2];
		uint32_t seq;
	} p = { .icmp = { .icmp6_type = ICMP6_DST_UNREACH,
			  .icmp6_code = ICMP6_DST_UNREACH_ADMIN } };

	p.ip.ip6_vfc = 0x60;
	p.ip.ip6_nxt = IPPROTO_TCP;
	(void)inet_pton(AF_INET6, "fd09::1", &p.ip.ip6_src);
	(void)inet_pton(AF_INET6, "fd09::3", &p.ip.ip6_dst);
	p.ports[0] = htons(ours);
	p.ports[1] = htons(port);
	p.seq = cookie;
	at.sin6_addr = p.ip.ip6_src;
	if (sendto(fd, &p, sizeof(p), 0, (struct sockaddr *)&at, sizeof(at)) < 0)
		_exit(5);
	(void)close(fd);
}

#define ACK_RST 0x14u
#define SYN_ACK 0x12u

/*
 * Forged: right in all but the cookie. Then what is genuine, on ports 1001 (reset), 1002 (SYN-ACK, bare), 1003
 * (ICMP from another host): the first proves that the forged ones did come by.
 */
void forge(void *data)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	for (uint16_t i = 0; i < FORGED; i++) {
		send_tcp(fd, (uint16_t)(2000 + i), FIRST, i * 77777u, SYN_ACK);
		send_tcp(fd, (uint16_t)(3000 + i), FIRST, i * 77777u, ACK_RST);
		/* a cookie that is right for another port */
		send_tcp(fd, (uint16_t)(4000 + i), FIRST,
			 htonl(ntohl(cookie_of("10.9.0.3", FIRST, 4100)) + 1), SYN_ACK);
	}
	send_icmp(FIRST, 5000, cookie_of("10.9.0.3", FIRST, 5001));
	send_icmp6(FIRST, 5000, cookie_of("fd09::3", FIRST, 5001));
	send_tcp(fd, 1001, FIRST, htonl(ntohl(cookie_of("10.9.0.3", FIRST, 1001)) + 1), ACK_RST);
	send_tcp(fd, 1002, FIRST + 5, htonl(ntohl(cookie_of("10.9.0.3", FIRST + 5, 1002)) + 1),
		 SYN_ACK);
	send_tcp(fd, 1002, FIRST + 6, htonl(ntohl(cookie_of("10.9.0.3", FIRST + 6, 1002)) + 1),
		 SYN_ACK);
	send_icmp(FIRST, 1003, cookie_of("10.9.0.3", FIRST, 1003));
	send_icmp6(FIRST, 1003, cookie_of("fd09::3", FIRST, 1003));
	(void)close(fd);
}
