/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A script that starts daemons (init script, runit's run file, an inittab command): which programs and pid
 * files it names, and where. Read as text, never run. Private to src/starters.
 */
#ifndef DW_STARTER_INITSCRIPT_H
#define DW_STARTER_INITSCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_parse.h"
#include "dw_sys.h"
#include "dw_vec.h"

#define DW_SCRIPT_MAX       ((size_t)1024 * 1024) /* bytes of a script that are read */
#define DW_SCRIPT_NEEDS_MAX 64

struct dw_program {
	const char
		*path; /* as the script has it, variables put in, behind its jail if it has one */
	const char *jail; /* of chroot(8), start-stop-daemon --chroot; NULL: none */
	unsigned line;    /* that names it */
	bool named; /* DAEMON=, start-stop-daemon --exec ...; false: merely a command of the script */
	/* filled in by dw_program_resolve(), once */
	bool resolved, exists;
	const char *real; /* links resolved; path itself when it is not there */
	uint64_t dev, ino;
	const char *
		interpreter; /* it is a script: "#!" program, without path when /usr/bin/env looks for it */
};

struct dw_pidfile {
	const char *path;
	unsigned line; /* 0: not the script, but perhaps the manager */
	bool named;    /* false: nothing names it, it just bears the script's name */
	/* filled in by dw_pidfile_names(), once */
	bool read;
	int pid;        /* 0: not there, or no number in it */
	int error;      /* negative: it is there, and could not be read */
	uint64_t mtime; /* seconds since the epoch */
};

struct dw_script {
	const char *name; /* of the service: the file's name */
	const char *path;
	unsigned line; /* first line of the commands, for a source when nothing better is known */
	bool starts_here; /* LSB header or the openrc-run line: an init script and no plain command */
	bool openrc;      /* #!/sbin/openrc-run (or runscript) */
	const char *text; /* whole, terminated */
	DW_VEC(struct dw_program) programs;
	DW_VEC(struct dw_pidfile) pidfiles;
	unsigned unclear; /* line of the first command of which nobody knows what it is; 0: none */
	struct dw_strings
		needs; /* LSB Required-Start and openrc `need`, words that are no $facility */
};

/*
 * Reads the text; the variables of files it sources below /etc are followed through sys (NULL: not at all).
 * Takes any bytes. Everything lies in the arena; `text` stays borrowed.
 */
void dw_script_scan(struct dw_sys *sys, struct dw_arena *a, const char *path,
		    const struct dw_bytes *text, struct dw_script *ret);
/* The same, of a script that need not name its daemons by their paths (rc.local): commands of the PATH count, too. */
void dw_script_scan_shell(struct dw_sys *sys, struct dw_arena *a, const char *path,
			  const struct dw_bytes *text, struct dw_script *ret);
/* The comments at its head alone: openrc, starts_here, needs. */
void dw_script_scan_header(struct dw_arena *a, const struct dw_bytes *text, struct dw_script *s);
/* Reads and scans the file. */
int dw_script_read(struct dw_sys *sys, struct dw_arena *a, const char *path, struct dw_script *ret,
		   struct dw_error *e);
int dw_script_read_shell(struct dw_sys *sys, struct dw_arena *a, const char *path,
			 struct dw_script *ret, struct dw_error *e);
/*
 * A command line of another file (inittab), as if it were a script of one line. bare: with commands of the PATH, as a
 * crontab has them.
 */
void dw_script_scan_command(struct dw_sys *sys, struct dw_arena *a, const char *path, unsigned line,
			    const char *command, bool bare, struct dw_script *ret);

void dw_program_resolve(struct dw_sys *sys, struct dw_arena *a, struct dw_program *p);
/* Where a root shell would find the command; NULL: nowhere. In the arena. */
const char *dw_program_in_path(struct dw_sys *sys, struct dw_arena *a, const char *command);
/* A program that runs others' code (python3, java, sh ...): being it says nothing, its arguments do. */
bool dw_program_is_interpreter(const char *path);
bool dw_program_is_shell(const char *path);
/* The same path, be it said with or without /usr before bin, sbin and lib (usrmerge). */
bool dw_program_same_path(const char *a, const char *b);

/* First program that the script names; else, with `mentioned`, the first command with a path. NULL: none. */
struct dw_program *dw_script_main_program(struct dw_script *s, bool mentioned);
/* "PATH:LINE" of the program, or of the script when there is none. In the arena. */
const char *dw_script_source(struct dw_arena *a, const struct dw_script *s,
			     const struct dw_program *p);

#endif
