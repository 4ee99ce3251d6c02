/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ending and signalling processes, by pidfd (pidfd_open(2)): never another one that took over the pid. */
#ifndef DW_END_H
#define DW_END_H

#include "dw_procs.h"
#include "dw_sys.h"

/* Is that very process (pid, start time in clock ticks since boot) there, and no zombie? 1, 0, negative: not known. */
int dw_sys_process_is(struct dw_sys *s, int pid, uint64_t started_ticks, struct dw_error *e);
/* -ESRCH: it is gone (or the pid is another's). */
int dw_sys_process_signal(struct dw_sys *s, int pid, uint64_t started_ticks, int signal,
			  struct dw_error *e);
/*
 * TERM, then KILL after grace_ms; returns when it is gone (a zombie counts as gone). Never pid 1, never this process.
 * -ETIMEDOUT: it survived KILL for five seconds (it hangs in the kernel).
 */
int dw_sys_process_end(struct dw_sys *s, int pid, uint64_t started_ticks, unsigned grace_ms,
		       struct dw_error *e);

/*
 * Starts a program that outlives us: a session of its own, / as directory, no descriptor of ours, its output to
 * /dev/null, and no child of ours to wait for. argv[0] absolute.
 */
int dw_sys_detach(struct dw_sys *s, const char *const *argv, struct dw_error *e);

#endif
