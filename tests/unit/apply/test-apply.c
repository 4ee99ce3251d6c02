/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs and their undo over a world in memory: the first state or the last one, whatever fails. */
#include <errno.h>
#include <sys/wait.h>

#include "dw_guard.h"
#include "dw_str.h"
#include "dw_test.h"
#include "stage.h"

static struct world_state first, closed;

static void begin(struct stage *s)
{
	world_new();
	first = world->now;
	world_closed(&closed);
	stage_directory_new();
	stage_open(s, stage_directory);
}

static void end(struct stage *s)
{
	stage_close(s);
	stage_directory_remove(stage_directory);
}

static struct dw_run close_all(struct stage *s)
{
	struct dw_run run = world_run(s->arena);

	DW_CHECK_INT(dw_apply_run(&s->apply, &run, &s->e), 0);
	DW_CHECK_INT(run.state, DW_RUN_STARTED);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &run, true, NULL, &s->e), 0);
	DW_CHECK_INT(stage_state(s, run.id), DW_RUN_DONE);
	DW_CHECK(world_same(&world->now, &closed));
	return run;
}

DW_TEST(undo_brings_the_first_state_back)
{
	struct stage s;
	struct dw_run run, back;

	begin(&s);
	run = close_all(&s);
	DW_CHECK_STR(world->log, "stop:u0 stop:u1 stop:u2 write:f0 remove:f1 write:f2 tell:systemd "
				 "end:612/99");
	DW_CHECK_INT(run.steps[5].state, DW_RUN_STEP_ALREADY);
	world->log[0] = '\0';
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK_STR(world->log,
		     "remove:f2 write:f1 write:f0 tell:systemd start:u2 start:u0 start:u1");
	DW_CHECK(world_same(&world->now, &first));
	DW_CHECK_INT(back.state, DW_RUN_UNDONE);
	DW_CHECK_INT(back.steps[0].state, DW_RUN_STEP_UNDONE);
	DW_CHECK_INT(back.steps[5].state, DW_RUN_STEP_ALREADY);
	DW_CHECK_INT(back.steps[6].state, DW_RUN_STEP_LEFT);
	DW_CHECK_STR(back.steps[6].message,
		     "nothing brings in.talkd (612) back by itself; this does: /usr/sbin/in.talkd");
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), -EALREADY);
	DW_CHECK_INT(dw_apply_settle(&s.apply, &s.e), 0);
	end(&s);
}

/* A client of it calls it over the bus whenever it is gone, which only the mask ends. */
DW_TEST(what_is_started_again_at_once_is_stopped_behind_its_files)
{
	struct stage s;
	struct dw_run run, back;

	begin(&s);
	world->missed = true;
	run = close_all(&s);
	DW_CHECK_STR(world->log, "stop:u0 stop:u1 stop:u2 write:f0 remove:f1 write:f2 tell:systemd "
				 "stop:u2 end:612/99");
	DW_CHECK_INT(run.steps[1].state, DW_RUN_STEP_DONE);
	DW_CHECK_STR(run.steps[1].message, "u2 is \"active\" afterwards, not \"inactive\"");
	DW_CHECK_INT(run.steps[5].state, DW_RUN_STEP_DONE);
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK(world_same(&world->now, &first));
	/* without a step that stops it once more, it is a failure, as ever */
	run = world_run(s.arena);
	run.n_steps = 5;
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), -ECANCELED);
	DW_CHECK(world_same(&world->now, &first));
	end(&s);
}

DW_TEST(what_is_saved_of_a_process_lies_with_the_run)
{
	struct stage s;
	struct dw_saved *saved = NULL;
	struct dw_run run;
	size_t n = 0;

	begin(&s);
	run = close_all(&s);
	DW_CHECK_INT(dw_store_saved(s.store, run.id, s.arena, &saved, &n, NULL), 0);
	DW_CHECK_INT(n, 1);
	DW_CHECK_STR(n ? saved[0].object : NULL, "612/99");
	DW_CHECK(!s.sw.save);
	end(&s);
}

DW_TEST(a_stale_plan_does_nothing)
{
	struct stage s;
	struct dw_run run, *runs;
	struct world_state before;
	size_t n = 9;

	begin(&s);
	run = world_run(s.arena);
	world->now.units[2] = false;
	before = world->now;
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), -ESTALE);
	DW_CHECK(strstr(s.e.message, "u2 is \"inactive\", not \"active\"") != NULL);
	DW_CHECK(world_same(&world->now, &before));
	DW_CHECK_INT(world->calls, 0);
	DW_CHECK_INT(dw_store_runs(s.store, s.arena, &runs, &n, NULL), 0);
	DW_CHECK_INT(n, 0);
	end(&s);
}

