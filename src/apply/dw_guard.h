/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guard of a trial: what puts a run back unless somebody confirms it, also when the terminal, the program
 * or the
 * host is gone. Two of them. While the host is up, a timer: dw_bus_run_later(), or where there is no systemd a
 * process (dw_sys_detach()) that waits; both by a clock that goes on in sleep and that nobody sets. For the
 * next boot, the steps of phase GUARD that are made here: the first of the run, so that they are there before
 * anything is closed, and the last that an undo takes back.
 */
#ifndef DW_GUARD_H
#define DW_GUARD_H

#include "dw_apply.h"

/* -EBUSY: another trial waits to be confirmed; the message names it. */
int dw_guard_free_for_trial(struct dw_store *s, struct dw_arena *a, struct dw_error *e);

/*
 * Is the run a trial that has to be put back now? Pure. Its time has come by the clock `now` (seconds since the
 * epoch), or this is another boot than that in which it began: how long the host was off nobody can tell. A
 * clock that was
 * set forward puts it back early, one that was set back is late: then the timer, or the next boot, does it. A boot
 * that is not known (NULL, "") is no other one.
 */
bool dw_guard_is_due(const struct dw_run *run, uint64_t now, const char *boot_id);

/*
 * The steps that have `argv` (absolute program first, NULL-terminated) run once near the end of the next boot:
 * a unit
 * for "systemd", an init script with its links for "sysvinit", "runit" and "openrc" (service_manager as in the
 * snapshot). They lie in a->sw->arena. -ENOTSUP: nothing here is started at boot. -EEXIST: something else
 * has the name already.
 */
int dw_guard_steps(struct dw_apply *a, const char *service_manager, const char *const *argv,
		   struct dw_step **ret, size_t *ret_n, struct dw_error *e);

/* A program that is run once in every boot. */
struct dw_boot_job {
	/*
	 * false: near its end. true: before there is a network, and again whenever nftables.service starts or reloads.
	 * What stands there already is then brought to what it shall be, and no step where it is so.
	 */
	bool early;
	enum dw_phase phase;
	const char *name;    /* of the unit or script: plain letters and dashes */
	/*
	 * Early: arguments for the same program that succeed when its work stands already; plain letters. NULL: it
	 * has no hook of ifupdown, see place_hook() of early.c.
	 */
	const char *stands;
	const char *summary; /* one line, plain letters */
	const char *why;     /* of the steps */
	/* It only looks: exit statuses beside 0 that are no failure, for systemd ("3"). NULL: it guards something */
	const char *fine;
};
/* The same for another program: what it is called, and the phase of its steps. */
int dw_boot_steps(struct dw_apply *a, const struct dw_boot_job *job, const char *service_manager,
		  const char *const *argv, struct dw_step **ret, size_t *ret_n, struct dw_error *e);

/* What takes away all that an `early` job put there; no steps where nothing is. */
int dw_early_off_steps(struct dw_apply *a, const struct dw_boot_job *job, struct dw_step **ret,
		       size_t *ret_n, struct dw_error *e);

#endif
