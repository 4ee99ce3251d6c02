/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of a question: ip(7), ipv6(7), tcp(7), icmp(7). */
#include <errno.h>
#include <time.h> /* errqueue.h does without */

#include <linux/errqueue.h>

#include <netinet/in.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "connects_private.h"
#include "dw_macros.h"

#ifndef SOL_TCP
#define SOL_TCP 6
#endif
#ifndef SOL_IP
#define SOL_IP 0
#endif
#ifndef SOL_IPV6
#define SOL_IPV6 41
#endif

void dw_connect_prepare(int fd, const struct dw_connect_question *q)
{
	const int on = 1;
	/* leaves no TIME_WAIT behind, and the other side no half-open connection: a reset instead of a FIN */
	const struct linger reset = { .l_onoff = 1 };

	if (q->protocol == DW_CONNECT_TCP) {
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		return;
	}
	if (q->protocol == DW_CONNECT_SCTP)
		return;
	/* a kernel without them tells less: no failure */
	if (q->to.family == AF_INET) {
		(void)setsockopt(fd, SOL_IP, IP_RECVERR, &on, sizeof(on));
		(void)setsockopt(fd, SOL_IP, IP_RECVTTL, &on, sizeof(on));
	} else {
		(void)setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &on, sizeof(on));
		(void)setsockopt(fd, SOL_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
	}
}

/* --- datagrams ---------------------------------------------------------------------------------- */

static void see_offender(const struct sock_extended_err *error, struct dw_connect_event *ret)
{
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memcpy(&sa, SO_EE_OFFENDER(error), sizeof(sa));
	if (sa.sa_family == AF_INET) {
		memcpy(&v4, SO_EE_OFFENDER(error), sizeof(v4));
		memcpy(ret->from.bytes, &v4.sin_addr, sizeof(v4.sin_addr));
	} else if (sa.sa_family == AF_INET6) {
		memcpy(&v6, SO_EE_OFFENDER(error), sizeof(v6));
		memcpy(ret->from.bytes, &v6.sin6_addr, sizeof(v6.sin6_addr));
		/* fe80::/10 is a host of one link */
		if (ret->from.bytes[0] == 0xfe && (ret->from.bytes[1] & 0xc0) == 0x80)
			ret->from.scope = v6.sin6_scope_id;
	} else {
		return;
	}
	ret->from.family = sa.sa_family;
	ret->has_from = true;
}

static bool see_error(const struct dw_connect_slot *s, const struct cmsghdr *c,
		      struct dw_connect_event *ret)
{
	const struct sock_extended_err *error = (const void *)CMSG_DATA(c);

	if (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6) {
		ret->result = DW_CONNECT_ICMP;
		ret->has_icmp = true;
		ret->type = error->ee_type;
		ret->code = error->ee_code;
		see_offender(error, ret);
		return true;
	}
	return error->ee_origin == SO_EE_ORIGIN_LOCAL &&
	       dw_connect_error(s, (int)error->ee_errno, ret);
}

static uint8_t ttl_of(const struct cmsghdr *c)
{
	int ttl = 0;

	if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_TTL) ||
	    (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))
		memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	return ttl > 0 && ttl < 256 ? (uint8_t)ttl : 0;
}

static bool is_error(const struct cmsghdr *c)
{
	return (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

static bool receive(const struct dw_connect_slot *s, int flags, struct dw_connect_event *ret)
{
	_Alignas(struct cmsghdr) char control[512];
	char byte;
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	bool told = false;
	uint8_t ttl = 0;

	if (recvmsg(s->fd, &m, flags | MSG_DONTWAIT | MSG_TRUNC) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		ttl = ttl ? ttl : ttl_of(c);
		if (!told && is_error(c))
			told = see_error(s, c, ret);
	}
	if (!(flags & MSG_ERRQUEUE)) {
		ret->result = DW_CONNECT_OPEN;
		told = true;
	}
	ret->ttl = ttl;
	return told;
}

static bool look_datagram(const struct dw_connect_slot *s, struct dw_connect_event *ret)
{
	int code = 0;
	socklen_t n = sizeof(code);

	/* a datagram that came is worth more than an error that came too */
	if (receive(s, 0, ret) || receive(s, MSG_ERRQUEUE, ret))
		return true;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &code, &n) != 0 || code == 0)
		return receive(s, 0, ret);
	return dw_connect_error(s, code, ret);
}

/* --- connections -------------------------------------------------------------------------------- */

/*
 * A connection from a port to itself: the kernel chose the port that is asked as our own, and both ends opened at once
 * (RFC 9293 3.5). It says nothing of the port but that nobody had it.
 */
static bool is_own_echo(int fd)
{
	struct sockaddr_storage here, there;
	socklen_t n = sizeof(here), m = sizeof(there);

	memset(&here, 0, sizeof(here));
	memset(&there, 0, sizeof(there));
	return getsockname(fd, (struct sockaddr *)&here, &n) == 0 &&
	       getpeername(fd, (struct sockaddr *)&there, &m) == 0 && n == m &&
	       memcmp(&here, &there, n) == 0;
}

/*
 * ECONNREFUSED is what both a reset and an ICMP message "port unreachable" (a REJECT rule) come out as, and TCP has no
 * error queue: ip(7). But only a reset is a segment that was received (tcpi_segs_in, Linux 4.6).
 */
static bool was_segment(int fd)
{
	struct tcp_info info;
	socklen_t n = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, SOL_TCP, TCP_INFO, &info, &n) != 0 ||
	    n < offsetof(struct tcp_info, tcpi_segs_in) + sizeof(info.tcpi_segs_in))
		return true;
	return info.tcpi_segs_in > 0;
}

static bool look_connection(const struct dw_connect_slot *s, struct dw_connect_event *ret)
{
	struct sockaddr_storage peer;
	socklen_t n = sizeof(peer);
	int code = 0;
	socklen_t m = sizeof(code);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &code, &m) != 0)
		return false;
	if (code != 0)
		return dw_connect_error(s, code, ret);
	if (getpeername(s->fd, (struct sockaddr *)&peer, &n) != 0)
		return false;
	ret->result = s->protocol == DW_CONNECT_TCP && is_own_echo(s->fd) ? DW_CONNECT_NOTHING
									  : DW_CONNECT_OPEN;
	return true;
}

bool dw_connect_look(const struct dw_connect_slot *s, struct dw_connect_event *ret)
{
	*ret = (struct dw_connect_event){ .tag = s->tag };
	return s->protocol == DW_CONNECT_TCP || s->protocol == DW_CONNECT_SCTP
		       ? look_connection(s, ret)
		       : look_datagram(s, ret);
}

bool dw_connect_error(const struct dw_connect_slot *s, int code, struct dw_connect_event *ret)
{
	ret->tag = s->tag;
	switch (code) {
	case ECONNREFUSED:
		ret->result = s->protocol == DW_CONNECT_SCTP ||
					      (s->protocol == DW_CONNECT_TCP && was_segment(s->fd))
				      ? DW_CONNECT_REFUSED
				      : DW_CONNECT_ICMP;
		return true;
	case ECONNRESET: /* it was there, and hung up at once */
		ret->result = DW_CONNECT_OPEN;
		return true;
	case EPERM:
		ret->result = DW_CONNECT_BLOCKED;
		return true;
	case EACCES: /* a prohibit route, or ICMPv6 1/1, 1/5, 1/6 */
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	case ENOPROTOOPT:
		ret->result = DW_CONNECT_ICMP;
		ret->unreachable = true;
		return true;
	default: /* ETIMEDOUT, ENOBUFS ...: nothing of the port */
		return false;
	}
}
