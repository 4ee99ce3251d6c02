/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what a rehearsal shows to struct dw_filtered of each door. Pure: the caller asks the rehearsal. All lies in the
 * arena that was given.
 *
 *	x = dw_exposure_new(a, &room);
 *	ask x->v (n of them) -> answers
 *	n = dw_exposure_explain(x, answers, which)   which of them are to be asked again, for the rule that decided
 *	dw_exposure_tell(x, answers)                 doors[i]->filtered
 */
#ifndef DW_EXPOSURE_H
#define DW_EXPOSURE_H

#include "dw_model.h"
#include "dw_rehearse.h"

/* Doors of one network namespace, and what its rehearsal knows of it. */
struct dw_exposure_room {
	const struct dw_source *sources;
	size_t n_sources;
	const struct dw_rehearse_own *own;
	size_t n_own;
	struct dw_door *const *doors; /* their `filtered` is filled in */
	size_t n_doors;
	bool open;   /* nothing filters: the answers are by addresses and routes alone */
	size_t most; /* questions; the doors behind that stay unknown. 0: 200,000 */
};

struct dw_exposure {
	struct dw_arena *arena;
	struct dw_exposure_room room;
	/* to be asked, none twice */
	struct dw_rehearse_question *v;
	size_t n, cap;
	struct dw_exposed *exposed; /* private: one for each door */
	bool *rest; /* private: of each source: the rest of the world, not a part that rules name */
};

struct dw_exposure *dw_exposure_new(struct dw_arena *a, const struct dw_exposure_room *room);
/*
 * Sets `explain` of the questions whose rule is worth knowing: for each door and source the one that decides. Writes
 * their numbers, in order, to ret (room for all of them) and returns how many there are.
 */
size_t dw_exposure_explain(struct dw_exposure *x, const struct dw_rehearse_answer *answers,
			   size_t *ret);
void dw_exposure_tell(struct dw_exposure *x, const struct dw_rehearse_answer *answers);

/*
 * What needs no rehearsal: doors before which no filter stands, that are bound to loopback, or that no filter sees.
 * NULL: it needs one; so does a door that is bound to an interface, for who comes by it.
 */
const struct dw_filtered *dw_exposure_by_address(struct dw_arena *a, const struct dw_door *d);
/* As if there were no filter; of a door on an interface everybody, if it cannot be told who comes by it. */
const struct dw_filtered *dw_exposure_without_filter(struct dw_arena *a, const struct dw_door *d);
/* Unknown, for that reason (one sentence, kept). */
const struct dw_filtered *dw_exposure_unknown(struct dw_arena *a, const char *why);

#endif
