/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenRC: services are scripts in /etc/init.d (its own, or LSB ones), runlevels directories of links in
 * /etc/runlevels. id: the service's name. What runs is in /run/openrc: started/NAME, and daemons/NAME/NNN for
 * each daemon that start-stop-daemon or supervise-daemon started. Every process of a service begins with
 * RC_SVCNAME in its environment.
 *
 * Enabled means: in a runlevel that is really entered. Which those are, inittab says (openrclevels.c), and
 * on Debian `boot` is not among them, whatever rc-update(8) shows.
 */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "initsys.h"
#include "openrc.h"
#include "registry.h"
#include "scripts.h"

#define DAEMONS_MAX 16 /* of one service */

struct state {
	struct dw_scripts scripts;
};

/* --- what is enabled ------------------------------------------------------------------------------ */

/* What an enabled service needs is started with it, in a runlevel or not. */
static void enable_needed(struct dw_scripts *scripts)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < scripts->v.n; i++) {
			struct dw_scripts_entry *e = &scripts->v.v[i];

			for (size_t k = 0; e->enabled == DW_YES && k < e->script.needs.n; k++) {
				struct dw_scripts_entry *needed =
					dw_scripts_find(scripts, e->script.needs.v[k]);

				if (needed && needed->enabled != DW_YES) {
					needed->enabled = DW_YES;
					again = true;
				}
			}
		}
	}
}

static void find_enabled(struct dw_starters *s, struct dw_scripts *scripts)
{
	struct dw_strings levels = { 0 };

	for (size_t i = 0; i < scripts->v.n; i++)
		scripts->v.v[i].enabled = DW_NO;
	dw_openrc_levels(s, &levels);
	for (size_t i = 0; i < levels.n; i++) {
		const char *dir = dw_arena_printf(s->arena, "/etc/runlevels/%s", levels.v[i]);
		struct dw_strings names = { 0 };

		if (dw_sys_dir_list(s->sys, dir, s->arena, &names, NULL) < 0)
			continue;
		for (size_t k = 0; k < names.n; k++) {
			struct dw_scripts_entry *e = dw_scripts_find(scripts, names.v[k]);

			if (e)
				e->enabled = DW_YES;
		}
	}
	enable_needed(scripts);
}

/* --- what runs ------------------------------------------------------------------------------------ */

/* daemons/NAME/001: "exec=/usr/sbin/x", "argv_0=...", "name=", "pidfile=/run/x.pid". */
static void read_daemon(struct dw_starters *s, struct dw_script *script, const char *path)
{
	struct dw_bytes text;
	struct dw_lines it;
	char *line;

	if (dw_sys_file_read(s->sys, path, DW_SCRIPT_MAX, s->arena, &text, NULL) < 0)
		return;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, s->arena)) != NULL)
		if (dw_starts_with(line, "pidfile=/"))
			*dw_vec_add(s->arena, &script->pidfiles) =
				(struct dw_pidfile){ .path = line + strlen("pidfile="),
						     .named = true };
}

