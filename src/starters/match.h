/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which line of a crontab, an rc.local or a script started this process? The words of its command line are
 * looked for in the line, and in the scripts that the line runs. Private to src/starters.
 */
#ifndef DW_STARTER_MATCH_H
#define DW_STARTER_MATCH_H

#include "dw_starters.h"

struct dw_match {
	unsigned score; /* 0: the line does not name the program; the higher the better */
	bool path;      /* the program was named by its path, not by its last part only */
	bool args;      /* every argument that the line gives is in the command line */
	bool whole;     /* and the command line has no other */
	const char
		*script; /* found in this script, which the line runs; NULL: in the line itself */
	unsigned script_line;
};

/* Program and arguments of a process, taken apart once for many lines. */
struct dw_match_process {
	const char *names
		[5]; /* paths and names by which a line may call the program, NULL-terminated */
	const char **args; /* behind the program (behind the script when an interpreter runs one) */
	size_t n_args;
	bool needs_args; /* the program is an interpreter: its name alone says nothing */
};
struct dw_match_process dw_match_process(struct dw_arena *a, const struct dw_procinfo *p);

/* Good enough without any other sign that the line's file started the process. */
static inline bool dw_match_is_sure(const struct dw_match *m)
{
	return m->whole || (m->path && m->args);
}

/*
 * One line of shell. sys resolves links (/usr/sbin/telnetd -> inetutils-telnetd); NULL: names are compared as
 * they are.
 */
struct dw_match dw_match_line(struct dw_sys *sys, struct dw_arena *a,
			      const struct dw_match_process *p, const char *line);
/* As above; when the line itself does not name the program, the scripts that it runs are read (2 deep). */
struct dw_match dw_match_line_deep(struct dw_sys *sys, struct dw_arena *a,
				   const struct dw_match_process *p, const char *line);
/* The best line of a script; *ret_line is its number. Lines that end in a backslash go on in the next. */
struct dw_match dw_match_text(struct dw_sys *sys, struct dw_arena *a,
			      const struct dw_match_process *p, const struct dw_bytes *text,
			      unsigned *ret_line);

enum dw_shell_token { DW_SHELL_END = 0, DW_SHELL_WORD, DW_SHELL_BREAK };
/*
 * The next word of a line of shell, quotes taken off; DW_SHELL_BREAK where one simple command ends (; & | and
 * the like). *ret_vague: the word has an expansion in it, nobody knows what it becomes.
 */
enum dw_shell_token dw_shell_next(struct dw_arena *a, const char **p, char **ret_word,
				  bool *ret_vague);

#endif
