/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netlink(7) through libmnl, and stays in other network namespaces (setns(2) of the calling thread). */
#include "dw_netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "dw_wait.h"
#include "sys_private.h"

#define ATTEMPTS    16
#define BUFFER_SIZE ((size_t)256 * 1024) /* a dump comes in as few reads as the kernel allows */

/* Where this thread stands: what asks several questions in one namespace enters it once. 0: where it was at first. */
static _Thread_local uint32_t inside;
/* Where it was at first, while it stands elsewhere. */
static _Thread_local uint32_t home_inode;

static uint32_t netns_here(void)
{
	struct stat st;

	/* not /proc/self: that is where the first thread stands */
	return stat("/proc/thread-self/ns/net", &st) < 0 ? 0 : (uint32_t)st.st_ino;
}

uint32_t dw_netns_self(struct dw_sys *s)
{
	if (s->kind != DW_SYS_LIVE)
		return 0;
	return inside ? home_inode : netns_here();
}

int dw_netns_must_be_other(struct dw_sys *s, const struct dw_netns *ns, struct dw_error *e)
{
	struct stat there = { 0 }, here = { 0 };

	if (s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, -ENOTSUP, "network namespace");
	if (ns && ns->fd >= 0 && fstat(ns->fd, &there) == 0 &&
	    stat("/proc/thread-self/ns/net", &here) == 0 &&
	    (there.st_dev != here.st_dev || there.st_ino != here.st_ino))
		return 0;
	return dw_error_errno(e, -EXDEV,
			      "a copy of rules was on its way into the namespace that we are in");
}

const char *dw_netlink_name(int protocol)
{
	static const struct {
		int protocol;
		const char *name;
	} known[] = {
		{ NETLINK_ROUTE, "addresses and routes (rtnetlink)" },
		{ NETLINK_SOCK_DIAG, "the tables of sockets (sock_diag)" },
		{ NETLINK_XFRM, "IPsec (xfrm)" },
		{ NETLINK_AUDIT, "the kernel's audit" },
		{ NETLINK_NETFILTER, "the packet filter (nfnetlink)" },
		{ NETLINK_GENERIC, "generic netlink" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].protocol == protocol)
			return known[i].name;
	return "netlink";
}

static int run_inside(int home, const struct dw_netns *ns, int (*fn)(void *arg, struct dw_error *e),
		      void *arg, struct dw_error *e)
{
	uint32_t before = inside;
	int r;

	if (!inside)
		home_inode = netns_here();
	if (setns(ns->fd, CLONE_NEWNET) < 0)
		return dw_error_errno(e, -errno, "cannot enter network namespace %u", ns->inode);
	inside = ns->inode;
	r = fn(arg, e);
	/* Staying behind in a foreign namespace would make every later answer a lie. */
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	inside = before;
	return r;
}

int dw_live_netns_run(struct dw_sys *s, const struct dw_netns *ns,
		      int (*fn)(void *arg, struct dw_error *e), void *arg, struct dw_error *e)
{
	_cleanup_fd_ int home = -1;

	if (ns && ns->inode == DW_NETNS_GONE)
		return dw_error_errno(e, -EBADF, "a network namespace that is closed");
	if (!ns || ns->fd < 0 || (inside != 0 && ns->inode == inside))
		return fn(arg, e);
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return dw_error_errno(e, -errno, "/proc/thread-self/ns/net");
	return run_inside(home, ns, fn, arg, e);
}

int dw_netlink_open_here(void *arg, struct dw_error *e)
{
	struct dw_netlink_opening *o = arg;

	o->socket = mnl_socket_open2(o->protocol, SOCK_CLOEXEC);
	if (!o->socket)
		return dw_error_errno(e, -errno, "a netlink socket: %s",
				      dw_netlink_name(o->protocol));
	return 0;
}

struct exchange {
	dw_netlink_cb *cb;
	void *arg;
	bool done, interrupted;
	int code;
};

static int error_code(const struct nlmsghdr *m)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(m);

	if (m->nlmsg_len < mnl_nlmsg_size(sizeof(*error)))
		return -EBADMSG;
	return error->error > 0 ? -error->error : error->error;
}

/* DONE carries the dump's own errno as its payload (an unknown protocol, for one). */
static int done_code(const struct nlmsghdr *m)
{
	if (m->nlmsg_len < mnl_nlmsg_size(sizeof(int)))
		return 0;
	return DW_MIN(*(const int *)mnl_nlmsg_get_payload(m), 0);
}

