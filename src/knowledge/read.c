/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files become services and roles. An entry with something wrong in it is left out whole: half an entry would judge
 * doors by half of what its writer meant.
 */
#include <ctype.h>
#include <string.h>

#include "dw_str.h"
#include "entry.h"

#define ENTRIES_MAX 4096 /* of all files */

/* An entry that was read, and where it stands. */
struct entry {
	struct dw_service service; /* name NULL: it is a role */
	struct dw_role role;
	size_t file;
	unsigned line;
	bool dropped;
};

struct merging {
	struct dw_arena *arena;
	const struct dw_knowledge *base;
	const struct dw_knowledge_file *files;
	struct reading reading;
	DW_VEC(struct entry) entries;
	DW_VEC(struct dw_release) releases; /* refer to nothing and nothing to them: kept apart */
	DW_VEC(struct dw_profile) profiles; /* nor do these */
	DW_VEC(struct dw_tools)
	tools; /* their roles may be anybody's: one that is not here needs nothing */
	bool full;
};

static const char *entry_name(const struct entry *e)
{
	return e->service.name ? e->service.name : e->role.name;
}

/* --- one file --------------------------------------------------------------------------------------- */

static const struct dw_yaml *member(const struct dw_yaml *map, const char *key)
{
	for (const struct dw_yaml *m = map->first; m; m = m->next)
		if (dw_streq(m->key, key))
			return m;
	return NULL;
}

/* The one that is read last replaces its namesake. */
static void read_release(struct merging *m, const struct dw_yaml *map)
{
	struct dw_release e = { 0 };

	if (!dw_entry_read(&m->reading, map, dw_release_fields, &e))
		return;
	for (size_t i = 0; i < m->releases.n; i++)
		if (dw_streq(m->releases.v[i].name, e.name)) {
			m->releases.v[i] = e;
			return;
		}
	dw_vec_push(m->arena, &m->releases, e);
}

static void read_profile(struct merging *m, const struct dw_yaml *map, const char *file)
{
	struct dw_profile p;

	if (!dw_profile_read(&m->reading, map, &p))
		return;
	p.file = file;
	for (size_t i = 0; i < m->profiles.n; i++)
		if (dw_streq(m->profiles.v[i].name, p.name)) {
			m->profiles.v[i] = p;
			return;
		}
	dw_vec_push(m->arena, &m->profiles, p);
}

static void read_tools(struct merging *m, const struct dw_yaml *map)
{
	struct dw_tools t;

	if (!dw_tools_read(&m->reading, map, &t))
		return;
	for (size_t i = 0; i < m->tools.n; i++)
		if (dw_streq(m->tools.v[i].name, t.name)) {
			m->tools.v[i] = t;
			return;
		}
	dw_vec_push(m->arena, &m->tools, t);
}

static void read_entry(struct merging *m, size_t file, const struct dw_yaml *map)
{
	struct reading *r = &m->reading;
	struct entry e = { .file = file, .line = map->line };
	const struct dw_yaml *name;
	bool good;

	r->entry = NULL;
	if (map->kind != DW_YAML_MAP) {
		(void)dw_entry_wrong(r, map->line,
				     "an entry is a list of keys, \"- name: ...\", not %s",
				     dw_yaml_kind_name(map));
		return;
	}
	name = member(map, "name");
	if (name && dw_yaml_is_text(name))
		r->entry = dw_arena_strndup(m->arena, name->text, 60);
	if (member(map, "ends")) {
		read_release(m, map);
		return;
	}
	if (member(map, "needs")) {
		read_profile(m, map, m->files[file].name);
		return;
	}
	if (member(map, "does")) {
		read_tools(m, map);
		return;
	}
	if (member(map, "keep") || member(map, "signs")) {
		good = dw_entry_read(r, map, dw_role_fields, &e.role);
	} else {
		good = dw_entry_read(r, map, dw_service_fields, &e.service) &&
		       dw_service_agrees(r, map, &e.service);
		e.service.file = m->files[file].name;
	}
	if (good)
		*dw_vec_add(m->arena, &m->entries) = e;
}

static void read_file(struct merging *m, size_t file)
{
	struct reading *r = &m->reading;
	struct dw_yaml *root = NULL;
	struct dw_error e = { 0 };
	unsigned line = 0;

	*r = (struct reading){ .arena = m->arena,
			       .file = m->files[file].name,
			       .complain = r->complain,
			       .data = r->data };
	if (dw_yaml_read(m->arena, &m->files[file].bytes, &root, &line, &e) < 0) {
		(void)dw_entry_wrong(r, line, "%s; nothing of this file is used", e.message);
		return;
	}
	/* a file of comments alone says nothing, and so does an empty value */
	if (!root || (root->kind == DW_YAML_TEXT && !*root->text))
		return;
	if (root->kind != DW_YAML_LIST) {
		(void)dw_entry_wrong(r, root->line,
				     "a list of entries expected, each beginning "
				     "with \"- name:\"");
		return;
	}
	for (const struct dw_yaml *v = root->first; v; v = v->next) {
		if (m->entries.n + m->releases.n + m->profiles.n + m->tools.n >= ENTRIES_MAX) {
			r->entry = NULL;
			(void)dw_entry_wrong(r, v->line,
					     "more than %d entries: the rest is left out",
					     ENTRIES_MAX);
			return;
		}
		read_entry(m, file, v);
	}
}

