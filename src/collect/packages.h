/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to the package lookups: the question about one file, and the databases that may answer it. */
#ifndef DW_PACKAGES_H
#define DW_PACKAGES_H

#include "dw_collect.h"
#include "dw_dpkg.h"

#define DW_DIGEST_MAX 64 /* bytes: SHA-512 */

enum dw_digest_kind {
	DW_DIGEST_NONE = 0,
	DW_DIGEST_MD5,
	DW_DIGEST_SHA1,
	DW_DIGEST_SHA256,
	DW_DIGEST_SHA512
};

struct dw_digest {
	enum dw_digest_kind kind;
	uint8_t bytes[DW_DIGEST_MAX];
};

/* One claim of one package. */
struct dw_package_owner {
	const char *name, *version; /* in the facts' arena */
	struct dw_digest digest;    /* as packaged; kind none: the package does not say */
};

struct dw_package_query {
	const char *path;
	struct stat st; /* of the file there now */
	bool exists;    /* a regular file */
	DW_VEC(struct dw_package_owner) owners;
	const char *manager;
	/* filled in by dw_checksums() when some owner has a digest */
	struct dw_digest actual;
	bool answered; /* the cache knew: package is the answer */
	const struct dw_package *package;
};

/*
 * Each adds owners to the queries that have none yet. -ENOENT: there is no such database here (no message);
 * other negative: it is there and could not be read. Scratch memory dies with the lookup.
 */
int dw_dpkg_find(struct dw_sys *s, struct dw_facts *f, struct dw_arena *scratch,
		 struct dw_package_query *q, size_t n, struct dw_error *e);
int dw_rpm_find(struct dw_sys *s, struct dw_facts *f, struct dw_arena *scratch,
		struct dw_package_query *q, size_t n, struct dw_error *e);

/* Hashes the files whose owners say how they were packaged, in a few threads; too big ones are left out. */
void dw_checksums(struct dw_sys *s, struct dw_facts *f, struct dw_package_query *q, size_t n);
size_t dw_digest_size(enum dw_digest_kind k);
bool dw_digest_equal(const struct dw_digest *a, const struct dw_digest *b);
/* Hexadecimal digits of exactly the kind's length. */
bool dw_digest_parse(enum dw_digest_kind k, const char *hex, size_t n, struct dw_digest *ret);

/* --- usrmerge ------------------------------------------------------------------------------------- */

/* Which of /bin, /sbin, /lib, /lib32, /lib64, /libx32 are links into /usr in this root. */
struct dw_usrmerge {
	bool linked[6];
};
struct dw_usrmerge dw_usrmerge_of(struct dw_sys *s, struct dw_arena *scratch);
/* The path as it would be without /usr, when that is the same file; else the path itself (not copied). */
const char *dw_usrmerge_short(const struct dw_usrmerge *u, const char *path, size_t n,
			      size_t *ret_n);

/* --- dpkg's files, each parser on its own for tests and fuzzing ------------------------------------ */

/* dw_packages_removal() on the text of dpkg's status. */
int dw_dpkg_parse_removal(struct dw_arena *a, const struct dw_bytes *text, const char *package,
			  struct dw_removal *ret, struct dw_error *e);
/* dw_packages_dependants() on the text of dpkg's status. */
int dw_dpkg_parse_dependants(struct dw_arena *a, const struct dw_bytes *text, const char *package,
			     struct dw_strings *ret, struct dw_error *e);

struct dw_dpkg_diversion {
	const char *from, *to, *by; /* by ":": the administrator's own */
};

struct dw_dpkg_diversions {
	struct dw_dpkg_diversion *v;
	size_t n, cap;
};

void dw_dpkg_parse_diversions(struct dw_arena *a, const struct dw_bytes *text,
			      struct dw_dpkg_diversions *ret);

/* The MD5 that a md5sums file has for the path (absolute); false: none, or the line is damaged. */
bool dw_dpkg_md5_of(const struct dw_bytes *md5sums, const char *path, struct dw_digest *ret);

/* What is looked for in the lists; see dpkgscan.c. */
struct dw_dpkg_wanted;
struct dw_dpkg_wanted *dw_dpkg_wanted_new(struct dw_arena *a, const struct dw_usrmerge *u);
void dw_dpkg_wanted_add(struct dw_dpkg_wanted *w, const char *path, size_t query, const char *only,
			const char *except);
/* Calls found for each line of the list (of the package) that is wanted; alias for one of the same base name. */
void dw_dpkg_scan_list(struct dw_dpkg_wanted *w, const char *text, size_t n, const char *package,
		       void (*found)(void *arg, size_t query, const char *line, size_t length,
				     bool alias),
		       void *arg);
void dw_dpkg_wanted_free(struct dw_dpkg_wanted *w);

/* --- the cache ------------------------------------------------------------------------------------ */

struct dw_package_cache;
/* dir NULL: no cache. What is damaged, or not ours, or of other databases, is as if it were not there. */
struct dw_package_cache *dw_package_cache_open(struct dw_sys *s, struct dw_arena *scratch,
					       const char *dir);
/* Answers the queries it can: fills answered and package, or actual alone. */
void dw_package_cache_ask(struct dw_package_cache *c, struct dw_facts *f,
			  struct dw_package_query *q, size_t n);
/* Writes what is known now; failure is nobody's problem. */
void dw_package_cache_save(struct dw_package_cache *c, const struct dw_package_query *q, size_t n);
void dw_package_cache_close(struct dw_package_cache *c);
/* The parser alone, for fuzzing: entries understood, 0 when anything is wrong. */
size_t dw_package_cache_parse(struct dw_package_cache *c, const struct dw_bytes *text);

/* dw_packages_find with the directory of the cache; NULL: none. */
int dw_packages_find_cached(struct dw_sys *s, struct dw_facts *f, const char *const *paths,
			    size_t n, const char *cache_dir, const struct dw_package **ret,
			    struct dw_error *e);

#endif
