/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripts.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>

#include "dw_facts.h"
#include "dw_str.h"

#define SCRIPTS_MAX 1024

struct dw_scripts_answer {
	int pid;
	size_t entry; /* DW_NONE: none */
	struct dw_evidence evidence;
	UT_hash_handle hh;
};

/* Most processes run what no script names: that is found out once for each program. */
struct dw_scripts_exe {
	const char *path;
	bool interpreter; /* then `known` says nothing */
	bool known;       /* some script may have to do with it */
	UT_hash_handle hh;
};

/* What an interpreter runs differs from process to process: once for each of those, it may have many children. */
struct dw_scripts_run {
	int pid;
	bool known;
	UT_hash_handle hh;
};

/* --- reading -------------------------------------------------------------------------------------- */

/* Tried even when the script does not say so: not named. */
static void add_usual_pidfiles(struct dw_arena *a, struct dw_script *script)
{
	struct dw_pidfile *f = dw_vec_add(a, &script->pidfiles);

	f->path = dw_arena_printf(a, "/run/%s.pid", script->name);
	f = dw_vec_add(a, &script->pidfiles);
	f->path = dw_arena_printf(a, "/run/%s/%s.pid", script->name, script->name);
}

static void add_script(struct dw_starters *s, struct dw_scripts *scripts, const char *path)
{
	struct dw_script script = { 0 };
	struct dw_error e = { 0 };
	struct stat st;
	int r = dw_sys_file_stat(s->sys, path, true, &st, &e);

	/* A script that is not executable is not run; a link that leads nowhere is no script. */
	if (r == 0 && (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)))
		return;
	if (r == 0)
		r = dw_script_read(s->sys, s->arena, path, &script, &e);
	if (r == -ENOENT)
		return;
	if (r < 0) {
		dw_facts_incomplete(s->facts, "unreadable", path, 0, true,
				    "init script not read: %s", e.message);
		return;
	}
	add_usual_pidfiles(s->arena, &script);
	*dw_vec_add(s->arena, &scripts->v) = (struct dw_scripts_entry){ .script = script };
}

int dw_scripts_read_dir(struct dw_starters *s, struct dw_scripts *scripts, const char *dir,
			const char *prefix, struct dw_error *e)
{
	struct dw_strings names = { 0 };
	int r = dw_sys_dir_list(s->sys, dir, s->arena, &names, e);

	for (size_t i = 0; r == 0 && i < names.n && scripts->v.n < SCRIPTS_MAX; i++)
		if (dw_starts_with(names.v[i], prefix) && !dw_script_is_machinery(names.v[i]))
			add_script(s, scripts, dw_arena_printf(s->arena, "%s/%s", dir, names.v[i]));
	return r;
}

struct dw_scripts_entry *dw_scripts_find(struct dw_scripts *scripts, const char *name)
{
	for (size_t i = 0; i < scripts->v.n; i++)
		if (dw_streq(scripts->v.v[i].script.name, name))
			return &scripts->v.v[i];
	return NULL;
}

/* --- asking --------------------------------------------------------------------------------------- */

static bool some_script_knows(struct dw_starters *s, struct dw_scripts *scripts,
			      const struct dw_procinfo *p)
{
	for (size_t i = 0; i < scripts->v.n; i++)
		if (dw_script_knows_program(s, &scripts->v.v[i].script, p))
			return true;
	return false;
}

static bool run_is_known(struct dw_starters *s, struct dw_scripts *scripts,
			 const struct dw_procinfo *p)
{
	struct dw_scripts_run *found;

	HASH_FIND_INT(scripts->runs, &p->pid, found);
	if (!found) {
		found = dw_new(s->arena, struct dw_scripts_run);
		found->pid = p->pid;
		found->known = some_script_knows(s, scripts, p);
		HASH_ADD_INT(scripts->runs, pid, found);
	}
	return found->known;
}

static const struct dw_scripts_exe *exe_of(struct dw_starters *s, struct dw_scripts *scripts,
					   const struct dw_procinfo *p)
{
	struct dw_scripts_exe *found;

	HASH_FIND_STR(scripts->exes, p->exe, found);
	if (found)
		return found;
	found = dw_new(s->arena, struct dw_scripts_exe);
	found->path = p->exe;
	found->interpreter = dw_program_is_interpreter(p->exe);
	found->known = !found->interpreter && some_script_knows(s, scripts, p);
	HASH_ADD_KEYPTR(hh, scripts->exes, found->path, strlen(found->path), found);
	return found;
}

