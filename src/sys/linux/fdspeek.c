/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking a socket of another process through a duplicate: its namespace, and whether it listens. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "fds.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

static size_t start_of(uint64_t inode, size_t cap)
{
	return (size_t)(inode * 0x9e3779b97f4a7c15ULL >> 20) & (cap - 1);
}

static void set_grow(struct inode_set *s)
{
	struct inode_set bigger = { .cap = s->cap ? s->cap * 2 : 1024 };

	bigger.slot = calloc(bigger.cap, sizeof(*bigger.slot));
	if (!bigger.slot)
		dw_oom();
	for (size_t i = 0; i < s->cap; i++)
		if (s->slot[i])
			(void)dw_inode_set_add(&bigger, s->slot[i]);
	free(s->slot);
	*s = bigger;
}

bool dw_inode_set_add(struct inode_set *s, uint64_t inode)
{
	if (inode == 0)
		return false;
	if (s->n * 2 >= s->cap)
		set_grow(s);
	for (size_t i = start_of(inode, s->cap);; i = (i + 1) & (s->cap - 1)) {
		if (s->slot[i] == inode)
			return false;
		if (s->slot[i] == 0) {
			s->slot[i] = inode;
			s->n++;
			return true;
		}
	}
}

bool dw_fds_netns_known(const struct fds_worker *w, uint32_t inode)
{
	const struct dw_fds_ask *ask = w->shared->ask;
	size_t low = 0, high = ask->n_netns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ask->netns[middle] == inode)
			return true;
		if (ask->netns[middle] < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < w->out.netns.n; i++)
		if (w->out.netns.v[i].inode == inode)
			return true;
	return false;
}

void dw_fds_add_netns(struct fds_worker *w, uint32_t inode, int fd, int pid)
{
	dw_vec_push(w->arena, &w->out.netns,
		    ((struct dw_fds_netns){ .inode = inode, .fd = fd, .pid = pid }));
}

/*
 * A descriptor on the process being read. The pid is looked up again by number here, so what was
 * opened before must still be alive afterwards: then both are the same process.
 */
static int process_fd(struct fds_worker *w)
{
	int pid = w->shared->processes[w->process].pid, fd;

	if (w->pidfd != -1)
		return w->pidfd;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	w->peek_refused = w->peek_refused || (fd < 0 && (errno == ENOSYS || errno == EPERM));
	if (fd >= 0 && faccessat(w->dir, "stat", F_OK, 0) < 0) {
		(void)close(fd);
		fd = -1;
	}
	w->pidfd = fd < 0 ? -2 : fd;
	return w->pidfd;
}

/*
 * The namespace of the socket: an nsfs descriptor that could enter it. Needs CAP_NET_ADMIN there.
 */
static int netns_of(int fd, uint32_t *ret_inode)
{
	struct stat st;
	int ns = ioctl(fd, SIOCGSKNS);

	if (ns < 0)
		return -1;
	if (fstat(ns, &st) < 0) {
		(void)close(ns);
		return -1;
	}
	*ret_inode = (uint32_t)st.st_ino;
	return ns;
}

static bool cookie_known(const struct fds_worker *w, uint64_t cookie)
{
	for (size_t i = 0; i < w->n_cookies; i++)
		if (w->cookies[i] == cookie)
			return true;
	return false;
}

static void cookie_learn(struct fds_worker *w, uint64_t cookie)
{
	w->cookies[w->next_cookie] = cookie;
	w->next_cookie = (w->next_cookie + 1) % DW_ARRAY_SIZE(w->cookies);
	w->n_cookies = DW_MIN(w->n_cookies + 1, DW_ARRAY_SIZE(w->cookies));
}

/* Learns of a new namespace. The cookie spares the dear question for namespaces met before. */
static void peek_netns(struct fds_worker *w, int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	bool has_cookie = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0;
	uint32_t inode = 0;
	int ns;

	if (has_cookie && cookie_known(w, cookie))
		return;
	ns = netns_of(fd, &inode);
	if (ns < 0)
		return;
	if (has_cookie)
		cookie_learn(w, cookie);
	if (dw_fds_netns_known(w, inode))
		(void)close(ns);
	else
		dw_fds_add_netns(w, inode, ns, w->shared->processes[w->process].pid);
}

static int option(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, name, &value, &size) == 0 ? value : 0;
}

/* Families whose sockets may be doors. */
static bool is_door_domain(int domain)
{
	return domain == AF_INET || domain == AF_INET6 || domain == AF_VSOCK ||
	       domain == AF_BLUETOOTH;
}

static void peek_door(struct fds_worker *w, int fd, int domain, uint64_t inode)
{
	struct dw_fds_loose l = { .inode = inode, .domain = domain };
	struct sockaddr_storage peer;
	socklen_t size = sizeof(l.local), peer_size = sizeof(peer), cookie_size = sizeof(l.cookie);
	int ns;

	l.listening = option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0;
	/* In inet every connected socket comes here, so the cheap question is first. */
	if ((domain == AF_INET || domain == AF_INET6) && !l.listening)
		return;
	l.type = option(fd, SOL_SOCKET, SO_TYPE);
	l.protocol = option(fd, SOL_SOCKET, SO_PROTOCOL);
	l.connected = getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0;
	if (getsockname(fd, (struct sockaddr *)l.local, &size) < 0)
		return;
	l.local_size = DW_MIN(size, (socklen_t)sizeof(l.local));
	(void)getsockopt(fd, SOL_SOCKET, SO_COOKIE, &l.cookie, &cookie_size);
	l.bound_if = (uint32_t)option(fd, SOL_SOCKET, SO_BINDTOIFINDEX);
	l.v6only = domain == AF_INET6 && option(fd, IPPROTO_IPV6, 26 /* IPV6_V6ONLY */) != 0;
	ns = netns_of(fd, &l.netns);
	if (ns >= 0)
		(void)close(ns);
	dw_vec_push(w->arena, &w->out.loose, l);
}

void dw_fds_peek(struct fds_worker *w, int number, uint64_t inode)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;
	int domain;

	if (!dw_inode_set_add(&w->peeked, inode))
		return;
	if (!w->peek_refused && process_fd(w) < 0 && !w->peek_refused)
		return; /* it has ended, and its descriptors with it */
	if (w->peek_refused ||
	    atomic_fetch_add(&w->shared->peeked, 1) >= w->shared->ask->peek_max) {
		w->out.unpeeked++;
		w->out.unpeekable += w->peek_refused;
		return;
	}
	fd = (int)syscall(SYS_pidfd_getfd, w->pidfd, number, 0);
	if (fd < 0) {
		/* closed meanwhile: nothing to ask; refused: so it will be for the rest */
		w->peek_refused = errno == ENOSYS;
		w->out.unpeeked += errno != EBADF && errno != ESRCH;
		w->out.unpeekable += errno == EPERM || errno == ENOSYS;
		return;
	}
	domain = option(fd, SOL_SOCKET, SO_DOMAIN);
	peek_netns(w, fd);
	/* The number may have been given to another socket since its link was read. */
	if (is_door_domain(domain) && fstat(fd, &st) == 0 && st.st_ino == inode)
		peek_door(w, fd, domain, inode);
}
