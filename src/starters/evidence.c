/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Did this init script start this process? A script leaves no mark on what it starts, so facts are weighed:
 *
 *   certain  a pid file that the script names holds the daemon's pid; or the daemon runs the script's program,
 *            is init's child and carries init's environment (or names the script in "_")
 *   likely   it runs the script's program and is init's child, nothing contradicts; or its command stands in
 *            the script, and it carries init's environment
 *   guess    only the names are alike (postgresql: /usr/lib/postgresql/15/bin/postgres)
 *
 * It contradicts when the script's pid file names another living process: that one is the script's, this one
 * somebody else's (a second sshd, started by hand).
 */
#include <string.h>

#include "dw_str.h"
#include "sysv.h"

bool dw_script_is_machinery(const char *name)
{
	static const char *const names[] = { "README",    "rc",       "rcS",      "rcS.d",
					     "functions", "skeleton", "rc.local", "halt",
					     "reboot",    "single",   "sendsigs", "functions.sh",
					     "local" };

	if (name[0] == '.' || strstr(name, ".dpkg-") || dw_ends_with(name, "~") ||
	    dw_ends_with(name, ".rpmsave") || dw_ends_with(name, ".rpmnew"))
		return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(name, names[i]))
			return true;
	return false;
}

/* "postgresql" and /usr/lib/postgresql/15/bin/postgres; "ssh" and /usr/sbin/sshd. */
static bool names_alike(const struct dw_script *script, const char *exe)
{
	const char *name = script->name;
	size_t n = strlen(name);

	if (!exe || n < 3 || dw_program_is_interpreter(exe))
		return false;
	for (const char *p = strchr(exe, '/'); p; p = strchr(p + 1, '/')) {
		size_t part = strcspn(p + 1, "/");

		if (strncmp(p + 1, name, n) == 0 &&
		    (part == n || (part == n + 1 && p[1 + n] == 'd')))
			return true;
	}
	return false;
}

bool dw_script_knows_program(struct dw_starters *s, struct dw_script *script,
			     const struct dw_procinfo *p)
{
	for (size_t i = 0; i < script->programs.n; i++) {
		dw_program_resolve(s->sys, s->arena, &script->programs.v[i]);
		if (dw_daemon_runs(s->sys, p, &script->programs.v[i], script->text))
			return true;
	}
	return names_alike(script, p->exe);
}

struct weighing {
	struct dw_starters *s;
	struct dw_script *script;
	const struct dw_chain *chain;
	const struct dw_procinfo *top;
	struct dw_program *program;       /* that a member of the chain runs */
	const struct dw_pidfile *pidfile; /* that names a member */
	const struct dw_procinfo *in_pidfile;
	bool elsewhere; /* a pid file names another living process */
	bool detached;  /* the daemon's root is init's child */
	enum dw_origin origin;
};

static void match_programs(struct weighing *w)
{
	struct dw_script *script = w->script;

	for (size_t i = 0; i < script->programs.n; i++) {
		struct dw_program *p = &script->programs.v[i];

		/* A named program is better evidence than a mentioned one. */
		if (w->program && (w->program->named || !p->named))
			continue;
		dw_program_resolve(w->s->sys, w->s->arena, p);
		for (size_t k = 0; k < w->chain->n; k++) {
			if (dw_daemon_runs(w->s->sys, w->chain->v[k], p, script->text)) {
				w->program = p;
				break;
			}
		}
	}
}

static bool is_alive_elsewhere(struct weighing *w, int pid)
{
	const struct dw_procinfo *other = pid > 1 ? dw_procs_get(w->s->procs, pid) : NULL;

	if (!other || !w->program)
		return false;
	return dw_daemon_runs(w->s->sys, other, w->program, w->script->text);
}

/* A file that only bears the script's name (not named) counts where the process has something of the script too. */
static void match_pidfiles(struct weighing *w, bool unnamed_too)
{
	for (size_t i = 0; i < w->script->pidfiles.n && !w->in_pidfile; i++) {
		struct dw_pidfile *f = &w->script->pidfiles.v[i];

		if (!f->named && !unnamed_too)
			continue;
		w->in_pidfile = dw_pidfile_names(w->s, f, w->chain);
		if (w->in_pidfile)
			w->pidfile = f;
		else if (is_alive_elsewhere(w, f->pid))
			w->elsewhere = true;
	}
}

