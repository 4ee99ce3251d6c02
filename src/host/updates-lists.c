/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kept up to date: what apt's lists of packages have that is newer than what is installed, among those which put holes
 * right. Nothing is fetched: the answer is as old as the lists are, and says so.
 */
#include <errno.h>
#include <time.h>

#include "dw_dpkg.h"
#include "lz4.h"
#include "updates.h"

#define LISTS     "/var/lib/apt/lists"
#define LIST_MAX  ((size_t)256 * 1024 * 1024)
#define DAY       ((uint64_t)24 * 3600)
#define FRESH     (7 * DAY)
#define LISTS_MAX 500

/* --- Release -------------------------------------------------------------------------------------------- */

/* "Sat, 07 Nov 2026 14:05:11 UTC" */
static uint64_t date_of(const char *s)
{
	struct tm tm = { 0 };
	time_t t;

	if (!strptime(s, "%a, %d %b %Y %H:%M:%S", &tm))
		return 0;
	t = timegm(&tm);
	return t > 0 ? (uint64_t)t : 0;
}

void host_release_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_release *ret)
{
	struct dw_lines it = dw_lines_of(text);
	const char *raw;
	size_t n;

	*ret = (struct host_release){ .origin = "", .label = "", .suite = "", .codename = "" };
	while (dw_lines_next(&it, &raw, &n)) {
		char *line, *colon;

		/* sums of files go on in lines that begin with a blank: most of the text */
		if (n == 0 || n > 1000 || *raw == ' ')
			continue;
		line = dw_arena_strndup(a, raw, n);
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		colon = dw_trim(colon + 1);
		if (strcasecmp(line, "Origin") == 0)
			ret->origin = colon;
		else if (strcasecmp(line, "Label") == 0)
			ret->label = colon;
		else if (strcasecmp(line, "Suite") == 0)
			ret->suite = colon;
		else if (strcasecmp(line, "Codename") == 0)
			ret->codename = colon;
		else if (strcasecmp(line, "Date") == 0)
			ret->date = date_of(colon);
	}
}

bool host_release_is_security(const struct host_release *x)
{
	/* Debian's label, and Ubuntu's suites (noble-security, jammy-apps-security, jammy-infra-security) */
	return strcasecmp(x->label, "Debian-Security") == 0 ||
	       dw_ends_with(x->suite, "-security") || dw_ends_with(x->codename, "-security");
}

/* --- the lists ------------------------------------------------------------------------------------------ */

struct lists {
	struct dw_strings security; /* paths of lists of packages */
	const char *packed;         /* one of those, which is compressed; NULL: none */
	bool any, rolling, has_security;
	uint64_t
		date; /* of the newest release among those of security, or of all where there is none */
};

static bool belongs_to(const char *name, const char *base, size_t n)
{
	return strncmp(name, base, n) == 0 && name[n] == '_';
}

static void add_packages(struct host_asking *q, const struct dw_strings *names, const char *base,
			 size_t n, struct lists *x)
{
	for (size_t i = 0; i < names->n && x->security.n < LISTS_MAX; i++) {
		const char *name = names->v[i],
			   *end = belongs_to(name, base, n) ? strstr(name + n, "_Packages") : NULL,
			   *path;

		if (!end || strstr(name, ".diff"))
			continue;
		path = dw_arena_printf(q->l->a, LISTS "/%s", name);
		if (end[sizeof("_Packages") - 1] && !dw_ends_with(name, "_Packages.lz4"))
			x->packed = path;
		else
			dw_vec_push(q->l->a, &x->security, path);
	}
}

static void add_release(struct host_asking *q, const struct dw_strings *names, const char *name,
			size_t n, struct lists *x)
{
	struct dw_bytes text = { 0 };
	struct host_release rel;
	bool security;

	if (!host_ask_text(q, dw_arena_printf(q->l->a, LISTS "/%s", name), &text))
		return;
	host_release_parse(q->l->a, &text, &rel);
	security = host_release_is_security(&rel);
	x->any = true;
	/* Debian's unstable has its security updates among all others */
	x->rolling |= dw_streq(rel.suite, "unstable") || dw_streq(rel.codename, "sid");
	if (security && !x->has_security)
		x->date = 0;
	if (security || !x->has_security)
		x->date = DW_MAX(x->date, rel.date);
	x->has_security |= security;
	if (security)
		add_packages(q, names, name, n, x);
}

