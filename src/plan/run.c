/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The run that a plan makes, before anything of it is done. */
#include <string.h>

#include "making.h"

static bool among(const struct dw_plan_door *const *v, size_t n, const struct dw_plan_door *d)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == d)
			return true;
	return false;
}

static bool stays(const struct dw_plan_door *d)
{
	return d->verdict &&
	       (strcmp(d->verdict, "keep") == 0 || strcmp(d->verdict, "restrict") == 0);
}

static struct dw_run_door door_of(const struct dw_plan *p, const struct dw_plan_door *d)
{
	const struct dw_door *door = d->door;
	struct dw_run_door ret = {
		.at = door->at,
		.netns = door->netns,
		.kind = door->kind,
		.starter = door->starter.kind,
		.starter_id = door->starter.id,
		.program = door->program,
		.service = d->service,
		.package = door->package ? door->package->name : NULL,
		.lasting = door->starter.enabled == DW_YES,
	};
	bool closed = among(p->closes, p->n_closes, d);
	enum dw_narrowed narrowed = d->levers ? d->levers->narrowed : DW_NARROWED_UNKNOWN;

	if (closed && (d->intent == DW_INTENT_CLOSE || narrowed == DW_NARROWED_GONE))
		ret.role = DW_RUN_DOOR_CLOSED;
	else if (closed && narrowed == DW_NARROWED_BOUND)
		ret.role = DW_RUN_DOOR_NARROWED;
	else if (among(p->also, p->n_also, d))
		ret.role = DW_RUN_DOOR_ALSO;
	else if (!closed && stays(d)) /* one that is narrowed may have another address afterwards */
		ret.role = DW_RUN_DOOR_KEPT;
	return ret;
}

void dw_plan_run(const struct dw_plan *p, const struct dw_plan_request *r, struct dw_arena *a,
		 struct dw_run *ret)
{
	struct dw_run run = { .kind = "close",
			      .state = DW_RUN_STARTED,
			      .steps = dw_arena_array(a, p->steps.n + 1, sizeof(*run.steps)),
			      .n_steps = p->steps.n,
			      .doors = dw_arena_array(a, r->n_doors + 1, sizeof(*run.doors)),
			      .n_doors = r->n_doors };

	for (size_t i = 0; i < run.n_steps; i++)
		run.steps[i] =
			(struct dw_run_step){ .step = p->steps.v[i], .state = DW_RUN_STEP_PLANNED };
	for (size_t i = 0; i < run.n_doors; i++)
		run.doors[i] = door_of(p, &r->doors[i]);
	*ret = run;
}