/* --- all entries together --------------------------------------------------------------------------- */

static void drop(struct merging *m, struct entry *e, const char *text)
{
	struct reading *r = &m->reading;

	e->dropped = true;
	r->file = m->files[e->file].name;
	r->entry = entry_name(e);
	(void)dw_entry_wrong(r, e->line, "%s", text);
}

/* A name by which something can be called; without case. */
struct called {
	const char *word;
	size_t entry;
};

static int compare_called(const void *a, const void *b)
{
	const struct called *x = a, *y = b;
	int c = strcasecmp(x->word, y->word);

	return c ? c : (x->entry > y->entry) - (x->entry < y->entry);
}

/* Two entries of the files must not have a name or synonym in common: which of them was meant nobody could tell. */
static void drop_doubles(struct merging *m, bool roles)
{
	DW_VEC(struct called) all = { 0 };

	for (size_t i = 0; i < m->entries.n; i++) {
		const struct entry *e = &m->entries.v[i];

		if (roles != !e->service.name)
			continue;
		dw_vec_push(m->arena, &all, ((struct called){ entry_name(e), i }));
		for (const char *const *s = roles ? dw_no_strings : e->service.synonyms; *s; s++)
			dw_vec_push(m->arena, &all, ((struct called){ *s, i }));
	}
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), compare_called);
	for (size_t i = 1; i < all.n; i++) {
		struct entry *e = &m->entries.v[all.v[i].entry],
			     *first = &m->entries.v[all.v[i - 1].entry];

		if (strcasecmp(all.v[i].word, all.v[i - 1].word) == 0 && !e->dropped)
			drop(m, e,
			     dw_arena_printf(
				     m->arena,
				     "the name or synonym \"%.60s\" was given before: %s, line %u",
				     all.v[i].word, m->files[first->file].name, first->line));
	}
}

static int compare_services(const void *a, const void *b)
{
	return strcmp(((const struct dw_service *)a)->name, ((const struct dw_service *)b)->name);
}

static int compare_roles(const void *a, const void *b)
{
	return strcmp(((const struct dw_role *)a)->name, ((const struct dw_role *)b)->name);
}

static bool is_service(const struct dw_knowledge *k, const char *name)
{
	const struct dw_service key = { .name = name };

	return k->n_services > 0 &&
	       bsearch(&key, k->services, k->n_services, sizeof(key), compare_services) != NULL;
}

static bool is_role(const struct dw_knowledge *k, const char *name)
{
	const struct dw_role key = { .name = name };

	return k->n_roles > 0 &&
	       bsearch(&key, k->roles, k->n_roles, sizeof(key), compare_roles) != NULL;
}

static int compare_releases(const void *a, const void *b)
{
	return strcmp(((const struct dw_release *)a)->name, ((const struct dw_release *)b)->name);
}

/* Those of the base that none of the files replaces, and those of the files. */
static void merge_releases(const struct merging *m, const struct dw_knowledge *base,
			   struct dw_knowledge *k)
{
	struct dw_release *v =
		dw_arena_array(m->arena, base->n_releases + m->releases.n + 1, sizeof(*v));
	size_t n = m->releases.n;

	for (size_t i = 0; i < n; i++)
		v[i] = m->releases.v[i];
	for (size_t i = 0; i < base->n_releases; i++) {
		size_t own = 0;

		while (own < m->releases.n &&
		       !dw_streq(m->releases.v[own].name, base->releases[i].name))
			own++;
		if (own == m->releases.n)
			v[n++] = base->releases[i];
	}
	qsort(v, n, sizeof(*v), compare_releases);
	k->releases = v;
	k->n_releases = n;
}

/* Those of the base that no entry replaces, and the entries. */
static struct dw_knowledge *merge(const struct merging *m)
{
	struct dw_knowledge *k = dw_new(m->arena, struct dw_knowledge), own = { 0 };
	const struct dw_knowledge none = { 0 }, *base = m->base ? m->base : &none;
	size_t n = m->entries.n;
	struct dw_service *services =
		dw_arena_array(m->arena, base->n_services + n + 1, sizeof(*services));
	struct dw_role *roles = dw_arena_array(m->arena, base->n_roles + n + 1, sizeof(*roles));