static void read_lists(struct host_asking *q, struct lists *x)
{
	static const char *const kinds[] = { "_InRelease", "_Release" };
	struct dw_strings names;

	host_ask_list(q, LISTS, &names);
	for (size_t i = 0; i < names.n; i++)
		for (size_t k = 0; k < DW_ARRAY_SIZE(kinds); k++)
			if (dw_ends_with(names.v[i], kinds[k]))
				add_release(q, &names, names.v[i],
					    strlen(names.v[i]) - strlen(kinds[k]), x);
}

/*
 * When the lists were last held against the archive's. The times of the files are those that the archive gave them;
 * what says it is apt's stamp, and the directory in which it keeps half of a file while it fetches the rest.
 */
static uint64_t last_asked(struct host_asking *q, const struct lists *x)
{
	static const char *const marks[] = { "/var/lib/apt/periodic/update-success-stamp",
					     LISTS "/partial", LISTS };
	uint64_t last = x->date;

	for (size_t i = 0; i < DW_ARRAY_SIZE(marks); i++) {
		struct stat st;

		if (host_ask_stat(q, marks[i], true, &st))
			last = DW_MAX(last, (uint64_t)st.st_mtime);
	}
	return DW_MIN(last, dw_sys_now(q->l->sys));
}

static const char *age(struct host_look *l, uint64_t last)
{
	uint64_t days = (dw_sys_now(l->sys) - last) / DAY;

	if (days < 2)
		return days ? "a day old" : "of today";
	return dw_arena_printf(l->a, "%llu days old", (unsigned long long)days);
}

/* False: there are none, or they could not be read, and the result says so. */
static bool have_lists(struct host_asking *q, struct dw_host_result *r, struct lists *x)
{
	struct host_look *l = q->l;

	if (!host_ask_file(q, "/usr/bin/apt-get") && !q->e.code) {
		host_say(l, r, DW_HOST_UNKNOWN,
			 "apt is not here, and the lists of no other are read");
		return false;
	}
	read_lists(q, x);
	if (host_asked_in_vain(q, r))
		return false;
	if (!x->any)
		host_say(l, r, DW_HOST_UNKNOWN,
			 "there are no lists of packages in " LISTS
			 ": apt-get update fetches them");
	return x->any;
}

void host_updates_lists(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	struct lists x = { 0 };
	uint64_t last;

	if (!have_lists(&q, r, &x))
		return;
	last = last_asked(&q, &x);
	if (host_asked_in_vain(&q, r))
		return;
	if (last + FRESH < dw_sys_now(l->sys))
		host_seen(l, r, LISTS, 0, "lists", "they are %s", age(l, last));
	if (!x.has_security && !x.rolling)
		host_seen(l, r, "/etc/apt", 0, "sources",
			  "none of the sources is one of security updates");
	host_conclude(l, r, "The host does not hear of security updates.",
		      "reasons why the host does not hear of security updates.",
		      dw_arena_printf(l->a, "The lists of packages are %s.", age(l, last)));
}

/* --- what is newer -------------------------------------------------------------------------------------- */

struct pending {
	struct host_asking *q;
	struct dw_dpkg_status installed; /* sorted by name */
	const char *
		*fresh; /* of each installed package: the newest version in the lists; NULL: none */
	const char **file;
	unsigned *line;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dw_dpkg_package *)a)->name,
		      ((const struct dw_dpkg_package *)b)->name);
}

/* "all" may have become of one architecture since, and the other way round. */
static bool same_architecture(const struct dw_dpkg_package *a, const struct dw_dpkg_package *b)
{
	return dw_streq0(a->architecture, b->architecture) || dw_streq0(a->architecture, "all") ||
	       dw_streq0(b->architecture, "all");
}

static void compare_with(struct pending *p, const struct dw_dpkg_package *listed, const char *file)
{
	const struct dw_dpkg_package *v = p->installed.packages.v, *hit;
	size_t n = p->installed.packages.n, i;

	hit = listed->version && n ? bsearch(listed, v, n, sizeof(*v), by_name) : NULL;
	if (!hit)
		return;
	for (i = (size_t)(hit - v); i > 0 && dw_streq(v[i - 1].name, listed->name); i--)
		;
	for (; i < n && dw_streq(v[i].name, listed->name); i++) {
		const char *have = p->fresh[i] ? p->fresh[i] : v[i].version;

		if (!dw_dpkg_is_there(&v[i]) || !have || !same_architecture(&v[i], listed) ||
		    host_deb_compare(listed->version, have) <= 0)
			continue;
		p->fresh[i] = listed->version;
		p->file[i] = file;
		p->line[i] = listed->line;
	}
}

