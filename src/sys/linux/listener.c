/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_listener.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <sys/socket.h>

#include "sys_private.h"

#define ROOM   ((size_t)256 * 1024) /* more than one message of the kernel's can be */
#define ACK_MS 5000

struct dw_listener {
	struct dw_sys *sys;
	int protocol;
	struct mnl_socket *socket;
	unsigned seq;
	char *room;
};

void dw_listener_free(struct dw_listener *l)
{
	if (!l)
		return;
	if (l->socket)
		(void)mnl_socket_close(l->socket);
	free(l->room);
	free(l);
}

static int open_it(void *arg, struct dw_error *e)
{
	struct dw_listener *l = arg;
	int r = dw_sys_fault(l->sys);

	if (r == 0) {
		l->socket = mnl_socket_open2(l->protocol, SOCK_CLOEXEC | SOCK_NONBLOCK);
		r = l->socket ? 0 : -errno;
	}
	if (r == 0)
		r = dw_sys_fault(l->sys);
	/* the number must be fixed before it is told to the kernel as a receiver's */
	if (r == 0 && mnl_socket_bind(l->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "a netlink socket: %s", dw_netlink_name(l->protocol));
	return 0;
}

int dw_listener_open(struct dw_sys *s, const struct dw_netns *n, int protocol, size_t buffer,
		     struct dw_listener **ret, struct dw_error *e)
{
	_cleanup_listener_ struct dw_listener *l = NULL;
	int size = (int)DW_MIN(buffer, (size_t)1 << 29), r;

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "netlink messages: this host is not live");
	l = calloc(1, sizeof(*l));
	if (!l)
		dw_oom();
	l->sys = s;
	l->protocol = protocol;
	l->room = malloc(ROOM);
	if (!l->room)
		dw_oom();
	r = dw_netns_run(s, n, open_it, l, e);
	if (r < 0)
		return r;
	/* the user's own limit will do too: what is lost is noticed */
	if (setsockopt(mnl_socket_get_fd(l->socket), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)) < 0)
		(void)setsockopt(mnl_socket_get_fd(l->socket), SOL_SOCKET, SO_RCVBUF, &size,
				 sizeof(size));
	*ret = dw_steal_ptr(l);
	return 0;
}

int dw_listener_join(struct dw_listener *l, unsigned group, struct dw_error *e)
{
	int r = dw_sys_fault(l->sys);

	if (r == 0 &&
	    mnl_socket_setsockopt(l->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "events of %s (group %u)", dw_netlink_name(l->protocol),
				      group);
	return 0;
}

/* Bytes of the next datagram; 0: there is none in that time. */
static ssize_t receive(struct dw_listener *l, int wait_ms)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(l->socket), .events = POLLIN };
	int r = dw_sys_fault(l->sys);

	if (r < 0)
		return r;
	for (;;) {
		ssize_t n = recv(p.fd, l->room, ROOM, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (wait_ms <= 0 || poll(&p, 1, wait_ms) == 0)
			return 0;
		wait_ms = 0;
	}
}

/* 1: not answered yet. */
static int answer_in(const struct dw_listener *l, ssize_t n, uint32_t first, uint32_t last)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)l->room;
	int left = (int)n, code = 0;

	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(m);

		if (m->nlmsg_type != NLMSG_ERROR || m->nlmsg_len < mnl_nlmsg_size(sizeof(*error)))
			continue;
		if (m->nlmsg_seq < first || m->nlmsg_seq > last)
			continue;
		if (code == 0 && error->error != 0)
			code = error->error < 0 ? error->error : -error->error;
		if (code < 0 || m->nlmsg_seq == last)
			return code;
	}
	return 1;
}

static int send_and_wait(struct dw_listener *l, const void *bytes, size_t n, uint32_t first,
			 uint32_t last)
{
	int r = dw_sys_fault(l->sys);

	if (r == 0 && mnl_socket_sendto(l->socket, bytes, n) < 0)
		r = -errno;
	if (r < 0)
		return r;
	do {
		ssize_t got = receive(l, ACK_MS);

		if (got <= 0)
			return got < 0 ? (int)got : -ETIMEDOUT;
		r = answer_in(l, got, first, last);
	} while (r == 1);
	return r;
}

int dw_listener_ask(struct dw_listener *l, struct nlmsghdr *request, struct dw_error *e)
{
	int r;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = ++l->seq;
	r = send_and_wait(l, request, request->nlmsg_len, l->seq, l->seq);
	if (r < 0)
		return dw_error_errno(e, r, "%s, message %u", dw_netlink_name(l->protocol),
				      request->nlmsg_type);
	return 0;
}

int dw_listener_batch(struct dw_listener *l, const void *messages, size_t n, uint32_t first,
		      uint32_t last, struct dw_error *e)
{
	int r = send_and_wait(l, messages, n, first, last);

	if (r < 0)
		return dw_error_errno(e, r, "%s", dw_netlink_name(l->protocol));
	return 0;
}

static int hand_over(const char *room, ssize_t n, dw_netlink_cb *cb, void *arg, int *count)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)room;
	int left = (int)n;

	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		int r;

		if (m->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		r = cb(m, arg);
		if (r < 0)
			return r;
		(*count)++;
	}
	return 0;
}

int dw_listener_read(struct dw_listener *l, int wait_ms, dw_netlink_cb *cb, void *arg,
		     bool *ret_lost, struct dw_error *e)
{
	bool lost = false;
	int count = 0;

	for (;;) {
		ssize_t n = receive(l, count > 0 ? 0 : wait_ms);
		int r;

		if (n == -ENOBUFS) {
			lost = true;
			continue;
		}
		if (n < 0)
			return dw_error_errno(e, (int)n, "%s", dw_netlink_name(l->protocol));
		if (n == 0)
			break;
		r = hand_over(l->room, n, cb, arg, &count);
		if (r < 0)
			return dw_error_errno(e, r, "%s", dw_netlink_name(l->protocol));
	}
	*ret_lost = lost;
	return count;
}
