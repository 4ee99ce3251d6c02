/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "temp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

#include "dw_str.h"
#include "dw_write.h"

#define PREFIX ".doorward."
#define SUFFIX ".tmp"

int dw_temp_open_dir(struct dw_sys *s, const char *path, const char **ret_name, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *slash = strrchr(path, '/');

	if (!slash || !slash[1] || dw_streq(slash, "/.") || dw_streq(slash, "/.."))
		return dw_error_set(e, -EINVAL, "%s: a file's absolute path is needed", path);
	*ret_name = slash + 1;
	return dw_sys_file_open(s, dw_arena_strndup(a, path, (size_t)(slash + 1 - path)),
				O_RDONLY | O_DIRECTORY, e);
}

static bool is_ours(const char *name)
{
	size_t digits;

	if (!dw_starts_with(name, PREFIX))
		return false;
	name += strlen(PREFIX);
	digits = strspn(name, "0123456789abcdef");
	return digits > 0 && dw_streq(name + digits, SUFFIX);
}

/*
 * While the directory is locked nobody else of us is at work in it: what has our naming then was left behind. A lock,
 * and not the process's number: that means nothing in another pid namespace or after a reboot. Whoever may read the
 * directory may hold its lock for ever, so that nobody waits for it; then the cleaning is left to the next one.
 */
static void clean(int dir)
{
	int fd;
	const struct dirent *entry;
	DIR *list;

	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return;
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = fd >= 0 ? fdopendir(fd) : NULL;
	if (!list) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((entry = readdir(list)))
		if (is_ours(entry->d_name) && unlinkat(dir, entry->d_name, 0) < 0)
			(void)unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	(void)closedir(list);
}

void dw_sys_entry_tidy(struct dw_sys *s, const char *path)
{
	const char *name = NULL;
	_cleanup_fd_ int dir = dw_temp_open_dir(s, path, &name, NULL);

	if (dir >= 0 && dw_sys_fault(s) == 0)
		clean(dir);
}

int dw_temp_begin(struct dw_sys *s, int dir, struct dw_temp *ret)
{
	uint64_t random = 0;
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	/* no less than 256 bytes are handed out whole, see getrandom(2) */
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	clean(dir);
	*ret = (struct dw_temp){ .sys = s, .dir = dir };
	(void)snprintf(ret->name, sizeof(ret->name), PREFIX "%016llx" SUFFIX,
		       (unsigned long long)random);
	return 0;
}

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

int dw_temp_file(const struct dw_temp *t, const char *data, size_t n)
{
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(t->sys);

	if (r < 0)
		return r;
	fd = openat(t->dir, t->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) /* EEXIST would say that the file itself is there */
		return errno == EEXIST ? -EBUSY : -errno;
	r = write_all(t->sys, fd, data, n);
	return r < 0 ? r : dw_steal_fd(&fd);
}

/* rename(2) that refuses to replace; where the file system cannot do that, link(2) never replaces. */
int dw_temp_name(const struct dw_temp *t, const char *name)
{
	int r = dw_sys_fault(t->sys);

	if (r == 0 && renameat2(t->dir, t->name, t->dir, name, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r != -EINVAL && r != -ENOSYS)
		return r;
	r = dw_sys_fault(t->sys);
	return r == 0 && linkat(t->dir, t->name, t->dir, name, 0) < 0 ? -errno : r;
}

int dw_temp_replace(const struct dw_temp *t, const char *name)
{
	int r = dw_sys_fault(t->sys);

	return r == 0 && renameat(t->dir, t->name, t->dir, name) < 0 ? -errno : r;
}

void dw_temp_drop(const struct dw_temp *t)
{
	if (unlinkat(t->dir, t->name, 0) < 0 && errno != ENOENT)
		(void)unlinkat(t->dir, t->name, AT_REMOVEDIR);
}

int dw_temp_sync_dir(struct dw_sys *s, int dir)
{
	int r = dw_sys_fault(s);

	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	return r == -EINVAL ? 0 : r; /* a file system that cannot do this for directories */
}
