/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the package lookup of the last run found out, so that the next need neither read the lists nor hash
 * the programs again. An entry holds for one file by device, inode, size, modification and change time, and
 * for one state of the databases by the same of their files (dpkg replaces its status file on every change).
 *
 * How far it is to be trusted: the change time (ctime) is set by the kernel alone, so a file that was written
 * to, or replaced, has another one - except for someone who can set the clock or write to the raw disk, that
 * is root, who could change doorward itself as well. Network and FUSE file systems may lie about it. The file
 * is root's, mode 0600, in a directory of mode 0700; if that is not so, or a single line is not as we write
 * it, nothing of it is believed. `seal` compares files without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "dw_str.h"
#include "packages.h"

#define MAGIC       "doorward-packages 1"
#define FILE_NAME   "packages"
#define CACHE_MAX   ((size_t)4 * 1024 * 1024)
#define ENTRIES_MAX 4096
#define KEPT_MAX    512 /* of programs that were asked for earlier, and not this time */
/* A file changed within one tick of the clock of our look bears the same time before and after. */
#define RACY_SECONDS 3

struct stamp {
	uint64_t dev, ino, size, mtime, ctime; /* times in ns since the epoch */
};

struct entry {
	const char *path;
	struct stamp stamp;
	struct dw_digest actual;
	enum dw_verified verified;
	const char *manager, *name, *version; /* name NULL: belongs to no package */
	UT_hash_handle hh;
};

/* The files that change whenever a package does. */
static const char *const databases[] = {
	"/var/lib/dpkg/status",
	"/var/lib/dpkg/diversions",
	"/var/lib/rpm/rpmdb.sqlite",
	"/var/lib/rpm/Packages.db",
	"/var/lib/rpm/Packages",
	"/usr/lib/sysimage/rpm/rpmdb.sqlite",
	"/usr/lib/sysimage/rpm/Packages.db",
	"/usr/lib/sysimage/rpm/Packages",
	"/bin",
	"/sbin",
	"/lib",
};

struct dw_package_cache {
	struct dw_arena *arena;
	const char *dir; /* NULL: off */
	uint64_t now;    /* seconds since the epoch */
	struct stamp databases[DW_ARRAY_SIZE(databases)];
	struct entry *entries;
};

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime = (uint64_t)st->st_mtim.tv_sec * 1000000000U + (uint64_t)st->st_mtim.tv_nsec,
		.ctime = (uint64_t)st->st_ctim.tv_sec * 1000000000U + (uint64_t)st->st_ctim.tv_nsec,
	};
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime == b->mtime &&
	       a->ctime == b->ctime;
}

static bool is_racy(const struct dw_package_cache *c, const struct stamp *s)
{
	return s->ctime / 1000000000U + RACY_SECONDS > c->now;
}

/* --- reading -------------------------------------------------------------------------------------- */

static bool take_numbers(char **p, uint64_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *word = dw_word_next(p);

		if (!word || !dw_parse_u64(word, 10, UINT64_MAX, &ret[i]))
			return false;
	}
	return true;
}

static bool take_stamp(char **p, struct stamp *ret)
{
	uint64_t v[5];

	if (!take_numbers(p, v, DW_ARRAY_SIZE(v)))
		return false;
	*ret = (struct stamp){
		.dev = v[0], .ino = v[1], .size = v[2], .mtime = v[3], .ctime = v[4]
	};
	return true;
}

/* "-" stands for NULL; no name begins with it. */
static const char *take_text(char **p)
{
	const char *word = dw_word_next(p);

	return word && !dw_streq(word, "-") ? word : NULL;
}

static const char *take_manager(char **p, bool *ok)
{
	const char *word = take_text(p);

	if (word && dw_streq(word, "dpkg"))
		return "dpkg";
	if (word && dw_streq(word, "rpm"))
		return "rpm";
	*ok = *ok && !word;
	return NULL;
}

