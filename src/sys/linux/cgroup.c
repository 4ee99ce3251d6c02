/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernfs takes the number itself for a file handle (fs/kernfs/mount.c: kernfs_fh_to_dentry()). */
#include "dw_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "sys_private.h"

#define ROOT          "/sys/fs/cgroup"
#define FILEID_KERNFS 0xfe /* linux/exportfs.h */

static int open_by_number(uint64_t id)
{
	_cleanup_fd_ int root = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

int dw_cgroup_path(struct dw_sys *s, uint64_t id, struct dw_arena *a, const char **ret,
		   struct dw_error *e)
{
	char link[64], target[4096];
	int r = dw_sys_fault(s);
	_cleanup_fd_ int fd =
		r < 0 || s->kind != DW_SYS_LIVE || id == 0 ? -ENOTSUP : open_by_number(id);
	ssize_t n;

	if (r < 0 || fd < 0)
		return dw_error_errno(e, r < 0 ? r : fd, "control group %llu",
				      (unsigned long long)id);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return dw_error_errno(e, n < 0 ? -errno : -ENOENT, "control group %llu",
				      (unsigned long long)id);
	target[n] = '\0';
	if (!dw_starts_with(target, ROOT) || dw_ends_with(target, " (deleted)"))
		return dw_error_errno(e, -ESTALE, "control group %llu", (unsigned long long)id);
	*ret = dw_arena_strdup(a, target[strlen(ROOT)] ? target + strlen(ROOT) : "/");
	return 0;
}
