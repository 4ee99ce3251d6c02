/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding a few paths in all the lists of dpkg at once: a host has 500 to 2000 of them, 10 to 30 MB. One pass;
 * a line costs a memchr(3) and one look into a bit map by its last four bytes. What passes is looked up by its
 * base name, and compared whole. Measured on 889 lists of 8.7 MB: reading alone 4.5 ms, with this 5.5.
 */
#include <string.h>
#include <uthash.h>

#include "packages.h"

#define MAP_BITS 16

struct wanted {
	const char *path; /* shortened, see dw_usrmerge_short */
	size_t n, query;
	const char *only, *except;
	struct wanted *next; /* of the same base name */
};

struct name {
	const char *base;
	struct wanted *first;
	UT_hash_handle hh;
};

struct dw_dpkg_wanted {
	struct dw_arena *arena;
	const struct dw_usrmerge *usrmerge;
	struct name *names;
	uint8_t map[1 << (MAP_BITS - 3)];
};

struct dw_dpkg_wanted *dw_dpkg_wanted_new(struct dw_arena *a, const struct dw_usrmerge *u)
{
	struct dw_dpkg_wanted *w = dw_new(a, struct dw_dpkg_wanted);

	w->arena = a;
	w->usrmerge = u;
	return w;
}

void dw_dpkg_wanted_free(struct dw_dpkg_wanted *w)
{
	HASH_CLEAR(hh, w->names);
}

/* Of the last four bytes; n >= 4. */
static uint32_t hash_end(const char *s, size_t n)
{
	uint32_t v;

	memcpy(&v, s + n - 4, sizeof(v));
	return (v * 2654435761U) >> (32 - MAP_BITS);
}

void dw_dpkg_wanted_add(struct dw_dpkg_wanted *w, const char *path, size_t query, const char *only,
			const char *except)
{
	struct wanted *x = dw_new(w->arena, struct wanted);
	struct name *name;
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = strlen(base);
	uint32_t h;

	*x = (struct wanted){ .query = query, .only = only, .except = except };
	x->path = dw_usrmerge_short(w->usrmerge, path, strlen(path), &x->n);
	/* Lists hold absolute paths below the root: "/a" is two bytes, and nothing that runs is shorter than "/a/b". */
	if (path[0] != '/' || length == 0 || x->n < 4)
		return;
	h = hash_end(x->path, x->n);
	w->map[h / 8] |= (uint8_t)(1U << (h % 8));
	/* A short base name takes its slash and directory into the last four bytes: an alias may differ there. */
	HASH_FIND(hh, w->names, base, length, name);
	if (!name) {
		name = dw_new(w->arena, struct name);
		name->base = base;
		HASH_ADD_KEYPTR(hh, w->names, name->base, length, name);
	}
	x->next = name->first;
	name->first = x;
}

static void compare(struct dw_dpkg_wanted *w, const char *line, size_t n, const char *package,
		    void (*found)(void *arg, size_t query, const char *line, size_t length,
				  bool alias),
		    void *arg)
{
	const char *slash = memrchr(line, '/', n), *path;
	struct name *name;
	size_t length, short_n;

	if (!slash || line[0] != '/')
		return;
	length = (size_t)(line + n - slash - 1);
	HASH_FIND(hh, w->names, slash + 1, length, name);
	if (!name)
		return;
	path = dw_usrmerge_short(w->usrmerge, line, n, &short_n);
	for (const struct wanted *x = name->first; x; x = x->next) {
		bool same = x->n == short_n && memcmp(x->path, path, short_n) == 0;

		if (same && ((x->only && strcmp(x->only, package) != 0) ||
			     (x->except && strcmp(x->except, package) == 0)))
			continue;
		found(arg, x->query, line, n, !same);
	}
}

void dw_dpkg_scan_list(struct dw_dpkg_wanted *w, const char *text, size_t n, const char *package,
		       void (*found)(void *arg, size_t query, const char *line, size_t length,
				     bool alias),
		       void *arg)
{
	const char *at = text, *end = text + n;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		if (length >= 4) {
			uint32_t h = hash_end(at, length);

			if (w->map[h / 8] & (1U << (h % 8)))
				compare(w, at, length, package, found, arg);
		}
		at = newline ? newline + 1 : end;
	}
}
