/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place that starts other programs. No shell, no inherited descriptors, a clean environment. */
#ifndef DW_SPAWN_H
#define DW_SPAWN_H

#include "dw_sys.h"

struct dw_spawn {
	const char *const *argv;        /* argv[0]: absolute path of the program */
	const char *const *environment; /* NULL: a clean one (PATH, LC_ALL=C) */
	unsigned timeout_ms; /* 0: none; then SIGKILL to it and its process group, -ETIMEDOUT */
	const char *input;   /* its standard input; NULL: /dev/null */
	size_t output_max;   /* of standard output and error together; -EFBIG beyond (and killed) */
};

/*
 * Runs it in a session of its own, in /, and waits. Output (standard output and
 * error together) goes to *ret_output, the exit status to *ret_status (128 + signal when it was killed). A daemon that
 * it leaves behind is not waited for, and may keep the output open: what it writes later is refused (EPERM).
 */
int dw_spawn_run(struct dw_sys *s, const struct dw_spawn *what, struct dw_arena *a,
		 struct dw_bytes *ret_output, int *ret_status, struct dw_error *e);

#endif