static void read_running(struct dw_starters *s, struct dw_scripts_entry *e)
{
	const char *dir = dw_arena_printf(s->arena, "/run/openrc/daemons/%s", e->script.name);
	struct dw_strings names = { 0 };

	e->started = dw_sys_file_exists(
		s->sys, dw_arena_printf(s->arena, "/run/openrc/started/%s", e->script.name));
	if (!e->started || dw_sys_dir_list(s->sys, dir, s->arena, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n && i < DAEMONS_MAX; i++)
		read_daemon(s, &e->script, dw_arena_printf(s->arena, "%s/%s", dir, names.v[i]));
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct state *state = dw_new(s->arena, struct state);
	int r;

	if (!dw_init_has_openrc(s))
		return -ENOENT;
	r = dw_scripts_read_dir(s, &state->scripts, "/etc/init.d", "", e);
	if (r < 0)
		return r;
	(void)dw_scripts_read_dir(s, &state->scripts, "/usr/local/etc/init.d", "", NULL);
	find_enabled(s, &state->scripts);
	for (size_t i = 0; s->procs && i < state->scripts.v.n; i++)
		read_running(s, &state->scripts.v.v[i]);
	*ret_state = state;
	return 0;
}

/* --- claims --------------------------------------------------------------------------------------- */

/* The supervise-daemon that watches the chain: its first argument is the service's name. */
static const struct dw_procinfo *supervisor(struct dw_starters *s, const struct dw_chain *c)
{
	const struct dw_procinfo *top = dw_chain_top(c), *p;

	p = top->ppid > 1 ? dw_procs_get(s->procs, top->ppid) : NULL;
	if (p && p->argc > 1 &&
	    (dw_streq(p->comm, "supervise-daemo") ||
	     (p->exe && dw_streq(dw_basename(p->exe), "supervise-daemon"))))
		return p;
	return NULL;
}

struct finding {
	struct dw_scripts_entry *entry;
	struct dw_evidence evidence;
	bool supervised;
};

static struct dw_program *program_run(struct dw_starters *s, struct dw_script *script,
				      const struct dw_chain *c)
{
	for (size_t i = 0; i < script->programs.n; i++) {
		struct dw_program *p = &script->programs.v[i];

		dw_program_resolve(s->sys, s->arena, p);
		for (size_t k = 0; k < c->n; k++)
			if (dw_daemon_runs(s->sys, c->v[k], p, script->text))
				return p;
	}
	return dw_script_main_program(script, false);
}

static bool by_name(struct dw_starters *s, struct state *state, const char *name,
		    const struct dw_chain *c, const char *text, struct finding *ret)
{
	ret->entry = dw_scripts_find(&state->scripts, name);
	if (!ret->entry)
		return false;
	ret->evidence = (struct dw_evidence){
		.confidence = DW_CONFIDENCE_CERTAIN,
		.text = text,
		.program = program_run(s, &ret->entry->script, c),
		.by_hand = dw_daemon_by_hand(s, dw_chain_top(c)),
	};
	return true;
}

static bool find(struct dw_starters *s, struct state *state, const struct dw_procinfo *p,
		 struct finding *ret)
{
	const struct dw_procinfo *watcher;
	struct dw_chain chain;
	const char *name;

	dw_chain_of(s->procs, p, &chain);
	watcher = supervisor(s, &chain);
	if (watcher &&
	    by_name(s, state, watcher->argv[1], &chain,
		    dw_arena_printf(s->arena, "supervise-daemon(%d) watches over it", watcher->pid),
		    ret)) {
		ret->supervised = true;
		return true;
	}
	name = dw_procs_env(s->procs, dw_chain_top(&chain), "RC_SVCNAME");
	/* What the services rc.local and local started stands in other files, and is rclocal.c's. */
	if (name && (dw_streq(name, "rc.local") || dw_streq(name, "local")))
		return false;
	if (name &&
	    by_name(s, state, name, &chain,
		    dw_arena_printf(s->arena, "its environment has RC_SVCNAME=%.128s", name), ret))
		return true;
	ret->entry = dw_scripts_ask(s, &state->scripts, p, &ret->evidence);
	return ret->entry != NULL;
}

static int claim(struct dw_starters *s, void *arg, const struct dw_claim *c, struct dw_starter *ret)
{
	struct finding f = { 0 };
	const char *text;

	if (!s->procs || !c->process || c->process->kthread || c->process->pid == 1 ||
	    c->container || !find(s, arg, c->process, &f))
		return 0;
	text = f.evidence.text;
	*ret = (struct dw_starter){
		.kind = DW_STARTER_OPENRC,
		.id = f.entry->script.name,
		.source = dw_script_source(s->arena, &f.entry->script, f.evidence.program),
		.enabled = f.entry->enabled,
		.running = DW_YES,
		.restarts = f.supervised ? DW_YES : DW_NO,
		.confidence = f.evidence.confidence,
		.evidence = f.evidence.by_hand ? dw_arena_printf(s->arena, "%s; it was started %s",
								 text, f.evidence.by_hand)
					       : text,
		.also = f.evidence.by_hand,
	};
	return 1;
}

static int list(struct dw_starters *s, void *arg, struct dw_error *e)
{
	struct state *state = arg;

	for (size_t i = 0; i < state->scripts.v.n; i++) {
		struct dw_script *script = &state->scripts.v.v[i].script;
		bool supervised = strstr(script->text, "supervise-daemon") != NULL;

		dw_scripts_list_one(s, &state->scripts.v.v[i], DW_STARTER_OPENRC,
				    supervised ? DW_YES : DW_NO);
	}
	return 0;
}

static void unload(struct dw_starters *s, void *arg)
{
	struct state *state = arg;

	dw_scripts_clear(&state->scripts);
}

const struct dw_starter_ops dw_starter_openrc = { .name = "openrc",
						  .load = load,
						  .list = list,
						  .claim = claim,
						  .forget = unload,
						  .unload = unload };