static bool exe_is_known(struct dw_starters *s, struct dw_scripts *scripts,
			 const struct dw_procinfo *p)
{
	const struct dw_scripts_exe *exe;

	if (!p->exe)
		return true;
	exe = exe_of(s, scripts, p);
	return exe->interpreter ? run_is_known(s, scripts, p) : exe->known;
}

static bool in_some_pidfile(struct dw_starters *s, struct dw_scripts *scripts,
			    const struct dw_chain *c)
{
	for (size_t i = 0; i < scripts->v.n; i++) {
		struct dw_script *script = &scripts->v.v[i].script;

		for (size_t k = 0; k < script->pidfiles.n; k++)
			if (dw_pidfile_names(s, &script->pidfiles.v[k], c))
				return true;
	}
	return false;
}

static bool is_worth_weighing(struct dw_starters *s, struct dw_scripts *scripts,
			      const struct dw_chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (exe_is_known(s, scripts, c->v[i]))
			return true;
	return in_some_pidfile(s, scripts, c);
}

static void weigh(struct dw_starters *s, struct dw_scripts *scripts, const struct dw_procinfo *p,
		  struct dw_scripts_answer *best)
{
	struct dw_chain chain;

	dw_chain_of(s->procs, p, &chain);
	if (!is_worth_weighing(s, scripts, &chain))
		return;
	for (size_t i = 0; i < scripts->v.n; i++) {
		struct dw_scripts_entry *e = &scripts->v.v[i];
		struct dw_evidence ev = dw_script_explains(s, &e->script, &chain, e->started);
		bool better = ev.confidence > best->evidence.confidence;

		/* Two scripts of one program (isc-dhcp-server, isc-dhcp-server6): the one that is run at boot. */
		if (ev.confidence && ev.confidence == best->evidence.confidence &&
		    e->enabled == DW_YES && scripts->v.v[best->entry].enabled != DW_YES)
			better = true;
		if (better) {
			best->evidence = ev;
			best->entry = i;
		}
	}
}

struct dw_scripts_entry *dw_scripts_ask(struct dw_starters *s, struct dw_scripts *scripts,
					const struct dw_procinfo *p, struct dw_evidence *ret)
{
	struct dw_scripts_answer *a;

	/* One audit reads each process once, so its pid alone names it here. */
	HASH_FIND_INT(scripts->answers, &p->pid, a);
	if (!a) {
		a = dw_new(s->arena, struct dw_scripts_answer);
		a->pid = p->pid;
		a->entry = DW_NONE;
		weigh(s, scripts, p, a);
		HASH_ADD_INT(scripts->answers, pid, a);
	}
	*ret = a->evidence;
	return a->entry == DW_NONE ? NULL : &scripts->v.v[a->entry];
}

void dw_scripts_clear(struct dw_scripts *scripts)
{
	HASH_CLEAR(hh, scripts->answers);
	HASH_CLEAR(hh, scripts->exes);
	HASH_CLEAR(hh, scripts->runs);
}

/* --- sleepers ------------------------------------------------------------------------------------- */

/* Programs are filtered by what they import: behind a script that checks file systems sleeps no door. */
void dw_scripts_list_one(struct dw_starters *s, struct dw_scripts_entry *entry,
			 enum dw_starter_kind kind, enum dw_tristate restarts)
{
	struct dw_program *p =
		entry->enabled == DW_YES ? dw_script_listener(s, &entry->script) : NULL;

	if (!p || dw_script_is_running(s, &entry->script))
		return;
	*dw_vec_add(s->arena, &s->facts->sleepers) = (struct dw_sleeper_fact){
		.program = p->path,
		.starter = {
			.kind = kind,
			.id = entry->script.name,
			.source = dw_script_source(s->arena, &entry->script, p),
			.enabled = DW_YES,
			.running = DW_NO,
			.restarts = restarts,
			.confidence = p->named ? DW_CONFIDENCE_LIKELY : DW_CONFIDENCE_GUESS,
			.evidence = p->named ? "the script is run at boot and starts this program"
					     : "the script is run at boot and this is one of its commands",
		},
	};
}
