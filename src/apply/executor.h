/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files of this room. */
#ifndef DW_APPLY_EXECUTOR_H
#define DW_APPLY_EXECUTOR_H

#include "dw_apply.h"

/* Why a step is taken back: it decides what may be overwritten. */
enum back {
	BACK_ROLL = 1, /* the run failed or was interrupted: what is half done is ours */
	BACK_UNDO,     /* what somebody changed since stays */
	BACK_FORCE     /* it is overwritten */
};

/* One run at work. */
struct work {
	struct dw_apply *a;
	struct dw_run *run;
	enum back back; /* taking back; 0: taking */
	bool keep;      /* only what makes a trial last is taken */
	const char
		*told; /* who has to be told of the files of the steps since `last`; NULL: nobody */
	size_t last;   /* the step that changed something last */
	unsigned lost,
		changed;       /* steps that could not be taken back; that somebody changed since */
	bool unjournaled;      /* an outcome could not be written: the next settle looks again */
	struct dw_error first; /* the first step that was not taken back, and why */
};

/* Reads the state of the step's object. */
int dw_apply_read(struct dw_apply *a, const struct dw_step *t, struct dw_state *ret,
		  struct dw_error *e);
/* Each word of `now` is the one of `x` or of `y` at its place: units of a group of which only some were switched. */
bool dw_apply_is_between(const char *now, const char *x, const char *y);
bool dw_apply_is(const struct dw_state *now, const struct dw_state *want);
/* Sets and reads back. */
int dw_apply_set(struct dw_apply *a, const struct dw_step *t, const struct dw_state *from,
		 const struct dw_state *want, struct dw_error *e);
/* In the journal and in run->steps. The message is copied. */
int dw_apply_note(struct work *w, size_t i, enum dw_run_step_state state, const char *message,
		  struct dw_error *e);
void dw_apply_tell(struct work *w, size_t i);
const char *dw_apply_label(const struct dw_step *t);

/*
 * Takes steps back, last first: all that were begun, of that phase (UNKNOWN: any). Goes on behind each that
 * cannot be.
 */
void dw_apply_back(struct work *w, enum dw_phase only);
/* Takes the steps of phase KEEP; negative: not all could be taken, and those that were are put back. */
int dw_apply_keep(struct dw_apply *a, struct dw_run *run, struct dw_error *e);

/*
 * `now` is a file of which only other lines changed since the run made `want` of `expect`: *ret is its content with
 * the run's own lines put back. 1: so it is; 0: they were put back already; negative: it cannot be told.
 */
int dw_apply_merge(struct dw_arena *a, const struct dw_bytes *expect, const struct dw_bytes *want,
		   const struct dw_bytes *now, struct dw_bytes *ret);

#endif
