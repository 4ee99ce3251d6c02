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

/*
 * Does what that source sends come by the interface that the door is bound to? Every door but those is bound to none.
 */
bool dw_exposure_comes_by(const struct dw_source *s, const struct dw_endpoint *at);
bool dw_exposure_takes(const struct dw_endpoint *at, enum dw_family f);

/* A socket is reached by what stays here or is led somewhere by a rule; a rule by what it leads. */
bool dw_exposure_reaches(const struct dw_exposure *x, const struct dw_door *door,
			 const struct dw_source *s, const struct dw_rehearse_answer *r);
/* Where a packet that was translated ended: "172.17.0.5:80". */
const char *dw_exposure_end(struct dw_arena *a, const struct dw_door *d, enum dw_family family,
			    const struct dw_rehearse_answer *r);

/* x->rest: of all that come by one interface the largest part, whatever rules say of the smaller ones. */
void dw_exposure_find_rest(struct dw_exposure *x);

#endif
