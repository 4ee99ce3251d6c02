/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a daemon needs of the system: waiting on several things, the journal, syslog, its service manager. */
#ifndef DW_DAEMON_H
#define DW_DAEMON_H

#include "dw_sys.h"

/*
 * Waits until one of the descriptors (at most 8; -1 is passed over) can be read, or for timeout_us. *ret_ready: bit i
 * is set for fds[i]. A signal ends it early, with nothing ready.
 */
int dw_daemon_wait(struct dw_sys *s, const int *fds, size_t n, uint64_t timeout_us,
		   unsigned *ret_ready, struct dw_error *e);

/*
 * A bell that one thread rings and another waits for: a descriptor for dw_daemon_wait(). dw_daemon_silence() makes it
 * unreadable again.
 */
int dw_daemon_bell(struct dw_sys *s, struct dw_error *e);
void dw_daemon_ring(int bell);
void dw_daemon_silence(int bell);

struct dw_journal_field {
	const char *name; /* of ours: capitals, digits and underscores */
	const char *value;
};
/* -ENOENT: no journald here. See systemd.journal-fields(7). */
int dw_daemon_journal(struct dw_sys *s, const struct dw_journal_field *f, size_t n,
		      struct dw_error *e);
/* priority as syslog(3); one line, escaped by the caller. */
int dw_daemon_syslog(struct dw_sys *s, int priority, const char *line, struct dw_error *e);
/* sd_notify(3): "READY=1". 0 too when no manager asked for it. */
int dw_daemon_notify(struct dw_sys *s, const char *state, struct dw_error *e);
/* How often the manager wants to hear WATCHDOG=1, in microseconds; 0: never. */
uint64_t dw_daemon_watchdog_us(struct dw_sys *s);

/* The calling thread lets all others go first, where that can be had: no one waits for what it does. */
void dw_daemon_step_back(void);

struct dw_daemon_use {
	uint64_t cpu_us;   /* of all threads, since the start */
	uint64_t resident; /* bytes of memory */
	uint64_t resident_peak;
};
void dw_daemon_use(struct dw_sys *s, struct dw_daemon_use *ret);
/* CLOCK_BOOTTIME, nanoseconds: sleep is counted, and nobody sets it. */
uint64_t dw_daemon_boottime_ns(struct dw_sys *s);

#endif
