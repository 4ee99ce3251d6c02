/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes, each identified by pid and start time. Read from /proc once, on demand, and kept; a process that
 * went away, or whose pid was taken by another while it was read, is not reported. See proc(5).
 */
#ifndef DW_PROCS_H
#define DW_PROCS_H

#include "dw_sys.h"

enum dw_proc_exe {
	DW_PROC_EXE_UNKNOWN = 0, /* not allowed to look */
	DW_PROC_EXE_NONE,        /* a kernel thread */
	DW_PROC_EXE_INTACT,
	DW_PROC_EXE_DELETED,
	DW_PROC_EXE_REPLACED,
	DW_PROC_EXE_MEMFD,
};

struct dw_procinfo {
	int pid, ppid, pgrp, sid;
	int tty_nr;             /* 0: none */
	uint64_t started_ticks; /* since boot, field 22 of stat */
	uint64_t started_ns;    /* the same in nanoseconds, where the kernel told it; else 0 */
	uint64_t started;       /* seconds since the epoch */
	bool kthread;
	char state;
	const char *comm; /* never NULL */
	const char *exe;  /* without " (deleted)"; NULL unknown or none */
	enum dw_proc_exe exe_state;
	uint64_t exe_dev, exe_ino; /* of the running program, 0 unknown */
	const char **argv;         /* argc entries, then NULL; argc 0: none or unknown */
	size_t argc;
	const char *command;           /* arguments joined with spaces, or comm */
	uint32_t uid, euid, gid, egid; /* UINT32_MAX: unknown */
	uint64_t caps_effective, caps_bounding;
	int no_new_privs; /* 0, 1, -1 unknown */
	int seccomp;      /* 0, 1, 2, -1 unknown */
	const char
		*cgroup; /* of systemd's tree: v2 path, else the name=systemd one; NULL unknown */
	uint32_t netns, mntns, pidns; /* inodes, 0 unknown */
	uint32_t loginuid;            /* UINT32_MAX: unset or unknown */
};

struct dw_procs;

/* What it tells comes from the arena and lives as long; only its index must be closed. */
struct dw_procs *dw_procs_new(struct dw_sys *s, struct dw_arena *a);
void dw_procs_close(struct dw_procs *p); /* NULL allowed */
/* Our own pid, as this /proc numbers it (a fake: the link proc/self of the fixture); 0: not told. */
int dw_procs_self(struct dw_procs *p);
/* NULL: gone (or never there, or this is an offline root). The pointer stays valid. */
const struct dw_procinfo *dw_procs_get(struct dw_procs *p, int pid);
/* dw_procs_get() said NULL though the process may well be there: it could not be read. */
bool dw_procs_is_unreadable(struct dw_procs *p, int pid);
/*
 * The process is in a pid namespace below ours: a container of some kind. Its paths and user names are those
 * of another system, and no service manager of ours started it directly.
 */
bool dw_procs_is_foreign(const struct dw_procs *p, const struct dw_procinfo *i);
/* A variable of the process's first environment; NULL: not set, or not allowed to look. */
const char *dw_procs_env(struct dw_procs *p, const struct dw_procinfo *i, const char *name);
/* Every pid (of leaders of thread groups) there is now, ascending. */
int dw_procs_list(struct dw_procs *p, struct dw_arena *a, int **ret, size_t *ret_n,
		  struct dw_error *e);
/*
 * Take over what BPF told of a process (copied shallowly; strings must live as long as the arena), so that
 * /proc need not be read for it. Fields that are unset there stay unknown.
 */
void dw_procs_seed(struct dw_procs *p, const struct dw_procinfo *i);
/* Each that is known by now, and there. */
void dw_procs_each(struct dw_procs *p, void (*fn)(void *data, const struct dw_procinfo *i),
		   void *data);
/* What dw_procs_complete() is to read from /proc. */
enum {
	DW_PROCS_COMMAND = 1 << 0,
	DW_PROCS_CGROUP = 1 << 1,
	DW_PROCS_EXE = 1 << 2,
};
/*
 * Puts into *i, which BPF filled, what BPF cannot tell: the start in the other units, the program from its
 * path in the kernel's words (NULL: not known), and from /proc/PID what `what` names. What cannot be read
 * stays as it is.
 */
void dw_procs_complete(struct dw_procs *p, struct dw_procinfo *i, unsigned what, const char *exe);
/* Takes the arguments as /proc/PID/cmdline tells them (copied). */
void dw_procs_take_command(struct dw_procs *p, struct dw_procinfo *i, const char *text, size_t n);
/* Opens below /proc/PID (plain open, so that ns/ links work): "ns/net", "fdinfo/3". */
int dw_procs_openat(struct dw_procs *p, int pid, const char *relative, int flags,
		    struct dw_error *e);

/*
 * The process has a root of its own in a mount namespace of its own: a path that it names is another file here. A
 * daemon in a chroot(2) has not; false too when the process is gone.
 */
bool dw_sys_has_other_files(struct dw_sys *s, int pid);

#endif
