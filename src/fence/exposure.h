/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the exposure share; private to src/fence. */
#ifndef DW_FENCE_EXPOSURE_H
#define DW_FENCE_EXPOSURE_H

#include "dw_exposure.h"
#include "dw_vec.h"

/* One question that is about a door. */
struct dw_exposed_use {
	uint32_t source;
	size_t question;
};

/* What is asked for one door. */
struct dw_exposed {
	DW_VEC(struct dw_exposed_use) uses; /* by source */
	bool cut;                           /* there was more to ask than may be */
};

/* x->rest: of all that come by one interface the largest part, whatever rules say of the smaller ones. */
void dw_exposure_find_rest(struct dw_exposure *x);

#endif
