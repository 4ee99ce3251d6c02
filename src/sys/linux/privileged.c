/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks the local file systems for set-UID and set-GID programs and those with capabilities. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <time.h>

#include "dw_around.h"
#include "dw_str.h"
#include "sys_private.h"

#define DEPTH_MAX      128
#define PATH_BYTES_MAX 8192
#define CAP_MAX        64 /* struct vfs_ns_cap_data has 24 bytes */
#define TIME_EVERY     1024

/* Magic numbers of linux/magic.h and of the modules that are not in it: what has programs on it, and is here. */
static const long local_types[] = {
	0xEF53,     /* ext2, ext3, ext4 */
	0x58465342, /* xfs */
	0x9123683E, /* btrfs */
	0x01021994, /* tmpfs */
	0x794C7630, /* overlayfs */
	0xF2F52010, /* f2fs */
	0x2FC12FC1, /* zfs */
	0xCA451A4E, /* bcachefs */
	0x73717368, /* squashfs */
	0xE0F5E1E2, /* erofs */
	0x52654973, /* reiserfs */
	0x3153464A, /* jfs */
	0x858458F6, /* ramfs: a root that was never switched */
};

struct walk {
	struct dw_sys *s;
	struct dw_arena *a;
	struct dw_privileged_list *list;
	char path[PATH_BYTES_MAX];
	size_t length, seen, max_files;
	int64_t end_ms;
	unsigned depth;
};

static int64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_local(int fd)
{
	struct statfs st = { 0 };

	if (fstatfs(fd, &st) < 0 || (st.f_flags & ST_NOSUID))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(local_types); i++)
		if ((long)st.f_type == local_types[i])
			return true;
	return false;
}

/* A file has them by an attribute; a link at its end is not followed, and none is met before it. */
static const char *capability_of(const struct walk *w, int fd, const char *name)
{
	const char *path = dw_arena_printf(w->a, "/proc/self/fd/%d/%s", fd, name);
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[CAP_MAX];
	ssize_t n = lgetxattr(path, "security.capability", bytes, sizeof(bytes));
	char *text;

	if (n <= 0)
		return NULL;
	text = dw_arena_alloc(w->a, 2 * (size_t)n + 1);
	for (ssize_t i = 0; i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return text;
}

static void note_writable(struct walk *w, const struct stat *st)
{
	struct dw_writables *all = &w->list->writable;

	if (!(st->st_mode & S_IWOTH) || (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
		return;
	all->more = all->n >= DW_WRITABLE_MAX;
	if (!all->more)
		dw_vec_push(w->a, all,
			    ((struct dw_writable){
				    .path = dw_arena_strndup(w->a, w->path, w->length),
				    .mode = st->st_mode & 07777,
				    .uid = st->st_uid,
				    .gid = st->st_gid,
				    .directory = S_ISDIR(st->st_mode),
			    }));
}

static void look_at(struct walk *w, int fd, const char *name, const struct stat *st)
{
	const char *capability = st->st_mode & 0111 ? capability_of(w, fd, name) : NULL;

	note_writable(w, st);
	if (!(st->st_mode & (S_ISUID | S_ISGID)) && !capability)
		return;
	dw_vec_push(
		w->a, w->list,
		((struct dw_privileged){
			.path = dw_arena_strndup(w->a, w->path, w->length),
			.mode = st->st_mode & 07777,
			.uid = st->st_uid,
			.gid = st->st_gid,
			.size = (uint64_t)st->st_size,
			.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
			.inode = st->st_ino,
			.capability = capability,
		}));
}

static bool is_over(struct walk *w)
{
	if (++w->seen > w->max_files || (w->seen % TIME_EVERY == 0 && now_ms() > w->end_ms))
		w->list->cut = true;
	return w->list->cut;
}

static void walk_directory(struct walk *w, int fd, dev_t device);

static void enter(struct walk *w, int at, const char *name, dev_t device)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	struct stat st;

	if (fd < 0 && errno == EPERM) /* O_NOATIME is for the owner alone */
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		w->list->blind = w->list->blind || errno != ENOENT;
		return;
	}
	if (fstat(fd, &st) < 0 || (st.st_dev != device && !is_local(fd)) || w->depth >= DEPTH_MAX) {
		(void)close(fd);
		return;
	}
	note_writable(w, &st);
	w->depth++;
	walk_directory(w, fd, st.st_dev);
	w->depth--;
}

static void walk_entry(struct walk *w, int fd, const struct dirent *d, dev_t device)
{
	struct stat st;

	if (d->d_type == DT_DIR) {
		enter(w, fd, d->d_name, device);
		return;
	}
	if (d->d_type != DT_REG && d->d_type != DT_UNKNOWN)
		return;
	if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISREG(st.st_mode))
		look_at(w, fd, d->d_name, &st);
	else if (S_ISDIR(st.st_mode))
		enter(w, fd, d->d_name, device);
}

/* Takes the descriptor over. */
static void walk_directory(struct walk *w, int fd, dev_t device)
{
	DIR *dir = fdopendir(fd);
	size_t length = w->length;
	const struct dirent *d;

	if (!dir) {
		(void)close(fd);
		return;
	}
	while (!w->list->cut && (d = readdir(dir))) {
		size_t n = strlen(d->d_name);

		if (dw_streq(d->d_name, ".") || dw_streq(d->d_name, "..") || is_over(w) ||
		    length + n + 2 > sizeof(w->path))
			continue;
		w->path[length] = '/';
		memcpy(w->path + length + 1, d->d_name, n + 1);
		w->length = length + 1 + n;
		walk_entry(w, fd, d, device);
		w->length = length;
		w->path[length] = '\0';
	}
	(void)closedir(dir);
}

static int by_path(const void *x, const void *y)
{
	const struct dw_privileged *a = x, *b = y;

	return strcmp(a->path, b->path);
}

static int by_its_path(const void *x, const void *y)
{
	const struct dw_writable *a = x, *b = y;

	return strcmp(a->path, b->path);
}

int dw_sys_privileged(struct dw_sys *s, size_t max_files, unsigned max_ms, struct dw_arena *a,
		      struct dw_privileged_list *ret, struct dw_error *e)
{
	struct walk w = {
		.s = s, .a = a, .list = ret, .max_files = max_files, .end_ms = now_ms() + max_ms
	};
	struct stat st;
	int fd, r = dw_sys_fault(s);

	*ret = (struct dw_privileged_list){ 0 };
	if (r < 0)
		return dw_error_errno(e, r, "/");
	fd = openat(s->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		dw_cleanup_fd(&fd);
		return dw_error_errno(e, r, "/");
	}
	walk_directory(&w, fd, st.st_dev);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_path);
	if (ret->writable.n)
		qsort(ret->writable.v, ret->writable.n, sizeof(*ret->writable.v), by_its_path);
	return 0;
}
