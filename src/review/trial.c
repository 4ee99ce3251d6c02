/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The trial that runs: how long it has, and what became of it. */
#include <stdio.h>
#include <time.h>

#include "app.h"
#include "dw_macros.h"

#define LATE 90 /* seconds: putting a run back takes a while */

/* Seconds until it is put back, by the clock that the journal goes by; it may have been set, so it is only shown. */
static long long left(const struct review_app *r)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (long long)r->trial.ends - (long long)now.tv_sec;
}

const char *review_trial_text(const struct review_app *r, struct dw_arena *a)
{
	long long seconds;

	if (r->trial.state != DOORWARD_TRIAL_RUNNING)
		return "";
	if (r->trial.ends == 0)
		return "on trial until the next boot";
	seconds = left(r);
	if (seconds < -LATE)
		return "on trial: NOT put back in time";
	if (seconds <= 0)
		return "on trial: its time is up";
	if (seconds >= 3600)
		return dw_arena_printf(a, "on trial: %lld h %02lld min left", seconds / 3600,
				       seconds / 60 % 60);
	return dw_arena_printf(a, "on trial: %lld:%02lld left", seconds / 60, seconds % 60);
}

bool review_trial_is_due(const struct review_app *r)
{
	return r->trial.state == DOORWARD_TRIAL_RUNNING && r->trial.ends && left(r) <= 0;
}

static const char *ended_text(const struct doorward_trial *t, struct dw_arena *a)
{
	static const char *const texts[] = {
		[DOORWARD_TRIAL_KEPT] = "stays: it was confirmed.",
		[DOORWARD_TRIAL_BACK] = "is put back: all is as it was before.",
		[DOORWARD_TRIAL_PARTLY] = "is not put back in full: h tells what was left.",
	};

	return (size_t)t->state < DW_ARRAY_SIZE(texts) && texts[t->state]
		       ? dw_arena_printf(a, "The trial, run %lld, %s", t->run, texts[t->state])
		       : NULL;
}

/* What ended it here says so itself; what ended it elsewhere, or its time, is told. */
void review_trial_take(struct review_app *r, enum review_job job, const struct doorward_trial *now)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = now->run == r->trial.run ? ended_text(now, a) : NULL;
	bool ran = r->trial.state == DOORWARD_TRIAL_RUNNING;
	bool told = job == REVIEW_JOB_UNDO || job == REVIEW_JOB_CONFIRM || job == REVIEW_JOB_CLOSE;

	if (now->state == DOORWARD_TRIAL_ENDING && now->run == r->trial.run)
		return; /* it is not over yet */
	r->trial = now->state == DOORWARD_TRIAL_RUNNING ? *now : (struct doorward_trial){ 0 };
	if (!ran || r->trial.state == DOORWARD_TRIAL_RUNNING || told || !text)
		return;
	if (r->place == REVIEW_IN_TRIAL) {
		char *page = NULL;

		if (asprintf(&page, "%s\n", text) < 0)
			dw_oom();
		review_page_open(r, REVIEW_IN_PAGE, "The trial has ended", page);
	} else if (now->state == DOORWARD_TRIAL_PARTLY) {
		review_complain(r, "%s", text);
	} else {
		review_say(r, "%s", text);
	}
	r->look_now = true;
}
