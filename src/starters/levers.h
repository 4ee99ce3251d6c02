/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Levers while they are gathered; private to src/starters. One file levers-*.c for each family of starters. */
#ifndef DW_LEVERS_PRIVATE_H
#define DW_LEVERS_PRIVATE_H

#include "dw_levers.h"
#include "dw_str.h"

struct levering {
	struct dw_starters *s;
	struct dw_switch *sw;
	struct dw_arena *arena;
	const struct dw_door *door;
	const struct dw_starter *starter;
	bool running; /* something runs here: processes can be ended, services stopped */
	/* what every lever that is added gets (see dw_lever.h); NULL mostly */
	const char *unless_used;
	unsigned active;
	struct dw_levers *ret;
};

/* --- gathering (levers.c) ------------------------------------------------------------------------- */

/*
 * Adds the lever with the state that its object has now. The same object in the same phase is added once (edits of a
 * file: once a line). An object that cannot be looked at makes the door one that cannot be closed. Levers that need
 * something running are left out where nothing does. NULL: not added; the address holds until the next is added.
 */
struct dw_lever *dw_levers_add(struct levering *l, const struct dw_lever *v);
void dw_levers_remark(struct levering *l, const char *fmt, ...) dw_printf_like(2, 3);
/* The first reason stays. */
void dw_levers_cannot(struct levering *l, const char *fmt, ...) dw_printf_like(2, 3);

/* --- words (levers-words.c) ------------------------------------------------------------------------ */

/* One word of a shell: quoted when it must be. */
const char *dw_levers_quote(struct dw_arena *a, const char *s);
/* The same for a name behind options: one that begins with a dash comes behind "--". */
const char *dw_levers_operand(struct dw_arena *a, const char *s);
/* "FILE:LINE" taken apart. False: it names no line; *ret_file is then all of it (NULL for NULL). */
bool dw_levers_source(struct dw_arena *a, const char *source, const char **ret_file,
		      unsigned *ret_line);

/* --- edits (levers-edit.c), pure ------------------------------------------------------------------- */

/* The line of dpkg's statoverride file about the path, in the arena; NULL: none. *ret_lines: how many it has. */
const char *dw_levers_override(struct dw_arena *a, const struct dw_bytes *text, const char *path,
			       unsigned *ret_lines);
/* Line `number` (from 1), without its newline, in the arena; NULL: there is none, or it holds a NUL byte. */
const char *dw_levers_line(struct dw_arena *a, const struct dw_bytes *text, unsigned number);
/* The line becomes a comment: `mark` ("#", "#<off># ") before it. False: it is none to be commented. */
bool dw_levers_comment(struct dw_arena *a, const struct dw_bytes *text, unsigned number,
		       const char *mark, struct dw_edit *ret);
/*
 * The same for a command of a shell script, which may go on over several lines (backslashes), and which may be all that
 * an `if` or a loop does: then ": " stands for it, so that the script still parses. Adds one edit a line.
 */
struct dw_edits {
	struct dw_edit *v;
	size_t n, cap;
};
bool dw_levers_comment_shell(struct dw_arena *a, const struct dw_bytes *text, unsigned number,
			     struct dw_edits *ret);
/*
 * `disable = yes` for the xinetd block whose word "service" stands in that line. False: there is no such block, or it
 * is disabled already.
 */
bool dw_levers_disable_block(struct dw_arena *a, const struct dw_bytes *text, unsigned number,
			     struct dw_edits *ret);

/* --- files (levers-file.c) ------------------------------------------------------------------------- */

/* What is the same for all levers of files here. */
struct lever_words {
	const char *label, *why, *source, *command, *undo_command, *notify, *takes;
};
/* The entry shall be in that state ("absent", "link /dev/null", or NULL and edits of the file). */
struct dw_lever *dw_levers_entry(struct levering *l, const char *path, const char *off,
				 const struct lever_words *w);
/* A new file of root's with that content, mode 0644. */
void dw_levers_make_file(struct levering *l, const char *path, const char *content,
			 const struct lever_words *w);
/* Edits of a file that is there. */
void dw_levers_edit(struct levering *l, const char *path, const struct dw_edits *edits,
		    const struct lever_words *w);
/* The content of the file now; false: it cannot be read, and cannot was said. */
bool dw_levers_content(struct levering *l, const char *path, struct dw_bytes *ret);
/* Takes these permission bits away; false: there is no such file. */
bool dw_levers_take_mode(struct levering *l, const char *path, unsigned bits,
			 const struct lever_words *w);
/* The line of a file becomes a comment with the mark; NULL mark: as a shell's command. */
bool dw_levers_comment_line(struct levering *l, const char *file, unsigned line, const char *mark,
			    const struct lever_words *w);

/* --- processes (levers-process.c) ------------------------------------------------------------------ */

/*
 * What holds the door is ended. if_left: only when it survives all else. Those that `spare` says yes to are left
 * (NULL: none is). Returns how many.
 */
size_t dw_levers_end(struct levering *l, bool if_left, const char *why,
		     bool (*spare)(const struct dw_owner *o));

/* --- units of systemd (levers-systemd.c) ----------------------------------------------------------- */

/* All that stops a unit of the system's manager and keeps it stopped, its triggers with it. */
void dw_levers_unit(struct levering *l, const char *unit);
/* The same without what starts it at boot: somebody else knows that. */
void dw_levers_unit_now(struct levering *l, const char *unit);
/* Is there a unit of that name? */
bool dw_levers_has_unit(const struct levering *l, const char *unit);
/* Some generator of systemd's made it, from a script mostly. */
bool dw_levers_is_generated(const struct levering *l, const char *unit);
/* PID 1 is systemd (in a root that is not running: it boots with it). */
bool dw_levers_under_systemd(const struct levering *l);

/* --- scripts (levers-script.c) --------------------------------------------------------------------- */

/* The init script is stopped; its links of all runlevels. */
void dw_levers_script(struct levering *l, const char *name);
void dw_levers_script_links(struct levering *l, const char *name, const char *notify);
/* A daemon by its unit's or script's names, whatever the init (inetd, xinetd); false: none of them is known here. */
bool dw_levers_daemon(struct levering *l, const char *const *names);

/* --- each kind of starter -------------------------------------------------------------------------- */

void dw_levers_of_systemd(struct levering *l);
void dw_levers_of_user(struct levering *l);
void dw_levers_of_sysv(struct levering *l);
void dw_levers_of_openrc(struct levering *l);
void dw_levers_of_runit(struct levering *l);
void dw_levers_of_inittab(struct levering *l);
void dw_levers_of_inetd(struct levering *l);
void dw_levers_of_xinetd(struct levering *l);
void dw_levers_of_cron(struct levering *l);
void dw_levers_of_rclocal(struct levering *l);
void dw_levers_of_at(struct levering *l);
void dw_levers_of_dbus(struct levering *l);
void dw_levers_of_container(struct levering *l);
void dw_levers_of_manual(struct levering *l);
void dw_levers_of_kernel(struct levering *l);
void dw_levers_of_unknown(struct levering *l);

/* On request only. */
void dw_levers_of_package(struct levering *l, const struct dw_removal *removal);
void dw_levers_of_program(struct levering *l);

#endif
