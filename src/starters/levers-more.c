/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done on request only: a program that nobody may run any more. */
#include "initscript.h"
#include "levers.h"

#define STATOVERRIDE "/var/lib/dpkg/statoverride"

/* --- the program ---------------------------------------------------------------------------------- */

/* Without these the host does not boot, or nobody gets in to put it right. */
static bool is_vital(const char *program)
{
	static const char *const vital[] = { "systemd",
					     "init",
					     "runit",
					     "runsv",
					     "runsvdir",
					     "openrc",
					     "busybox",
					     "sshd",
					     "sshd-session",
					     "login",
					     "agetty",
					     "getty",
					     "sudo",
					     "su",
					     "dbus-daemon",
					     "dbus-broker",
					     "dpkg",
					     "rpm",
					     "NetworkManager",
					     "dhclient",
					     "dhcpcd",
					     "systemd-networkd",
					     "env",
					     "ld.so" };
	const char *name = dw_basename(program);

	for (size_t i = 0; i < DW_ARRAY_SIZE(vital); i++)
		if (dw_streq(name, vital[i]))
			return true;
	return dw_program_is_interpreter(program) || dw_program_is_shell(program);
}

static const char *owner_name(struct levering *l, const char *path, const char **ret_group)
{
	struct stat st;

	if (dw_sys_file_stat(l->s->sys, path, true, &st, NULL) < 0)
		return NULL;
	*ret_group = st.st_gid ? dw_arena_printf(l->arena, "#%u", st.st_gid) : "root";
	return st.st_uid ? dw_arena_printf(l->arena, "#%u", st.st_uid) : "root";
}

/* Behind the n-th word of the line; NULL: it has not so many. */
static const char *behind_words(const char *line, unsigned n)
{
	for (; n > 0 && *line; n--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return n == 0 && *line ? line : NULL;
}

const char *dw_levers_override(struct dw_arena *a, const struct dw_bytes *text, const char *path,
			       unsigned *ret_lines)
{
	struct dw_lines it = dw_lines_of(text);
	const char *line, *found = NULL;
	size_t n;

	while (dw_lines_next(&it, &line, &n)) {
		const char *whole = found ? NULL : dw_arena_strndup(a, line, n);
		const char *name = whole ? behind_words(whole, 3) : NULL;

		if (name && dw_streq(name, path))
			found = whole;
	}
	*ret_lines = it.number;
	return found;
}

/* "user group mode path" (dpkg-statoverride(1)): upgrades keep it. Numbers are written with a '#' there. */
static void override_stat(struct levering *l, const char *path, unsigned mode)
{
	struct dw_edits edits = { 0 };
	const char *user, *group = NULL, *line;
	struct dw_bytes text = { 0 };
	struct lever_words w = { .label = STATOVERRIDE,
				 .why = "An upgrade of the package would give the rights back.",
				 .source = STATOVERRIDE };
	unsigned n;

	/* a newline in the name would make lines of its own: dpkg-statoverride refuses it as well */
	if (strchr(path, '\n') || !dw_sys_file_exists(l->s->sys, STATOVERRIDE) ||
	    !(user = owner_name(l, path, &group)) || !dw_levers_content(l, STATOVERRIDE, &text))
		return;
	line = dw_levers_override(l->arena, &text, path, &n);
	if (line) {
		dw_levers_remark(l,
				 "%s has a line for %s already, which counts at the next upgrade: "
				 "%s",
				 STATOVERRIDE, path, line);
		return;
	}
	*dw_vec_add(l->arena, &edits) = (struct dw_edit){
		.line = n + 1,
		.fresh = dw_arena_printf(l->arena, "%s %s %o %s", user, group, mode, path),
	};
	dw_levers_edit(l, STATOVERRIDE, &edits, &w);
}

void dw_levers_of_program(struct levering *l)
{
	const char *program = l->door->program, *word;
	struct lever_words w;
	struct stat st;
	char *real;

	if (!program || dw_sys_file_real(l->s->sys, program, l->arena, &real, NULL) < 0 ||
	    dw_sys_file_stat(l->s->sys, real, true, &st, NULL) < 0 || !S_ISREG(st.st_mode)) {
		dw_levers_cannot(l,
				 "Which program serves the door is not known, so its rights stay.");
		return;
	}
	if (is_vital(real) || is_vital(program)) {
		dw_levers_cannot(l, "%s serves more than this door: its rights stay as they are.",
				 real);
		return;
	}
	word = dw_levers_operand(l->arena, real);
	w = (struct lever_words){
		.label = real,
		.why = "Nobody can run it any more, whatever starts it, and root alone can read "
		       "it.",
		.source = real,
		.command = dw_arena_printf(l->arena, "chmod 0 %s", word),
		.undo_command = dw_arena_printf(l->arena, "chmod %o %s", st.st_mode & 07777, word),
	};
	/*
	 * All of them: without the execute bits alone whoever may read it runs a copy, or a script by its interpreter.
	 * Root runs no file without any execute bit (path_resolution(7)), but reads it: an undo and a verify can.
	 */
	if (dw_levers_take_mode(l, real, 07777, &w))
		override_stat(l, real, 0);
}
