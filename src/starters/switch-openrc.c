/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of a service of OpenRC: rc-service(8) stops and starts it, what runs is in /run/openrc (RC_SVCDIR of
 * librc). A service that OpenRC calls started is running here, also when its daemon died: it would be started again by
 * whoever looks after it, and `stop` is what makes it stopped.
 *
 * A script without openrc-run in its first line is run by rc-service(8) as it is, and its mark stays what the boot made
 * of it: whether it runs is asked as of any other init script.
 */
#include <errno.h>
#include <string.h>

#include "dw_end.h"
#include "dw_str.h"
#include "initscript.h"
#include "lineage.h"
#include "switch.h"

#define OPTION_MAX ((size_t)4096)

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= 255 && name[0] != '.' && name[0] != '-' && !strchr(name, '/');
}

/* 1, 0, or negative: there is no such script. */
static int is_native(struct dw_switch *s, const char *name, struct dw_error *e)
{
	const char *path = dw_arena_printf(s->arena, "/etc/init.d/%s", name);
	struct dw_script script = { 0 };
	struct dw_bytes text = { 0 };
	int r = dw_sys_file_read(s->sys, path, DW_SCRIPT_MAX, s->arena, &text, e);

	if (r < 0)
		return r;
	dw_script_scan_header(s->arena, &text, &script);
	return script.openrc;
}

/* Links to the script, as librc makes them: rc_service_mark(). */
static int marked(struct dw_switch *s, const char *name, struct dw_state *ret, struct dw_error *e)
{
	static const char *const kinds[] = { "started", "starting", "stopping", "inactive" };
	bool found = false;

	for (size_t i = 0; dw_sys_is_running(s->sys) && i < DW_ARRAY_SIZE(kinds); i++) {
		const char *path = dw_arena_printf(s->arena, "/run/openrc/%s/%s", kinds[i], name);
		struct dw_error why = { 0 };
		struct stat st;
		int r = dw_sys_file_stat(s->sys, path, false, &st, &why);

		if (r < 0 && r != -ENOENT)
			return dw_error_set(e, r, "%s", why.message);
		found = found || r == 0;
	}
	*ret = dw_switch_word(found ? "running" : "stopped");
	return 0;
}

static int state(struct dw_switch *s, const char *name, struct dw_state *ret, struct dw_error *e)
{
	int r;

	if (!is_name(name))
		return dw_error_set(e, -EINVAL, "%.100s is no service's name", name);
	r = is_native(s, name, NULL);
	return r == 0 ? dw_switch_sysv.state(s, name, ret, e) : marked(s, name, ret, e);
}

/* --- what its stop could not end ------------------------------------------------------------------ */

/* The first line of a file, trimmed; NULL: there is none. */
static const char *first_line(struct dw_switch *s, const char *path)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	const char *line;

	if (dw_sys_file_read(s->sys, path, OPTION_MAX, s->arena, &text, NULL) < 0)
		return NULL;
	it = dw_lines_of(&text);
	line = dw_lines_next_trimmed(&it, s->arena);
	return line && *line ? line : NULL;
}

/* What the script of a started service said of its daemon: openrc-run.sh keeps it by service_set_value(). */
static const char *option(struct dw_switch *s, const char *name, const char *key)
{
	const char *value =
		first_line(s, dw_arena_printf(s->arena, "/run/openrc/options/%s/%s", name, key));

	return value && value[0] == '/' ? value : NULL;
}

/* Only a process that runs the service's own command is the service's, whatever the pid file says. */
static int end_daemon(struct dw_switch *s, const char *name, struct dw_error *e)
{
	const char *command = option(s, name, "command"), *pidfile = option(s, name, "pidfile");
	const char *text = pidfile ? first_line(s, pidfile) : NULL;
	struct dw_starters world = { .sys = s->sys, .arena = s->arena };
	const struct dw_procinfo *p;
	uint64_t pid, ticks = 0;

	if (!command || !text || !dw_parse_u64(text, 10, INT32_MAX, &pid) || pid < 2)
		return dw_error_set(e, -ESRCH, "%s: no pid file of it names a process to end",
				    name);
	world.procs = dw_procs_new(s->sys, s->arena);
	p = dw_procs_get(world.procs, (int)pid);
	if (p && p->state != 'Z' && dw_lineage_runs(&world, p, command))
		ticks = p->started_ticks;
	dw_procs_close(world.procs);
	if (!ticks)
		return dw_error_set(e, -ESRCH, "process %d of %s does not run %s", (int)pid,
				    pidfile, command);
	return dw_sys_process_end(s->sys, (int)pid, ticks, dw_switch_grace(s), e);
}

/*
 * start-stop-daemon, by which openrc-run stops, does not know a daemon whose program is a script: then the service is
 * marked as stopped without it. Whoever still holds a door is ended later in the run.
 */
static int zap(struct dw_switch *s, const char *program, const char *name, struct dw_error *e)
{
	const char *const argv[] = { program, name, "zap", NULL };
	struct dw_switch_run run = { .argv = argv };

	return dw_switch_by_script(s, &dw_switch_openrc, name, "stopped", &run, e);
}

static int set(struct dw_switch *s, const char *name, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	bool start = dw_switch_is(want, "running");
	struct dw_switch_run run = { 0 };
	const char *program;
	int r;

	if (!start && !dw_switch_is(want, "stopped"))
		return dw_switch_unknown(name, want, e);
	r = dw_switch_is_at(s, &dw_switch_openrc, name, want->text, e);
	if (r != 0)
		return r < 0 ? r : 0;
	program = dw_program_in_path(s->sys, s->arena, "rc-service");
	if (!program)
		return dw_error_set(e, -ENOENT, "%s: there is no rc-service here", name);
	run.argv = (const char *const[]){ program, name, start ? "start" : "stop", NULL };
	r = dw_switch_by_script(s, &dw_switch_openrc, name, want->text, &run, e);
	if (r == -EIO && !start && is_native(s, name, NULL) == 1) {
		const struct dw_error none = { 0 };
		struct dw_error why = none;

		(void)end_daemon(s, name, &why);
		r = zap(s, program, name, e);
		if (r == 0)
			*e = none; /* of the stop that failed */
	}
	return r;
}

const struct dw_switch_ops dw_switch_openrc = { .name = "openrc", .state = state, .set = set };
