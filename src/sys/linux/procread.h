/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of the process table: what procs.c asks of procread.c, which reads /proc/PID. */
#ifndef DW_LINUX_PROCREAD_H
#define DW_LINUX_PROCREAD_H

#include "dw_procs.h"

struct dw_procs {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct entry *table;
	uint64_t boot_time;
	long ticks;
	uint32_t pidns; /* our own; 0 unknown */
};

/* Inode of a link as "net:[4026531840]" below dir; 0: not to be had. */
uint32_t dw_procread_namespace(int dir, const char *name);
/* At most max bytes of a file below dir; a negative errno. */
int dw_procread_file(struct dw_procs *p, int dir, const char *name, size_t max, struct dw_arena *a,
		     struct dw_bytes *ret);
/* path as readlink(2) of /proc/PID/exe and d_path() of the kernel tell it; it is changed and kept. */
void dw_procread_take_exe(struct dw_procs *p, struct dw_procinfo *i, char *path);
/* name below dir is the process's link "exe", its "cmdline", its "cgroup". What cannot be read stays as it is. */
void dw_procread_exe(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i);
void dw_procread_command(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i);
void dw_procread_cgroup(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i,
			struct dw_arena *scratch);
/* All of it; a negative errno when the process is gone. */
int dw_procread_all(struct dw_procs *p, int pid, struct dw_procinfo *i);

#endif
