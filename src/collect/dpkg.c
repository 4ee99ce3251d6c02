/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dpkg's database, read directly: /var/lib/dpkg/status, info/NAME[:ARCH].list and .md5sums, diversions. The
 * lists say paths as packages ship them; the host may have /bin merged into /usr, files diverted to other
 * names, and directories that are links: each is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "dw_str.h"
#include "packages.h"

#define STATUS_MAX  ((size_t)64 * 1024 * 1024)
#define LIST_MAX    ((size_t)64 * 1024 * 1024)
#define NOTES_MAX   8   /* of one kind */
#define OWNERS_MAX  8   /* of one file */
#define ALIASES_MAX 128 /* of one file that are compared by inode */

#define DB "/var/lib/dpkg"

/* A line of a list that is the file (or of the same base name: an alias, to be compared by inode). */
struct hit {
	size_t query, package;
	const char *line;
	bool alias;
};

struct lookup {
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_arena *scratch;
	struct dw_package_query *q;
	size_t n;
	struct dw_usrmerge usrmerge;
	struct dw_dpkg_status status;
	struct dw_dpkg_diversions diversions;
	struct dw_dpkg_wanted *wanted;
	DW_VEC(struct hit) hits;
	size_t package; /* whose list is being read */
	unsigned bad_lines, bad_lists;
	char *buffer;
	size_t capacity;
};

/* --- reading -------------------------------------------------------------------------------------- */

static void bad_status(void *arg, unsigned line, const char *why)
{
	struct lookup *l = arg;

	if (l->bad_lines++ < NOTES_MAX)
		dw_facts_incomplete(l->facts, "bad-line", DB "/status", line, false, "%s", why);
}

static int read_status(struct lookup *l, struct dw_error *e)
{
	struct dw_bytes text;
	int r = dw_sys_file_read(l->sys, DB "/status", STATUS_MAX, l->scratch, &text, e);

	if (r == 0)
		dw_dpkg_parse_status(l->scratch, &text, &l->status, bad_status, l);
	return r;
}

static void read_diversions(struct lookup *l)
{
	struct dw_error e = { 0 };
	struct dw_bytes text;
	int r = dw_sys_file_read(l->sys, DB "/diversions", STATUS_MAX, l->scratch, &text, &e);

	if (r == 0)
		dw_dpkg_parse_diversions(l->scratch, &text, &l->diversions);
	else if (r != -ENOENT)
		dw_facts_incomplete(l->facts, "unreadable", DB "/diversions", 0, false,
				    "diverted files may be said to be of the wrong package: %s",
				    e.message);
}

static void found(void *arg, size_t query, const char *line, size_t length, bool alias);

/* Into the one buffer: the arena would keep all the lists. Returns bytes read or a negative code. */
static ssize_t read_list(struct lookup *l, const char *path)
{
	_cleanup_fd_ int fd = dw_sys_file_open(l->sys, path, O_RDONLY | O_NONBLOCK, NULL);
	size_t n = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t got = read(fd, l->buffer + n, l->capacity - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		n += (size_t)got;
		/* a regular file gives all it has: less than asked for is the end */
		if (n < l->capacity)
			return (ssize_t)n;
		if (l->capacity >= LIST_MAX)
			return -EFBIG;
		l->buffer = realloc(l->buffer, l->capacity * 2);
		if (!l->buffer)
			dw_oom();
		l->capacity *= 2;
	}
}

/* info/NAME.SUFFIX, or info/NAME:ARCH.SUFFIX of packages that may be there for several architectures. */
static const char *info_path(struct lookup *l, const struct dw_dpkg_package *p, bool with_arch,
			     const char *suffix)
{
	if (with_arch)
		return dw_arena_printf(l->scratch, DB "/info/%s:%s.%s", p->name,
				       p->architecture ? p->architecture : "all", suffix);
	return dw_arena_printf(l->scratch, DB "/info/%s.%s", p->name, suffix);
}

static void scan_package(struct lookup *l, const struct dw_dpkg_package *p)
{
	const char *path = info_path(l, p, p->multi_arch_same, "list");
	ssize_t n = read_list(l, path);

	if (n == -ENOENT)
		n = read_list(l, info_path(l, p, !p->multi_arch_same, "list"));
	if (n >= 0)
		dw_dpkg_scan_list(l->wanted, l->buffer, (size_t)n, p->name, found, l);
	else if (l->bad_lists++ < NOTES_MAX)
		dw_facts_incomplete(l->facts, "unreadable", path, 0, false,
				    "which files package %s has is not known: %s", p->name,
				    strerrordesc_np((int)-n));
}

/* --- what is looked for --------------------------------------------------------------------------- */