static void one_message(struct exchange *x, const struct nlmsghdr *m, bool dump)
{
	if (m->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE) {
		x->done = true;
		x->code = m->nlmsg_type == NLMSG_ERROR ? error_code(m) : done_code(m);
		return;
	}
	if (m->nlmsg_type == NLMSG_NOOP || m->nlmsg_type == NLMSG_OVERRUN)
		return;
	x->code = x->cb(m, x->arg);
	if (x->code < 0 || !dump)
		x->done = true;
}

static int receive(struct dw_sys *s, struct mnl_socket *socket, struct exchange *x, bool dump,
		   char *buffer)
{
	while (!x->done) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, BUFFER_SIZE);
		const struct nlmsghdr *m = (const struct nlmsghdr *)buffer;
		int left = (int)n, r = dw_sys_fault(s);

		if (r < 0)
			return r;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPIPE;
		for (; !x->done && mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			one_message(x, m, dump);
	}
	return x->code < 0 ? x->code : 0;
}

static int exchange(struct dw_sys *s, struct mnl_socket *socket, struct nlmsghdr *request,
		    struct exchange *x, char *buffer)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	return receive(s, socket, x, dump, buffer);
}

int dw_live_netlink(struct dw_sys *s, const struct dw_netns *ns, int protocol,
		    struct nlmsghdr *request, dw_netlink_cb *cb, void (*restart)(void *arg),
		    void *arg, struct dw_error *e)
{
	struct dw_netlink_opening o = { .protocol = protocol };
	_cleanup_free_ char *buffer = malloc(BUFFER_SIZE);
	int r = dw_live_netns_run(s, ns, dw_netlink_open_here, &o, e);

	if (r < 0)
		return r;
	if (!buffer)
		dw_oom();
	request->nlmsg_flags |= NLM_F_REQUEST;
	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct exchange x = { .cb = cb, .arg = arg };

		if (attempt > 0) {
			dw_sys_pause(s, attempt);
			restart(arg);
		}
		request->nlmsg_seq = attempt + 1;
		r = exchange(s, o.socket, request, &x, buffer);
		if (r < 0 || !x.interrupted || !restart)
			break;
		r = -EAGAIN; /* half of what was and half of what is would pass for the whole */
	}
	(void)mnl_socket_close(o.socket);
	if (r == -EAGAIN)
		return dw_error_set(e, r,
				    "%s, message %u: what it tells changed each of the "
				    "%d times that it was read",
				    dw_netlink_name(protocol), request->nlmsg_type, ATTEMPTS);
	return r < 0 ? dw_error_errno(e, r, "%s, message %u", dw_netlink_name(protocol),
				      request->nlmsg_type)
		     : 0;
}

/* FNV-1a */
static uint64_t hash_of(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return h;
}

char *dw_netlink_key(struct dw_arena *a, const struct dw_netns *ns, int protocol,
		     const struct nlmsghdr *request)
{
	uint64_t h = hash_of(NLMSG_DATA(request), request->nlmsg_len - NLMSG_HDRLEN);

	return dw_arena_printf(a, "netlink/%u/%d-%u-%016llx.bin", ns ? ns->inode : 0, protocol,
			       request->nlmsg_type, (unsigned long long)h);
}

int dw_netlink_request(struct dw_sys *s, const struct dw_netns *ns, int protocol,
		       struct nlmsghdr *request, dw_netlink_cb *cb, void (*restart)(void *arg),
		       void *arg, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0 || !s->ops)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "%s", dw_netlink_name(protocol));
	return s->ops->netlink(s, ns, protocol, request, cb, restart, arg, e);
}

int dw_netns_run(struct dw_sys *s, const struct dw_netns *ns,
		 int (*fn)(void *arg, struct dw_error *e), void *arg, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0 || !s->ops)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "network namespace");
	return s->ops->netns_run(s, ns, fn, arg, e);
}

struct naming {
	uint32_t index;
	char *name;
};

static int name_here(void *arg, struct dw_error *e)
{
	const struct naming *n = arg;

	return if_indextoname(n->index, n->name)
		       ? 0
		       : dw_error_errno(e, -errno, "network interface %u", n->index);
}

int dw_netns_link_name(struct dw_sys *s, const struct dw_netns *ns, uint32_t index, char *ret,
		       struct dw_error *e)
{
	struct naming n = { index, ret };

	return dw_netns_run(s, ns, name_here, &n, e);
}
