/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that init(8) of sysvinit (or busybox) runs by itself, from /etc/inittab. id: the entry's first
 * field. init forks them itself, so the daemon is its child; unlike what rc starts, it lacks the variables
 * that /lib/init/rc adds (runlevel, previous).
 */
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "dw_str.h"
#include "initsys.h"
#include "registry.h"

struct entry {
	const struct dw_inittab_line *line;
	struct dw_script command; /* the process field as a script of one line */
	struct dw_strings words;  /* its words, for the comparison of arguments */
	struct dw_script script;  /* that it runs; programs.n 0: none, or not one of the shell */
};

struct state {
	struct dw_inittab tab;
	DW_VEC(struct entry) entries;
};

/* rc and rcS run the init scripts, which are other starters'; gettys open no door. */
static bool is_machinery(const char *process)
{
	static const char *const names[] = { "rc",       "rcS",       "openrc",  "getty",
					     "agetty",   "mingetty",  "sulogin", "runsvdir-start",
					     "shutdown", "ctrlaltdel" };
	size_t n = strcspn(process, " \t");

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		size_t m = strlen(names[i]);

		if (n >= m && strncmp(process + n - m, names[i], m) == 0 &&
		    (n == m || process[n - m - 1] == '/'))
			return true;
	}
	return false;
}

/* "/opt/x/start", "sh /opt/x/start 2": what the script starts and leaves is the entry's doing as well. */
static void read_script(struct dw_starters *s, struct entry *e)
{
	bool by_shell = e->words.n > 0 && dw_program_is_shell(e->words.v[0]);

	for (size_t i = 0; i < e->words.n && i < 3; i++) {
		struct dw_program p = { .path = e->words.v[i] };

		if (p.path[0] != '/')
			continue;
		dw_program_resolve(s->sys, s->arena, &p);
		if (!p.exists ||
		    (p.interpreter ? !dw_program_is_shell(p.interpreter) : !by_shell || i == 0))
			continue;
		if (dw_script_read(s->sys, s->arena, p.path, &e->script, NULL) < 0)
			e->script = (struct dw_script){ 0 };
		return;
	}
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct state *state = dw_new(s->arena, struct state);
	enum dw_init init = dw_init_of(s);
	int r;

	if (init != DW_INIT_SYSVINIT)
		return -ENOENT;
	r = dw_inittab_read(s, true, &state->tab, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < state->tab.lines.n; i++) {
		const struct dw_inittab_line *l = &state->tab.lines.v[i];
		/* '+' before the process: no utmp entry; '-' (busybox): a login shell */
		const char *process = l->process + strspn(l->process, "+-");
		struct entry entry = { .line = l };

		if (!*process || is_machinery(process))
			continue;
		dw_script_scan_command(s->sys, s->arena, "/etc/inittab", l->line, process, false,
				       &entry.command);
		(void)dw_split_quoted(s->arena, process, &entry.words);
		read_script(s, &entry);
		*dw_vec_add(s->arena, &state->entries) = entry;
	}
	*ret_state = state;
	return 0;
}

/* The command's words are the end of the process's arguments (an interpreter may stand before them). */
static bool same_arguments(const struct dw_procinfo *p, const struct dw_strings *words)
{
	size_t skip;

	if (words->n < 2 || p->argc < words->n)
		return false;
	skip = p->argc - words->n;
	if (skip > 2)
		return false;
	for (size_t i = 1; i < words->n; i++)
		if (!dw_streq(p->argv[skip + i], words->v[i]))
			return false;
	return true;
}

/* init(8) has set RUNLEVEL, and no rc script was between it and the process. */
static bool has_plain_environment(struct dw_starters *s, const struct dw_procinfo *p)
{
	return dw_procs_env(s->procs, p, "RUNLEVEL") && !dw_procs_env(s->procs, p, "runlevel") &&
	       !dw_procs_env(s->procs, p, "RC_SVCNAME");
}

/*
 * The script's process is gone, what it started is init's child. Only init's own environment tells then: an
 * rc script may run the same script.
 */
static bool left_by_script(struct dw_starters *s, struct entry *e, const struct dw_procinfo *p)
{
	for (size_t i = 0; i < e->script.programs.n; i++) {
		struct dw_program *program = &e->script.programs.v[i];

		dw_program_resolve(s->sys, s->arena, program);
		if (dw_daemon_runs(s->sys, p, program, e->script.text))
			return has_plain_environment(s, p);
	}
	return false;
}

