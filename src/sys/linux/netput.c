/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches of netlink(7) messages, and setsockopt(2), in a network namespace. */
#include "dw_netput.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sys_private.h"

#define ANSWERS ((size_t)64 * 1024)
#define ANSWERS_QUEUE                                                                              \
	(32 * 1024 * 1024) /* a batch of which nothing is liked is answered message by message */

static int check(struct dw_sys *s, const struct dw_netns *ns, const char *what, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r == 0 && s->kind != DW_SYS_LIVE)
		r = -ENOTSUP;
	return r < 0 ? dw_error_errno(e, r, "%s", what) : dw_netns_must_be_other(s, ns, e);
}

/* One send is one skb, which must be smaller than the socket's buffer (netlink_sendmsg()). */
static void make_room(struct mnl_socket *socket, size_t n)
{
	int fd = mnl_socket_get_fd(socket), size = (int)DW_MIN(n + 65536, (size_t)INT_MAX / 2);
	int answers = ANSWERS_QUEUE, yes = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &answers, sizeof(answers));
	/* the answers need not repeat the messages */
	(void)mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &yes, sizeof(yes));
}

struct answers {
	dw_netput_refused *refused;
	void *arg;
	bool acknowledged;
	int code; /* of the first message that was refused */
};

static void one_answer(struct answers *x, const struct nlmsghdr *m)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(m);

	if (m->nlmsg_type != NLMSG_ERROR || m->nlmsg_len < mnl_nlmsg_size(sizeof(*error)))
		return;
	if (error->error == 0) {
		x->acknowledged = true;
		return;
	}
	if (x->code == 0)
		x->code = error->error;
	if (x->refused)
		x->refused(m->nlmsg_seq, error->error, x->arg);
}

/* A batch has been carried out when send() returns: all its answers are there. */
static int receive(struct dw_sys *s, const struct mnl_socket *socket, struct answers *x,
		   char *buffer)
{
	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(socket), buffer, ANSWERS, MSG_DONTWAIT);
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)buffer;
		int left = (int)n, r = dw_sys_fault(s);

		if (r < 0)
			return r;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno != ENOBUFS || x->code == 0))
			return -errno;
		for (; n > 0 && mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			one_answer(x, m);
	}
	if (x->code < 0)
		return x->code;
	return x->acknowledged ? 0 : -EPROTO;
}

static int exchange(struct dw_sys *s, struct mnl_socket *socket, const void *data, size_t n,
		    struct answers *x)
{
	_cleanup_free_ char *buffer = malloc(ANSWERS);
	int r = dw_sys_fault(s);

	if (!buffer)
		dw_oom();
	if (r < 0)
		return r;
	make_room(socket, n);
	if (mnl_socket_sendto(socket, data, n) < 0)
		return -errno;
	return receive(s, socket, x, buffer);
}

int dw_netlink_batch(struct dw_sys *s, const struct dw_netns *ns, int protocol, const void *data,
		     size_t n, dw_netput_refused *refused, void *arg, struct dw_error *e)
{
	struct dw_netlink_opening o = { .protocol = protocol };
	struct answers x = { .refused = refused, .arg = arg };
	int r = check(s, ns, "a change for the kernel (netlink)", e);

	if (r < 0)
		return r;
	if (n > DW_NETPUT_MAX)
		return dw_error_errno(e, -EFBIG, "a change of %zu bytes for the kernel (netlink)",
				      n);
	r = dw_netns_run(s, ns, dw_netlink_open_here, &o, e);
	if (r < 0)
		return r;
	r = exchange(s, o.socket, data, n, &x);
	(void)mnl_socket_close(o.socket);
	return r < 0 ? dw_error_errno(e, r, "changing %s", dw_netlink_name(protocol)) : 0;
}

struct sockopt {
	int family, level, option;
	const void *value;
	size_t size;
};

static int put_sockopt(void *arg, struct dw_error *e)
{
	const struct sockopt *o = arg;
	_cleanup_fd_ int fd = socket(o->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return dw_error_errno(e, -errno, "a socket of address family %d", o->family);
	if (setsockopt(fd, o->level, o->option, o->value, (socklen_t)o->size) < 0)
		return dw_error_errno(e, -errno, "socket option %d of level %d", o->option,
				      o->level);
	return 0;
}

int dw_netns_setsockopt(struct dw_sys *s, const struct dw_netns *ns, int family, int level,
			int option, const void *value, size_t size, struct dw_error *e)
{
	struct sockopt o = { family, level, option, value, size };
	int r = check(s, ns, "socket option", e);

	return r < 0 ? r : dw_netns_run(s, ns, put_sockopt, &o, e);
}