/* "file STAMP KIND HEX VERIFIED MANAGER NAME VERSION PATH" */
static bool take_entry(struct dw_package_cache *c, char *p)
{
	struct entry *e = dw_new(c->arena, struct entry);
	uint64_t kind, verified;
	const char *hex;
	struct entry *old;
	bool ok = true;

	if (!take_stamp(&p, &e->stamp) || !take_numbers(&p, &kind, 1) || kind > DW_DIGEST_SHA512)
		return false;
	hex = dw_word_next(&p);
	if (!hex || !take_numbers(&p, &verified, 1) || verified >= DW_VERIFIED_COUNT)
		return false;
	if (kind != DW_DIGEST_NONE &&
	    !dw_digest_parse((enum dw_digest_kind)kind, hex, strlen(hex), &e->actual))
		return false;
	e->verified = (enum dw_verified)verified;
	e->manager = take_manager(&p, &ok);
	e->name = take_text(&p);
	e->version = take_text(&p);
	e->path = dw_word_next(&p);
	if (!ok || !e->path || e->path[0] != '/' || (e->manager == NULL) != (e->name == NULL) ||
	    dw_word_next(&p))
		return false;
	HASH_FIND_STR(c->entries, e->path, old);
	if (old || HASH_COUNT(c->entries) >= ENTRIES_MAX)
		return false;
	HASH_ADD_KEYPTR(hh, c->entries, e->path, strlen(e->path), e);
	return true;
}

static bool parse(struct dw_package_cache *c, const struct dw_bytes *text)
{
	struct dw_lines it = dw_lines_of(text);
	size_t expected = 0;
	bool ended = false;
	char *p;

	p = dw_lines_next_trimmed(&it, c->arena);
	if (!p || !dw_streq(p, MAGIC))
		return false;
	while ((p = dw_lines_next_trimmed(&it, c->arena)) != NULL) {
		const char *word = dw_word_next(&p);
		struct stamp s;

		if (ended || !word)
			return false;
		if (dw_streq(word, "database")) {
			/* Of another state of the databases: not an error, but of no use. */
			if (expected >= DW_ARRAY_SIZE(databases) || !take_stamp(&p, &s) ||
			    dw_word_next(&p) || !same_stamp(&s, &c->databases[expected++]))
				return false;
		} else if (dw_streq(word, "file")) {
			if (expected != DW_ARRAY_SIZE(databases) || !take_entry(c, p))
				return false;
		} else if (dw_streq(word, "end")) {
			ended = true;
		} else {
			return false;
		}
	}
	return ended;
}

size_t dw_package_cache_parse(struct dw_package_cache *c, const struct dw_bytes *text)
{
	/* A NUL would hide the rest of a line from the string functions. */
	if (memchr(text->data, '\0', text->n) || !parse(c, text))
		HASH_CLEAR(hh, c->entries);
	return HASH_COUNT(c->entries);
}

