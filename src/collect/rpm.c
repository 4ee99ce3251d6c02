/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpm's database through librpm, loaded only where such a database is: most hosts have none, and the library
 * brings a crypto stack with it. The headers give the types; nothing is linked.
 *
 * No rpm configuration is read (macros there may run programs): the database's place and kind are set here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <rpm/header.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmpgp.h>
#include <rpm/rpmts.h>
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "packages.h"

#define OWNERS_MAX 8

struct library {
	void *handle;
	__typeof__(rpmlogSetMask) *log_mask;
	__typeof__(rpmPushMacro) *push_macro;
	__typeof__(rpmtsCreate) *ts_new;
	__typeof__(rpmtsFree) *ts_free;
	__typeof__(rpmtsSetRootDir) *ts_set_root;
	__typeof__(rpmtsSetVSFlags) *ts_set_flags;
	__typeof__(rpmtsOpenDB) *ts_open;
	__typeof__(rpmtsInitIterator) *ts_iterate;
	__typeof__(rpmdbNextIterator) *next;
	__typeof__(rpmdbFreeIterator) *iterator_free;
	__typeof__(headerGetString) *get_string;
	__typeof__(rpmfilesNew) *files_new;
	__typeof__(rpmfilesFree) *files_free;
	__typeof__(rpmfilesFindFN) *files_find;
	__typeof__(rpmfilesFDigest) *files_digest;
};

struct database {
	const char *dir, *file, *backend;
};

/* Fedora and SUSE moved it to /usr/lib/sysimage; sqlite since rpm 4.16, ndb in SUSE, Berkeley DB before. */
static const struct database databases[] = {
	{ "/usr/lib/sysimage/rpm", "/usr/lib/sysimage/rpm/rpmdb.sqlite", "sqlite" },
	{ "/usr/lib/sysimage/rpm", "/usr/lib/sysimage/rpm/Packages.db", "ndb" },
	{ "/usr/lib/sysimage/rpm", "/usr/lib/sysimage/rpm/Packages", "bdb_ro" },
	{ "/var/lib/rpm", "/var/lib/rpm/rpmdb.sqlite", "sqlite" },
	{ "/var/lib/rpm", "/var/lib/rpm/Packages.db", "ndb" },
	{ "/var/lib/rpm", "/var/lib/rpm/Packages", "bdb_ro" },
};

static bool load_symbols(struct library *l, const char **ret_missing)
{
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
		{ "rpmlogSetMask", &l->log_mask },       { "rpmPushMacro", &l->push_macro },
		{ "rpmtsCreate", &l->ts_new },           { "rpmtsFree", &l->ts_free },
		{ "rpmtsSetRootDir", &l->ts_set_root },  { "rpmtsSetVSFlags", &l->ts_set_flags },
		{ "rpmtsOpenDB", &l->ts_open },          { "rpmtsInitIterator", &l->ts_iterate },
		{ "rpmdbNextIterator", &l->next },       { "rpmdbFreeIterator", &l->iterator_free },
		{ "headerGetString", &l->get_string },   { "rpmfilesNew", &l->files_new },
		{ "rpmfilesFree", &l->files_free },      { "rpmfilesFindFN", &l->files_find },
		{ "rpmfilesFDigest", &l->files_digest },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *p = dlsym(l->handle, symbols[i].name);

		*ret_missing = symbols[i].name;
		if (!p)
			return false;
		memcpy(symbols[i].to, &p, sizeof(p));
	}
	return true;
}

/* Never unloaded: librpm leaves exit handlers and thread keys behind. */
static int load_library(struct library *l, struct dw_error *e)
{
	/* .8 until rpm 4.15, .9 until 4.19, .10 since; librpmio, with the log and the macros, comes with it */
	static const char *const names[] = { "librpm.so.9", "librpm.so.10", "librpm.so.8" };
	const char *missing;

	for (size_t i = 0; i < DW_ARRAY_SIZE(names) && !l->handle; i++)
		l->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (l->handle && load_symbols(l, &missing))
		return 0;
	if (!l->handle)
		(void)dw_error_set(e, -ENOTSUP, "an rpm database is there, but librpm is not");
	else
		(void)dw_error_set(e, -ENOTSUP, "librpm has no %s", missing);
	return -ENOTSUP;
}

/* The host's path of the root we look at: librpm opens the database by path. */
static int root_path(struct dw_sys *s, char *ret, size_t size, struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_sys_file_open(s, "/", O_PATH | O_DIRECTORY, e);
	char link[64];
	ssize_t n;

	if (fd < 0)
		return fd;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, size - 1);
	if (n < 0)
		return dw_error_errno(e, -errno, "%s", link);
	ret[n] = '\0';
	return 0;
}

/* --- one file ------------------------------------------------------------------------------------- */

