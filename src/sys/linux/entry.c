/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what stands under one name. */
#include <errno.h>
#include <fcntl.h>

#include "meta.h"
#include "temp.h"

#define TARGET_MAX 4096 /* PATH_MAX */

static enum dw_entry_type type_of(mode_t mode)
{
	if (S_ISREG(mode))
		return DW_ENTRY_FILE;
	if (S_ISLNK(mode))
		return DW_ENTRY_LINK;
	return S_ISDIR(mode) ? DW_ENTRY_DIRECTORY : DW_ENTRY_OTHER;
}

/* fd: O_PATH. A link's extended attributes are only labels, which follow from the policy. */
static int look_at_link(struct dw_sys *s, int fd, struct dw_arena *a, struct dw_entry *ret)
{
	char target[TARGET_MAX];
	ssize_t n = 0;
	int r = dw_sys_fault(s);

	if (r == 0)
		n = readlinkat(fd, "", target, sizeof(target));
	if (r < 0 || n < 0)
		return r < 0 ? r : -errno;
	if ((size_t)n == sizeof(target))
		return -ENAMETOOLONG;
	ret->target = dw_arena_strndup(a, target, (size_t)n);
	return 0;
}

/* Opened by name again, since an O_PATH descriptor reads nothing: it must be the same still. */
static int open_same(struct dw_sys *s, int dir, const char *name, const struct stat *st)
{
	_cleanup_fd_ int fd = -1;
	struct stat now;
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	/* O_NONBLOCK: a FIFO that was put there in between must not stop us */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &now) < 0)
		return -errno;
	if (now.st_dev != st->st_dev || now.st_ino != st->st_ino)
		return -EAGAIN;
	return dw_steal_fd(&fd);
}

int dw_entry_look(struct dw_sys *s, int dir, const char *name, struct dw_arena *a,
		  struct dw_entry *ret, int *ret_fd)
{
	_cleanup_fd_ int path = -1, fd = -1;
	struct dw_entry entry = { 0 };
	struct stat st;
	int r = dw_sys_fault(s);

	*ret_fd = -1;
	*ret = entry;
	if (r < 0)
		return r;
	path = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path < 0 || fstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	entry = (struct dw_entry){ .type = type_of(st.st_mode),
				   .mode = st.st_mode & 07777,
				   .uid = st.st_uid,
				   .gid = st.st_gid,
				   .mtime_s = st.st_mtim.tv_sec,
				   .mtime_ns = (uint32_t)st.st_mtim.tv_nsec };
	if (entry.type == DW_ENTRY_LINK)
		r = look_at_link(s, path, a, &entry);
	if (entry.type == DW_ENTRY_FILE || entry.type == DW_ENTRY_DIRECTORY) {
		fd = open_same(s, dir, name, &st);
		r = fd < 0 ? fd : dw_meta_read(s, fd, a, &entry);
	}
	if (r < 0)
		return r;
	*ret = entry;
	*ret_fd = dw_steal_fd(&fd);
	return 0;
}

int dw_sys_entry_read(struct dw_sys *s, const char *path, size_t max, struct dw_arena *a,
		      struct dw_entry *ret, struct dw_error *e)
{
	struct dw_error why = { 0 };
	const char *name;
	_cleanup_fd_ int dir = dw_temp_open_dir(s, path, &name, &why);
	_cleanup_fd_ int fd = -1;
	struct dw_entry entry = { 0 };
	int r = dir;

	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = entry;
		return 0;
	}
	if (r < 0)
		return dw_error_set(e, r, "%s", why.message);
	r = dw_entry_look(s, dir, name, a, &entry, &fd);
	if (r == 0 && entry.type == DW_ENTRY_FILE) {
		r = dw_sys_fault(s);
		if (r == 0)
			r = dw_fd_read_all(fd, max, a, &entry.content);
	}
	if (r < 0)
		return dw_error_errno(e, r, "%s", path);
	*ret = entry;
	return 0;
}
