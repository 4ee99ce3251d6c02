/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/sys: written in place, by one write(2) (the kernel takes each write as a whole value). */
#include "dw_sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dw_str.h"
#include "sys_private.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14, include/uapi/asm-generic/socket.h */
#endif

#define VALUE_MAX 4096

int dw_sysctl_read(struct dw_sys *s, const char *path, struct dw_arena *a, const char **ret,
		   struct dw_error *e)
{
	struct dw_bytes b = { 0 };
	int r = dw_sys_file_read(s, path, VALUE_MAX, a, &b, e);

	if (r < 0)
		return r;
	*ret = dw_trim(b.data);
	return 0;
}

int dw_sysctl_write(struct dw_sys *s, const char *path, const char *value, struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_sys_file_open(s, path, O_WRONLY, e);
	size_t n = strlen(value);
	int r = fd < 0 ? fd : dw_sys_fault(s);
	ssize_t done;

	if (fd < 0)
		return fd;
	if (r == 0) {
		done = write(fd, value, n);
		r = done < 0 ? -errno : (size_t)done == n ? 0 : -EIO;
	}
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}

int dw_sys_netns_cookie(struct dw_sys *s, uint64_t *ret, struct dw_error *e)
{
	_cleanup_fd_ int fd = -1;
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);
	int r = s->kind == DW_SYS_LIVE ? dw_sys_fault(s) : -ENOTSUP;

	if (r == 0) {
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n) < 0)
			r = errno == ENOPROTOOPT ? -ENOTSUP : -errno;
	}
	if (r < 0)
		return dw_error_errno(e, r, "this network namespace");
	*ret = cookie;
	return 0;
}

/* --- a file that only one may have -------------------------------------------------------------------- */

int dw_sys_hold(struct dw_sys *s, const char *path, struct dw_error *e)
{
	for (;;) {
		_cleanup_fd_ int fd = -1;
		struct stat held = { 0 }, named = { 0 };
		int r = dw_sys_fault(s);

		if (r == 0) {
			fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
			r = fd < 0 ? -errno : 0;
		}
		if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
			r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (r == 0 && fstat(fd, &held) < 0)
			r = -errno;
		if (r < 0)
			return dw_error_errno(e, r, "%s", path);
		/* it may have been taken away between the open and the lock */
		if (lstat(path, &named) == 0 && named.st_ino == held.st_ino)
			return dw_steal_fd(&fd);
	}
}

int dw_sys_held_read(struct dw_sys *s, int fd, size_t max, struct dw_arena *a, struct dw_bytes *ret,
		     struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = dw_fd_read_all(fd, max, a, ret);
	return r < 0 ? dw_error_errno(e, r, "what an earlier run left") : 0;
}

int dw_sys_held_write(struct dw_sys *s, int fd, const char *text, struct dw_error *e)
{
	size_t n = strlen(text);
	int r = dw_sys_fault(s);
	ssize_t done;

	if (r == 0 && ftruncate(fd, 0) < 0)
		r = -errno;
	if (r == 0) {
		done = pwrite(fd, text, n, 0);
		r = done < 0 ? -errno : (size_t)done == n ? 0 : -EIO;
	}
	return r < 0 ? dw_error_errno(e, r, "what is to be put back could not be kept") : 0;
}

int dw_sys_held_remove(struct dw_sys *s, const char *path, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r == 0 && unlink(path) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}
