/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the kernel below /proc/sys, of the network namespace we run in, and a guard that outlives us. */
#ifndef DW_SYSCTL_H
#define DW_SYSCTL_H

#include "dw_sys.h"

/* The value without its newline. -ENOENT: this kernel has it not. */
int dw_sysctl_read(struct dw_sys *s, const char *path, struct dw_arena *a, const char **ret,
		   struct dw_error *e);
int dw_sysctl_write(struct dw_sys *s, const char *path, const char *value, struct dw_error *e);

/* Names our network namespace as long as this boot lasts: no other ever gets the number. -ENOTSUP before Linux 5.14. */
int dw_sys_netns_cookie(struct dw_sys *s, uint64_t *ret, struct dw_error *e);

/*
 * A small file that only one may have: opened (made with mode 0600) and locked; the lock is that of the open file, so
 * that children which inherit it hold it too. -EBUSY: somebody has it. Returns the descriptor.
 */
int dw_sys_hold(struct dw_sys *s, const char *path, struct dw_error *e);
/* The content of a file that is held; its new content, in place (for the lock is on it). */
int dw_sys_held_read(struct dw_sys *s, int fd, size_t max, struct dw_arena *a, struct dw_bytes *ret,
		     struct dw_error *e);
int dw_sys_held_write(struct dw_sys *s, int fd, const char *text, struct dw_error *e);
/* Takes the name away while it is still held. */
int dw_sys_held_remove(struct dw_sys *s, const char *path, struct dw_error *e);

/*
 * A child that waits for our end, however we end, or for so many seconds, and then calls then(data), once. It hears no
 * signal but SIGKILL. It is ready when this returns.
 */
struct dw_guardian {
	int pid;
	int pipe; /* closed: our end */
};
int dw_guardian_start(struct dw_sys *s, void (*then)(void *data), void *data, uint64_t seconds,
		      struct dw_guardian *ret, struct dw_error *e);
/* Whether it ended by itself, within so many milliseconds; a signal ends the wait. */
bool dw_guardian_ended(struct dw_guardian *g, unsigned ms);
/* Lets it do its work and waits for its end. False: it was killed, and its work may not be done. */
bool dw_guardian_finish(struct dw_guardian *g);

#endif
