/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "sys_private.h"

static socklen_t fill(struct sockaddr_storage *to, bool ipv6, const uint8_t *address,
		      uint32_t scope, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (ipv6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		in6->sin6_scope_id = scope;
		memcpy(&in6->sin6_addr, address, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, address, 4);
	return sizeof(*in);
}

int dw_talk_connect(struct dw_sys *s, bool udp, bool ipv6, const uint8_t *address, uint32_t scope,
		    uint16_t port, struct dw_error *e)
{
	struct sockaddr_storage to;
	socklen_t n = fill(&to, ipv6, address, scope, port);
	int type = (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(s);

	if (r == 0 && (!dw_sys_is_running(s) || dw_sys_is_fake(s)))
		r = -ENOTSUP;
	if (r < 0)
		return dw_error_errno(e, r, "cannot connect to port %u", port);
	fd = socket(ipv6 ? AF_INET6 : AF_INET, type, 0);
	if (fd < 0)
		return dw_error_errno(e, -errno, "cannot make a socket to ask port %u", port);
	if (connect(fd, (const struct sockaddr *)&to, n) < 0 && errno != EINPROGRESS)
		return dw_error_errno(e, -errno, "cannot connect to port %u", port);
	return dw_steal_fd(&fd);
}

int dw_talk_connected(int fd)
{
	socklen_t n = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		return -errno;
	return -error;
}

int dw_talk_pair(struct dw_sys *s, int ret[2], struct dw_error *e)
{
	int r = dw_sys_fault(s), fds[2] = { -1, -1 };

	if (r == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "cannot make a channel");
	ret[0] = fds[0];
	ret[1] = fds[1];
	return 0;
}

int dw_talk_tell(int channel, const void *record, size_t n, int fd, bool wait)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec v = { .iov_base = (void *)record, .iov_len = n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	ssize_t r;

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	do {
		r = sendmsg(channel, &m, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

ssize_t dw_talk_hear(int channel, void *record, size_t max, int *ret_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec v = { .iov_base = record, .iov_len = max };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = ret_fd ? &control : NULL,
			    .msg_controllen = ret_fd ? sizeof(control) : 0 };
	ssize_t n;

	do {
		n = recvmsg(channel, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (!ret_fd)
		return m.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
	*ret_fd = -1;
	if (m.msg_controllen >= CMSG_LEN(sizeof(int)) && control.head.cmsg_level == SOL_SOCKET &&
	    control.head.cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(&control.head), sizeof(int));
	return n;
}

int dw_talk_poll(struct pollfd *p, size_t n, unsigned ms)
{
	uint64_t end = dw_monotonic_ms() + ms;

	for (;;) {
		uint64_t now = dw_monotonic_ms();
		int r = poll(p, n, now >= end ? 0 : (int)(end - now));

		if (r >= 0)
			return r;
		if (errno != EINTR)
			return -errno;
	}
}

ssize_t dw_talk_read(int fd, void *to, size_t max)
{
	ssize_t n;

	do {
		n = recv(fd, to, max, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t dw_talk_write(int fd, const void *from, size_t n)
{
	ssize_t done;

	do {
		done = send(fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (done < 0 && errno == EINTR);
	return done < 0 ? -errno : done;
}

void dw_talk_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

uint64_t dw_talk_now(void)
{
	return dw_monotonic_ms();
}

uint64_t dw_talk_date(void)
{
	return (uint64_t)time(NULL);
}
