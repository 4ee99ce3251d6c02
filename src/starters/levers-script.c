/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Init scripts (also those that systemd makes units of), OpenRC, runit, inittab. A start link becomes a stop link of
 * the same runlevel, as update-rc.d(8) and chkconfig(8) do it, so that neither tool makes a new one at the next
 * upgrade. Its number is the kill priority of a "# chkconfig: LEVELS START KILL" line where the script has one, else
 * 01: what insserv(8) gives a service that nothing depends on.
 */
#include <ctype.h>
#include <errno.h>

#include "initscript.h"
#include "initsys.h"
#include "levers.h"

enum { SCRIPT_MAX = 1024 * 1024 };

/* --- links ---------------------------------------------------------------------------------------- */

static bool is_script_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && strlen(name) < 200;
}

static unsigned kill_priority(struct levering *l, const char *name)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	char *line;

	if (dw_sys_file_read(l->s->sys, dw_arena_printf(l->arena, "/etc/init.d/%s", name),
			     SCRIPT_MAX, l->arena, &text, NULL) < 0)
		return 1;
	it = dw_lines_of(&text);
	while (it.number < 200 && (line = dw_lines_next_trimmed(&it, l->arena))) {
		const char *words[5] = { 0 };
		uint64_t number;

		for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
			words[i] = dw_word_next(&line);
		if (words[1] && dw_streq(words[0], "#") && dw_streq(words[1], "chkconfig:") &&
		    words[4] && dw_parse_u64(words[4], 10, 99, &number))
			return (unsigned)number;
	}
	return 1;
}

/* "S20NAME" */
static bool is_start_link(const char *entry, const char *name)
{
	return entry[0] == 'S' && isdigit((unsigned char)entry[1]) &&
	       isdigit((unsigned char)entry[2]) && dw_streq(entry + 3, name);
}

static void turn_link(struct levering *l, const char *dir, const char *entry, const char *name,
		      const char *notify)
{
	struct dw_arena *a = l->arena;
	const char *path = dw_arena_printf(a, "%s/%s", dir, entry),
		   *word = dw_levers_operand(a, name);
	const char *stop = dw_arena_printf(a, "%s/K%02u%s", dir, kill_priority(l, name), name);
	struct lever_words w = {
		.label = name,
		.why = "This link starts it at boot.",
		.source = path,
		.command = dw_arena_printf(a, "update-rc.d %s disable", word),
		.undo_command = dw_arena_printf(a, "update-rc.d %s enable", word),
		.notify = notify,
	};
	const struct dw_lever *taken;
	const char *link;
	char *target;

	/* what is no link, rc(8) passes over */
	if (dw_sys_file_readlink(l->s->sys, path, a, &target, NULL) < 0)
		return;
	taken = dw_levers_entry(l, path, "absent", &w);
	if (!taken)
		return;
	/* as the state has it: the canonical text of that very link */
	link = taken->now.text;
	w.why = "The link that stops it says that somebody meant it so.";
	w.source = stop;
	(void)dw_levers_entry(l, stop, link, &w);
}

void dw_levers_script_links(struct levering *l, const char *name, const char *notify)
{
	static const char *const parents[] = { "/etc", "/etc/rc.d" };
	static const char levels[] = "S2345";
	struct stat st;

	for (size_t p = 0; p < DW_ARRAY_SIZE(parents); p++)
		for (size_t k = 0; levels[k]; k++) {
			const char *dir =
				dw_arena_printf(l->arena, "%s/rc%c.d", parents[p], levels[k]);
			struct dw_strings entries = { 0 };

			/* Red Hat's /etc/rc3.d is a link to /etc/rc.d/rc3.d: once */
			if (dw_sys_file_stat(l->s->sys, dir, false, &st, NULL) < 0 ||
			    !S_ISDIR(st.st_mode) ||
			    dw_sys_dir_list(l->s->sys, dir, l->arena, &entries, NULL) < 0)
				continue;
			for (size_t i = 0; i < entries.n; i++)
				if (is_start_link(entries.v[i], name))
					turn_link(l, dir, entries.v[i], name, notify);
		}
}

/* --- init scripts --------------------------------------------------------------------------------- */

