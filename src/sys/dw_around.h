/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is looked at around a command: running it as the user typed it, and the files that give rights. */
#ifndef DW_AROUND_H
#define DW_AROUND_H

#include "dw_sys.h"

/*
 * Runs argv[0] (found by PATH) with our standard input, output and error and our environment, and waits; interrupts
 * from the terminal are the command's, not ours. *ret_status: 128 + signal when it was ended by one. -ENOENT,
 * -EACCES: it cannot be run. Only a live host.
 */
int dw_sys_run_through(struct dw_sys *s, const char *const *argv, int *ret_status,
		       struct dw_error *e);

/* A file that gives whoever runs it rights of another. */
struct dw_privileged {
	const char *path;
	uint32_t mode, uid, gid;
	uint64_t size;
	int64_t mtime_ns;
	uint64_t inode;
	const char *capability; /* the attribute security.capability in hexadecimal; NULL: none */
};
/* What everybody may write: a file, or a directory whose files everybody may remove (no sticky bit). */
struct dw_writable {
	const char *path;
	uint32_t mode, uid, gid;
	bool directory;
};
#define DW_WRITABLE_MAX 2000
struct dw_writables {
	struct dw_writable *v; /* by path; at most DW_WRITABLE_MAX */
	size_t n, cap;
	bool more;
};

struct dw_privileged_list {
	struct dw_privileged *v; /* by path */
	size_t n, cap;
	bool cut;   /* the bound was met: there may be more */
	bool blind; /* a directory could not be read: there may be more */
	struct dw_writables writable; /* met on the way */
};

/*
 * All of them below the root, on the local file systems that are mounted there and not `nosuid`: no network file
 * systems, no /proc. At most max_files names are looked at, for at most max_ms.
 */
int dw_sys_privileged(struct dw_sys *s, size_t max_files, unsigned max_ms, struct dw_arena *a,
		      struct dw_privileged_list *ret, struct dw_error *e);

#endif