static enum dw_confidence how_sure(struct dw_starters *s, struct entry *e,
				   const struct dw_procinfo *p)
{
	for (size_t i = 0; i < e->command.programs.n; i++) {
		struct dw_program *program = &e->command.programs.v[i];

		dw_program_resolve(s->sys, s->arena, program);
		if (!dw_daemon_runs(s->sys, p, program, e->command.text))
			continue;
		if (has_plain_environment(s, p) || same_arguments(p, &e->words))
			return DW_CONFIDENCE_CERTAIN;
		return dw_daemon_origin(s->procs, p) == DW_ORIGIN_SESSION ? DW_CONFIDENCE_UNKNOWN
									  : DW_CONFIDENCE_LIKELY;
	}
	return left_by_script(s, e, p) ? DW_CONFIDENCE_LIKELY : DW_CONFIDENCE_UNKNOWN;
}

static const char *evidence(struct dw_starters *s, const struct entry *e,
			    const struct dw_procinfo *p)
{
	for (size_t i = 0; i < e->command.programs.n; i++)
		if (dw_daemon_runs(s->sys, p, &e->command.programs.v[i], e->command.text))
			return dw_arena_printf(
				s->arena,
				"it is a child of init and runs the entry's command, %.128s",
				e->line->process);
	return dw_arena_printf(
		s->arena,
		"it is a child of init, has its environment and runs a program of the "
		"entry's script, %.128s",
		e->script.path);
}

static int claim(struct dw_starters *s, void *arg, const struct dw_claim *c, struct dw_starter *ret)
{
	struct state *state = arg;
	const struct dw_procinfo *top;
	struct dw_chain chain;

	if (!s->procs || !c->process || c->process->kthread || c->process->pid == 1 || c->container)
		return 0;
	dw_chain_of(s->procs, c->process, &chain);
	top = dw_chain_top(&chain);
	if (top->ppid != 1)
		return 0;
	for (size_t i = 0; i < state->entries.n; i++) {
		struct entry *e = &state->entries.v[i];
		enum dw_confidence sure = how_sure(s, e, top);

		if (sure <= ret->confidence)
			continue;
		*ret = (struct dw_starter){
			.kind = DW_STARTER_INITTAB,
			.id = e->line->id,
			.source = dw_starters_source(s, "/etc/inittab", e->line->line),
			.enabled = dw_inittab_at_boot(&state->tab, e->line) ? DW_YES : DW_NO,
			.running = DW_YES,
			.restarts = dw_streq(e->line->action, "respawn") ? DW_YES : DW_NO,
			.confidence = sure,
			.evidence = evidence(s, e, top),
		};
	}
	return ret->confidence != DW_CONFIDENCE_UNKNOWN;
}

static int list(struct dw_starters *s, void *arg, struct dw_error *e)
{
	struct state *state = arg;

	for (size_t i = 0; i < state->entries.n; i++) {
		struct entry *entry = &state->entries.v[i];
		struct dw_program *p;

		if (!dw_inittab_at_boot(&state->tab, entry->line))
			continue;
		/* The entry's command is what it starts: named, however it is written. */
		for (size_t k = 0; k < entry->command.programs.n; k++)
			entry->command.programs.v[k].named =
				dw_streq(entry->line->action, "respawn") ||
				dw_streq(entry->line->action, "once");
		p = dw_script_listener(s, &entry->command);
		if (!p || dw_script_is_running(s, &entry->command))
			continue;
		*dw_vec_add(s->arena, &s->facts->sleepers) = (struct dw_sleeper_fact){
			.program = p->path,
			.starter = {
				.kind = DW_STARTER_INITTAB,
				.id = entry->line->id,
				.source = dw_starters_source(s, "/etc/inittab", entry->line->line),
				.enabled = DW_YES,
				.running = DW_NO,
				.restarts = dw_streq(entry->line->action, "respawn") ? DW_YES : DW_NO,
				.confidence = DW_CONFIDENCE_LIKELY,
				.evidence = "init runs this program in the default runlevel",
			},
		};
	}
	return 0;
}

const struct dw_starter_ops dw_starter_inittab = {
	.name = "inittab", .load = load, .list = list, .claim = claim
};