static void stop_script(struct levering *l, const char *manager, const char *name,
			const char *command)
{
	struct dw_lever v = {
		.phase = DW_PHASE_STOP,
		.manager = manager,
		.object = name,
		.off.text = "stopped",
		.order = 1,
		.label = name,
		.why = "It holds the door now.",
		.source = l->starter->source,
		.command = dw_arena_printf(l->arena, "%s %s stop", command,
					   dw_levers_operand(l->arena, name)),
		.undo_command = dw_arena_printf(l->arena, "%s %s start", command,
						dw_levers_operand(l->arena, name)),
	};

	if (l->door->kind != DW_KIND_SLEEPING)
		(void)dw_levers_add(l, &v);
}

static void end_left(struct levering *l)
{
	if (!l->unless_used && l->door->kind != DW_KIND_SLEEPING)
		(void)dw_levers_end(l, true, "Its script's stop left it, and it holds the door.",
				    NULL);
}

void dw_levers_script(struct levering *l, const char *name)
{
	stop_script(l, "sysv", name, "service");
	dw_levers_script_links(l, name, NULL);
	end_left(l);
}

/*
 * Slackware's /etc/rc.d/rc.NAME: its own rc.M and rc.inet2 start what is executable, and its documentation says to take
 * that bit away. A line of rc.local and the like that starts a program without asking is its own starter.
 */
static void close_slackware(struct levering *l, const char *path)
{
	struct dw_arena *a = l->arena;
	const char *word = dw_levers_operand(a, path), *name = dw_basename(path);
	struct lever_words w = {
		.label = name,
		.why = "The boot runs what is executable in /etc/rc.d.",
		.source = path,
		.command = dw_arena_printf(a, "chmod a-x %s", word),
		.undo_command = dw_arena_printf(a, "chmod a+x %s", word),
	};

	stop_script(l, "sysv", name, "service");
	(void)dw_levers_take_mode(l, path, 0111, &w);
	end_left(l);
}

void dw_levers_of_sysv(struct levering *l)
{
	const char *name = l->starter->id, *unit = l->starter->also, *path;

	if (!is_script_name(name)) {
		dw_levers_cannot(l, "%s is no name of an init script.", name);
		return;
	}
	if (dw_levers_under_systemd(l)) {
		if (!unit || !dw_ends_with(unit, ".service"))
			unit = dw_arena_printf(l->arena, "%s.service", name);
		dw_levers_script_links(l, name, "systemd");
		dw_levers_unit_now(l, unit);
		return;
	}
	path = dw_arena_printf(l->arena, "/etc/rc.d/%s%s", dw_starts_with(name, "rc.") ? "" : "rc.",
			       name);
	if (!dw_sys_file_exists(l->s->sys, dw_arena_printf(l->arena, "/etc/init.d/%s", name)) &&
	    dw_sys_file_exists(l->s->sys, path)) {
		close_slackware(l, path);
		return;
	}
	dw_levers_script(l, name);
}

/* --- a daemon, whatever the init ------------------------------------------------------------------ */

static bool has_script(struct levering *l, const char *name)
{
	return dw_sys_file_exists(l->s->sys, dw_arena_printf(l->arena, "/etc/init.d/%s", name));
}

static void close_openrc(struct levering *l, const char *name);

/* A script that systemd made a unit of is switched by its links alone. */
static void close_daemon_unit(struct levering *l, const char *name, const char *unit)
{
	if (!dw_levers_is_generated(l, unit)) {
		dw_levers_unit(l, unit);
		return;
	}
	dw_levers_script_links(l, name, "systemd");
	dw_levers_unit_now(l, unit);
}

bool dw_levers_daemon(struct levering *l, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		const char *unit = dw_arena_printf(l->arena, "%s.service", names[i]);

		if (dw_levers_has_unit(l, unit)) {
			close_daemon_unit(l, names[i], unit);
			return true;
		}
		if (dw_levers_under_systemd(l) || !has_script(l, names[i]))
			continue;
		if (dw_init_has_openrc(l->s))
			close_openrc(l, names[i]);
		else
			dw_levers_script(l, names[i]);
		return true;
	}
	return false;
}

/* --- OpenRC --------------------------------------------------------------------------------------- */

