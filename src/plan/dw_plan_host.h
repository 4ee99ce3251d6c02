/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what the checks of a host would change to steps. Pure. */
#ifndef DW_PLAN_HOST_H
#define DW_PLAN_HOST_H

#include "dw_error.h"
#include "dw_host.h"
#include "dw_step.h"

/* A change beside the state that its object is in. */
struct dw_plan_change {
	const struct dw_host_change *change;
	struct dw_state now;
};

/*
 * The steps, in the order of the changes, those of one object put together; files come first, then what is told to read
 * them again. What is so already is left out. -ESTALE: a file is not as a check saw it, or two of them want different
 * things of one line. Borrows what it is given; the rest lies in the arena.
 */
int dw_plan_host(struct dw_arena *a, const struct dw_plan_change *v, size_t n, struct dw_steps *ret,
		 struct dw_error *e);

#endif