DW_TEST(each_failing_step_puts_all_back)
{
	unsigned n = 1;
	bool good = false;

	for (; !good && n < 50; n++) {
		struct stage s;
		struct dw_run run;
		int r;

		begin(&s);
		run = world_run(s.arena);
		world->fail_at = n;
		r = dw_apply_run(&s.apply, &run, &s.e);
		good = r == 0;
		if (!good) {
			DW_CHECK_INT(r, -ECANCELED);
			DW_CHECK(strstr(s.e.message, "was to fail; everything was put back") !=
				 NULL);
			DW_CHECK(world_same(&world->now, &first));
			DW_CHECK_INT(stage_state(&s, run.id), DW_RUN_ROLLED_BACK);
			DW_CHECK_INT(dw_apply_settle(&s.apply, &s.e), 0);
			DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &run, &s.e), -EALREADY);
			world->now.process = true;
			(void)close_all(&s); /* and then it works */
		}
		end(&s);
	}
	DW_CHECK_INT(
		n,
		1 + 8 + 1); /* three units, three files, one reload, one process; and the good one */
}

DW_TEST(a_step_that_only_says_it_is_done_fails)
{
	struct stage s;
	struct dw_run run;

	begin(&s);
	run = world_run(s.arena);
	world->stubborn = true;
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), -ECANCELED);
	DW_CHECK(strstr(s.e.message, "step 3 of 7, f0: f0 is \"file 0644") != NULL);
	DW_CHECK_INT(run.steps[2].state, DW_RUN_STEP_FAILED);
	DW_CHECK_INT(run.steps[3].state, DW_RUN_STEP_PLANNED);
	DW_CHECK(world_same(&world->now, &first));
	end(&s);
}

/* The third step fails, and from then on everything does. */
DW_TEST(a_failing_roll_back_tells_what_is_left)
{
	struct stage s;
	struct dw_run run, got = { 0 };

	begin(&s);
	run = world_run(s.arena);
	world->fail_at = 4;
	world->fail_to = 1000;
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), -ENOTRECOVERABLE);
	DW_CHECK(strstr(s.e.message, "step 3 of 7, f0") != NULL);
	DW_CHECK(strstr(s.e.message, "not everything could be put back: f0: call") != NULL);
	DW_CHECK_INT(dw_store_load(s.store, run.id, s.arena, &got, &s.e), 0);
	DW_CHECK_INT(got.state, DW_RUN_FAILED);
	DW_CHECK_INT(got.steps[0].state, DW_RUN_STEP_LEFT);
	DW_CHECK_INT(got.steps[1].state, DW_RUN_STEP_LEFT);
	DW_CHECK_INT(got.steps[2].state, DW_RUN_STEP_LEFT); /* its readers could not be told */
	world->fail_at = world->fail_to = 0;
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &got, &s.e),
		     0); /* it can be tried again */
	DW_CHECK(world_same(&world->now, &first));
	end(&s);
}

static void stop_after_two(void *data, const struct dw_run_step *step, size_t i, size_t n,
			   bool undo)
{
	*(bool *)data = i >= 1;
}

DW_TEST(a_signal_puts_back)
{
	struct stage s;
	struct dw_run run;
	bool stop = false;

	begin(&s);
	run = world_run(s.arena);
	s.apply.stop = &stop;
	s.apply.tell = stop_after_two;
	s.apply.tell_data = &stop;
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), -ECANCELED);
	DW_CHECK_STR(world->log, "stop:u0 stop:u1 stop:u2 start:u2 start:u0 start:u1");
	DW_CHECK(world_same(&world->now, &first));
	end(&s);
}

DW_TEST(a_bad_verification_puts_back)
{
	struct stage s;
	struct dw_run run;

	begin(&s);
	run = world_run(s.arena);
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), 0);
	DW_CHECK_INT(dw_apply_finish(&s.apply, &run, false, "0.0.0.0:23/tcp is still open", &s.e),
		     -ECANCELED);
	DW_CHECK_STR(s.e.message, "0.0.0.0:23/tcp is still open; everything was put back, "
				  "but not what nothing brings back: in.talkd (612)");
	DW_CHECK_INT(stage_state(&s, run.id), DW_RUN_ROLLED_BACK);
	DW_CHECK(world_same(&world->now, &first));
	end(&s);
}

