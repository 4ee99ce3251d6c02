/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * getsockopt(2), one exchange over a stream socket, and bind(2), each inside a network namespace.
 */
#include "dw_ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "dw_str.h"
#include "sys_private.h"

/* A recorded answer: the whole file, at most max bytes. */
static int recorded(struct dw_sys *s, const char *name, size_t max, struct dw_arena *a,
		    struct dw_bytes *ret, struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_fake_open(s, name, e);
	int r;

	if (fd < 0)
		return fd;
	r = dw_fd_read_all(fd, max, a, ret);
	return r < 0 ? dw_error_errno(e, r, "%s", name) : 0;
}

static uint32_t inode_of(const struct dw_netns *ns)
{
	return ns ? ns->inode : 0;
}

static int refused(struct dw_sys *s, const char *what, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r == 0 && s->kind == DW_SYS_OFFLINE)
		r = -ENOTSUP;
	return r < 0 ? dw_error_errno(e, r, "%s", what) : 0;
}

/*
 * --- getsockopt
 * -----------------------------------------------------------------------------------
 */

struct sockopt {
	int family, level, option;
	void *value;
	size_t *size;
};

static int live_sockopt(void *arg, struct dw_error *e)
{
	struct sockopt *o = arg;
	_cleanup_fd_ int fd = socket(o->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t n = (socklen_t)*o->size;

	if (fd < 0)
		return dw_error_errno(e, -errno, "a socket of address family %d", o->family);
	if (getsockopt(fd, o->level, o->option, o->value, &n) < 0)
		return dw_error_errno(e, -errno, "socket option %d of level %d", o->option,
				      o->level);
	*o->size = n;
	return 0;
}

char *dw_sockopt_key(struct dw_arena *a, const struct dw_netns *ns, int level, int option,
		     const void *value, size_t size)
{
	const unsigned char *p = value;
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (size_t i = 0; i < DW_MIN(size, (size_t)DW_SOCKOPT_KEY); i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return dw_arena_printf(a, "sockopt/%u/%d-%d-%016llx.bin", inode_of(ns), level, option,
			       (unsigned long long)h);
}

int dw_netns_getsockopt(struct dw_sys *s, const struct dw_netns *ns, int family, int level,
			int option, void *value, size_t *size, struct dw_error *e)
{
	struct sockopt o = { family, level, option, value, size };
	_cleanup_arena_ struct dw_arena *scratch = NULL;
	struct dw_bytes answer = { 0 };
	int r = refused(s, "socket option", e);

	if (r < 0)
		return r;
	if (s->kind == DW_SYS_LIVE)
		return dw_netns_run(s, ns, live_sockopt, &o, e);
	scratch = dw_arena_new();
	r = recorded(s, dw_sockopt_key(scratch, ns, level, option, value, *size), *size, scratch,
		     &answer, e);
	if (r < 0)
		return r;
	memcpy(value, answer.data, answer.n);
	*size = answer.n;
	return 0;
}

/*
 * --- one exchange
 * ---------------------------------------------------------------------------------
 */

struct call {
	const struct dw_call *what;
	struct dw_arena *arena;
	struct dw_bytes *ret;
	int64_t deadline; /* ms on the monotonic clock */
};

static int wait_for(const struct call *c, int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int r;

	do {
		int64_t left = c->deadline - (int64_t)dw_monotonic_ms();

		r = left <= 0 ? 0 : poll(&p, 1, (int)left);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

static int connect_to(const struct call *c, int *ret, struct dw_error *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(c->what->port) };
	const struct sockaddr *to = (const struct sockaddr *)&in;
	socklen_t n = sizeof(in), error_size = sizeof(int);
	_cleanup_fd_ int fd = -1;
	int error = 0, r = 0;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (c->what->path) {
		if (strlen(c->what->path) >= sizeof(un.sun_path))
			return dw_error_errno(e, -ENAMETOOLONG, "%s", c->what->path);
		memcpy(un.sun_path, c->what->path, strlen(c->what->path) + 1);
		to = (const struct sockaddr *)&un;
		n = sizeof(un);
	}
	fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return dw_error_errno(e, -errno, "a socket for %s",
				      c->what->path ? c->what->path : "loopback");
	if (connect(fd, to, n) < 0)
		r = -errno;
	if (r == -EINPROGRESS)
		r = wait_for(c, fd, POLLOUT);
	if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) == 0)
		r = -error;
	if (r < 0)
		return dw_error_errno(e, r, "connecting to %s port %u",
				      c->what->path ? c->what->path : "loopback", c->what->port);
	*ret = dw_steal_fd(&fd);
	return 0;
}

static int send_all(const struct call *c, int fd)
{
	const char *p = c->what->request;

	for (size_t at = 0; at < c->what->n;) {
		ssize_t n = send(fd, p + at, c->what->n - at, MSG_NOSIGNAL);
		int r;

		if (n >= 0) {
			at += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(c, fd, POLLOUT);
		if (r < 0)
			return r;
	}
	return 0;
}

static int receive_all(const struct call *c, int fd)
{
	char *answer = dw_arena_alloc(c->arena, c->what->max + 1);
	size_t at = 0;

	while (at < c->what->max && !c->what->complete(answer, at)) {
		ssize_t n;
		int r = wait_for(c, fd, POLLIN);

		if (r < 0)
			return r;
		n = recv(fd, answer + at, c->what->max - at, 0);
		if (n == 0)
			break;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	*c->ret = (struct dw_bytes){ .data = answer, .n = at };
	return 0;
}

static int live_call(void *arg, struct dw_error *e)
{
	struct call *c = arg;
	_cleanup_fd_ int fd = -1;
	int r = connect_to(c, &fd, e);

	if (r < 0)
		return r;
	r = send_all(c, fd);
	if (r == 0)
		r = receive_all(c, fd);
	return r < 0 ? dw_error_errno(e, r, "asking %s port %u",
				      c->what->path ? c->what->path : "loopback", c->what->port)
		     : 0;
}

int dw_netns_call(struct dw_sys *s, const struct dw_netns *ns, const struct dw_call *c,
		  struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e)
{
	struct call call = { c, a, ret, (int64_t)dw_monotonic_ms() + c->timeout_ms };
	int r = refused(s, "call", e);

	if (r < 0)
		return r;
	if (s->kind == DW_SYS_LIVE)
		return dw_netns_run(s, ns, live_call, &call, e);
	return recorded(s, dw_arena_printf(a, "call/%u/%u.bin", inode_of(ns), c->port), c->max, a,
			ret, e);
}

/*
 * --- bind(2)
 * --------------------------------------------------------------------------------------
 */

static int bind_once(const struct dw_bind_sweep *b, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	bool six = b->family == AF_INET6;
	int type = b->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM, one = 1, r = 0;
	_cleanup_fd_ int fd = socket(b->family, type | SOCK_CLOEXEC, b->protocol);

	if (fd < 0)
		return -errno;
	/* Without it the IPv6 any address would collide with IPv4 sockets too. */
	if (six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return -errno;
	if (six)
		r = bind(fd, (const struct sockaddr *)&in6, sizeof(in6));
	else
		r = bind(fd, (const struct sockaddr *)&in, sizeof(in));
	return r < 0 ? -errno : 0;
}

static int live_sweep(void *arg, struct dw_error *e)
{
	struct dw_bind_sweep *b = arg;

	for (unsigned port = 1; port < 65536; port++) {
		int r;

		if (!dw_port_bit(b->want, port))
			continue;
		r = bind_once(b, port);
		if (r == -EADDRINUSE)
			dw_port_set(b->taken, port);
		else if (r == -EACCES || r == -EPERM)
			b->denied++;
		else if (r < 0)
			return dw_error_errno(e, r, "trying to bind port %u", port);
	}
	return 0;
}

int dw_netns_bind_sweep(struct dw_sys *s, const struct dw_netns *ns, struct dw_bind_sweep *b,
			struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = NULL;
	struct dw_bytes map;
	int r = refused(s, "bind", e);

	memset(b->taken, 0, DW_PORT_BITMAP);
	b->denied = 0;
	if (r < 0)
		return r;
	if (s->kind == DW_SYS_LIVE)
		return dw_netns_run(s, ns, live_sweep, b, e);
	scratch = dw_arena_new();
	r = recorded(
		s,
		dw_arena_printf(scratch, "bind/%u/%d-%d.bin", inode_of(ns), b->protocol, b->family),
		DW_PORT_BITMAP, scratch, &map, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < map.n; i++)
		b->taken[i] = (uint8_t)map.data[i] & b->want[i];
	return 0;
}

/*
 * --- a socket of another process
 * ------------------------------------------------------------------
 */

static uint32_t namespace_of(int socket)
{
	_cleanup_fd_ int fd = ioctl(socket, SIOCGSKNS);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? (uint32_t)st.st_ino : 0;
}

static int look_at(int fd, struct dw_held_socket *ret)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof(a), size = sizeof(int);
	int protocol = 0, listening = 0;

	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return -errno;
	if (a.ss_family != AF_INET && a.ss_family != AF_INET6)
		return -EAFNOSUPPORT;
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0)
		return -errno;
	size = sizeof(int);
	(void)getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
	*ret = (struct dw_held_socket){ .family = a.ss_family,
					.protocol = protocol,
					.listening = listening != 0 };
	if (a.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&a;

		ret->port = ntohs(in->sin_port);
		memcpy(ret->address, &in->sin_addr, 4);
	} else {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a;

		ret->port = ntohs(in6->sin6_port);
		memcpy(ret->address, &in6->sin6_addr, 16);
	}
	ret->netns = namespace_of(fd);
	return 0;
}

int dw_proc_socket(struct dw_sys *s, int pid, int fd, struct dw_held_socket *ret,
		   struct dw_error *e)
{
	_cleanup_fd_ int process = -1, copy = -1;
	int r = refused(s, "descriptor of a process", e);

	if (r < 0)
		return r;
	if (s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, -ENOENT, "descriptor %d of process %d", fd, pid);
	process = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process < 0)
		return dw_error_errno(e, -errno, "process %d", pid);
	copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (copy < 0)
		return dw_error_errno(e, -errno, "descriptor %d of process %d", fd, pid);
	r = look_at(copy, ret);
	return r < 0 ? dw_error_errno(e, r, "descriptor %d of process %d", fd, pid) : 0;
}
