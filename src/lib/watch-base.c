/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Managers, packages, knowledge and policy, loaded once for many looks. Directories and files that they come from are
 * compared before each use; and now and then all is loaded anew, for a file that is changed in place deeper down.
 */
#include <errno.h>
#include <uthash.h>

#include "dw_policy_file.h"
#include "dw_str.h"
#include "watch-private.h"

#define CHECK_US  20000                      /* files are compared no more often */
#define KEEP_US   (300ULL * 1000 * 1000)     /* and all is loaded anew after so long */
#define GROWN_MAX ((size_t)32 * 1024 * 1024) /* answers that managers remember */

static const char *const files[] = {
	"/etc/systemd/system",
	"/run/systemd/system",
	"/run/systemd/transient",
	"/run/systemd/generator",
	"/run/systemd/generator.late",
	"/usr/lib/systemd/system",
	"/usr/local/lib/systemd/system",
	"/etc/init.d",
	"/etc/inetd.conf",
	"/etc/xinetd.conf",
	"/etc/xinetd.d",
	"/etc/crontab",
	"/etc/cron.d",
	"/var/spool/cron/crontabs",
	"/etc/rc.local",
	"/etc/inittab",
	"/etc/sv",
	"/etc/runit/runsvdir",
	"/etc/passwd",
	"/var/lib/docker/containers",
	"/var/lib/containers/storage/overlay-containers",
	"/usr/share/dbus-1/system-services",
	"/var/lib/dpkg/status",
	"/etc/doorward/policy",
	"/etc/doorward/knowledge.d",
	"/etc/doorward",
};

struct stamp {
	uint64_t dev, ino, mtime, ctime, size;
};

struct package {
	char *path;
	struct stamp file;
	const struct dw_package *package; /* in the base's arena; NULL: of none */
	UT_hash_handle hh;
};

struct watch_base {
	struct dw_facts *facts; /* its arena holds all of it */
	struct dw_procs *procs;
	struct dw_starters starters;
	struct dw_starters_set *set;
	const struct dw_knowledge *knowledge;
	const struct dw_knowledge_index *index;
	const struct dw_policy *policy;
	struct package *packages;
	struct stamp stamps[DW_ARRAY_SIZE(files) + 1]; /* and the policy that was named */
	uint64_t loaded, checked;                      /* microseconds */
	size_t size;                                   /* of the arena, once it was loaded */
};

static struct stamp stamp_of(struct dw_sys *s, const char *path)
{
	struct stat st = { 0 };

	if (dw_sys_file_stat(s, path, true, &st, NULL) < 0)
		return (struct stamp){ 0 };
	return (struct stamp){
		.dev = st.st_dev,
		.ino = st.st_ino,
		.mtime = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec,
		.ctime = (uint64_t)st.st_ctim.tv_sec * 1000000000 + (uint64_t)st.st_ctim.tv_nsec,
		.size = (uint64_t)st.st_size,
	};
}

static bool same(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->mtime == b->mtime &&
	       a->ctime == b->ctime && a->size == b->size;
}

static void take_stamps(const struct watching *w, struct stamp *ret)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++)
		ret[i] = stamp_of(w->sys, files[i]);
	ret[DW_ARRAY_SIZE(files)] = w->d->policy && *w->d->policy ? stamp_of(w->sys, w->d->policy)
								  : (struct stamp){ 0 };
}

void dw_watch_base_free(struct watch_base *b)
{
	struct package *p, *next;

	if (!b)
		return;
	HASH_ITER (hh, b->packages, p, next) {
		HASH_DEL(b->packages, p);
		free(p->path);
		free(p);
	}
	dw_starters_unload(b->set);
	dw_procs_close(b->procs);
	dw_facts_free(b->facts);
	free(b);
}

static int load_policy(struct watching *w, struct watch_base *b, struct dw_error *e)
{
	struct dw_policy_problems problems = { 0 };

	b->knowledge = dw_lib_knowledge(w->sys, b->facts);
	b->index = dw_knowledge_index_new(b->facts->arena, b->knowledge);
	return dw_policy_load(w->sys, w->d->policy, b->facts->arena, b->knowledge, &problems,
			      &b->policy, e);
}

