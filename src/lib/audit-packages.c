/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <uthash.h>

#include "audit-private.h"
#include "dw_str.h"

/* A path asked for once, and who wants the answer. */
struct wanted {
	const char *path;
	size_t index;
	UT_hash_handle hh;
};

/* What lies at the path of an executable: thousands of processes may run one program. */
struct located {
	const char *path;
	uint64_t ino; /* 0: nothing */
	UT_hash_handle hh;
};

struct asking {
	struct auditing *a;
	struct located *located;
	struct wanted *table;
	struct dw_strings paths;
};

static void ask(struct asking *q, const char *path)
{
	struct wanted *w;

	if (!path || *path != '/')
		return;
	HASH_FIND_STR(q->table, path, w);
	if (w)
		return;
	w = dw_new(q->a->facts->arena, struct wanted);
	w->path = path;
	w->index = q->paths.n;
	dw_vec_push(q->a->facts->arena, &q->paths, path);
	HASH_ADD_KEYPTR(hh, q->table, w->path, strlen(w->path), w);
}

static const struct dw_package *answer(const struct asking *q, const struct dw_package **found,
				       const char *path)
{
	struct wanted *w = NULL;

	if (path)
		HASH_FIND_STR(q->table, path, w);
	return w ? found[w->index] : NULL;
}

static uint64_t inode_at(struct asking *q, const char *path)
{
	struct located *l;
	struct stat st;

	HASH_FIND_STR(q->located, path, l);
	if (l)
		return l->ino;
	l = dw_new(q->a->facts->arena, struct located);
	l->path = path;
	l->ino = dw_sys_file_stat(q->a->sys, path, true, &st, NULL) < 0 ? 0 : st.st_ino;
	HASH_ADD_KEYPTR(hh, q->located, l->path, strlen(l->path), l);
	return l->ino;
}

/*
 * The path that a package of this host may own. A process that sees another file system (a container, a
 * chroot) has an executable whose path means another file here, or none.
 */
static const char *path_of(struct asking *q, const struct dw_owner *o)
{
	const struct dw_procinfo *p = dw_procs_get(q->a->procs, o->pid);

	if (o->container || !o->executable || o->exe_state == DW_EXE_MEMFD)
		return NULL;
	if (o->exe_state != DW_EXE_INTACT || !p || !p->exe_ino)
		return o->executable;
	return inode_at(q, o->executable) == p->exe_ino ? o->executable : NULL;
}

/* A script is the program; its interpreter's package says nothing. */
static const char *program_of(const struct dw_owner *o, const char *executable)
{
	return executable && o->script ? o->script : executable;
}

void dw_audit_packages(struct auditing *a)
{
	struct dw_facts *f = a->facts;
	struct asking q = { .a = a };
	const char **paths = dw_arena_array(f->arena, f->processes.n + 1, sizeof(*paths));
	const struct dw_package **found;
	struct dw_error e = { 0 };
	int r;

	for (size_t i = 0; i < f->processes.n; i++) {
		paths[i] = program_of(&f->processes.v[i], path_of(&q, &f->processes.v[i]));
		ask(&q, paths[i]);
	}
	for (size_t i = 0; i < f->holds.n; i++)
		ask(&q, f->holds.v[i].starter.program);
	for (size_t i = 0; i < f->sleepers.n; i++) {
		if (!f->sleepers.v[i].program)
			f->sleepers.v[i].program = f->sleepers.v[i].starter.program;
		ask(&q, f->sleepers.v[i].program);
	}
	found = dw_arena_array(f->arena, q.paths.n + 1, sizeof(*found));
	r = a->find_packages ? a->find_packages(a->find_data, a, q.paths.v, q.paths.n, found, &e)
			     : dw_packages_find(a->sys, f, q.paths.v, q.paths.n, found, &e);
	if (r < 0)
		dw_facts_incomplete(f, "no-packages", NULL, 0, false,
				    "packages could not be looked up: %s", e.message);
	for (size_t i = 0; i < f->processes.n; i++)
		f->processes.v[i].package = answer(&q, found, paths[i]);
	for (size_t i = 0; i < f->holds.n; i++)
		f->holds.v[i].package = answer(&q, found, f->holds.v[i].starter.program);
	for (size_t i = 0; i < f->sleepers.n; i++)
		f->sleepers.v[i].package = answer(&q, found, f->sleepers.v[i].program);
	HASH_CLEAR(hh, q.table);
	HASH_CLEAR(hh, q.located);
}
