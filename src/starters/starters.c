/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "dw_starters.h"
#include "registry.h"

struct loaded {
	const struct dw_starter_ops *ops;
	void *state;
	bool tried, here;
};

struct dw_starters_set {
	struct dw_starters *s;
	DW_VEC(struct loaded) managers; /* in the registry's order */
	int noted;                      /* pid of the last ancestor that could not be read */
};

#define ANCESTORS_MAX 64

static void load(struct dw_starters *s, struct loaded *m)
{
	struct dw_error e = { 0 };
	int r = m->ops->load(s, &m->state, &e);

	m->tried = true;
	m->here = r == 0;
	if (r < 0 && r != -ENOENT)
		dw_facts_incomplete(s->facts, "starter-unreadable", NULL, 0, true,
				    "%s: what it starts is not known: %s", m->ops->name, e.message);
}

struct dw_starters_set *dw_starters_begin(struct dw_starters *s)
{
	struct dw_starters_set *set = dw_new(s->arena, struct dw_starters_set);

	set->s = s;
	for (const struct dw_starter_ops *const *ops = dw_starter_registry; *ops; ops++)
		*dw_vec_add(s->arena, &set->managers) = (struct loaded){ .ops = *ops };
	for (size_t i = 0; i < set->managers.n; i++)
		if (set->managers.v[i].ops->early)
			load(s, &set->managers.v[i]);
	return set;
}

void dw_starters_finish(struct dw_starters_set *set)
{
	for (size_t i = 0; i < set->managers.n; i++)
		if (!set->managers.v[i].tried)
			load(set->s, &set->managers.v[i]);
}

struct dw_starters_set *dw_starters_load(struct dw_starters *s)
{
	struct dw_starters_set *set = dw_starters_begin(s);

	dw_starters_finish(set);
	return set;
}

void dw_starters_unload(struct dw_starters_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->managers.n; i++)
		if (set->managers.v[i].here && set->managers.v[i].ops->unload)
			set->managers.v[i].ops->unload(set->s, set->managers.v[i].state);
}

/* Who descends from whom is half of the evidence: an ancestor that is there and could not be read is no "nobody". */
static void note_ancestors(struct dw_starters_set *set, const struct dw_procinfo *p)
{
	struct dw_procs *procs = set->s->procs;

	for (int i = 0; procs && p && p->ppid > 1 && i < ANCESTORS_MAX; i++) {
		int pid = p->ppid;

		p = dw_procs_get(procs, pid);
		if (p || !dw_procs_is_unreadable(procs, pid) || set->noted == pid)
			continue;
		set->noted = pid;
		dw_facts_incomplete(
			set->s->facts, "ancestor", NULL, 0, true,
			"process %d could not be read: what its children were started by "
			"may be another thing than is said",
			pid);
	}
}

void dw_starters_claim(struct dw_starters_set *set, const struct dw_claim *c,
		       struct dw_starter *ret)
{
	bool foreign =
		c->process && set->s->procs && dw_procs_is_foreign(set->s->procs, c->process);

	*ret = (struct dw_starter){ 0 };
	for (size_t i = 0; i < set->managers.n; i++) {
		const struct loaded *m = &set->managers.v[i];
		struct dw_starter claim = { 0 };

		if (!m->here || !m->ops->claim || (foreign && !m->ops->knows_foreign))
			continue;
		if (m->ops->claim(set->s, m->state, c, &claim) > 0 &&
		    claim.confidence > ret->confidence)
			*ret = claim;
	}
	if (c->process && ret->confidence != DW_CONFIDENCE_CERTAIN)
		note_ancestors(set, c->process);
	if (foreign && ret->kind == DW_STARTER_UNKNOWN)
		ret->evidence = "it runs in a container (a pid namespace of its own) that no "
				"runtime here tells of";
}

void dw_starters_forget(struct dw_starters_set *set)
{
	for (size_t i = 0; i < set->managers.n; i++)
		if (set->managers.v[i].here && set->managers.v[i].ops->forget)
			set->managers.v[i].ops->forget(set->s, set->managers.v[i].state);
}

void dw_starters_list(struct dw_starters_set *set)
{
	for (size_t i = 0; i < set->managers.n; i++) {
		const struct loaded *m = &set->managers.v[i];
		struct dw_error e = { 0 };

		if (m->here && m->ops->list && m->ops->list(set->s, m->state, &e) < 0)
			dw_facts_incomplete(set->s->facts, "starter-unreadable", NULL, 0, true,
					    "%s: what it would start is not known: %s",
					    m->ops->name, e.message);
	}
}

bool dw_starters_is_plain(struct dw_starters *s, const char *path, bool executable)
{
	struct dw_error e = { 0 };
	struct stat st;
	int r = dw_sys_file_stat(s->sys, path, true, &st, &e);

	/* a link that leads nowhere is none */
	if (r < 0 && r != -ENOENT && r != -ELOOP && r != -ENOTDIR)
		dw_facts_incomplete(s->facts, "unreadable", path, 0, true, "%s", e.message);
	return r == 0 && S_ISREG(st.st_mode) && (!executable || st.st_mode & 0111);
}

const char *dw_starters_source(struct dw_starters *s, const char *file, unsigned line)
{
	return line ? dw_arena_printf(s->arena, "%s:%u", file, line)
		    : dw_arena_strdup(s->arena, file);
}

struct dw_endpoint dw_starters_endpoint(enum dw_protocol protocol, enum dw_family family,
					uint32_t port)
{
	return (struct dw_endpoint){
		.protocol = protocol, .family = family, .has_port = port != 0, .port = port
	};
}