static int read_list(struct pending *p, const char *path, struct dw_error *e)
{
	struct dw_bytes text = { 0 }, packed;
	struct dw_dpkg_status listed = { 0 };
	struct dw_error why = { 0 };
	int r = dw_sys_file_read(p->q->l->sys, path, LIST_MAX, p->q->l->a, &text, e);

	packed = text;
	if (r >= 0 && dw_ends_with(path, ".lz4") &&
	    (r = host_lz4_read(p->q->l->a, &packed, LIST_MAX, &text, &why)) < 0)
		(void)dw_error_set(e, r, "%s: %s", path, why.message);
	if (r < 0)
		return r;
	dw_dpkg_parse_status(p->q->l->a, &text, &listed, NULL, NULL);
	for (size_t i = 0; i < listed.packages.n; i++)
		compare_with(p, &listed.packages.v[i], path);
	return 0;
}

static int read_installed(struct pending *p, struct dw_error *e)
{
	struct dw_arena *a = p->q->l->a;
	struct dw_bytes text = { 0 };
	int r = dw_dpkg_read_status(p->q->l->sys, a, &text, e);
	size_t n;

	if (r < 0)
		return r;
	dw_dpkg_parse_status(a, &text, &p->installed, NULL, NULL);
	n = p->installed.packages.n;
	if (n > 1)
		qsort(p->installed.packages.v, n, sizeof(*p->installed.packages.v), by_name);
	p->fresh = dw_arena_array(a, n + 1, sizeof(*p->fresh));
	p->file = dw_arena_array(a, n + 1, sizeof(*p->file));
	p->line = dw_arena_array(a, n + 1, sizeof(*p->line));
	return 0;
}

static void tell_pending(struct pending *p, struct dw_host_result *r)
{
	for (size_t i = 0; i < p->installed.packages.n; i++) {
		const struct dw_dpkg_package *v = &p->installed.packages.v[i];

		if (p->fresh[i])
			host_seen(p->q->l, r, p->file[i], p->line[i], v->name,
				  "%s is installed, %s is the one to have", v->version,
				  p->fresh[i]);
	}
}

static void judge_age(struct host_look *l, struct dw_host_result *r, const struct lists *x,
		      uint64_t last)
{
	const char *old = age(l, last);

	if (r->evidence.n)
		host_conclude(
			l, r,
			dw_arena_printf(l->a, "One security update waits, by lists that are %s.",
					old),
			dw_arena_printf(l->a, "security updates wait, by lists that are %s.", old),
			"");
	else if (x->packed)
		host_say(l, r, DW_HOST_UNKNOWN, "%s is compressed, and cannot be read", x->packed);
	else if (last + FRESH < dw_sys_now(l->sys))
		host_say(l, r, DW_HOST_UNKNOWN,
			 "no update waits by lists that are %s: apt-get update fetches newer ones",
			 old);
	else
		host_say(l, r, DW_HOST_OK, "No security update waits, by lists that are %s.", old);
}

void host_updates_pending(struct host_look *l, struct dw_host_result *r)
{
	struct host_asking q = { .l = l };
	struct pending p = { .q = &q };
	struct lists x = { 0 };
	struct dw_error e = { 0 };
	uint64_t last;
	int code;

	if (!have_lists(&q, r, &x))
		return;
	last = last_asked(&q, &x);
	if (host_asked_in_vain(&q, r))
		return;
	if (!x.has_security || (!x.security.n && !x.packed)) {
		host_say(l, r, DW_HOST_UNKNOWN, "no list of packages is one of security updates");
		return;
	}
	code = read_installed(&p, &e);
	for (size_t i = 0; i < x.security.n && code == 0; i++)
		code = read_list(&p, x.security.v[i], &e);
	if (code < 0) {
		host_unknown(l, r, &e);
		return;
	}
	tell_pending(&p, r);
	judge_age(l, r, &x, last);
}
