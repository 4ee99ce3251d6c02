/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The init scripts of a host, and the question which of them started a process. Used by sysv.c and openrc.c. */
#ifndef DW_STARTER_SCRIPTS_H
#define DW_STARTER_SCRIPTS_H

#include "sysv.h"

struct dw_scripts_entry {
	struct dw_script script;
	enum dw_tristate enabled;
	bool started; /* the manager has it among its started services (OpenRC) */
};

struct dw_scripts_answer; /* one process holds many doors: it is asked for once */
struct dw_scripts_exe;
struct dw_scripts_run;

struct dw_scripts {
	DW_VEC(struct dw_scripts_entry) v;
	struct dw_scripts_answer
		*answers; /* uthash tables; dw_scripts_clear() frees what the arena does not own */
	struct dw_scripts_exe *exes;
	struct dw_scripts_run *runs;
};

/* Reads the executable scripts of a directory whose names begin with prefix. A missing directory: -ENOENT. */
int dw_scripts_read_dir(struct dw_starters *s, struct dw_scripts *scripts, const char *dir,
			const char *prefix, struct dw_error *e);
struct dw_scripts_entry *dw_scripts_find(struct dw_scripts *scripts, const char *name);
/* The script that explains the process best, NULL: none; *ret says how. */
struct dw_scripts_entry *dw_scripts_ask(struct dw_starters *s, struct dw_scripts *scripts,
					const struct dw_procinfo *p, struct dw_evidence *ret);
/* Adds a sleeper for an enabled script whose daemon may listen and does not run. */
void dw_scripts_list_one(struct dw_starters *s, struct dw_scripts_entry *entry,
			 enum dw_starter_kind kind, enum dw_tristate restarts);
void dw_scripts_clear(struct dw_scripts *scripts);

#endif
