/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making a name what it is to be. A file that is replaced is another inode from then on: whoever has it open, and
 * every other hard link to it, keeps the old content, as with any editor that renames. Writing into the old inode
 * instead would change what nobody asked to change, and could not be done whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>

#include "dw_str.h"
#include "meta.h"
#include "temp.h"

struct job {
	struct dw_sys *sys;
	struct dw_arena *arena;
	const char *path, *name;
	int dir;
	struct dw_entry have;
	const struct dw_entry *want;
	int fd;       /* of what is there (a file or directory), else -1 */
	bool renamed; /* the name is changed; only the disk may not know */
};

/* --- messages ----------------------------------------------------------------------------------- */

static int say_flag(const char *path, uint32_t flags, struct dw_error *e)
{
	bool immutable = (flags & FS_IMMUTABLE_FL) != 0;

	return dw_error_set(e, -EPERM, "%s: it is marked %s: `chattr -%c %s` lifts that", path,
			    immutable ? "immutable" : "append-only", immutable ? 'i' : 'a', path);
}

static int say(const struct job *j, int r, struct dw_error *e)
{
	const char *slash = strrchr(j->path, '/');
	uint32_t flags = r == -EPERM ? dw_meta_flags(j->dir) : 0;

	if (r == 0)
		return 0;
	if (j->renamed)
		return dw_error_errno(e, r, "%s: it is changed, but the disk may not have it yet",
				      j->path);
	if (flags)
		return say_flag(slash == j->path ? "/"
						 : dw_arena_strndup(j->arena, j->path,
								    (size_t)(slash - j->path)),
				flags, e);
	if (r == -EROFS)
		return dw_error_set(e, r, "%s: nothing changed, its file system is read-only",
				    j->path);
	if (r == -ENOSPC || r == -EDQUOT)
		return dw_error_set(e, r, "%s: nothing changed, %s is full", j->path,
				    r == -ENOSPC ? "the disk" : "the quota");
	if (r == -EBUSY)
		return dw_error_set(e, r, "%s: nothing changed, something is mounted on it",
				    j->path);
	return dw_error_errno(e, r, "%s", j->path);
}

/* What would lose something that cannot be put back. */
static int refuse(const struct job *j, struct dw_error *e)
{
	enum dw_entry_type have = j->have.type, want = j->want->type;

	if (want == DW_ENTRY_OTHER)
		return dw_error_set(e, -EINVAL, "%s: only files, links and directories are made",
				    j->path);
	if (have == DW_ENTRY_OTHER)
		return dw_error_set(e, -EINVAL, "%s: a device, pipe or socket is there", j->path);
	if (have == DW_ENTRY_DIRECTORY && want != DW_ENTRY_DIRECTORY && want != DW_ENTRY_ABSENT)
		return dw_error_set(e, -EISDIR, "%s: a directory is there", j->path);
	if (want == DW_ENTRY_DIRECTORY && have != DW_ENTRY_DIRECTORY && have != DW_ENTRY_ABSENT)
		return dw_error_set(e, -ENOTDIR, "%s: something else is there", j->path);
	return j->have.flags ? say_flag(j->path, j->have.flags, e) : 0;
}

/* --- comparing ---------------------------------------------------------------------------------- */

/* 1, 0, negative */
static int same_content(const struct job *j)
{
	struct dw_bytes now = { 0 };
	int r = dw_sys_fault(j->sys);

	if (j->want->type != DW_ENTRY_FILE)
		return 1;
	if (r == 0)
		r = dw_fd_read_all(j->fd, j->want->content.n, j->arena, &now);
	if (r == -EFBIG)
		return 0;
	if (r < 0)
		return r;
	return dw_bytes_equal(&now, &j->want->content);
}

/* A link's mode and time mean nothing. */
static bool same_link(const struct job *j)
{
	return dw_streq0(j->have.target, j->want->target) && j->have.uid == j->want->uid &&
	       j->have.gid == j->want->gid;
}

/* --- changing ----------------------------------------------------------------------------------- */

static int name_it(struct job *j, const struct dw_temp *t)
{
	int r = j->have.type == DW_ENTRY_ABSENT ? dw_temp_name(t, j->name)
						: dw_temp_replace(t, j->name);

	if (r < 0)
		return r;
	j->renamed = true;
	return dw_temp_sync_dir(j->sys, j->dir);
}

