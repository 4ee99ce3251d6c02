/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that looks and acts; private to work.c and work-jobs.c. */
#ifndef DW_REVIEW_WORK_PRIVATE_H
#define DW_REVIEW_WORK_PRIVATE_H

#include <pthread.h>
#include <stdio.h>

#include "work.h"

struct review_work {
	struct doorward *d;
	bool changes; /* root, and this host: what was left half done is put back before a plan */
	pthread_t thread;
	pthread_mutex_t lock; /* over all below, but for stop and what only the thread uses */
	pthread_cond_t ordered;
	struct review_order order;
	struct review_result result;
	enum review_job busy;
	bool ending;
	int wake[2];
	char *progress;
	size_t n_progress,
		last_line; /* last_line: where the line of the step begins that is being done */
	volatile int stop;
	/* the thread's own */
	struct doorward_audit *plan_audit;
	struct doorward_plan *plan;
	char *asked; /* whose plan that is, for the journal; NULL: none was made yet */
	long long running; /* the trial that ran when it was looked last; 0: none */
};

/* A line of what is done; ends false: the next one takes its place. */
void review_work_tell(struct review_work *w, const char *text, bool ends);
void review_work_drop_plan(struct review_work *w);
/* Each returns 0 or a negative errno value, and writes its text. */
extern int (*const review_work_jobs[REVIEW_JOB_COUNT])(struct review_work *w, const struct review_order *o, FILE *out,
						       struct review_result *r);

#endif
