/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guard of a trial: what puts a run back unless somebody confirms it, also when the terminal, the program or the
 * host is gone. Two of them: a timer (or a process) for the time, and steps of phase GUARD for the next boot.
 */
#ifndef DW_GUARD_H
#define DW_GUARD_H

#include "dw_apply.h"

/* -EBUSY: another trial waits to be confirmed; the message names it. */
int dw_guard_free_for_trial(struct dw_store *s, struct dw_arena *a, struct dw_error *e);

#endif
