/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What takes time, in a thread of its own, through the public API: one thing at a time. */
#ifndef DW_REVIEW_WORK_H
#define DW_REVIEW_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "doorward/doorward.h"

enum review_job {
	REVIEW_JOB_NONE = 0,
	REVIEW_JOB_LOOK,
	REVIEW_JOB_PLAN,  /* of a fresh look; kept for CLOSE */
	REVIEW_JOB_CLOSE, /* the plan that was made last */
	REVIEW_JOB_UNDO,
	REVIEW_JOB_CONFIRM,
	REVIEW_JOB_HISTORY,
	REVIEW_JOB_FENCE,
	REVIEW_JOB_TRIAL, /* what became of the trial; every other job looks as well */
	REVIEW_JOB_COUNT
};

struct review_order {
	enum review_job job;
	/* PLAN: keys of the doors (list.h), NULL-terminated, malloc()ed, taken over; NULL: all whose verdict says so */
	char **keys;
	bool as_judged; /* PLAN: what is done with each is what its verdict says; else each is closed */
	unsigned long long trial; /* CLOSE: seconds; 0: for good */
	long long run;            /* CONFIRM, UNDO, 0: the newest; HISTORY, 0: all */
	unsigned columns;         /* of the text that is made */
	bool to_undo; /* HISTORY: it (0: the newest in force) is put back, if whoever reads it says so */
};

struct review_result {
	enum review_job job; /* NONE: nothing was done yet */
	int code;            /* negative: it failed, and text says why */
	char *text;          /* fit for a terminal; free() it; NULL for LOOK that succeeded */
	struct doorward_audit *audit; /* LOOK: to be freed by who takes it */
	long long run;                /* CLOSE, UNDO, CONFIRM; HISTORY: that is told, 0: all */
	size_t steps;                 /* PLAN */
	unsigned long long trial;     /* CLOSE: as ordered */
	bool to_undo;                 /* HISTORY: as ordered */
	bool as_judged;               /* PLAN: as ordered */
	unsigned long milliseconds;   /* how long it took */
	struct doorward_trial
		running; /* the one that runs; else what became of the one that ran before; else NONE */
};

struct review_work;

/* d is borrowed, and belongs to the thread from now on. NULL: no thread could be had (errno). */
struct review_work *review_work_new(struct doorward *d, bool changes);
/* Waits for what is being done. */
void review_work_free(struct review_work *w); /* NULL allowed */
/* False: something is being done, or its result was not taken (then order->keys are the caller's still). */
bool review_work_begin(struct review_work *w, const struct review_order *order);
/* NONE: it has nothing to do. */
enum review_job review_work_busy(struct review_work *w);
/* True once for each order. */
bool review_work_take(struct review_work *w, struct review_result *ret);
/* Can be read when there is a result, or progress; review_work_take() and _progress() do not read it, _heard() does. */
int review_work_fd(const struct review_work *w);
void review_work_heard(struct review_work *w);
/* What was done until now, a line each; free() it. */
char *review_work_progress(struct review_work *w);
/* Asks it to stop, and to put back what was changed. */
void review_work_stop(struct review_work *w);

#endif
