/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps: what would change so that a door stays shut. Made by src/plan, told by src/report; nothing here acts. */
#ifndef DW_TOLD_H
#define DW_TOLD_H

#include <stddef.h>

/* One change. Its inverse swaps expect and want. */
struct dw_told_step {
	const char *manager; /* who keeps the state: systemd, sysv, inetd, file, process ... */
	const char *object;  /* what is changed: a unit, FILE:LINE, a process */
	const char *expect;  /* its state now, in words */
	const char *want;    /* its state afterwards */
	const char *why;     /* one sentence */
	const char *door;    /* the door it is for: 0.0.0.0:23/tcp */
	const char *command; /* as an administrator would type it, quoted for a shell */
	const char *undo_command; /* NULL: no command takes it back, and a remark says why */
};

/* In the order in which they are to be taken; the commands that undo them are typed in the same order. */
struct dw_told_steps {
	const struct dw_told_step *v;
	size_t n;
	const char *const *remarks; /* what the steps do not reach, a sentence each */
	size_t n_remarks;
};

#endif
