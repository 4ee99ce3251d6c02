/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "work-private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dw_str.h"

#define PROGRESS_MAX ((size_t)256 * 1024) /* bytes; a run of thousands of steps keeps its end */

static void wake(const struct review_work *w)
{
	/* full: it is awake already */
	(void)!write(w->wake[1], "", 1);
}

void review_work_tell(struct review_work *w, const char *text, bool ends)
{
	size_t n = strlen(text);

	(void)pthread_mutex_lock(&w->lock);
	w->n_progress =
		w->last_line; /* the line of a step that begins gives way to the one that ends it */
	if (w->n_progress + n + 2 > PROGRESS_MAX)
		w->n_progress = 0;
	memcpy(w->progress + w->n_progress, text, DW_MIN(n, PROGRESS_MAX - 2));
	w->n_progress += DW_MIN(n, PROGRESS_MAX - 2);
	w->progress[w->n_progress++] = '\n';
	w->progress[w->n_progress] = '\0';
	w->last_line = ends ? w->n_progress : w->last_line;
	(void)pthread_mutex_unlock(&w->lock);
	wake(w);
}

static void tell_part(void *data, const char *part)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	review_work_tell(data, dw_arena_printf(a, "looking: %s ...", part), false);
}

static void tell_notice(void *data, const char *text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	review_work_tell(data, dw_escape_terminal(a, text, strlen(text)), true);
}

static unsigned long milliseconds_since(const struct timespec *from)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long)((now.tv_sec - from->tv_sec) * 1000 +
			       (now.tv_nsec - from->tv_nsec) / 1000000);
}

/* Whoever may not read the journal knows of no trial. */
static void look_at_trial(struct review_work *w, struct doorward_trial *ret)
{
	*ret = (struct doorward_trial){ 0 };
	if (!w->changes || doorward_trial_look(w->d, 0, ret) < 0)
		return;
	if (ret->state == DOORWARD_TRIAL_NONE && w->running)
		(void)doorward_trial_look(w->d, w->running, ret);
	w->running = ret->state == DOORWARD_TRIAL_RUNNING || ret->state == DOORWARD_TRIAL_ENDING
			     ? ret->run
			     : 0;
}

static void carry_out(struct review_work *w, const struct review_order *o,
		      struct review_result *ret)
{
	struct review_result r = {
		.job = o->job, .trial = o->trial, .to_undo = o->to_undo, .as_judged = o->as_judged
	};
	struct timespec begun = { 0 };
	size_t n = 0;
	FILE *out = open_memstream(&r.text, &n);

	if (!out)
		dw_oom();
	(void)clock_gettime(CLOCK_MONOTONIC, &begun);
	r.code = review_work_jobs[o->job](w, o, out, &r);
	if (fclose(out) != 0)
		dw_oom();
	look_at_trial(w, &r.running);
	r.milliseconds = milliseconds_since(&begun);
	*ret = r;
}

static void free_keys(char **keys)
{
	for (size_t i = 0; keys && keys[i]; i++)
		free(keys[i]);
	free(keys);
}

static void *work(void *data)
{
	struct review_work *w = data;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->ending) {
		struct review_order o = w->order;
		struct review_result r;

		if (o.job == REVIEW_JOB_NONE) {
			(void)pthread_cond_wait(&w->ordered, &w->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&w->lock);
		carry_out(w, &o, &r);
		free_keys(o.keys);
		(void)pthread_mutex_lock(&w->lock);
		w->result = r;
		w->order = (struct review_order){ 0 };
		w->busy = REVIEW_JOB_NONE;
		wake(w);
	}
	(void)pthread_mutex_unlock(&w->lock);
	review_work_drop_plan(w);
	return NULL;
}

/* Signals are for the thread that has the terminal. */
static int start(struct review_work *w)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, NULL, work, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static void release(struct review_work *w)
{
	(void)close(w->wake[0]);
	(void)close(w->wake[1]);
	(void)pthread_cond_destroy(&w->ordered);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->progress);
	free(w->asked);
	free(w);
}

struct review_work *review_work_new(struct doorward *d, bool changes)
{
	struct review_work *w = calloc(1, sizeof(*w));

	if (!w)
		dw_oom();
	w->progress = calloc(1, PROGRESS_MAX + 1);
	if (!w->progress)
		dw_oom();
	w->d = d;
	w->changes = changes;
	if (pipe2(w->wake, O_CLOEXEC | O_NONBLOCK) < 0) {
		free(w->progress);
		free(w);
		return NULL;
	}
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->ordered, NULL);
	doorward_set_progress(d, tell_part, w);
	doorward_set_notice(d, tell_notice, w);
	errno = start(w);
	if (errno == 0)
		return w;
	release(w);
	return NULL;
}

void review_work_free(struct review_work *w)
{
	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->ending = true;
	(void)pthread_cond_signal(&w->ordered);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	doorward_set_progress(w->d, NULL, NULL);
	doorward_set_notice(w->d, NULL, NULL);
	doorward_audit_free(w->result.audit);
	free(w->result.text);
	free_keys(w->order.keys);
	release(w);
}

bool review_work_begin(struct review_work *w, const struct review_order *order)
{
	bool free_now;

	(void)pthread_mutex_lock(&w->lock);
	free_now = w->busy == REVIEW_JOB_NONE && w->result.job == REVIEW_JOB_NONE;
	if (free_now) {
		w->order = *order;
		w->busy = order->job;
		w->n_progress = w->last_line = 0;
		w->progress[0] = '\0';
		w->stop = 0;
		(void)pthread_cond_signal(&w->ordered);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return free_now;
}

enum review_job review_work_busy(struct review_work *w)
{
	enum review_job busy;

	(void)pthread_mutex_lock(&w->lock);
	busy = w->busy;
	(void)pthread_mutex_unlock(&w->lock);
	return busy;
}

bool review_work_take(struct review_work *w, struct review_result *ret)
{
	(void)pthread_mutex_lock(&w->lock);
	*ret = w->result;
	w->result = (struct review_result){ 0 };
	(void)pthread_mutex_unlock(&w->lock);
	return ret->job != REVIEW_JOB_NONE;
}

int review_work_fd(const struct review_work *w)
{
	return w->wake[0];
}

void review_work_heard(struct review_work *w)
{
	char bytes[64];

	while (read(w->wake[0], bytes, sizeof(bytes)) > 0)
		;
}

char *review_work_progress(struct review_work *w)
{
	char *copy;

	(void)pthread_mutex_lock(&w->lock);
	/* of what has ended: not the line that would have given way to the next */
	copy = strndup(w->progress, w->busy == REVIEW_JOB_NONE ? w->last_line : w->n_progress);
	(void)pthread_mutex_unlock(&w->lock);
	if (!copy)
		dw_oom();
	return copy;
}

void review_work_stop(struct review_work *w)
{
	w->stop = 1;
}
