/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files below the root. openat2(2) with RESOLVE_IN_ROOT makes an absolute link mean what it means to that
 * root; kernels before 5.6 and seccomp filters that do not know the call answer ENOSYS or EPERM: then the live
 * root "/" is opened plainly (there is nothing to escape from) and any other root is refused.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "dw_str.h"
#include "sys_private.h"

static int open_in_root(struct dw_sys *s, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT };
	const char *relative = path;
	int fd, r = dw_sys_fault(s);

	if (r < 0)
		return r;
	if (!(flags & O_PATH))
		how.flags |= O_NOCTTY;
	while (*relative == '/')
		relative++;
	if (!*relative)
		relative = ".";
	/* RESOLVE_IN_ROOT refuses magic links, which /proc and /sys files of a live host do not need. */
	do {
		fd = (int)syscall(SYS_openat2, s->root_fd, relative, &how, sizeof(how));
	} while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	if (fd < 0 && errno == ENOSYS && s->kind == DW_SYS_LIVE)
		fd = openat(s->root_fd, relative, (int)how.flags);
	return fd < 0 ? -errno : fd;
}

int dw_sys_file_open(struct dw_sys *s, const char *path, int flags, struct dw_error *e)
{
	int fd = open_in_root(s, path, flags);

	return fd < 0 ? dw_error_errno(e, fd, "%s", path) : fd;
}

int dw_fd_read_all(int fd, size_t max, struct dw_arena *a, struct dw_bytes *ret)
{
	struct stat st;
	size_t cap, n = 0;
	char *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (st.st_size > 0 && (uint64_t)st.st_size > max)
		return -EFBIG;
	/* one byte more than it says, so that the end is seen without another buffer */
	cap = st.st_size > 0 ? (size_t)st.st_size + 2 : 4096;
	data = dw_arena_alloc(a, cap);
	for (;;) {
		ssize_t got = read(fd, data + n, cap - n - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max)
			return -EFBIG;
		if (n == cap - 1) {
			data = dw_arena_grow(a, data, cap, cap * 2);
			cap *= 2;
		}
	}
	data[n] = '\0';
	*ret = (struct dw_bytes){ .data = data, .n = n };
	return 0;
}

int dw_sys_file_read(struct dw_sys *s, const char *path, size_t max, struct dw_arena *a,
		     struct dw_bytes *ret, struct dw_error *e)
{
	/* O_NONBLOCK: a FIFO laid in our way must not stop us. */
	_cleanup_fd_ int fd = open_in_root(s, path, O_RDONLY | O_NONBLOCK);
	int r;

	if (fd < 0)
		return dw_error_errno(e, fd, "%s", path);
	r = dw_sys_fault(s);
	if (r == 0)
		r = dw_fd_read_all(fd, max, a, ret);
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}

int dw_sys_file_stat(struct dw_sys *s, const char *path, bool follow, struct stat *ret,
		     struct dw_error *e)
{
	_cleanup_fd_ int fd = open_in_root(s, path, O_PATH | (follow ? 0 : O_NOFOLLOW));

	if (fd < 0)
		return dw_error_errno(e, fd, "%s", path);
	if (fstat(fd, ret) < 0)
		return dw_error_errno(e, -errno, "%s", path);
	return 0;
}

int dw_sys_file_readlink(struct dw_sys *s, const char *path, struct dw_arena *a, char **ret,
			 struct dw_error *e)
{
	_cleanup_fd_ int fd = open_in_root(s, path, O_PATH | O_NOFOLLOW);
	char target[4096];
	ssize_t n;

	if (fd < 0)
		return dw_error_errno(e, fd, "%s", path);
	n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0) {
		/* an empty path on something that is no link: ENOENT; say what readlink(2) says */
		int code = errno == ENOENT ? EINVAL : errno;

		return dw_error_errno(e, -code, "%s", path);
	}
	if ((size_t)n == sizeof(target))
		return dw_error_errno(e, -ENAMETOOLONG, "%s", path);
	*ret = dw_arena_strndup(a, target, (size_t)n);
	return 0;
}

/* The path of an O_PATH descriptor as the kernel knows it, without the root's own path in front. */
static int path_of(struct dw_sys *s, int fd, struct dw_arena *a, char **ret)
{
	char link[64], path[4096], root[4096];
	ssize_t n, m;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", s->root_fd);
	m = readlink(link, root, sizeof(root) - 1);
	if (m < 0)
		return -errno;
	root[m] = '\0';
	if (dw_streq(root, "/"))
		m = 0;
	else if (!dw_starts_with(path, root))
		return -EXDEV;
	*ret = dw_arena_strdup(a, path[m] ? path + m : "/");
	return 0;
}

int dw_sys_file_real(struct dw_sys *s, const char *path, struct dw_arena *a, char **ret,
		     struct dw_error *e)
{
	_cleanup_fd_ int fd = open_in_root(s, path, O_PATH);
	int r;

	if (fd < 0)
		return dw_error_errno(e, fd, "%s", path);
	r = path_of(s, fd, a, ret);
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int dw_sys_dir_list(struct dw_sys *s, const char *path, struct dw_arena *a, struct dw_strings *ret,
		    struct dw_error *e)
{
	int fd = open_in_root(s, path, O_RDONLY | O_DIRECTORY), r;
	struct dw_strings names = { 0 };
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return dw_error_errno(e, fd, "%s", path);
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return dw_error_errno(e, r, "%s", path);
	}
	while (errno = 0, (entry = readdir(dir)))
		if (!dw_streq(entry->d_name, ".") && !dw_streq(entry->d_name, ".."))
			dw_vec_push(a, &names, dw_arena_strdup(a, entry->d_name));
	r = errno ? -errno : dw_sys_fault(s);
	(void)closedir(dir);
	if (r < 0)
		return dw_error_errno(e, r, "%s", path);
	if (names.n > 1)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	*ret = names;
	return 0;
}