static int load(struct watching *w, struct watch_base **ret, struct dw_error *e)
{
	struct watch_base *b = calloc(1, sizeof(*b));
	struct auditing a = { .sys = w->sys };
	int r;

	if (!b)
		dw_oom();
	take_stamps(w, b->stamps);
	b->facts = dw_facts_new();
	r = load_policy(w, b, e);
	if (r < 0) {
		dw_watch_base_free(b);
		return r;
	}
	b->procs = dw_procs_new(w->sys, b->facts->arena);
	a.procs = b->procs;
	a.facts = b->facts;
	b->starters = (struct dw_starters){ .sys = w->sys,
					    .procs = b->procs,
					    .facts = b->facts,
					    .arena = b->facts->arena,
					    .init = dw_audit_init(&a) };
	b->set = dw_starters_load(&b->starters);
	b->size = dw_arena_size(b->facts->arena);
	b->loaded = b->checked = dw_watch_now(w);
	*ret = b;
	return 0;
}

static bool is_stale(struct watching *w, struct watch_base *b)
{
	struct stamp now[DW_ARRAY_SIZE(b->stamps)];
	uint64_t time = dw_watch_now(w);

	if (time - b->loaded > KEEP_US || dw_arena_size(b->facts->arena) > b->size + GROWN_MAX)
		return true;
	if (time - b->checked < CHECK_US)
		return false;
	b->checked = time;
	take_stamps(w, now);
	for (size_t i = 0; i < DW_ARRAY_SIZE(now); i++)
		if (!same(&now[i], &b->stamps[i]))
			return true;
	return false;
}

int dw_watch_base_fresh(struct watching *w, struct dw_error *e)
{
	struct watch_base *fresh = NULL;
	int r;

	if (w->base && !is_stale(w, w->base))
		return 0;
	r = load(w, &fresh, e);
	if (r == 0) {
		dw_watch_base_free(w->base);
		w->base = fresh;
		return 0;
	}
	if (!w->base)
		return r;
	/* half of a policy is none: what it said before goes on until it can be read again */
	dw_watch_notice(w, "what was loaded before is kept: %s", e->message);
	take_stamps(w, w->base->stamps);
	w->base->loaded = dw_watch_now(w);
	return 0;
}

const struct dw_policy *dw_watch_base_policy(const struct watch_base *b)
{
	return b->policy;
}

const struct dw_knowledge *dw_watch_base_knowledge(const struct watch_base *b)
{
	return b->knowledge;
}

const struct dw_knowledge_index *dw_watch_base_index(const struct watch_base *b)
{
	return b->index;
}

/* --- packages ------------------------------------------------------------------------------------- */

static struct package *kept(struct watch_base *b, struct dw_sys *s, const char *path)
{
	struct stamp now = stamp_of(s, path);
	struct package *p;

	HASH_FIND_STR(b->packages, path, p);
	if (p && same(&p->file, &now))
		return p;
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			dw_oom();
		p->path = strdup(path);
		if (!p->path)
			dw_oom();
		HASH_ADD_KEYPTR(hh, b->packages, p->path, strlen(p->path), p);
	}
	p->file = now;
	p->package = NULL;
	return NULL;
}

/* Into the base's arena, for the facts of this look are gone before the next. */
static int find_packages(void *data, struct auditing *a, const char *const *paths, size_t n,
			 const struct dw_package **ret, struct dw_error *e)
{
	struct watch_base *b = data;
	const struct package *p;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct package *asked;

		p = kept(b, a->sys, paths[i]);
		if (p) {
			ret[i] = p->package;
			continue;
		}
		r = dw_packages_find(a->sys, b->facts, &paths[i], 1, &ret[i], e);
		HASH_FIND_STR(b->packages, paths[i], asked);
		if (asked && r == 0)
			asked->package = ret[i];
		else if (asked)
			asked->file = (struct stamp){ 0 };
	}
	return r;
}

void dw_watch_base_claim(struct watch_base *b, struct auditing *a)
{
	b->starters.procs = a->procs;
	b->starters.facts = a->facts;
	dw_audit_claim(a, &b->starters, b->set);
	dw_starters_forget(b->set); /* the next event has processes of its own */
	b->starters.procs = b->procs;
	b->starters.facts = b->facts;
	a->find_packages = find_packages;
	a->find_data = b;
	dw_audit_packages(a);
}
