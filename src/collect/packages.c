/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which package a program is from. The paths are the host's own (or the root's): a process in a container
 * shows a path of another mount namespace, and looking that up here would lie. The caller keeps those out.
 */
#include "packages.h"

#include <errno.h>
#include <string.h>

#include "dw_str.h"

#define CACHE_DIR "/var/cache/doorward"

static void read_paths(struct dw_sys *s, const char *const *paths, struct dw_package_query *q,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		q[i].path = paths[i];
		q[i].exists = paths[i] &&
			      dw_sys_file_stat(s, paths[i], true, &q[i].st, NULL) == 0 &&
			      S_ISREG(q[i].st.st_mode);
	}
}

/* Of several owners the one whose file this is; else the first that knows a digest; else the first. */
static const struct dw_package_owner *choose(const struct dw_package_query *q)
{
	for (size_t i = 0; i < q->owners.n; i++)
		if (dw_digest_equal(&q->owners.v[i].digest, &q->actual))
			return &q->owners.v[i];
	for (size_t i = 0; i < q->owners.n; i++)
		if (q->owners.v[i].digest.kind != DW_DIGEST_NONE)
			return &q->owners.v[i];
	return q->owners.n > 0 ? &q->owners.v[0] : NULL;
}

static enum dw_verified compare(const struct dw_package_query *q, const struct dw_package_owner *o)
{
	if (q->actual.kind == DW_DIGEST_NONE || o->digest.kind != q->actual.kind)
		return DW_VERIFIED_UNKNOWN;
	return dw_digest_equal(&o->digest, &q->actual) ? DW_VERIFIED_MATCHES : DW_VERIFIED_DIFFERS;
}

static void answer(struct dw_facts *f, struct dw_package_query *q)
{
	const struct dw_package_owner *o = choose(q);
	struct dw_package *p;

	if (q->answered || !o)
		return;
	p = dw_new(f->arena, struct dw_package);
	*p = (struct dw_package){ .name = o->name,
				  .version = o->version,
				  .manager = q->manager,
				  .verified = compare(q, o) };
	q->package = p;
}

static bool all_answered(const struct dw_package_query *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!q[i].answered)
			return false;
	return true;
}

/* Asks each database that is here; true: at least one is, and all of them could be read. */
static bool ask_databases(struct dw_sys *s, struct dw_facts *f, struct dw_arena *scratch,
			  struct dw_package_query *q, size_t n)
{
	static const struct {
		const char *name;
		int (*find)(struct dw_sys *s, struct dw_facts *f, struct dw_arena *scratch,
			    struct dw_package_query *q, size_t n, struct dw_error *e);
	} databases[] = { { "dpkg", dw_dpkg_find }, { "rpm", dw_rpm_find } };
	unsigned here = 0, failed = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(databases); i++) {
		struct dw_error e = { 0 };
		int r = databases[i].find(s, f, scratch, q, n, &e);

		here += r != -ENOENT;
		if (r < 0 && r != -ENOENT) {
			failed++;
			dw_facts_incomplete(f, "no-packages", NULL, 0, false,
					    "which programs are packaged is not known: %s: %s",
					    databases[i].name, e.message);
		}
	}
	if (here == 0)
		dw_facts_incomplete(
			f, "no-packages", NULL, 0, false,
			"which programs are packaged is not known: no package database found "
			"(dpkg's and rpm's are looked for)");
	return here > 0 && failed == 0;
}

int dw_packages_find_cached(struct dw_sys *s, struct dw_facts *f, const char *const *paths,
			    size_t n, const char *cache_dir, const struct dw_package **ret,
			    struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_package_query *q = dw_arena_array(scratch, n + 1, sizeof(*q));
	struct dw_package_cache *cache;
	size_t notes = f->incomplete.n;

	read_paths(s, paths, q, n);
	cache = dw_package_cache_open(s, scratch, cache_dir);
	dw_package_cache_ask(cache, f, q, n);
	if (n > 0 && !all_answered(q, n)) {
		bool whole = ask_databases(s, f, scratch, q, n);

		dw_checksums(s, f, q, n);
		for (size_t i = 0; i < n; i++)
			answer(f, &q[i]);
		/* What came with a "could not look" must be looked at, and said, the next time too. */
		if (whole && f->incomplete.n == notes)
			dw_package_cache_save(cache, q, n);
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = q[i].package;
	dw_package_cache_close(cache);
	return 0;
}

int dw_packages_find(struct dw_sys *s, struct dw_facts *f, const char *const *paths, size_t n,
		     const struct dw_package **ret, struct dw_error *e)
{
	bool cached = dw_sys_is_running(s) && !dw_sys_is_fake(s) && dw_sys_euid(s) == 0;

	return dw_packages_find_cached(s, f, paths, n, cached ? CACHE_DIR : NULL, ret, e);
}
