/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernfs takes the number itself for a file handle (fs/kernfs/mount.c: kernfs_fh_to_dentry()). */
#include "dw_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "sys_private.h"

#define FILEID_KERNFS 0xfe /* linux/exportfs.h */

/* Version 2 beside version 1 (a hybrid hierarchy of systemd), or alone. */
static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };

static int open_by_number(const char *tree, uint64_t id)
{
	_cleanup_fd_ int root = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct file_handle) char buffer[sizeof(struct file_handle) + sizeof(id)] = { 0 };
	struct file_handle *h = (struct file_handle *)buffer;
	int fd;

	if (root < 0)
		return -errno;
	h->handle_bytes = sizeof(id);
	h->handle_type = FILEID_KERNFS;
	memcpy(h->f_handle, &id, sizeof(id));
	fd = open_by_handle_at(root, h, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The path below that root. */
static int path_below(const char *tree, uint64_t id, struct dw_arena *a, const char **ret)
{
	char link[64], target[4096];
	_cleanup_fd_ int fd = open_by_number(tree, id);
	ssize_t n;

	if (fd < 0)
		return fd;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	target[n] = '\0';
	if (!dw_starts_with(target, tree) || dw_ends_with(target, " (deleted)"))
		return -ESTALE;
	*ret = dw_arena_strdup(a, target[strlen(tree)] ? target + strlen(tree) : "/");
	return 0;
}

int dw_cgroup_path(struct dw_sys *s, uint64_t id, struct dw_arena *a, const char **ret,
		   struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r == 0 && (s->kind != DW_SYS_LIVE || id == 0))
		r = -ENOTSUP;
	if (r < 0)
		return dw_error_errno(e, r, "control group %llu", (unsigned long long)id);
	r = -ENOENT;
	for (size_t i = 0; r < 0 && i < DW_ARRAY_SIZE(roots); i++)
		r = path_below(roots[i], id, a, ret);
	return r < 0 ? dw_error_errno(e, r, "control group %llu", (unsigned long long)id) : 0;
}
