/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the processes of one control group ask of the kernel while they run: BPF programs note it in the kernel,
 * once for each thing; nobody is stopped, traced or started again. Calls that a seccomp filter stops are not seen.
 */
#ifndef DW_OBSERVE_H
#define DW_OBSERVE_H

#include "dw_sys.h"

struct dw_observe;

enum dw_observed_kind { DW_OBSERVED_WRITTEN = 1, DW_OBSERVED_STARTED, DW_OBSERVED_DEVICE };

struct dw_observed_path {
	enum dw_observed_kind kind;
	const char *path; /* absolute; NULL: it began at a directory that nobody knows any more */
	bool cut;         /* it is longer than what is kept */
};

#define DW_OBSERVED_CALLS 512

struct dw_observed {
	bool calls[DW_OBSERVED_CALLS]; /* by number */
	uint8_t granted
		[64]
		[DW_OBSERVED_CALLS]; /* capability checked and granted in that call; the last: in none */
	uint64_t denied;             /* capabilities checked and not granted */
	bool families[64];           /* of sockets, by number */
	uint32_t namespaces;         /* CLONE_NEW* that were asked for */
	bool new_code;               /* memory was made executable */
	bool homes;                  /* something below /home, /root, /run/user was opened */
	bool set_id;                 /* a mode with set-UID or set-GID was given */
	bool compat;                 /* calls of another table of numbers: 32 bits */
	bool capabilities_seen;      /* false: this kernel shows no checks of capabilities */
	uint64_t missed;             /* paths that could not be read or kept */
	const struct dw_observed_path *paths;
	size_t n_paths;
};

/*
 * Begins. group: path of the control group below /sys/fs/cgroup ("/system.slice/nginx.service"). -EPERM, -ENOTSUP: not
 * possible here (the message says why); a recorded host: -ENOTSUP. -ENOENT: there is no such group.
 */
int dw_observe_open(struct dw_sys *s, const char *group, struct dw_observe **ret,
		    struct dw_error *e);
/* To be called every second or so: takes relative paths to absolute ones while their processes are there. */
int dw_observe_settle(struct dw_observe *o, struct dw_error *e);
/* All since the beginning; in the arena. */
int dw_observe_read(struct dw_observe *o, struct dw_arena *a, struct dw_observed *ret,
		    struct dw_error *e);
void dw_observe_close(struct dw_observe *o); /* NULL allowed */

#endif
