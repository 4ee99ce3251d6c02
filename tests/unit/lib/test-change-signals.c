/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals that come in the middle of a change, with the handlers of the command line: a child changes the made-up host
 * and waits while the unit is being stopped, until the signal was sent.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "change.h"
#include "dw_store.h"
#include "dw_test.h"
#include "world.h"

static const char *const doors[] = { "2323/tcp", NULL };

struct pipes {
	int there[2], on[2]; /* the child is there; it may go on */
};

static void wait_here(void *data, const char *unit, bool active)
{
	struct pipes *p = data;
	char c;

	if (active) /* only on the way forth */
		return;
	(void)!write(p->there[1], "x", 1);
	while (read(p->on[0], &c, 1) < 0 && errno == EINTR)
		;
}

/* What the child ends with, when it is not killed: as doorward_close() returned. */
#define DONE     10
#define PUT_BACK 11
#define OTHER    12

/* The change as the command line does it; then the signal again, to see what it does now. */
static int child(struct world *w, struct world_plan *p, int again)
{
	struct doorward_close_options o = { 0 };
	struct dw_arguments args = { 0 };
	long long run = 0;
	int r;

	dw_change_begin(&o, &args);
	r = doorward_close(w->d, p->plan, &o, &run);
	dw_change_end();
	if (again)
		(void)raise(again);
	return r == 0 ? DONE : r == -ECANCELED ? PUT_BACK : OTHER;
}

/* before: what the signal does when the program is started. The status of waitpid(2). */
static int signalled(struct world *w, int number, void (*before)(int), int again)
{
	struct world_plan plan = world_plan(w, doors);
	struct pipes p;
	int status = 0;
	pid_t pid;
	char c;

	if (pipe(p.there) < 0 || pipe(p.on) < 0)
		abort();
	w->on_switch = wait_here;
	w->on_switch_data = &p;
	pid = fork();
	if (pid == 0) {
		(void)signal(number, before);
		_exit(child(w, &plan, again));
	}
	DW_CHECK_INT(read(p.there[0], &c, 1), 1);
	DW_CHECK_INT(kill(pid, number), 0);
	(void)!write(p.on[1], "x", 1);
	DW_CHECK_INT(waitpid(pid, &status, 0), pid);
	for (unsigned i = 0; i < 2; i++) {
		(void)close(p.there[i]);
		(void)close(p.on[i]);
	}
	world_plan_free(&plan);
	return status;
}

/* The units are the child's memory: what became of them is seen in what is there. */
static void check_seen(struct world *w, bool open, const char *state)
{
	DW_CHECK_INT(world_sees(w, 2323), open);
	DW_CHECK_STR(world_run(w, 1), state);
}

/* The terminal is gone, the run is not. */
DW_TEST(hangup)
{
	static const int numbers[] = { SIGHUP, SIGTSTP, SIGTTOU, SIGTTIN };

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct world *w = world_new();
		int status = signalled(w, numbers[i], SIG_DFL, 0);

		DW_CHECK(WIFEXITED(status));
		DW_CHECK_INT(WEXITSTATUS(status), DONE);
		check_seen(w, false, "done");
		world_free(w);
	}
}

DW_TEST(asked_to_stop)
{
	static const int numbers[] = { SIGINT, SIGTERM };

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct world *w = world_new();
		int status = signalled(w, numbers[i], SIG_DFL, 0);

		DW_CHECK(WIFEXITED(status));
		DW_CHECK_INT(WEXITSTATUS(status), PUT_BACK);
		check_seen(w, true, "rolled-back");
		world_free(w);
	}
}

/* nohup(1): what it ignored before is ignored afterwards, while the outcome is told. */
DW_TEST(afterwards_signals_do_what_they_did)
{
	struct world *w = world_new();
	int status = signalled(w, SIGHUP, SIG_IGN, SIGHUP);

	DW_CHECK(WIFEXITED(status));
	DW_CHECK_INT(WEXITSTATUS(status), DONE);
	world_free(w);
	w = world_new();
	status = signalled(w, SIGHUP, SIG_DFL, SIGHUP);
	DW_CHECK(WIFSIGNALED(status));
	DW_CHECK_INT(WTERMSIG(status), SIGHUP);
	check_seen(w, false, "done"); /* it was over */
	world_free(w);
}

/* Killed at once: the next change puts it back. */
DW_TEST(killed)
{
	struct world *w = world_new();
	int status = signalled(w, SIGKILL, SIG_DFL, 0);
	long long run = 0;

	DW_CHECK(WIFSIGNALED(status));
	DW_CHECK_STR(world_run(w, 1), "started");
	w->on_switch = NULL;
	DW_CHECK_INT(doorward_undo(w->d, 0, 0, NULL, &run), 0);
	check_seen(w, true, "rolled-back");
	world_free(w);
}

/* The journal as a trial leaves it that is killed behind the making of its timer: that goes as well. */
DW_TEST(a_trial_that_was_killed)
{
	const struct doorward_close_options o = { .size = sizeof(o), .trial = 600 };
	struct world *w;
	struct world_plan plan;
	struct dw_store *s = NULL;
	char *before, *after;
	long long run = 0;

	if (geteuid() != 0) {
		printf("not root: not looked at\n");
		return;
	}
	w = world_new();
	plan = world_plan(w, doors);
	before = world_text(w);
	DW_CHECK_INT(doorward_close(w->d, plan.plan, &o, &run), 0);
	DW_CHECK_INT(dw_store_open(w->state, false, &s, NULL), 0);
	DW_CHECK_INT(dw_store_run(s, run, DW_RUN_STARTED, 0, NULL, NULL), 0);
	dw_store_free(s);
	DW_CHECK_INT(doorward_undo(w->d, 0, 0, NULL, &run), 0);
	check_seen(w, true, "rolled-back");
	after = world_text(w);
	DW_CHECK_STR(after, before);
	free(before);
	free(after);
	world_plan_free(&plan);
	world_free(w);
}

DW_TEST_MAIN