static void close_openrc(struct levering *l, const char *name)
{
	struct dw_arena *a = l->arena;
	const char *word = dw_levers_operand(a, name);
	struct dw_strings levels = { 0 };

	stop_script(l, "openrc", name, "rc-service");
	(void)dw_sys_dir_list(l->s->sys, "/etc/runlevels", a, &levels, NULL);
	for (size_t i = 0; i < levels.n; i++) {
		const char *path = dw_arena_printf(a, "/etc/runlevels/%s/%s", levels.v[i], name),
			   *level = dw_levers_quote(a, levels.v[i]);
		struct lever_words w = {
			.label = name,
			.why = dw_arena_printf(a, "The runlevel %s starts it.", levels.v[i]),
			.source = path,
			.command = dw_arena_printf(a, "rc-update del %s %s", word, level),
			.undo_command = dw_arena_printf(a, "rc-update add %s %s", word, level),
		};
		struct stat st;

		if (dw_sys_file_stat(l->s->sys, path, false, &st, NULL) == 0 && S_ISLNK(st.st_mode))
			(void)dw_levers_entry(l, path, "absent", &w);
	}
	end_left(l);
}

void dw_levers_of_openrc(struct levering *l)
{
	if (is_script_name(l->starter->id))
		close_openrc(l, l->starter->id);
	else
		dw_levers_cannot(l, "%s is no name of a service.", l->starter->id);
}

/* --- runit ---------------------------------------------------------------------------------------- */

/* The directory that runsvdir watches; else where the run file lies: /etc/sv/NAME/run:3 -> /etc/sv/NAME. */
static const char *service_dir(struct levering *l)
{
	static const char *const watched[] = { "/etc/service",
					       "/var/service",
					       "/service",
					       "/run/service",
					       "/etc/runit/runsvdir/default",
					       "/etc/sv" };
	const char *file, *slash;
	unsigned line;

	for (size_t i = 0; is_script_name(l->starter->id) && i < DW_ARRAY_SIZE(watched); i++) {
		const char *dir = dw_arena_printf(l->arena, "%s/%s", watched[i], l->starter->id);

		if (dw_sys_file_exists(l->s->sys, dw_arena_printf(l->arena, "%s/run", dir)))
			return dir;
	}
	(void)dw_levers_source(l->arena, l->starter->source, &file, &line);
	slash = file ? strrchr(file, '/') : NULL;
	return slash && slash != file ? dw_arena_strndup(l->arena, file, (size_t)(slash - file))
				      : NULL;
}

void dw_levers_of_runit(struct levering *l)
{
	struct dw_arena *a = l->arena;
	const char *dir = service_dir(l), *down, *word;
	struct lever_words w;
	char *real;

	if (!dir) {
		dw_levers_cannot(l, "Where the service directory of %s is was not found.",
				 l->starter->id);
		return;
	}
	/* `down` is a file of the directory itself, wherever the links to it are */
	if (dw_sys_file_real(l->s->sys, dir, a, &real, NULL) == 0)
		down = dw_arena_printf(a, "%s/down", real);
	else
		down = dw_arena_printf(a, "%s/down", dir);
	word = dw_levers_operand(a, down);
	w = (struct lever_words){
		.label = l->starter->id,
		.why = "runsv does not start a service that has a file `down`.",
		.source = l->starter->source,
		.command = dw_arena_printf(a, "touch %s", word),
		.undo_command = dw_arena_printf(a, "rm %s", word),
	};
	if (l->door->kind != DW_KIND_SLEEPING) {
		struct dw_lever v = {
			.phase = DW_PHASE_STOP,
			.manager = "runit",
			.object = dir,
			.off.text = "stopped",
			.order = 1,
			.label = l->starter->id,
			.why = "It holds the door now.",
			.source = l->starter->source,
			.command = dw_arena_printf(a, "sv down %s", dw_levers_operand(a, dir)),
			.undo_command = dw_arena_printf(a, "sv up %s", dw_levers_operand(a, dir)),
		};

		(void)dw_levers_add(l, &v);
	}
	if (!dw_sys_file_exists(l->s->sys, down))
		dw_levers_make_file(l, down, "", &w);
	end_left(l);
}

/* --- inittab -------------------------------------------------------------------------------------- */

void dw_levers_of_inittab(struct levering *l)
{
	struct lever_words w = {
		.label = dw_arena_printf(l->arena, "the line %s", l->starter->id),
		.why = "init starts what this line says.",
		.source = l->starter->source,
		.notify = "init",
	};
	const char *file;
	unsigned line;

	if (!dw_levers_source(l->arena, l->starter->source, &file, &line)) {
		dw_levers_cannot(l, "Which line of inittab starts it is not known.");
		return;
	}
	if (dw_levers_comment_line(l, file, line, "#", &w))
		(void)dw_levers_end(l, true, "init let go of it, and it still holds the door.",
				    NULL);
}