static bool same_path(const struct lookup *l, const char *a, const char *b)
{
	size_t n, m;
	const char *x = dw_usrmerge_short(&l->usrmerge, a, strlen(a), &n);
	const char *y = dw_usrmerge_short(&l->usrmerge, b, strlen(b), &m);

	return n == m && memcmp(x, y, n) == 0;
}

/*
 * A diversion of FROM to TO by P: the file at FROM is P's alone, whatever other lists say, and the file at TO
 * is of whoever but P lists FROM (dpkg-divert(1)). By ":" (the administrator): no package's file is at FROM.
 */
static void want_path(struct lookup *l, size_t query)
{
	const char *path = l->q[query].path, *only = NULL;

	for (size_t i = 0; i < l->diversions.n; i++) {
		const struct dw_dpkg_diversion *d = &l->diversions.v[i];

		if (same_path(l, d->to, path))
			dw_dpkg_wanted_add(l->wanted, d->from, query, NULL, d->by);
		if (same_path(l, d->from, path))
			only = d->by;
	}
	dw_dpkg_wanted_add(l->wanted, path, query, only, NULL);
}

static void want_paths(struct lookup *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->q[i].answered && l->q[i].path && l->q[i].path[0] == '/')
			want_path(l, i);
}

static void found(void *arg, size_t query, const char *line, size_t length, bool alias)
{
	struct lookup *l = arg;

	*dw_vec_add(l->scratch, &l->hits) = (struct hit){
		.query = query,
		.package = l->package,
		.line = dw_arena_strndup(l->scratch, line, length),
		.alias = alias,
	};
}

/* --- what was found ------------------------------------------------------------------------------- */

static bool md5_of(struct lookup *l, const struct dw_dpkg_package *p, const char *line,
		   struct dw_digest *ret)
{
	struct dw_bytes text;

	if (dw_sys_file_read(l->sys, info_path(l, p, p->multi_arch_same, "md5sums"), LIST_MAX,
			     l->scratch, &text, NULL) < 0 &&
	    dw_sys_file_read(l->sys, info_path(l, p, !p->multi_arch_same, "md5sums"), LIST_MAX,
			     l->scratch, &text, NULL) < 0)
		return false;
	return dw_dpkg_md5_of(&text, line, ret);
}

static void add_owner(struct lookup *l, const struct hit *h)
{
	struct dw_package_query *q = &l->q[h->query];
	const struct dw_dpkg_package *p = &l->status.packages.v[h->package];
	struct dw_arena *a = l->facts->arena;
	struct dw_package_owner *o;

	if (q->owners.n >= OWNERS_MAX)
		return;
	o = dw_vec_add(l->scratch, &q->owners);
	q->manager = "dpkg";
	o->name = dw_arena_strdup(a, p->name);
	o->version = p->version ? dw_arena_strdup(a, p->version) : NULL;
	(void)md5_of(l, p, h->line, &o->digest);
}

/* /opt/x -> /srv/x made after the package was: the list says /opt/x/bin/y, the process /srv/x/bin/y. */
static bool is_same_file(struct lookup *l, const struct hit *h)
{
	const struct dw_package_query *q = &l->q[h->query];
	struct stat st;

	return q->exists && dw_sys_file_stat(l->sys, h->line, true, &st, NULL) == 0 &&
	       st.st_ino == q->st.st_ino && st.st_dev == q->st.st_dev;
}

static void take_hits(struct lookup *l)
{
	unsigned *tried = dw_arena_array(l->scratch, l->n + 1, sizeof(*tried));

	for (size_t i = 0; i < l->hits.n; i++)
		if (!l->hits.v[i].alias)
			add_owner(l, &l->hits.v[i]);
	for (size_t i = 0; i < l->hits.n; i++) {
		const struct hit *h = &l->hits.v[i];

		if (h->alias && l->q[h->query].owners.n == 0 && tried[h->query]++ < ALIASES_MAX &&
		    is_same_file(l, h))
			add_owner(l, h);
	}
}

int dw_dpkg_find(struct dw_sys *s, struct dw_facts *f, struct dw_arena *scratch,
		 struct dw_package_query *q, size_t n, struct dw_error *e)
{
	struct lookup l = { .sys = s, .facts = f, .scratch = scratch, .q = q, .n = n };
	int r = read_status(&l, e);

	if (r < 0)
		return r;
	read_diversions(&l);
	l.usrmerge = dw_usrmerge_of(s, scratch);
	l.wanted = dw_dpkg_wanted_new(scratch, &l.usrmerge);
	want_paths(&l);
	l.capacity = 256 * 1024;
	l.buffer = malloc(l.capacity);
	if (!l.buffer)
		dw_oom();
	for (l.package = 0; l.package < l.status.packages.n; l.package++)
		if (l.status.packages.v[l.package].installed)
			scan_package(&l, &l.status.packages.v[l.package]);
	take_hits(&l);
	dw_dpkg_wanted_free(l.wanted);
	free(l.buffer);
	return 0;
}
