/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A root of its own under /tmp, removed at the end. */
#ifndef ROOT_H
#define ROOT_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_test.h"
#include "dw_write.h"

struct root {
	char dir[64];
	struct dw_sys *sys;
	struct dw_arena *arena;
};

static inline const char *root_path(const struct root *t, const char *path)
{
	return dw_arena_printf(t->arena, "%s%s", t->dir, path);
}

static inline struct root root_new(void)
{
	struct root t = { .dir = "/tmp/dw-write-XXXXXX", .arena = dw_arena_new() };

	DW_CHECK(mkdtemp(t.dir) != NULL);
	DW_CHECK_INT(mkdir(root_path(&t, "/etc"), 0755), 0);
	DW_CHECK_INT(dw_sys_open(t.dir, &t.sys, NULL), 0);
	return t;
}

static inline int root_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static inline void root_free(struct root *t)
{
	dw_sys_free(t->sys);
	DW_CHECK_INT(nftw(t->dir, root_remove, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT), 0);
	dw_arena_free(t->arena);
}

static inline void root_put(const struct root *t, const char *path, const char *text, mode_t mode)
{
	int fd = open(root_path(t, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	DW_CHECK(fd >= 0);
	DW_CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	DW_CHECK_INT(fchmod(fd, mode), 0);
	close(fd);
}

static inline struct dw_entry root_get(const struct root *t, const char *path)
{
	struct dw_entry entry = { .type = DW_ENTRY_OTHER };
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_entry_read(t->sys, path, DW_FILE_MAX, t->arena, &entry, &e), 0);
	DW_CHECK_STR(e.message, "");
	return entry;
}

static inline struct dw_bytes root_bytes(const struct root *t, const char *text)
{
	return (struct dw_bytes){ .data = dw_arena_strdup(t->arena, text), .n = strlen(text) };
}

static inline struct dw_entry root_file(const struct root *t, const char *text, mode_t mode)
{
	return (struct dw_entry){ .type = DW_ENTRY_FILE,
				  .content = root_bytes(t, text),
				  .mode = mode,
				  .uid = geteuid(),
				  .gid = getegid() };
}

static inline struct dw_entry root_link(const char *target)
{
	return (struct dw_entry){
		.type = DW_ENTRY_LINK, .target = target, .uid = geteuid(), .gid = getegid()
	};
}

static inline int root_set(const struct root *t, const char *path, const struct dw_entry *want)
{
	struct dw_error e = { 0 };
	int r = dw_sys_entry_write(t->sys, path, want, &e);

	DW_CHECK_STR(e.message, "");
	return r;
}

/* How many names are in the directory. */
static inline size_t root_count(const struct root *t, const char *path)
{
	struct dw_strings names = { 0 };

	DW_CHECK_INT(dw_sys_dir_list(t->sys, path, t->arena, &names, NULL), 0);
	return names.n;
}

static inline uint64_t root_inode(const struct root *t, const char *path)
{
	struct stat st = { 0 };

	DW_CHECK_INT(lstat(root_path(t, path), &st), 0);
	return st.st_ino;
}

static inline bool root_set_xattr(const struct root *t, const char *path, const char *name,
				  const void *value, size_t n)
{
	return lsetxattr(root_path(t, path), name, value, n, 0) == 0;
}

#endif
