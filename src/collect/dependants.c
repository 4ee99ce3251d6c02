/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would break if a package went: deb-control(5), Depends, Pre-Depends and Provides of dpkg's status. */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "packages.h"

#define STATUS_MAX ((size_t)64 * 1024 * 1024)

struct search {
	struct dw_dpkg_status status;
	const char *package;
	DW_VEC(struct dw_dpkg_list) names; /* by which others may ask for it */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool dw_dpkg_next_part(struct dw_dpkg_list *list, char separator, struct dw_dpkg_list *ret)
{
	const char *end;

	if (list->n == 0)
		return false;
	end = memchr(list->s, separator, list->n);
	ret->s = list->s;
	ret->n = end ? (size_t)(end - list->s) : list->n;
	list->s += end ? ret->n + 1 : ret->n;
	list->n -= end ? ret->n + 1 : ret->n;
	return true;
}

struct dw_dpkg_list dw_dpkg_name_of(struct dw_dpkg_list part)
{
	size_t n = 0;

	while (part.n > 0 && is_blank(*part.s)) {
		part.s++;
		part.n--;
	}
	while (n < part.n && !is_blank(part.s[n]) && !strchr(":([<", part.s[n]))
		n++;
	return (struct dw_dpkg_list){ part.s, n };
}

bool dw_dpkg_same_name(const struct dw_dpkg_list *a, const struct dw_dpkg_list *b)
{
	return a->n == b->n && memcmp(a->s, b->s, a->n) == 0;
}

bool dw_dpkg_answers(const struct dw_dpkg_package *p, const struct dw_dpkg_list *name)
{
	struct dw_dpkg_list rest = p->provides, part;
	const struct dw_dpkg_list own = { p->name, strlen(p->name) };

	if (dw_dpkg_same_name(&own, name))
		return true;
	while (dw_dpkg_next_part(&rest, ',', &part)) {
		struct dw_dpkg_list one = dw_dpkg_name_of(part);

		if (dw_dpkg_same_name(&one, name))
			return true;
	}
	return false;
}

static bool another_fulfils(const struct search *k, const struct dw_dpkg_list *name)
{
	for (size_t i = 0; i < k->status.packages.n; i++) {
		const struct dw_dpkg_package *p = &k->status.packages.v[i];

		if (dw_dpkg_is_there(p) && !dw_streq(p->name, k->package) &&
		    dw_dpkg_answers(p, name))
			return true;
	}
	return false;
}

static bool is_ours(const struct search *k, const struct dw_dpkg_list *name)
{
	for (size_t i = 0; i < k->names.n; i++)
		if (dw_dpkg_same_name(&k->names.v[i], name))
			return true;
	return false;
}

/* "a | b (>= 1) | c": one of them is ours, and no other package is one of them. */
static bool clause_needs_us(const struct search *k, struct dw_dpkg_list clause)
{
	struct dw_dpkg_list rest = clause, part;
	bool ours = false;

	while (dw_dpkg_next_part(&rest, '|', &part)) {
		struct dw_dpkg_list name = dw_dpkg_name_of(part);

		ours = ours || is_ours(k, &name);
	}
	for (rest = clause; ours && dw_dpkg_next_part(&rest, '|', &part);) {
		struct dw_dpkg_list name = dw_dpkg_name_of(part);

		if (another_fulfils(k, &name))
			return false;
	}
	return ours;
}

static bool list_needs_us(const struct search *k, struct dw_dpkg_list list)
{
	struct dw_dpkg_list clause;

	while (dw_dpkg_next_part(&list, ',', &clause))
		if (clause_needs_us(k, clause))
			return true;
	return false;
}

static void add_once(struct dw_arena *a, struct dw_strings *ret, const char *name)
{
	/* one package of two architectures has two paragraphs */
	for (size_t i = 0; i < ret->n; i++)
		if (dw_streq(ret->v[i], name))
			return;
	dw_vec_push(a, ret, (const char *)dw_arena_strdup(a, name));
}

/* The names of the package itself, and of what it provides; none: it is not installed. */
static void gather_names(struct search *k, struct dw_arena *scratch)
{
	for (size_t i = 0; i < k->status.packages.n; i++) {
		const struct dw_dpkg_package *p = &k->status.packages.v[i];
		struct dw_dpkg_list rest = p->provides, part;

		if (!dw_dpkg_is_there(p) || !dw_streq(p->name, k->package))
			continue;
		dw_vec_push(scratch, &k->names,
			    ((struct dw_dpkg_list){ p->name, strlen(p->name) }));
		while (dw_dpkg_next_part(&rest, ',', &part)) {
			struct dw_dpkg_list name = dw_dpkg_name_of(part);

			if (name.n > 0)
				dw_vec_push(scratch, &k->names, name);
		}
	}
}

int dw_dpkg_parse_dependants(struct dw_arena *a, const struct dw_bytes *text, const char *package,
			     struct dw_strings *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct search k = { .package = package };
	struct dw_strings found = { 0 };

	dw_dpkg_parse_status(scratch, text, &k.status, NULL, NULL);
	gather_names(&k, scratch);
	if (k.names.n == 0)
		return dw_error_set(e, -ENOENT, "no package %s is installed", package);
	for (size_t i = 0; i < k.status.packages.n && found.n < DW_DEPENDANTS_MAX; i++) {
		const struct dw_dpkg_package *p = &k.status.packages.v[i];

		if (dw_dpkg_is_there(p) && !dw_streq(p->name, package) &&
		    (list_needs_us(&k, p->depends) || list_needs_us(&k, p->pre_depends)))
			add_once(a, &found, p->name);
	}
	*ret = found;
	return 0;
}

int dw_dpkg_read_status(struct dw_sys *s, struct dw_arena *a, struct dw_bytes *ret,
			struct dw_error *e)
{
	int r = dw_sys_file_read(s, "/var/lib/dpkg/status", STATUS_MAX, a, ret, e);

	if (r == -ENOENT)
		return dw_error_set(e, -ENOTSUP, "what needs a package is only known of dpkg's");
	return r;
}

int dw_packages_dependants(struct dw_sys *s, struct dw_arena *a, const char *package,
			   struct dw_strings *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_bytes text;
	int r = dw_dpkg_read_status(s, scratch, &text, e);

	return r < 0 ? r : dw_dpkg_parse_dependants(a, &text, package, ret, e);
}