static void take_digest(const struct library *l, Header h, const char *path, struct dw_digest *ret)
{
	static const struct {
		int algorithm;
		enum dw_digest_kind kind;
	} known[] = { { PGPHASHALGO_MD5, DW_DIGEST_MD5 },
		      { PGPHASHALGO_SHA1, DW_DIGEST_SHA1 },
		      { PGPHASHALGO_SHA256, DW_DIGEST_SHA256 },
		      { PGPHASHALGO_SHA512, DW_DIGEST_SHA512 } };
	rpmfiles files = l->files_new(NULL, h, 0, RPMFI_KEEPHEADER);
	int at = files ? l->files_find(files, path) : -1, algorithm = 0;
	const unsigned char *digest;
	size_t n = 0;

	digest = at < 0 ? NULL : l->files_digest(files, at, &algorithm, &n);
	for (size_t i = 0; digest && i < DW_ARRAY_SIZE(known); i++) {
		if (known[i].algorithm != algorithm || dw_digest_size(known[i].kind) != n)
			continue;
		ret->kind = known[i].kind;
		memcpy(ret->bytes, digest, n);
	}
	l->files_free(files);
}

static const char *version_of(const struct library *l, Header h, struct dw_arena *a)
{
	const char *version = l->get_string(h, RPMTAG_VERSION),
		   *release = l->get_string(h, RPMTAG_RELEASE);

	if (!version)
		return NULL;
	return dw_arena_printf(a, "%s%s%s", version, release ? "-" : "", release ? release : "");
}

static void look_up(const struct library *l, rpmts ts, const char *path, struct dw_facts *f,
		    struct dw_arena *scratch, struct dw_package_query *q)
{
	rpmdbMatchIterator it = l->ts_iterate(ts, RPMDBI_INSTFILENAMES, path, 0);
	Header h;

	while (it && (h = l->next(it)) != NULL && q->owners.n < OWNERS_MAX) {
		const char *name = l->get_string(h, RPMTAG_NAME);
		struct dw_package_owner *o;

		if (!name)
			continue;
		o = dw_vec_add(scratch, &q->owners);
		q->manager = "rpm";
		o->name = dw_arena_strdup(f->arena, name);
		o->version = version_of(l, h, f->arena);
		take_digest(l, h, path, &o->digest);
	}
	l->iterator_free(it);
}

/* --- all of them ---------------------------------------------------------------------------------- */

static void look_up_all(const struct library *l, rpmts ts, struct dw_sys *s, struct dw_facts *f,
			struct dw_arena *scratch, struct dw_package_query *q, size_t n)
{
	struct dw_usrmerge merge = dw_usrmerge_of(s, scratch);

	for (size_t i = 0; i < n; i++) {
		const char *other;
		size_t length;

		if (q[i].answered || q[i].owners.n > 0 || !q[i].path || q[i].path[0] != '/')
			continue;
		look_up(l, ts, q[i].path, f, scratch, &q[i]);
		other = dw_usrmerge_short(&merge, q[i].path, strlen(q[i].path), &length);
		if (q[i].owners.n == 0 && other != q[i].path)
			look_up(l, ts, other, f, scratch, &q[i]);
	}
}

/* librpm leaks what it had when a file turns out to be no database: the plain case is found out before. */
static int check_magic(struct dw_sys *s, const struct database *d, struct dw_error *e)
{
	static const char magic[16] =
		"SQLite format 3"; /* with its NUL: sqlite.org/fileformat.html, 1.3 */
	_cleanup_fd_ int fd = dw_sys_file_open(s, d->file, O_RDONLY | O_NONBLOCK, e);
	char head[sizeof(magic)];

	if (fd < 0)
		return fd;
	if (dw_streq(d->backend, "sqlite") &&
	    (read(fd, head, sizeof(head)) != (ssize_t)sizeof(head) ||
	     memcmp(head, magic, sizeof(magic)) != 0))
		return dw_error_set(e, -EBADMSG, "%s is no SQLite database", d->file);
	return 0;
}

static int open_database(const struct library *l, const struct database *d, rpmts ts,
			 struct dw_sys *s, struct dw_error *e)
{
	char root[4096];
	int r = root_path(s, root, sizeof(root), e);

	if (r < 0)
		return r;
	l->log_mask(RPMLOG_MASK(RPMLOG_EMERG)); /* it would print to standard error */
	(void)l->push_macro(NULL, "_dbpath", NULL, d->dir, RMIL_CMDLINE);
	(void)l->push_macro(NULL, "_db_backend", NULL, d->backend, RMIL_CMDLINE);
	/* We read what the administrator's own host says of itself; signatures of headers were checked at install. */
	(void)l->ts_set_flags(ts, (rpmVSFlags)(RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES));
	if (l->ts_set_root(ts, root) < 0 || l->ts_open(ts, O_RDONLY) != 0)
		return dw_error_set(e, -EIO, "%s: librpm cannot open it", d->file);
	return 0;
}

int dw_rpm_find(struct dw_sys *s, struct dw_facts *f, struct dw_arena *scratch,
		struct dw_package_query *q, size_t n, struct dw_error *e)
{
	const struct database *d = NULL;
	struct library l = { 0 };
	rpmts ts;
	int r;

	for (size_t i = 0; i < DW_ARRAY_SIZE(databases) && !d; i++)
		if (dw_sys_file_exists(s, databases[i].file))
			d = &databases[i];
	if (!d)
		return -ENOENT;
	r = check_magic(s, d, e);
	if (r >= 0)
		r = load_library(&l, e);
	if (r < 0)
		return r;
	ts = l.ts_new();
	r = open_database(&l, d, ts, s, e);
	if (r == 0)
		look_up_all(&l, ts, s, f, scratch, q, n);
	l.ts_free(ts);
	return r;
}