static int make_file(struct job *j, const struct dw_temp *t)
{
	const struct dw_bytes *content = &j->want->content;
	_cleanup_fd_ int fd = dw_temp_file(t, content->data, content->n);

	return fd < 0 ? fd : dw_meta_write(j->sys, fd, j->want);
}

/* Its owner is put where it can be: it counts for nothing but who may remove it from a sticky directory. */
static int make_link(struct job *j, const struct dw_temp *t)
{
	int r = dw_sys_fault(j->sys);

	if (r == 0 && symlinkat(j->want->target, t->dir, t->name) < 0)
		r = -errno;
	if (r == 0)
		r = dw_sys_fault(j->sys);
	if (r == 0 &&
	    fchownat(t->dir, t->name, j->want->uid, j->want->gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EPERM)
		r = -errno;
	return r;
}

static int make_directory(struct job *j, const struct dw_temp *t)
{
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(j->sys);

	if (r == 0 && mkdirat(t->dir, t->name, 0700) < 0)
		r = -errno;
	if (r == 0)
		r = dw_sys_fault(j->sys);
	if (r < 0)
		return r;
	fd = openat(t->dir, t->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : dw_meta_write(j->sys, fd, j->want);
}

static int make(struct job *j)
{
	static int (*const makers[])(struct job * j, const struct dw_temp *t) = {
		[DW_ENTRY_FILE] = make_file,
		[DW_ENTRY_LINK] = make_link,
		[DW_ENTRY_DIRECTORY] = make_directory,
	};
	size_t type = j->want->type;
	struct dw_temp t;
	int r = type < DW_ARRAY_SIZE(makers) && makers[type] ? dw_temp_begin(j->sys, j->dir, &t)
							     : -EINVAL;

	if (r < 0)
		return r;
	r = makers[type](j, &t);
	if (r == 0)
		r = name_it(j, &t);
	if (!j->renamed)
		dw_temp_drop(&t);
	return r;
}

static int take_away(struct job *j)
{
	int r = dw_sys_fault(j->sys);

	if (r == 0 &&
	    unlinkat(j->dir, j->name, j->have.type == DW_ENTRY_DIRECTORY ? AT_REMOVEDIR : 0) < 0)
		r = -errno;
	if (r < 0)
		return r;
	j->renamed = true;
	return dw_temp_sync_dir(j->sys, j->dir);
}

/* Several calls, so that one which fails leaves a mixture: then what was there is put back. */
static int change_in_place(const struct job *j)
{
	int r = dw_meta_write(j->sys, j->fd, j->want);

	if (r < 0)
		(void)dw_meta_write(j->sys, j->fd, &j->have);
	return r;
}

static int carry_out(struct job *j, struct dw_error *e)
{
	bool same_type = j->have.type == j->want->type;
	int same = 0, r;

	if (same_type && j->fd >= 0) {
		same = same_content(j);
		if (same < 0)
			return say(j, same, e);
	}
	if (same_type &&
	    (j->want->type == DW_ENTRY_ABSENT || (j->want->type == DW_ENTRY_LINK && same_link(j)) ||
	     (same && dw_meta_same(&j->have, j->want))))
		return 0;
	r = refuse(j, e);
	if (r < 0)
		return r;
	if (j->want->type == DW_ENTRY_ABSENT)
		return say(j, take_away(j), e);
	return say(j, same ? change_in_place(j) : make(j), e);
}

int dw_sys_entry_write(struct dw_sys *s, const char *path, const struct dw_entry *want,
		       struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct job j = { .sys = s, .arena = a, .path = path, .want = want, .fd = -1 };
	struct dw_error why = { 0 };
	_cleanup_fd_ int dir = dw_temp_open_dir(s, path, &j.name, &why);
	_cleanup_fd_ int fd = -1;
	int r;

	if (want->type == DW_ENTRY_ABSENT && (dir == -ENOENT || dir == -ENOTDIR))
		return 0;
	if (dir < 0)
		return dw_error_set(e, dir, "%s", why.message);
	if (want->type == DW_ENTRY_LINK && (!want->target || !*want->target))
		return dw_error_set(e, -EINVAL, "%s: a link needs a target", path);
	r = dw_entry_look(s, dir, j.name, a, &j.have, &fd);
	if (r < 0)
		return dw_error_errno(e, r, "%s", path);
	j.dir = dir;
	j.fd = fd;
	return carry_out(&j, e);
}