static bool is_ours(struct dw_sys *s, const char *path, bool directory)
{
	struct stat st;

	return dw_sys_file_stat(s, path, false, &st, NULL) == 0 && st.st_uid == geteuid() &&
	       (st.st_mode & 0077) == 0 && (directory ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

struct dw_package_cache *dw_package_cache_open(struct dw_sys *s, struct dw_arena *scratch,
					       const char *dir)
{
	struct dw_package_cache *c = dw_new(scratch, struct dw_package_cache);
	const char *path;
	struct dw_bytes text;

	c->arena = scratch;
	c->dir = dir;
	if (!dir)
		return c;
	c->now = dw_sys_now(s);
	for (size_t i = 0; i < DW_ARRAY_SIZE(databases); i++) {
		struct stat st;

		if (dw_sys_file_stat(s, databases[i], false, &st, NULL) == 0)
			c->databases[i] = stamp_of(&st);
	}
	path = dw_arena_printf(scratch, "%s/" FILE_NAME, dir);
	if (is_ours(s, dir, true) && is_ours(s, path, false) &&
	    dw_sys_file_read(s, path, CACHE_MAX, scratch, &text, NULL) == 0)
		(void)dw_package_cache_parse(c, &text);
	return c;
}

void dw_package_cache_close(struct dw_package_cache *c)
{
	HASH_CLEAR(hh, c->entries);
}

/* A file that is not there has a stamp of its own, all 0: a program that is gone costs no reading of all lists. */
static struct stamp stamp_of_query(const struct dw_package_query *q)
{
	return q->exists ? stamp_of(&q->st) : (struct stamp){ 0 };
}

void dw_package_cache_ask(struct dw_package_cache *c, struct dw_facts *f,
			  struct dw_package_query *q, size_t n)
{
	for (size_t i = 0; i < n && c->entries; i++) {
		struct entry *e;
		struct stamp now = stamp_of_query(&q[i]);
		struct dw_package *p;

		if (!q[i].path)
			continue;
		HASH_FIND_STR(c->entries, q[i].path, e);
		if (!e || !same_stamp(&e->stamp, &now))
			continue;
		q[i].answered = true;
		q[i].actual = e->actual;
		if (!e->name)
			continue;
		p = dw_new(f->arena, struct dw_package);
		*p = (struct dw_package){ .name = dw_arena_strdup(f->arena, e->name),
					  .version = e->version
							     ? dw_arena_strdup(f->arena, e->version)
							     : NULL,
					  .manager = e->manager,
					  .verified = e->verified };
		q[i].package = p;
	}
}

/* --- writing -------------------------------------------------------------------------------------- */

static bool is_plain(const char *s)
{
	if (!s || !*s || *s == '-')
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

static void put_stamp(struct dw_str *b, const char *word, const struct stamp *s)
{
	dw_str_addf(b, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, word, s->dev,
		    s->ino, s->size, s->mtime, s->ctime);
}

static void put_entry(const struct dw_package_cache *c, struct dw_str *b, const struct entry *e)
{
	if (!is_plain(e->path) || is_racy(c, &e->stamp) ||
	    (e->name && (!is_plain(e->name) || !is_plain(e->version))))
		return;
	put_stamp(b, "file", &e->stamp);
	dw_str_addf(b, " %d ", (int)e->actual.kind);
	if (e->actual.kind == DW_DIGEST_NONE)
		dw_str_addc(b, '-');
	for (size_t i = 0; i < dw_digest_size(e->actual.kind); i++)
		dw_str_addf(b, "%02x", e->actual.bytes[i]);
	dw_str_addf(b, " %d %s %s %s %s\n", e->name ? (int)e->verified : 0,
		    e->name ? e->manager : "-", e->name ? e->name : "-", e->name ? e->version : "-",
		    e->path);
}

static void put_query(struct dw_package_cache *c, struct dw_str *b,
		      const struct dw_package_query *q)
{
	struct entry e = { .path = q->path, .stamp = stamp_of_query(q), .actual = q->actual }, *old;

	if (q->package) {
		e.verified = q->package->verified;
		e.manager = q->package->manager;
		e.name = q->package->name;
		e.version = q->package->version;
	}
	put_entry(c, b, &e);
	if (!e.path)
		return;
	HASH_FIND_STR(c->entries, e.path, old);
	if (old)
		HASH_DEL(c->entries, old);
}

/*
 * What runs now and then (a timer's program, the client of a moment) is not asked for each time, and would cost the
 * reading of all lists whenever it is. The latest first; what is not there any more is not kept.
 */
static void put_kept(struct dw_package_cache *c, struct dw_str *b)
{
	const struct entry *e = c->entries;

	for (size_t n = 0; e && n < KEPT_MAX; e = e->hh.next) {
		if (e->stamp.ino == 0)
			continue;
		put_entry(c, b, e);
		n++;
	}
}

/* Written beside and renamed: a reader sees the old file or the new one, whole. */
static int replace(const char *dir, const struct dw_str *text)
{
	static const char temporary[] = "." FILE_NAME ".new";
	_cleanup_fd_ int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_fd_ int fd = -1;
	ssize_t put;

	if (at < 0)
		return -errno;
	(void)unlinkat(at, temporary, 0); /* of a run that was killed */
	fd = openat(at, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	/* No fsync: after a crash a missing end line makes the file worthless, and that is all. */
	put = write(fd, text->s, text->n);
	if (put < 0 || (size_t)put != text->n || renameat(at, temporary, at, FILE_NAME) < 0) {
		(void)unlinkat(at, temporary, 0);
		return -EIO;
	}
	return 0;
}

void dw_package_cache_save(struct dw_package_cache *c, const struct dw_package_query *q, size_t n)
{
	struct dw_str text = { .arena = c->arena };
	struct stat st;

	if (!c->dir)
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(databases); i++)
		if (c->databases[i].ino && is_racy(c, &c->databases[i]))
			return;
	if (mkdir(c->dir, 0700) < 0 && errno != EEXIST)
		return;
	if (lstat(c->dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 0077) != 0)
		return;
	dw_str_add(&text, MAGIC "\n");
	for (size_t i = 0; i < DW_ARRAY_SIZE(databases); i++) {
		put_stamp(&text, "database", &c->databases[i]);
		dw_str_addc(&text, '\n');
	}
	for (size_t i = 0; i < DW_MIN(n, (size_t)ENTRIES_MAX - KEPT_MAX); i++)
		put_query(c, &text, &q[i]);
	put_kept(c, &text);
	dw_str_add(&text, "end\n");
	(void)replace(c->dir, &text);
}