/* "_": the shell that ran the script leaves the script's path there, dash leaves start-stop-daemon's alone. */
static bool names_script_in_env(struct weighing *w)
{
	const char *last = dw_procs_env(w->s->procs, w->top, "_");

	return last && (dw_program_same_path(last, w->script->path) ||
			dw_streq(dw_basename(last), "start-stop-daemon"));
}

static struct dw_evidence verdict(const struct weighing *w, enum dw_confidence c, const char *text)
{
	return (struct dw_evidence){ .confidence = c,
				     .text = text,
				     .program = w->program,
				     .by_hand = dw_daemon_by_hand(w->s, w->top) };
}

static struct dw_evidence by_pidfile(const struct weighing *w)
{
	const char *text = dw_arena_printf(w->s->arena, "%s%s holds its pid %d", w->pidfile->path,
					   w->pidfile->line    ? ", which the script names,"
					   : w->pidfile->named ? ", which the manager names,"
							       : "",
					   w->in_pidfile->pid);

	return verdict(
		w, w->pidfile->named || w->program ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY,
		text);
}

static struct dw_evidence by_program(struct weighing *w, bool started)
{
	struct dw_arena *a = w->s->arena;
	const char *path = w->program->path;

	if (w->program->named && started)
		return verdict(
			w, DW_CONFIDENCE_CERTAIN,
			dw_arena_printf(a,
					"it runs the script's program %s, and the service is "
					"among the started ones",
					path));
	if (w->program->named && w->detached && names_script_in_env(w))
		return verdict(
			w, DW_CONFIDENCE_CERTAIN,
			dw_arena_printf(a,
					"it runs the script's program %s and its environment "
					"names the script",
					path));
	if (w->program->named && w->detached && w->origin == DW_ORIGIN_BOOT)
		return verdict(
			w, DW_CONFIDENCE_CERTAIN,
			dw_arena_printf(
				a,
				"it runs the script's program %s, is a child of init and has "
				"init's environment",
				path));
	if (w->program->named && w->detached)
		return verdict(
			w, DW_CONFIDENCE_LIKELY,
			dw_arena_printf(a, "it runs the script's program %s and is a child of init",
					path));
	if (!w->program->named && w->detached && w->origin == DW_ORIGIN_BOOT)
		return verdict(w, DW_CONFIDENCE_LIKELY,
			       dw_arena_printf(a,
					       "the script runs %s, and it has init's environment",
					       path));
	if (w->origin == DW_ORIGIN_SESSION || !w->detached)
		return (struct dw_evidence){ 0 };
	return verdict(w, DW_CONFIDENCE_GUESS, dw_arena_printf(a, "the script runs %s", path));
}

struct dw_evidence dw_script_explains(struct dw_starters *s, struct dw_script *script,
				      const struct dw_chain *c, bool started)
{
	struct weighing w = { .s = s, .script = script, .chain = c, .top = dw_chain_top(c) };
	bool alike;

	match_programs(&w);
	alike = names_alike(script, w.top->exe);
	match_pidfiles(&w, w.program || alike);
	if (w.in_pidfile)
		return by_pidfile(&w);
	if (w.elsewhere)
		return (struct dw_evidence){ 0 };
	if (!w.program && !alike)
		return (struct dw_evidence){ 0 };
	w.origin = dw_daemon_origin(s->procs, w.top);
	w.detached = w.top->ppid == 1;
	if (w.program)
		return by_program(&w, started);
	if (!w.detached || w.origin == DW_ORIGIN_SESSION)
		return (struct dw_evidence){ 0 };
	return verdict(
		&w,
		w.origin == DW_ORIGIN_BOOT || started ? DW_CONFIDENCE_LIKELY : DW_CONFIDENCE_GUESS,
		dw_arena_printf(s->arena, "its program %s bears the script's name", w.top->exe));
}
