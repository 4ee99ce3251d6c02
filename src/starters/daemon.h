/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which daemon a process belongs to, and whether a script started it. Private to src/starters.
 */
#ifndef DW_STARTER_DAEMON_H
#define DW_STARTER_DAEMON_H

#include "dw_starters.h"
#include "initscript.h"

#define DW_CHAIN_MAX 16

/*
 * The process and those of its ancestors that are the same daemon: nginx's worker and master, a server and the
 * wrapper that runs it. A step up is taken only within one session (sid), or to the same program, and only
 * while the login uid stays: sshd and cron start a new session for what they run, and what a person runs
 * through sshd is not "started by /etc/init.d/ssh". Pid 1 is never a member.
 */
struct dw_chain {
	const struct dw_procinfo *v[DW_CHAIN_MAX]; /* the process first, the daemon's root last */
	size_t n;
};

void dw_chain_of(struct dw_procs *procs, const struct dw_procinfo *p, struct dw_chain *ret);
static inline const struct dw_procinfo *dw_chain_top(const struct dw_chain *c)
{
	return c->v[c->n - 1];
}

/* Does the process run this (resolved) program: as its executable, or as the script its interpreter runs? */
bool dw_daemon_runs(struct dw_sys *sys, const struct dw_procinfo *p,
		    const struct dw_program *program, const char *script_text);

/*
 * The member of the chain whose pid is in the file, and was so when the file was written (a process that began
 * long after it is another one that got the number again); NULL: none. The file is read once.
 */
const struct dw_procinfo *dw_pidfile_names(struct dw_starters *s, struct dw_pidfile *f,
					   const struct dw_chain *c);

enum dw_origin {
	DW_ORIGIN_UNKNOWN =
		0,         /* the environment was overwritten (setproctitle), or may not be read */
	DW_ORIGIN_BOOT,    /* init's own variables are there */
	DW_ORIGIN_SESSION, /* a login session's are */
};
/* Where the environment of the process comes from. */
enum dw_origin dw_daemon_origin(struct dw_procs *procs, const struct dw_procinfo *p);
/* "by hand, by root from 10.0.0.1", "by hand, by pat with sudo" ...; NULL: no sign of a person. In the arena. */
const char *dw_daemon_by_hand(struct dw_starters *s, const struct dw_procinfo *p);

/*
 * The script's first program that is there and may open a door: named ones unless they surely cannot (nothing
 * they import leads to listen(2) or bind(2)), merely mentioned ones only if they surely can. NULL: none.
 */
struct dw_program *dw_script_listener(struct dw_starters *s, struct dw_script *script);

/* The process that one of the named pid files tells of is there: YES; a file is there, but not its process: NO. */
enum dw_tristate dw_script_runs_by_pidfile(struct dw_starters *s, struct dw_script *script);
/* Is any process (chain of one) running one of the script's named programs, or named by its pid files? */
bool dw_script_is_running(struct dw_starters *s, struct dw_script *script);

#endif
