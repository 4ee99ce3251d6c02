/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the journal. Whoever could write to its directory could have root put back anything: hence the checks. */
#include "dw_store.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dw_str.h"
#include "sqlite.h"

#define BUSY_MS 5000

/* The new directory's name is on the disk too before anything is kept in it. */
static int make_directory(struct dw_store *s, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *slash = strrchr(s->directory, '/');
	const char *parent = slash == s->directory ? "/" : ".";
	_cleanup_fd_ int fd = -1;

	if (mkdir(s->directory, 0700) < 0)
		return errno == EEXIST ? 0 : dw_error_errno(e, -errno, "%s", s->directory);
	if (slash && slash != s->directory)
		parent = dw_arena_strndup(a, s->directory, (size_t)(slash - s->directory));
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return dw_error_errno(e, -errno, "%s", parent);
	return 0;
}

/* file NULL: the directory itself */
static int check_own(const struct dw_store *s, const char *file, const struct stat *st,
		     struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *what = file ? dw_arena_printf(a, "/%s", file) : "";

	if (st->st_uid != geteuid())
		return dw_error_set(e, -EPERM, "%s%s belongs to user %u, not to user %u",
				    s->directory, what, (unsigned)st->st_uid, (unsigned)geteuid());
	if (st->st_mode & 077)
		return dw_error_set(e, -EPERM, "%s%s is open to others: chmod go= %s%s",
				    s->directory, what, s->directory, what);
	return 0;
}

static int open_directory(struct dw_store *s, bool create, struct dw_error *e)
{
	struct stat st;
	int r = dw_store_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "%s", s->directory);
	r = create ? make_directory(s, e) : 0;
	if (r < 0)
		return r;
	s->dir_fd = open(s->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir_fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return dw_error_set(e, -EPERM, "%s is no directory (a link is not followed)",
				    s->directory);
	if (s->dir_fd < 0 && errno == ENOENT)
		return dw_error_set(e, -ENOENT, "there is no %s in %s: %s", s->kind->what,
				    s->directory, s->kind->none);
	if (s->dir_fd < 0 || fstat(s->dir_fd, &st) < 0)
		return dw_error_errno(e, -errno, "%s", s->directory);
	return check_own(s, NULL, &st, e);
}

/* Made here and not by SQLite: with mode 0600, and never through a link. An empty file is an empty database. */
static int open_file(struct dw_store *s, bool create, struct dw_error *e)
{
	int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	_cleanup_fd_ int fd = -1;
	struct stat st = { 0 };
	int r = dw_store_fault(s);

	if (r == 0) {
		fd = openat(s->dir_fd, s->kind->file, create ? flags | O_CREAT : flags, 0600);
		if (fd < 0 && errno == EROFS) {
			s->read_only = true;
			fd = openat(s->dir_fd, s->kind->file,
				    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		}
		r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	}
	if (r == -ENOENT)
		return dw_error_set(e, r, "there is no %s in %s: %s", s->kind->what, s->directory,
				    s->kind->none);
	if (r < 0)
		return dw_error_errno(e, r, "%s/%s", s->directory, s->kind->file);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return dw_error_set(
			e, -EPERM,
			"%s/%s is no plain file, or has other names (links): move it away",
			s->directory, s->kind->file);
	return check_own(s, s->kind->file, &st, e);
}

/*
 * On a read-only file system SQLite cannot make the index of the WAL. Where no WAL is left (the last who closed the
 * journal took it in) the file is all, and does not change.
 */
static bool is_whole(const struct dw_store *s)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct stat st;

	return fstatat(s->dir_fd, dw_arena_printf(a, "%s-wal", s->kind->file), &st,
		       AT_SYMLINK_NOFOLLOW) < 0 ||
	       st.st_size == 0;
}

/* As sqlite.org/uri.html wants it: three characters mean something else there. */
static const char *uri(struct dw_arena *a, const struct dw_store *s)
{
	struct dw_str b = { .arena = a };

	dw_str_add(&b, "file:");
	for (const char *p = s->directory; *p; p++) {
		if (strchr("?#%", *p))
			dw_str_addf(&b, "%%%02X", (unsigned)(unsigned char)*p);
		else
			dw_str_addc(&b, *p);
	}
	dw_str_addf(&b, "/%s", s->kind->file);
	if (s->read_only && is_whole(s))
		dw_str_add(&b, "?immutable=1");
	return b.s;
}

static int open_database(struct dw_store *s, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code, r = dw_store_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "%s/%s", s->directory, s->kind->file);
	code = s->lib.open(uri(a, s), &s->db,
			   flags | (s->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE),
			   NULL);
	if (code != SQLITE_OK)
		return dw_store_sqlite_error(s, code, e);
	(void)s->lib.busy_timeout(s->db, BUSY_MS);
	return 0;
}

/*
 * FULL: in WAL mode every commit is synced, not only every checkpoint. The cell sizes are checked, and nothing in the
 * file's own schema may call a function with effects: the file may be damaged, or be made by somebody.
 */
static int set_up(struct dw_store *s, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int r = dw_store_exec(
		s,
		dw_arena_printf(a,
				"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
				"PRAGMA foreign_keys = ON; PRAGMA synchronous = %s;",
				s->kind->synchronous),
		e);

	if (r == 0 && !s->read_only)
		r = dw_store_exec(s, "PRAGMA journal_mode = WAL", e);
	if (r == -EIO && s->read_only && !is_whole(s))
		return dw_error_set(e, -EROFS,
				    "%s/%s-wal holds changes that only a writable "
				    "file system lets SQLite read: copy the directory elsewhere",
				    s->directory, s->kind->file);
	return r < 0 ? r : dw_store_schema(s, e);
}

int dw_store_open_kind(const char *directory, bool create, const struct store_kind *kind,
		       struct dw_store **ret, struct dw_error *e)
{
	_cleanup_(dw_cleanup_store) struct dw_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		dw_oom();
	s->kind = kind;
	s->dir_fd = s->lock_fd = -1;
	s->directory = strdup(directory);
	if (!s->directory)
		dw_oom();
	r = open_directory(s, create, e);
	if (r == 0)
		r = open_file(s, create, e);
	if (r == 0)
		r = dw_sqlite_load(&s->lib, e);
	if (r == 0)
		r = open_database(s, e);
	if (r == 0)
		r = set_up(s, e);
	if (r < 0)
		return r;
	*ret = dw_steal_ptr(s);
	return 0;
}

int dw_store_open(const char *directory, bool create, struct dw_store **ret, struct dw_error *e)
{
	return dw_store_open_kind(directory, create, &dw_store_journal, ret, e);
}

void dw_store_free(struct dw_store *s)
{
	if (!s)
		return;
	if (s->db)
		(void)s->lib.close(s->db);
	if (s->lib.handle)
		(void)dlclose(s->lib.handle);
	dw_cleanup_fd(&s->lock_fd);
	dw_cleanup_fd(&s->dir_fd);
	free(s->directory);
	free(s);
}

void dw_store_fail_at(struct dw_store *s, unsigned n, int code)
{
	s->fail_at = n;
	s->fail_code = code;
}

unsigned dw_store_calls(const struct dw_store *s)
{
	return s->calls;
}

void dw_store_on_commit(struct dw_store *s, void (*fn)(void *data, unsigned n), void *data)
{
	s->on_commit = fn;
	s->on_commit_data = data;
	s->commits = 0;
}
