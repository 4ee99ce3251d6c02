/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New files: whole or not at all, and never over one that is there. */
#include <errno.h>
#include <fcntl.h>

#include "temp.h"

/* The content is on the disk before the name is: a crash leaves no half file. */
static int fill(const struct dw_temp *t, mode_t mode, const char *data, size_t n)
{
	_cleanup_fd_ int fd = dw_temp_file(t, data, n);
	int r = fd < 0 ? fd : dw_sys_fault(t->sys);

	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0)
		r = dw_sys_fault(t->sys);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

/* The name is on the disk too, or nothing is: who is told of a failure tries again, and must not find a file. */
static int settle(struct dw_sys *s, int dir, const char *name)
{
	int r = dw_temp_sync_dir(s, dir);

	if (r < 0)
		(void)unlinkat(dir, name, 0);
	return r;
}

static int create_in(struct dw_sys *s, int dir, const char *name, mode_t mode, const char *data,
		     size_t n)
{
	struct dw_temp t;
	int r = dw_temp_begin(s, dir, &t);

	if (r < 0)
		return r;
	r = fill(&t, mode, data, n);
	if (r == 0)
		r = dw_temp_name(&t, name);
	dw_temp_drop(&t); /* not there any more after a rename */
	return r == 0 ? settle(s, dir, name) : r;
}

int dw_sys_file_create(struct dw_sys *s, const char *path, mode_t mode, const char *data, size_t n,
		       struct dw_error *e)
{
	const char *name;
	_cleanup_fd_ int dir = dw_temp_open_dir(s, path, &name, e);
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
	_cleanup_fd_ int dir = dw_temp_open_dir(s, path, &name, e);
	int r;

	if (dir < 0)
		return dir;
	r = make_in(s, dir, name, mode);
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}
