/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan while it is made; private to src/plan. */
#ifndef DW_PLAN_MAKING_H
#define DW_PLAN_MAKING_H

#include <stdbool.h>

#include "dw_plan.h"
#include "dw_vec.h"

struct indexes {
	size_t *v;
	size_t n, cap;
};

/* One door of the request. */
struct making_door {
	const struct dw_plan_door *d;
	const char *text; /* 0.0.0.0:23/tcp */
	bool active;      /* to be closed or narrowed, and not refused so far */
	const char *id;   /* refused: why */
	const char *sentence;
	/* Other doors that go when its levers are moved: by its own, by those of its daemon (unless_used). */
	struct indexes takes, daemon_takes;
};

struct making {
	struct dw_arena *arena;
	const struct dw_plan_request *r;
	struct making_door *doors;
	size_t n;
	struct dw_strings
		spared; /* sets (dw_lever.takes) whose daemon goes on: a door that stays is held by it */
};

/* --- steps (moves.c, steps.c, filestep.c, diff.c) ---------------------------------------------------------- */

/*
 * A lever that is moved in this plan. False: it is off already, or its daemon is still used; so also in a plan where
 * the set of its daemon is spared.
 */
bool dw_making_moves(const struct making *m, const struct dw_lever *l);
/* Some lever of it that stops its daemon is moved. */
bool dw_making_daemon_goes(const struct making *m, const struct making_door *d);
/* The levers of the active doors as steps. True: doors that cannot go with others were refused, and no steps made. */
bool dw_making_steps(struct making *m, struct dw_steps *ret);

/* Levers of one file, put together. False: the `ret_bad`-th cannot go with those before it; *ret_line or 0. */
bool dw_making_file(struct dw_arena *a, const struct dw_lever *const *l, size_t n,
		    struct dw_state *ret_want, const char **ret_diff, size_t *ret_bad,
		    unsigned *ret_line);
/* Unified, without headers; NULL: nothing to be shown (no text, no difference). */
const char *dw_plan_diff(struct dw_arena *a, const struct dw_bytes *before,
			 const struct dw_bytes *after, const struct dw_edit *edits, size_t n);

/* --- what goes with what (takes.c) ----------------------------------------------------------------- */

/* Fills in takes and daemon_takes of every door with levers. */
void dw_making_takes(struct making *m);
/* Moving it takes away the host's network. */
bool dw_lever_is_network(const struct dw_lever *l, const struct dw_door *d);

/* --- refusals (refuse.c) ---------------------------------------------------------------------------- */

/* Refuses the door, with a sentence. id: one of dw_plan_refusal_id(). */
void dw_making_refuse(struct making *m, size_t i, const char *id, const char *fmt, ...)
	dw_printf_like(4, 5);
/* A door that is to stay: not for this plan's door, which then is `also`. */
bool dw_making_is_kept(const struct making_door *n, bool named);
/* Takes doors out until what is left may be done. */
void dw_making_refuse_all(struct making *m);

/* --- packages (packages.c) -------------------------------------------------------------------------- */

/* Refuses the door when a package that would go with its own has to stay. */
void dw_making_refuse_packages(struct making *m, size_t i);
/* Fills in p->packages from its steps. */
void dw_making_packages(struct making *m, struct dw_plan *p);
bool dw_making_is_removed(const struct dw_plan *p, const char *package);

#endif
