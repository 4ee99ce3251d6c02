/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was read of processes a moment ago, for the next look: who holds a door is read anew each time, but its
 * ancestors, of which each costs two dozen system calls, are the same for many doors. Nothing is kept longer than
 * DW_KIN_US: that an ancestor runs another program is seen as if the look had come that much sooner.
 */
#ifndef DW_KIN_H
#define DW_KIN_H

#include <stddef.h>
#include <stdint.h>

#include "dw_procs.h"

#define DW_KIN_US 200000

struct dw_kin;

struct dw_kin *dw_kin_new(void);
void dw_kin_free(struct dw_kin *k); /* NULL allowed */
/*
 * Seeds what is known and fresh, but for those pids. The strings are the kin's: valid until dw_kin_take(). now:
 * microseconds of a clock that nobody sets.
 */
void dw_kin_seed(const struct dw_kin *k, struct dw_procs *p, const int *but, size_t n,
		 uint64_t now);
/* Keeps (copied) what is known there now, if what was kept is old. read: when that look began. */
void dw_kin_take(struct dw_kin *k, struct dw_procs *p, uint64_t read);

#endif