	for (size_t i = 0; i < n; i++) {
		const struct entry *e = &m->entries.v[i];

		if (!e->dropped && e->service.name)
			services[k->n_services++] = e->service;
		else if (!e->dropped)
			roles[k->n_roles++] = e->role;
	}
	qsort(services, k->n_services, sizeof(*services), compare_services);
	qsort(roles, k->n_roles, sizeof(*roles), compare_roles);
	own = (struct dw_knowledge){ .services = services,
				     .n_services = k->n_services,
				     .roles = roles,
				     .n_roles = k->n_roles };
	for (size_t i = 0; i < base->n_services; i++)
		if (!is_service(&own, base->services[i].name))
			services[k->n_services++] = base->services[i];
	for (size_t i = 0; i < base->n_roles; i++)
		if (!is_role(&own, base->roles[i].name))
			roles[k->n_roles++] = base->roles[i];
	qsort(services, k->n_services, sizeof(*services), compare_services);
	qsort(roles, k->n_roles, sizeof(*roles), compare_roles);
	k->services = services;
	k->roles = roles;
	merge_releases(m, base, k);
	dw_profiles_merge(m->arena, m->profiles.v, m->profiles.n, base, k);
	dw_tools_merge(m->arena, m->tools.v, m->tools.n, base, k);
	return k;
}

/* A synonym is no name: what is compared later is names. */
static const struct dw_service *named(const struct dw_knowledge *k, const char *name)
{
	const struct dw_service key = { .name = name };

	if (k->n_services == 0)
		return NULL;
	return bsearch(&key, k->services, k->n_services, sizeof(key), compare_services);
}

static const char *first_stranger(const struct dw_knowledge *k, const char *const *names)
{
	for (; *names; names++)
		if (!named(k, *names))
			return *names;
	return NULL;
}

static const char *nearest_name(const struct dw_knowledge *k, const char *name)
{
	const struct dw_service *meant = dw_knowledge_service(k, name);
	const char *near = meant ? meant->name : NULL;
	unsigned best = (unsigned)-1;

	for (size_t i = 0; i < k->n_services && !meant; i++) {
		unsigned d = dw_str_apart(name, k->services[i].name);

		if (d < best) {
			best = d;
			near = k->services[i].name;
		}
	}
	return near;
}

static void drop_stranger(struct merging *m, const struct dw_knowledge *k, struct entry *e,
			  const char *name)
{
	const char *near = dw_entry_told_enough(&m->reading) ? NULL : nearest_name(k, name);

	drop(m, e,
	     dw_arena_printf(m->arena, "no service has the name \"%.60s\"%s%s%s", name,
			     near ? "; did you mean " : "", near ? near : "", near ? "?" : ""));
}

/* What is served is a general service. One that serves others itself would make a chain, which nobody would follow. */
static void drop_servers(struct merging *m, const struct dw_knowledge *k)
{
	for (size_t i = 0; i < m->entries.n; i++) {
		struct entry *e = &m->entries.v[i];
		const char *stranger;

		if (e->dropped || !e->service.name)
			continue;
		stranger = first_stranger(k, e->service.serves);
		if (stranger) {
			drop_stranger(m, k, e, stranger);
			continue;
		}
		for (const char *const *s = e->service.serves; *s && !e->dropped; s++)
			if (*named(k, *s)->serves)
				drop(m, e,
				     dw_arena_printf(m->arena,
						     "serves: %s is no general service, it serves "
						     "others itself",
						     *s));
	}
}

static void drop_roles(struct merging *m, const struct dw_knowledge *k)
{
	for (size_t i = 0; i < m->entries.n; i++) {
		struct entry *e = &m->entries.v[i];
		const char *stranger;

		if (e->dropped || e->service.name)
			continue;
		stranger = first_stranger(k, e->role.signs);
		for (const struct dw_role_keep *p = e->role.keeps; !stranger && p->services; p++)
			stranger = first_stranger(k, p->services);
		if (stranger)
			drop_stranger(m, k, e, stranger);
	}
}

const struct dw_knowledge *dw_knowledge_read(struct dw_arena *a, const struct dw_knowledge *base,
					     const struct dw_knowledge_file *files, size_t n,
					     dw_knowledge_complain *complain, void *data)
{
	struct merging m = { .arena = a,
			     .base = base,
			     .files = files,
			     .reading = { .complain = complain, .data = data } };

	for (size_t i = 0; i < n; i++)
		read_file(&m, i);
	m.reading.complaints = 0;
	drop_doubles(&m, false);
	drop_doubles(&m, true);
	drop_servers(&m, merge(&m));
	drop_roles(&m, merge(&m));
	return merge(&m);
}
