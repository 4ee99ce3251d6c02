/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes when a package is removed, from dpkg's status. A dependant goes when one of its clauses (deb-control(5),
 * Depends and Pre-Depends) is fulfilled by what goes and by nothing that stays; so on until nothing more goes.
 */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "packages.h"

/* One that goes. */
struct member {
	const struct dw_dpkg_package *p;
	size_t needs; /* index of the member that it cannot do without; its own: it was asked for */
	bool placed;
};

struct closure {
	struct dw_arena *scratch;
	struct dw_dpkg_status status;
	bool *goes; /* of each package of the status */
	DW_VEC(struct member) members;
};

static bool stays_fulfilled(const struct closure *c, struct dw_dpkg_list clause)
{
	struct dw_dpkg_list part;

	while (dw_dpkg_next_part(&clause, '|', &part)) {
		struct dw_dpkg_list name = dw_dpkg_name_of(part);

		for (size_t i = 0; i < c->status.packages.n; i++)
			if (!c->goes[i] && dw_dpkg_is_there(&c->status.packages.v[i]) &&
			    dw_dpkg_answers(&c->status.packages.v[i], &name))
				return true;
	}
	return false;
}

/* The first member from `from` on that is one of the alternatives; members.n: none. */
static size_t member_of(const struct closure *c, struct dw_dpkg_list clause, size_t from)
{
	struct dw_dpkg_list part;
	size_t found = c->members.n;

	while (dw_dpkg_next_part(&clause, '|', &part)) {
		struct dw_dpkg_list name = dw_dpkg_name_of(part);

		for (size_t i = from; i < found; i++)
			if (dw_dpkg_answers(c->members.v[i].p, &name))
				found = i;
	}
	return found;
}

/* The member without which p has a clause that nothing fulfils; members.n: none. */
static size_t missed_by(const struct closure *c, const struct dw_dpkg_package *p)
{
	const struct dw_dpkg_list lists[] = { p->pre_depends, p->depends };

	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++) {
		struct dw_dpkg_list rest = lists[i], clause;

		while (dw_dpkg_next_part(&rest, ',', &clause)) {
			size_t k = member_of(c, clause, 0);

			if (k < c->members.n && !stays_fulfilled(c, clause))
				return k;
		}
	}
	return c->members.n;
}

static void add_member(struct closure *c, size_t i, size_t needs)
{
	c->goes[i] = true;
	dw_vec_push(c->scratch, &c->members,
		    ((struct member){ .p = &c->status.packages.v[i], .needs = needs }));
}

/* Those that nothing but members needs come after the ones before: chains are as short as they can be. */
static bool grow(struct closure *c)
{
	size_t n = c->members.n;

	for (size_t i = 0; i < c->status.packages.n && c->members.n <= DW_REMOVAL_MAX; i++) {
		const struct dw_dpkg_package *p = &c->status.packages.v[i];
		size_t k;

		if (c->goes[i] || !dw_dpkg_is_there(p))
			continue;
		k = missed_by(c, p);
		if (k < c->members.n)
			add_member(c, i, k);
	}
	return c->members.n > n && c->members.n <= DW_REMOVAL_MAX;
}

/* --- the order ------------------------------------------------------------------------------------ */

/* Does x name y in a clause that nothing else fulfils? */
static bool needs(const struct closure *c, const struct member *x, const struct member *y)
{
	const struct dw_dpkg_list lists[] = { x->p->pre_depends, x->p->depends };

	for (size_t i = 0; x != y && i < DW_ARRAY_SIZE(lists); i++) {
		struct dw_dpkg_list rest = lists[i], clause, part;

		while (dw_dpkg_next_part(&rest, ',', &clause)) {
			struct dw_dpkg_list all = clause;

			while (dw_dpkg_next_part(&clause, '|', &part)) {
				struct dw_dpkg_list name = dw_dpkg_name_of(part);

				if (dw_dpkg_answers(y->p, &name) && !stays_fulfilled(c, all))
					return true;
			}
		}
	}
	return false;
}

static bool is_needed(const struct closure *c, size_t i)
{
	for (size_t k = 0; k < c->members.n; k++)
		if (!c->members.v[k].placed && needs(c, &c->members.v[k], &c->members.v[i]))
			return true;
	return false;
}

/* The next to go: what none of those left needs; in a ring of needs, the one that was found last. */
static size_t next_to_go(const struct closure *c)
{
	size_t last = c->members.n;

	for (size_t i = c->members.n; i-- > 0;) {
		if (c->members.v[i].placed)
			continue;
		if (!is_needed(c, i))
			return i;
		last = last == c->members.n ? i : last;
	}
	return last;
}

/* --- what must stay ------------------------------------------------------------------------------- */

static bool is_twice(const struct closure *c, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < c->members.n; i++)
		n += dw_streq(c->members.v[i].p->name, name);
	return n > 1;
}

static const char *kept_because(const struct closure *c, const struct dw_dpkg_package *p)
{
	if (p->essential)
		return "is essential: the host does not work without it";
	if (p->required)
		return "has the priority \"required\"";
	if (dw_starts_with(p->name, "doorward") || dw_starts_with(p->name, "libdoorward"))
		return "is doorward itself";
	if (is_twice(c, p->name))
		return "is installed for more than one architecture: remove it by hand";
	return NULL;
}

static void tell(struct closure *c, struct dw_arena *a, struct dw_removal *ret)
{
	struct dw_removed_package *v = dw_arena_array(a, c->members.n + 1, sizeof(*v));

	for (size_t n = 0; n < c->members.n; n++) {
		size_t i = next_to_go(c);
		struct member *m = &c->members.v[i];
		const char *version = m->p->version;

		m->placed = true;
		v[n] = (struct dw_removed_package){
			.name = dw_arena_strdup(a, m->p->name),
			.version = version ? dw_arena_strdup(a, version) : NULL,
			.needs = m->needs == i ? NULL
					       : dw_arena_strdup(a, c->members.v[m->needs].p->name),
			.kept = kept_because(c, m->p),
		};
	}
	*ret = (struct dw_removal){ v, c->members.n };
}

int dw_dpkg_parse_removal(struct dw_arena *a, const struct dw_bytes *text, const char *package,
			  struct dw_removal *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct closure c = { .scratch = scratch };

	dw_dpkg_parse_status(scratch, text, &c.status, NULL, NULL);
	c.goes = dw_arena_array(scratch, c.status.packages.n + 1, sizeof(*c.goes));
	for (size_t i = 0; i < c.status.packages.n; i++)
		if (dw_dpkg_is_there(&c.status.packages.v[i]) &&
		    dw_streq(c.status.packages.v[i].name, package))
			add_member(&c, i, c.members.n);
	if (c.members.n == 0)
		return dw_error_set(e, -ENOENT, "no package %s is installed", package);
	while (grow(&c))
		;
	if (c.members.n > DW_REMOVAL_MAX)
		return dw_error_set(e, -E2BIG, "more than %d packages need %s", DW_REMOVAL_MAX,
				    package);
	tell(&c, a, ret);
	return 0;
}

int dw_packages_removal(struct dw_sys *s, struct dw_arena *a, const char *package,
			struct dw_removal *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_bytes text;
	int r = dw_dpkg_read_status(s, scratch, &text, e);

	return r < 0 ? r : dw_dpkg_parse_removal(a, &text, package, ret, e);
}