/* A step that came to be wanted by itself is not ours to take back. */
static void stop_u2_early(void *data, const struct dw_run_step *step, size_t i, size_t n, bool undo)
{
	if (i == 0)
		world->now.units[2] = false;
}

DW_TEST(what_was_so_already_stays)
{
	struct stage s;
	struct dw_run run, back;

	begin(&s);
	run = world_run(s.arena);
	s.apply.tell = stop_u2_early;
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), 0);
	DW_CHECK_INT(run.steps[1].state, DW_RUN_STEP_ALREADY);
	DW_CHECK_INT(dw_apply_finish(&s.apply, &run, true, NULL, &s.e), 0);
	s.apply.tell = NULL;
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK(!world->now.units[2] && world->now.units[0] && world->now.units[1]);
	end(&s);
}

static void set_file(size_t i, const char *text)
{
	world->now.files[i].n = strlen(text);
	memcpy(world->now.files[i].content, text, strlen(text));
	world->now.files[i].there = true;
}

DW_TEST(undo_leaves_what_was_changed_since)
{
	struct stage s;
	struct dw_run run, back;

	begin(&s);
	run = close_all(&s);
	set_file(1, "somebody's own\n");
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), -EUCLEAN);
	DW_CHECK_INT(back.state, DW_RUN_PARTLY_UNDONE);
	DW_CHECK_INT(back.steps[3].state, DW_RUN_STEP_LEFT);
	DW_CHECK(strstr(s.e.message, "f1: it was changed since") != NULL);
	DW_CHECK(memcmp(world->now.files[1].content, "somebody's own\n", 15) == 0);
	DW_CHECK(!world->now.files[2].there && world->now.units[0]);
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), -EUCLEAN);
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, true, &back, &s.e), 0);
	DW_CHECK(world_same(&world->now, &first));
	DW_CHECK_INT(stage_state(&s, run.id), DW_RUN_UNDONE);
	end(&s);
}

DW_TEST(undo_merges_a_file)
{
	struct stage s;
	struct dw_run run, back;

	begin(&s);
	run = close_all(&s);
	set_file(0,
		 "# services, mine\n#telnet stream tcp nowait root /usr/sbin/in.telnetd\nnew line\n"
		 "#ftp stream tcp nowait root /usr/sbin/in.ftpd\nlast\n");
	world->now.files[0].mode = 0600;
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK(strstr(back.steps[2].message, "other lines were changed since and stay") != NULL);
	DW_CHECK_INT(world->now.files[0].mode, 0600);
	DW_CHECK_STR(
		world_file(s.arena, &world->now.files[0]).data.data,
		"# services, mine\ntelnet stream tcp nowait root /usr/sbin/in.telnetd\nnew line\n"
		"ftp stream tcp nowait root /usr/sbin/in.ftpd\nlast\n");
	end(&s);
}

DW_TEST(undo_does_not_guess_in_a_file)
{
	struct stage s;
	struct dw_run run, back;

	begin(&s);
	run = close_all(&s);
	set_file(0, "#telnet stream tcp nowait nobody /usr/sbin/in.telnetd\n"
		    "#ftp stream tcp nowait root /usr/sbin/in.ftpd\n");
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), -EUCLEAN);
	DW_CHECK_INT(back.steps[2].state, DW_RUN_STEP_LEFT);
	DW_CHECK(dw_starts_with(world->now.files[0].content, "#telnet stream tcp nowait nobody"));
	end(&s);
}

DW_TEST(two_at_once)
{
	struct stage s;
	int status = 1;
	pid_t child;

	begin(&s);
	child = fork();
	if (child == 0) {
		struct dw_store *other = NULL;
		struct dw_error e = { 0 };
		bool told = dw_store_open(stage_directory, true, &other, &e) == 0 &&
			    dw_store_lock(other, "doorward undo", &e) == -EBUSY &&
			    strstr(e.message, "(doorward close) changes this host since") != NULL;

		_exit(told ? 0 : 1);
	}
	(void)waitpid(child, &status, 0);
	DW_CHECK_INT(status, 0);
	end(&s);
}

DW_TEST_MAIN
