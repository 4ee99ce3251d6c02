/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A verification while it runs; private to src/plan. */
#ifndef DW_PLAN_VERIFYING_H
#define DW_PLAN_VERIFYING_H

#include "dw_verify.h"

struct verifying {
	struct dw_arena *arena;
	const struct dw_verify_input *in;
	struct dw_differences *ret;
	bool blind; /* doors may be missing from what was seen */
};

struct dw_difference *dw_verifying_add(struct verifying *v, enum dw_difference_kind kind,
				       bool grave, const char *object, const char *fmt, ...)
	dw_printf_like(5, 6);

/* --- which door is which (sameness.c) ------------------------------------------------------------------- */

/* The same protocol, family, address, port and interface; of namespaces the number counts only within one boot. */
bool dw_verifying_same_at(const struct dw_endpoint *x, const struct dw_endpoint *y);
/* The door as it is now, one that is open before one that sleeps; NULL: it is not there. */
const struct dw_door *dw_verifying_find(const struct verifying *v, const struct dw_run_door *d);
/* What holds it is the same: by its program, where that is known, else by its starter. */
bool dw_verifying_same_program(const struct dw_run_door *d, const struct dw_door *found);
/* A door that is there now is the closed one, or leads to where it led: 0.0.0.0:23 closed, [::]:23 open for both. */
bool dw_verifying_is_back(const struct verifying *v, const struct dw_run_door *d,
			  const struct dw_door *found);
/*
 * Its absence means nothing: the socket of somebody who asks (UDP, a port that the kernel chose), or a service that
 * takes ports as they come and is there with another one, or with a narrower address.
 */
bool dw_verifying_may_go(const struct verifying *v, const struct dw_run_door *d);

#endif
