/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From doors and their levers to the steps that close them. Pure: no I/O, no clock, no globals. */
#ifndef DW_PLAN_H
#define DW_PLAN_H

#include "dw_model.h"
#include "dw_run.h"
#include "dw_step.h"

/*
 * The narrowest steps that close (or narrow) every door whose intent says so, now and at every later start, in their
 * order: by phase, triggers before what they start, then by the snapshot's order of doors. Levers that are off
 * already are left out. Levers of one file become one step with all the edits; those of a group, one step. A door
 * is refused, never half closed: when it has no lever; when its levers would also close a door that is to stay; when it
 * is the operator's own, the last one for logins, or the host's network, unless even_my_session. The same request gives
 * the same bytes. Never NULL; borrows what the request points to; what is made lies in the arena.
 */
struct dw_plan *dw_plan_make(const struct dw_plan_request *r, struct dw_arena *a);

/* The steps that close this one door, whatever else they close: what `why` tells. */
struct dw_steps *dw_plan_one(const struct dw_door *d, const struct dw_levers *levers,
			     const char *service_manager, struct dw_arena *a);

/* The run that a plan and a snapshot make, not stored yet: steps, and every door with its role. Borrows both. */
void dw_plan_run(const struct dw_plan *p, const struct dw_plan_request *r, struct dw_arena *a,
		 struct dw_run *ret);

/* Ids of all refusals (struct dw_refusal), as docs/plan.md has them; NULL behind the last. */
const char *dw_plan_refusal_id(size_t i);

#endif
