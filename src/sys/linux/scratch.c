/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network namespaces of our own: unshare(2), /dev/net/tun (Documentation/networking/tuntap.rst), raw(7). */
#include "dw_scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sys_private.h"

#define TUN_DEVICE "/dev/net/tun"

/* --- the namespace ------------------------------------------------------------------------------ */

struct making {
	int fd, code;
};

/* A thread of its own: the caller's never leaves its namespace, not even for a moment. */
static void *make_namespace(void *arg)
{
	struct making *m = arg;

	if (unshare(CLONE_NEWNET) < 0) {
		m->code = -errno;
		return NULL;
	}
	m->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	m->code = m->fd < 0 ? -errno : 0;
	return NULL;
}

int dw_scratch_open(struct dw_sys *s, struct dw_netns *ret, struct dw_error *e)
{
	struct making m = { .fd = -1 };
	struct stat st = { 0 };
	pthread_t thread;
	int r = s->kind == DW_SYS_LIVE ? dw_sys_fault(s) : -ENOTSUP;

	if (r == 0)
		r = -pthread_create(&thread, NULL, make_namespace, &m);
	if (r == 0) {
		(void)pthread_join(thread, NULL);
		r = m.code;
	}
	if (r == 0)
		r = dw_sys_fault(s);
	if (r == 0 && fstat(m.fd, &st) < 0)
		r = -errno;
	if (r < 0) {
		dw_cleanup_fd(&m.fd);
		return dw_error_errno(e, r, "a network namespace for a rehearsal");
	}
	*ret = (struct dw_netns){ .inode = (uint32_t)st.st_ino, .fd = m.fd };
	return 0;
}

void dw_scratch_close(struct dw_netns *n)
{
	dw_cleanup_fd(&n->fd);
	*n = (struct dw_netns){ .inode = DW_NETNS_GONE, .fd = -1 };
}

/* --- devices ------------------------------------------------------------------------------------ */

struct opening {
	struct dw_sys *s;
	const struct dw_tun *tun;
	int family;
	int fd;
};

static int tun_call(struct dw_sys *s, int fd, unsigned long call, void *arg, const char *words,
		    struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r == 0 && ioctl(fd, call, arg) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "%s", words);
	return 0;
}

/* The index must be told before the device is made, its type before the device is up. */
static int make_device(const struct opening *o, struct dw_error *e)
{
	const struct dw_tun *t = o->tun;
	unsigned index = t->ifindex, yes = 1;
	struct ifreq f = { 0 };
	int r = 0;

	memcpy(f.ifr_name, t->name, strnlen(t->name, sizeof(f.ifr_name) - 1));
	f.ifr_flags = (short)((t->ethernet ? IFF_TAP : IFF_TUN) | IFF_NO_PI);
	if (index != 0)
		r = tun_call(o->s, o->fd, TUNSETIFINDEX, &index, "index of a device", e);
	if (r == 0)
		r = tun_call(o->s, o->fd, TUNSETIFF, &f, "a device of our own", e);
	/* these take their number in place of a pointer */
	if (r == 0 && !t->ethernet && t->type != 0)
		r = tun_call(o->s, o->fd, TUNSETLINK, (void *)(uintptr_t)t->type,
			     "type of a device", e);
	if (r == 0 && t->keep)
		r = tun_call(o->s, o->fd, TUNSETPERSIST, (void *)(uintptr_t)yes,
			     "a device of our own", e);
	return r;
}

/* The device belongs to the namespace in which the descriptor was opened. */
static int open_tun(void *arg, struct dw_error *e)
{
	struct opening *o = arg;
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(o->s);

	if (r == 0) {
		fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		r = fd < 0 ? -errno : 0;
	}
	if (r == -ENOENT || r == -ENODEV || r == -ENXIO)
		return dw_error_set(e, -ENOTSUP,
				    "there is no " TUN_DEVICE
				    ": a rehearsal needs devices of its own");
	if (r < 0)
		return dw_error_errno(e, r, TUN_DEVICE);
	o->fd = fd;
	r = make_device(o, e);
	if (r < 0)
		return r;
	o->fd = dw_steal_fd(&fd);
	return 0;
}

int dw_tun_open(struct dw_sys *s, const struct dw_netns *n, const struct dw_tun *t, int *ret,
		struct dw_error *e)
{
	struct opening o = { .s = s, .tun = t, .fd = -1 };
	int r;

	if (s->kind != DW_SYS_LIVE || n->fd < 0)
		return dw_error_set(e, -ENOTSUP, "devices of our own: only in a namespace of ours");
	r = dw_netns_run(s, n, open_tun, &o, e);
	if (r < 0)
		return r;
	*ret = o.fd;
	return 0;
}

int dw_tun_repeat(struct dw_sys *s, int fd, const void *frame, size_t n, unsigned times,
		  struct dw_error *e)
{
	int r = dw_sys_fault(s);

	for (unsigned i = 0; r == 0 && i < times; i++)
		if (write(fd, frame, n) < 0)
			r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "a packet for a device of our own");
	return 0;
}

int dw_tun_write(struct dw_sys *s, int fd, const void *frame, size_t n, struct dw_error *e)
{
	return dw_tun_repeat(s, fd, frame, n, 1, e);
}

/* --- raw sockets -------------------------------------------------------------------------------- */

/* IPPROTO_RAW: the headers are in what is sent, of both families (raw(7), ipv6(7)). */
static int open_raw(void *arg, struct dw_error *e)
{
	struct opening *o = arg;
	int r = dw_sys_fault(o->s);

	if (r == 0) {
		o->fd = socket(o->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
		r = o->fd < 0 ? -errno : 0;
	}
	if (r < 0)
		return dw_error_errno(e, r, "a raw socket");
	return 0;
}

int dw_raw_open(struct dw_sys *s, const struct dw_netns *n, int family, int *ret,
		struct dw_error *e)
{
	struct opening o = { .s = s, .family = family, .fd = -1 };
	int r;

	if (s->kind != DW_SYS_LIVE || n->fd < 0)
		return dw_error_set(e, -ENOTSUP, "raw sockets: only in a namespace of ours");
	r = dw_netns_run(s, n, open_raw, &o, e);
	if (r < 0)
		return r;
	*ret = o.fd;
	return 0;
}

int dw_raw_send(struct dw_sys *s, int fd, int family, const uint8_t *to, uint32_t scope,
		const void *packet, size_t n, struct dw_error *e)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_scope_id = scope };
	bool is_v4 = family == AF_INET;
	int r = dw_sys_fault(s);

	if (is_v4)
		memcpy(&v4.sin_addr, to, 4);
	else
		memcpy(&v6.sin6_addr, to, 16);
	if (r == 0 && sendto(fd, packet, n, 0,
			     is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6,
			     is_v4 ? sizeof(v4) : sizeof(v6)) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "a packet of this host to itself");
	return 0;
}
