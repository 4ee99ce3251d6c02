/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New files: whole or not at all, and never over one that is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dw_str.h"
#include "sys_private.h"

static int write_all(struct dw_sys *s, int fd, const char *data, size_t n)
{
	while (n > 0) {
		int r = dw_sys_fault(s);
		ssize_t done = r < 0 ? 0 : write(fd, data, n);

		if (r < 0)
			return r;
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		n -= (size_t)done;
	}
	return 0;
}

/* The content is on the disk before the name is: a crash leaves no half file. */
static int fill(struct dw_sys *s, int fd, mode_t mode, const char *data, size_t n)
{
	int r = write_all(s, fd, data, n);

	if (r == 0)
		r = dw_sys_fault(s);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0)
		r = dw_sys_fault(s);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

/* rename(2) that refuses to replace; where the file system cannot do that, link(2) never replaces. */
static int name_it(struct dw_sys *s, int dir, const char *from, const char *to)
{
	int r = dw_sys_fault(s);

	if (r == 0 && renameat2(dir, from, dir, to, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r != -EINVAL && r != -ENOSYS)
		return r;
	r = dw_sys_fault(s);
	return r == 0 && linkat(dir, from, dir, to, 0) < 0 ? -errno : r;
}

/* The name is on the disk too, or nothing is: who is told of a failure tries again, and must not find a file. */
static int settle(struct dw_sys *s, int dir, const char *name)
{
	int r = dw_sys_fault(s);

	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	if (r == 0 || r == -EINVAL) /* EINVAL: a file system that cannot do this for directories */
		return 0;
	(void)unlinkat(dir, name, 0);
	return r;
}

static int create_in(struct dw_sys *s, int dir, const char *name, mode_t mode, const char *data,
		     size_t n)
{
	char temporary[64];
	int fd, r = dw_sys_fault(s);

	if (r < 0)
		return r;
	(void)snprintf(temporary, sizeof(temporary), ".doorward.%ld.tmp", (long)getpid());
	(void)unlinkat(dir, temporary, 0); /* of a process that died, with our number */
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) /* EEXIST would say that the file itself is there */
		return errno == EEXIST ? -EBUSY : -errno;
	r = fill(s, fd, mode, data, n);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = name_it(s, dir, temporary, name);
	(void)unlinkat(dir, temporary, 0); /* not there any more after a rename */
	return r == 0 ? settle(s, dir, name) : r;
}

/* Opens the directory that the path lies in; *ret_name is the name in it. */
static int open_parent(struct dw_sys *s, const char *path, const char **ret_name,
		       struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *slash = strrchr(path, '/');

	*ret_name = path;
	if (!slash || !slash[1] || dw_streq(slash, "/.") || dw_streq(slash, "/.."))
		return dw_error_set(e, -EINVAL, "%s: a file's absolute path is needed", path);
	*ret_name = slash + 1;
	return dw_sys_file_open(s, dw_arena_strndup(a, path, (size_t)(slash + 1 - path)),
				O_RDONLY | O_DIRECTORY, e);
}

int dw_sys_file_create(struct dw_sys *s, const char *path, mode_t mode, const char *data, size_t n,
		       struct dw_error *e)
{
	const char *name;
	_cleanup_fd_ int dir = open_parent(s, path, &name, e);
	int r;

	if (dir < 0)
		return dir;
	r = create_in(s, dir, name, mode, data, n);
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}

static int make_in(struct dw_sys *s, int dir, const char *name, mode_t mode)
{
	int r = dw_sys_fault(s);

	if (r == 0 && mkdirat(dir, name, mode) < 0)
		r = -errno;
	if (r < 0)
		return r == -EEXIST ? 0 : r;
	r = dw_sys_fault(s);
	if (r == 0 && fchmodat(dir, name, mode, 0) < 0) /* whatever the umask is */
		r = -errno;
	if (r < 0) /* with another mode it would be taken for done the next time */
		(void)unlinkat(dir, name, AT_REMOVEDIR);
	return r;
}

int dw_sys_dir_make(struct dw_sys *s, const char *path, mode_t mode, struct dw_error *e)
{
	const char *name;
	_cleanup_fd_ int dir = open_parent(s, path, &name, e);
	int r;

	if (dir < 0)
		return dir;
	r = make_in(s, dir, name, mode);
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}
