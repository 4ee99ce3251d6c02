/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of a trial while it runs, and when it is over. */
#include <unistd.h>

#include "dw_test.h"
#include "world.h"

static const char *const toy[] = { "2323/tcp", NULL };

static void check_trial(struct world *w, long long asked, enum doorward_trial_state state,
			long long run, unsigned long long ends)
{
	struct doorward_trial t = { .run = -1 };

	DW_CHECK_INT(doorward_trial_look(w->d, asked, &t), 0);
	DW_CHECK_INT(t.state, state);
	DW_CHECK_INT(t.run, run);
	DW_CHECK_INT(t.ends, ends);
}

static void try_it(struct world *w, long long number)
{
	struct doorward_close_options o = { .size = sizeof(o), .trial = 600 };
	struct world_plan p = world_plan(w, toy);
	long long run = 0;

	DW_CHECK_INT(doorward_close(w->d, p.plan, &o, &run), 0);
	DW_CHECK_INT(run, number);
	world_plan_free(&p);
}

static void a_trial_as_root(void)
{
	struct world *w = world_new();
	long long run = 0;

	check_trial(w, 0, DOORWARD_TRIAL_NONE, 0, 0); /* that there is no journal is no failure */
	DW_CHECK_STR(doorward_last_error(w->d), "");
	try_it(w, 1);
	check_trial(w, 0, DOORWARD_TRIAL_RUNNING, 1, 1700000600);
	world_clock(w, 1700000000 + 601);
	check_trial(w, 0, DOORWARD_TRIAL_RUNNING, 1, 1700000600); /* it is late, and not back */
	DW_CHECK_INT(doorward_undo_expired(w->d, 0, NULL, &run), 0);
	check_trial(w, 0, DOORWARD_TRIAL_NONE, 0, 0);
	check_trial(w, 1, DOORWARD_TRIAL_BACK, 1, 0);
	try_it(w, 2);
	DW_CHECK_INT(doorward_confirm(w->d, 0, &run), 0);
	check_trial(w, 0, DOORWARD_TRIAL_NONE, 0, 0);
	check_trial(w, 2, DOORWARD_TRIAL_KEPT, 2, 0);
	check_trial(w, 3, DOORWARD_TRIAL_NONE, 0, 0);
	world_free(w);
}

static void check_next(struct world *w, long long wanted)
{
	long long run = -1;

	DW_CHECK_INT(doorward_undo_look(w->d, &run), 0);
	DW_CHECK_INT(run, wanted);
	DW_CHECK_STR(doorward_last_error(w->d), "");
}

/* Whoever is asked whether it is to be put back is told which run that is. */
static void next_to_undo_as_root(void)
{
	struct world *w = world_new();
	long long run = 0;

	check_next(w, 0); /* there is no journal */
	try_it(w, 1);
	check_next(w, 1);
	DW_CHECK_INT(doorward_undo(w->d, 1, 0, NULL, &run), 0);
	check_next(w, 0);
	try_it(w, 2);
	check_next(w, 2);
	world_free(w);
}

DW_TEST(the_run_that_undo_takes_back)
{
	if (geteuid() == 0)
		next_to_undo_as_root();
	else
		printf("not root: not looked at\n");
}

/* A trial makes files that belong to root. */
DW_TEST(a_trial)
{
	if (geteuid() == 0)
		a_trial_as_root();
	else
		printf("not root: not looked at\n");
}

DW_TEST_MAIN
