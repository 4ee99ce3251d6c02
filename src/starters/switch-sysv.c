/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of a service that a SysV init script runs: the script's own start and stop.
 *
 * Whether it runs: the script's action `status` says so by its exit status (LSB 3.1, "Init Script Actions": 0 running,
 * 1 to 3 not); its output is never read. Only a script that has the action is asked: the others print their usage, and
 * leave with 1, 2 or 3 as well. Else a pid file that the script names tells, else whether its program runs.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "dw_str.h"
#include "dw_wait.h"
#include "switch.h"

#define HEADER_LINES 60

/* --- the script ----------------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 255 && name[0] != '.' && name[0] != '-' && !strchr(name, '/');
}

/* Debian's; Red Hat's; Slackware's, where the name begins with rc. */
static int find_script(struct dw_switch *s, const char *name, const char **ret, struct dw_error *e)
{
	static const char *const places[] = { "/etc/init.d", "/etc/rc.d/init.d", "/etc/rc.d" };

	if (!is_name(name))
		return dw_error_set(e, -EINVAL, "%.100s is no script's name", name);
	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		const char *path = dw_arena_printf(s->arena, "%s/%s", places[i], name);
		struct dw_error why = { 0 };
		struct stat st;
		int r = dw_sys_file_stat(s->sys, path, true, &st, &why);

		if (r == 0 && S_ISREG(st.st_mode)) {
			*ret = path;
			return 0;
		}
		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return dw_error_set(e, r, "%s", why.message);
	}
	return dw_error_set(e, -ENOENT, "%s: there is no such init script", name);
}

static bool is_word(int c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* A branch `status)` or `status|...)` of its case; Debian's init-d-script has one for every script made with it. */
static bool has_status(const struct dw_script *script)
{
	size_t first = strcspn(script->text, "\n");

	for (const char *at = script->text; (at = strstr(at, "status")) != NULL; at += 6) {
		size_t blanks = strspn(at + 6, " \t\"'");

		if ((at == script->text || !is_word(at[-1])) && at[6 + blanks] &&
		    strchr("|)", at[6 + blanks]))
			return true;
	}
	return memmem(script->text, first, "init-d-script", 13) != NULL;
}

/* chkconfig(8)'s header: "# pidfile: /var/run/x.pid", "# processname: /usr/sbin/x". */
static void read_header(struct dw_switch *s, const struct dw_bytes *text, struct dw_script *script)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, s->arena)) != NULL && it.number <= HEADER_LINES) {
		char *word = line[0] == '#' ? dw_trim(line + 1) : NULL, *value;

		value = word && dw_starts_with(word, "pidfile:") ? dw_trim(word + 8) : NULL;
		if (value && value[0] == '/')
			*dw_vec_add(s->arena, &script->pidfiles) = (struct dw_pidfile){
				.path = value, .line = it.number, .named = true
			};
		value = word && dw_starts_with(word, "processname:") ? dw_trim(word + 12) : NULL;
		if (value && value[0] == '/')
			*dw_vec_add(s->arena, &script->programs) = (struct dw_program){
				.path = value, .line = it.number, .named = true
			};
	}
}

static int read_script(struct dw_switch *s, const char *path, struct dw_script *ret,
		       struct dw_error *e)
{
	struct dw_bytes text = { 0 };
	int r = dw_sys_file_read(s->sys, path, DW_SCRIPT_MAX, s->arena, &text, e);

	if (r < 0)
		return r;
	dw_script_scan(s->sys, s->arena, path, &text, ret);
	read_header(s, &text, ret);
	return 0;
}

/* --- whether it runs ------------------------------------------------------------------------------ */

/* 1, 0; -ENODATA: its answer is none. */
static int ask_script(struct dw_switch *s, const char *path, struct dw_error *e)
{
	const char *const argv[] = { path, "status", NULL };
	/* that of xinetd prints a dump that grows with each question */
	struct dw_switch_run run = { .argv = argv, .mute = true };
	int r = dw_switch_run(s, &run, e);

	if (r < 0)
		return r;
	return run.status == 0 ? 1 : run.status <= 3 ? 0 : -ENODATA;
}

static bool names_program(const struct dw_script *script)
{
	for (size_t i = 0; i < script->programs.n; i++)
		if (script->programs.v[i].named)
			return true;
	return false;
}

/* We may not see what it runs, but it bears the name of one of the script's programs (15 bytes of it, proc(5)). */
static bool may_be(const struct dw_script *script, const struct dw_procinfo *p)
{
	if (p->kthread || p->state == 'Z' || p->exe_state != DW_PROC_EXE_UNKNOWN)
		return false;
	for (size_t i = 0; i < script->programs.n; i++)
		if (script->programs.v[i].named &&
		    strncmp(dw_basename(script->programs.v[i].path), p->comm, 15) == 0)
			return true;
	return false;
}

