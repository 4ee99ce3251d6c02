/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a policy and an audit to what the fence is to let in. Pure. */
#ifndef DW_FENCE_WANT_H
#define DW_FENCE_WANT_H

#include "dw_fence.h"
#include "dw_judge.h"

struct dw_fence_input {
	const struct dw_policy *policy; /* never NULL */
	const struct dw_snapshot *snapshot;
	const struct dw_findings *findings; /* of the snapshot, by that policy */
};

/* What is to be said of a want, a sentence each. */
struct dw_fence_said {
	struct dw_strings
		cut; /* doors that are open now, and that the rules shut; the operator's own first */
	struct dw_strings remarks; /* what the rules cannot see to, or will not see to for long */
};

/*
 * Let in is what a statement keeps: the doors that are there, where they stand, and the ports and services that it
 * names though nothing is there now; and doors without a statement whose verdict is keep because they are made for
 * networks.
 * Doors of the host's own network namespace alone. All lies in the arena, or is borrowed from the input.
 */
void dw_fence_want_make(struct dw_arena *a, const struct dw_fence_input *in,
			struct dw_fence_want *ret, struct dw_fence_said *ret_said);

#endif