static int not_seen(const struct dw_script *script, int pid, struct dw_error *e)
{
	return dw_error_set(e, -EACCES,
			    "%s: whether it runs cannot be told: process %d could not be looked at",
			    script->path, pid);
}

/* What could not be read is no word for "not there". */
static int check_pidfiles(struct dw_starters *world, const struct dw_script *script,
			  struct dw_error *e)
{
	for (size_t i = 0; i < script->pidfiles.n; i++) {
		const struct dw_pidfile *f = &script->pidfiles.v[i];

		if (f->error)
			return dw_error_errno(e, f->error, "%s", f->path);
		if (f->pid > 1 && dw_procs_is_unreadable(world->procs, f->pid))
			return not_seen(script, f->pid, e);
	}
	return 0;
}

static int check_programs(struct dw_starters *world, const struct dw_script *script,
			  struct dw_error *e)
{
	int *pids, r;
	size_t n;

	r = dw_procs_list(world->procs, world->arena, &pids, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct dw_procinfo *p = dw_procs_get(world->procs, pids[i]);

		if (p ? may_be(script, p) : dw_procs_is_unreadable(world->procs, pids[i]))
			return not_seen(script, pids[i], e);
	}
	return r;
}

static int look_at(struct dw_starters *world, struct dw_script *script, struct dw_error *e)
{
	enum dw_tristate by_pidfile = dw_script_runs_by_pidfile(world, script);
	int r;

	if (by_pidfile == DW_YES)
		return 1;
	r = check_pidfiles(world, script, e);
	if (r < 0 || by_pidfile == DW_NO || !names_program(script))
		return r;
	return dw_script_is_running(world, script) ? 1 : check_programs(world, script, e);
}

static int look_once(struct dw_switch *s, struct dw_script *script, struct dw_error *e)
{
	struct dw_starters world = { .sys = s->sys, .arena = s->arena };
	int r;

	world.procs = dw_procs_new(s->sys, s->arena);
	r = look_at(&world, script, e);
	dw_procs_close(world.procs);
	return r;
}

/* Of a process that is about to end nothing can be read any more, for a moment that is longer on a busy host. */
#define ENDING_LOOKS 20
#define ENDING_MS    50

static int look(struct dw_switch *s, struct dw_script *script, struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r = look_once(s, script, &why);

	for (unsigned i = 0; r == -EACCES && i < ENDING_LOOKS; i++) {
		dw_sys_pause(s->sys, ENDING_MS);
		why = (struct dw_error){ 0 };
		r = look_once(s, script, &why);
	}
	return r < 0 ? dw_error_set(e, r, "%s", why.message) : r;
}

static int is_blind(const struct dw_script *script, struct dw_error *e)
{
	if (names_program(script) || script->pidfiles.n > 0)
		return 0;
	return dw_error_set(
		e, -ENOTSUP,
		"%s: whether it runs cannot be told: it has no action status, and names "
		"no pid file and no program",
		script->path);
}

static int is_running(struct dw_switch *s, const char *path, struct dw_error *e)
{
	struct dw_script script = { 0 };
	int r;

	if (!dw_sys_is_running(s->sys))
		return 0;
	r = read_script(s, path, &script, e);
	if (r < 0)
		return r;
	r = -ENODATA;
	if (has_status(&script) && !dw_sys_is_fake(s->sys))
		r = ask_script(s, path, e);
	if (r != -ENODATA)
		return r;
	r = is_blind(&script, e);
	return r < 0 ? r : look(s, &script, e);
}

static int state(struct dw_switch *s, const char *name, struct dw_state *ret, struct dw_error *e)
{
	const char *path = NULL;
	struct dw_error why = { 0 };
	int r = find_script(s, name, &path, &why);

	if (r == 0)
		r = is_running(s, path, &why);
	else if (r == -ENOENT)
		r = 0;
	if (r < 0)
		return dw_error_set(e, r, "%s", why.message);
	*ret = dw_switch_word(r ? "running" : "stopped");
	return 0;
}

static int set(struct dw_switch *s, const char *name, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	const char *path = NULL;
	bool start = dw_switch_is(want, "running");
	struct dw_switch_run run = { 0 };
	int r;

	if (!start && !dw_switch_is(want, "stopped"))
		return dw_switch_unknown(name, want, e);
	r = dw_switch_is_at(s, &dw_switch_sysv, name, want->text, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = find_script(s, name, &path, e);
	if (r < 0)
		return r;
	run.argv = (const char *const[]){ path, start ? "start" : "stop", NULL };
	return dw_switch_by_script(s, &dw_switch_sysv, name, want->text, &run, e);
}

const struct dw_switch_ops dw_switch_sysv = { .name = "sysv", .state = state, .set = set };
