/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes from the public API down, over a made-up host that follows them. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_test.h"
#include "world.h"

#define TOY_LINK "/etc/systemd/system/multi-user.target.wants/toy.service"

static const char *const toy[] = { "2323/tcp", NULL };
static const char *const bell[] = { "7070/tcp", NULL };
static const char *const both[] = { "2323/tcp", "7070/tcp", NULL };

/* Is the host as that text says? The text is freed. */
static void check_text(struct world *w, char *want)
{
	char *now = world_text(w);

	DW_CHECK_STR(now, want);
	free(now);
	free(want);
}

static int close_now(struct world *w, struct world_plan *p, unsigned long long trial,
		     long long *run)
{
	struct doorward_close_options o = { .size = sizeof(o), .trial = trial };

	return doorward_close(w->d, p->plan, &o, run);
}

static int undo_now(struct world *w)
{
	long long run = 0;

	return doorward_undo(w->d, 0, 0, NULL, &run);
}

static int grave(struct world *w, int *blind)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct doorward_audit *a = NULL;
	int r;

	w->looks = 1000;
	DW_CHECK_INT(doorward_audit_run(w->d, &a), 0);
	r = doorward_verify(w->d, a, 0, DOORWARD_JSON, out, NULL, blind);
	doorward_audit_free(a);
	(void)fclose(out);
	free(text);
	return r;
}

DW_TEST(closed_verified_and_taken_back)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	char *before = world_text(w);
	long long run = 0;
	int blind = 0;

	DW_CHECK(world_sees(w, 2323));
	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	DW_CHECK_INT(run, 1);
	DW_CHECK(!world_sees(w, 2323));
	DW_CHECK(world_sees(w, 22) && world_sees(w, 7070) && world_sees(w, 8080));
	DW_CHECK(!world_unit(w, "toy.service")->active);
	DW_CHECK_STR(world_run(w, run), "done");
	DW_CHECK_INT(grave(w, &blind), 0);
	DW_CHECK_INT(undo_now(w), 0);
	DW_CHECK_STR(world_run(w, run), "undone");
	check_text(w, before);
	DW_CHECK_INT(undo_now(w), -EALREADY);
	DW_CHECK(strstr(doorward_last_error(w->d), "no run is in force") != NULL);
	world_plan_free(&p);
	world_free(w);
}

/* A socket and the service that it started go and come together. */
DW_TEST(a_socket_and_its_service)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, bell);
	char *before = world_text(w);
	long long run = 0;

	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	DW_CHECK(!world_unit(w, "bell.socket")->active && !world_unit(w, "bell.service")->active);
	DW_CHECK(!world_sees(w, 7070));
	DW_CHECK_INT(undo_now(w), 0);
	check_text(w, before);
	world_plan_free(&p);
	world_free(w);
}

DW_TEST(runs_are_taken_back_one_after_another)
{
	struct world *w = world_new();
	char *before = world_text(w), *between;
	struct world_plan p = world_plan(w, toy);
	long long run = 0;

	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	world_plan_free(&p);
	between = world_text(w);
	p = world_plan(w, bell);
	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	DW_CHECK_INT(run, 2);
	DW_CHECK_INT(undo_now(w), 0);
	check_text(w, between);
	DW_CHECK_INT(undo_now(w), 0);
	check_text(w, before);
	world_plan_free(&p);
	world_free(w);
}

/* What the unit does by itself before a look of the verification; the run must be put back, and say so. */
static void put_back(const char *unit, bool active, unsigned at, const char *says)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	char *before = world_text(w);
	long long run = 0;

	w->moves = unit;
	w->moves_to = active;
	w->moves_at = at;
	DW_CHECK_INT(close_now(w, &p, 0, &run), -ECANCELED);
	DW_CHECK(strstr(doorward_last_error(w->d), says) != NULL);
	if (!strstr(doorward_last_error(w->d), says))
		printf("%s\n", doorward_last_error(w->d));
	DW_CHECK_STR(world_run(w, run), "rolled-back");
	if (!active)
		world_set(w, unit, true); /* it was not ours to start */
	check_text(w, before);
	DW_CHECK_INT(undo_now(w), -EALREADY);
	world_plan_free(&p);
	world_free(w);
}

DW_TEST(a_door_that_comes_back_at_once)
{
	put_back("toy.service", true, 1, "0.0.0.0:2323/tcp was closed and is open");
}

/* The first look was content; something brought it back before the last. */
DW_TEST(a_door_that_comes_back_late)
{
	put_back("toy.service", true, 2, "0.0.0.0:2323/tcp was closed and is open");
}

DW_TEST(a_door_that_was_to_stay_is_lost)
{
	put_back("ssh.service", false, 1, "22/tcp");
}

DW_TEST(a_unit_that_was_active_is_lost)
{
	put_back("hut.service", false, 2, "8080/tcp");
}

DW_TEST(a_unit_that_does_not_stop)
{
	struct world *w = world_new();
	struct world_plan p;
	char *before = world_text(w);
	long long run = 0;

	world_unit(w, "toy.service")->refuses = "stop";
	world_set(w, "toy.service", true);
	p = world_plan(w, both);
	DW_CHECK_INT(close_now(w, &p, 0, &run), -ECANCELED);
	DW_CHECK(strstr(doorward_last_error(w->d), "toy.service") != NULL);
	check_text(w, before);
	world_plan_free(&p);
	world_free(w);
}

/* A look that sees less than the plan's did is no evidence that the door is closed. */
DW_TEST(a_look_that_is_blind)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	char path[160];
	long long run = 0;

	/* for all looks: the table of sockets is a directory, which cannot be read */
	(void)snprintf(path, sizeof(path), "%s/proc/1/net/tcp6", w->dir);
	DW_CHECK_INT(mkdir(path, 0755), 0);
	DW_CHECK_INT(close_now(w, &p, 0, &run), -ECANCELED);
	DW_CHECK(strstr(doorward_last_error(w->d), "could not be seen") != NULL);
	DW_CHECK_STR(world_run(w, run), "rolled-back");
	DW_CHECK(world_unit(w, "toy.service")->active);
	world_plan_free(&p);
	/* who was blind before has to live with it */
	p = world_plan(w, toy);
	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	DW_CHECK_INT(undo_now(w), 0);
	world_plan_free(&p);
	world_free(w);
}

/* One blind look, the first or the last, is followed by another. */
DW_TEST(a_look_that_fails_once)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	long long run = 0;

	w->look.code = EIO;
	for (unsigned i = 0; i < 60; i++) {
		w->look_at = 1 + i % 2;
		w->look.at = 1 + i * 2;
		DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
		DW_CHECK_INT(undo_now(w), 0);
	}
	world_plan_free(&p);
	world_free(w);
}

DW_TEST(a_plan_that_is_out_of_date)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	long long run = 0;
	char *before;

	world_remove(w, TOY_LINK);
	world_link(w, TOY_LINK, "../toy.service");
	before = world_text(w);
	DW_CHECK_INT(close_now(w, &p, 0, &run), -ESTALE);
	DW_CHECK_INT(run, 0);
	DW_CHECK_STR(world_run(w, 1), "");
	check_text(w, before);
	DW_CHECK_INT(undo_now(w), -EALREADY);
	world_plan_free(&p);
	world_free(w);
}

/* Another process: the lock is between processes. */
DW_TEST(somebody_else_changes_the_host)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	char *before = world_text(w);
	int ready[2], status = 0;
	long long run = 0;
	pid_t child;
	char c;

	DW_CHECK_INT(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct dw_store *s = NULL;

		if (dw_store_open(w->state, true, &s, NULL) == 0 &&
		    dw_store_lock(s, "doorward close 22", NULL) == 0)
			(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	DW_CHECK_INT(read(ready[0], &c, 1), 1);
	DW_CHECK_INT(close_now(w, &p, 0, &run), -EBUSY);
	DW_CHECK(strstr(doorward_last_error(w->d), "doorward close 22") != NULL);
	DW_CHECK_INT(undo_now(w), -EBUSY);
	check_text(w, before);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
	world_plan_free(&p);
	world_free(w);
}

DW_TEST(nothing_was_ever_changed)
{
	struct world *w = world_new();
	long long run = 0;
	int blind = 1;

	DW_CHECK_INT(undo_now(w), -EALREADY);
	DW_CHECK_INT(doorward_undo(w->d, 7, 0, NULL, &run), -ENOENT);
	DW_CHECK_INT(doorward_undo_expired(w->d, 0, NULL, &run), -EALREADY);
	DW_CHECK_INT(doorward_confirm(w->d, 0, &run), -EALREADY);
	DW_CHECK_INT(grave(w, &blind), 0);
	DW_CHECK_INT(blind, 0);
	DW_CHECK_INT(doorward_history_write(w->d, 7, DOORWARD_JSON, stdout, NULL), -ENOENT);
	world_free(w);
}

/* Somebody changed since what the run changed: it is left, the rest comes back; unless it is forced. */
DW_TEST(what_somebody_changed_since_is_left)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	char *before = world_text(w);
	long long run = 0;
	int blind = 0;

	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	world_link(w, TOY_LINK, "/somewhere/else");
	(void)grave(w, &blind);
	DW_CHECK_INT(undo_now(w), -EUCLEAN);
	DW_CHECK_STR(world_run(w, run), "partly-undone");
	DW_CHECK(world_unit(w, "toy.service")->active);
	DW_CHECK_INT(doorward_undo(w->d, run, 1, NULL, &run), 0);
	check_text(w, before);
	world_plan_free(&p);
	world_free(w);
}

DW_TEST(verify_finds_what_came_back)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	long long run = 0;
	int blind = 0;

	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	DW_CHECK_INT(grave(w, &blind), 0);
	world_set(w, "toy.service", true);
	DW_CHECK(grave(w, &blind) > 0);
	world_set(w, "toy.service", false);
	DW_CHECK_INT(grave(w, &blind), 0);
	world_set(w, "ssh.service", false);
	DW_CHECK(grave(w, &blind) > 0);
	world_plan_free(&p);
	world_free(w);
}

/* --- trials --------------------------------------------------------------------------------------- */

/* What a change adds for the next boot belongs to root, and only root can give it to him. */
static bool may_give_to_root(void)
{
	if (geteuid() == 0)
		return true;
	printf("not root: not looked at\n");
	return false;
}

static void a_trial_that_is_confirmed_as_root(void)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	char *before = world_text(w), *closed;
	long long run = 0;

	DW_CHECK_INT(close_now(w, &p, 0, &run), 0);
	closed = world_text(w);
	DW_CHECK_INT(undo_now(w), 0);
	DW_CHECK_INT(close_now(w, &p, 600, &run), 0);
	DW_CHECK(world_unit(w, "doorward-trial-2.timer") != NULL);
	DW_CHECK_INT(doorward_confirm(w->d, 0, &run), 0);
	DW_CHECK_INT(run, 2);
	check_text(w, closed); /* the guard is gone, with its timer */
	DW_CHECK_INT(doorward_confirm(w->d, 0, &run), -EALREADY);
	DW_CHECK_INT(doorward_undo_expired(w->d, 0, NULL, &run), -EALREADY);
	DW_CHECK_INT(undo_now(w), 0);
	check_text(w, before);
	world_plan_free(&p);
	world_free(w);
}

DW_TEST(a_trial_that_is_confirmed)
{
	if (may_give_to_root())
		a_trial_that_is_confirmed_as_root();
}

static void a_trial_whose_time_is_up_as_root(void)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy), second;
	char *before = world_text(w);
	long long run = 0;

	DW_CHECK_INT(close_now(w, &p, 600, &run), 0);
	second = world_plan(w, bell);
	DW_CHECK_INT(close_now(w, &second, 600, &run), -EBUSY); /* one trial at a time */
	DW_CHECK_INT(doorward_undo_expired(w->d, 0, NULL, &run), -EALREADY);
	world_clock(w, 1700000000 + 601);
	DW_CHECK_INT(doorward_undo_expired(w->d, 0, NULL, &run), 0);
	DW_CHECK_INT(run, 1);
	DW_CHECK_STR(world_run(w, run), "undone");
	world_set(w, "doorward-trial-1.timer", false); /* it ran out */
	check_text(w, before);
	DW_CHECK_INT(doorward_confirm(w->d, 1, &run), -ETIME);
	world_plan_free(&second);
	world_plan_free(&p);
	world_free(w);
}

DW_TEST(a_trial_whose_time_is_up)
{
	if (may_give_to_root())
		a_trial_whose_time_is_up_as_root();
}

/* However long the host was off: its boot ends the trial. */
static void a_trial_until_the_next_boot_as_root(void)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, toy);
	char *before = world_text(w);
	long long run = 0;

	DW_CHECK_INT(close_now(w, &p, ~0ULL, &run), 0);
	world_clock(w, 1800000000);
	DW_CHECK_INT(doorward_undo_expired(w->d, 0, NULL, &run), -EALREADY);
	world_file(w, "/proc/sys/kernel/random/boot_id", "another\n");
	DW_CHECK_INT(doorward_undo_expired(w->d, 0, NULL, &run), 0);
	world_file(w, "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
	world_plan_free(&p);
	DW_CHECK(world_sees(w, 2323));
	free(before);
	world_free(w);
}

DW_TEST(a_trial_until_the_next_boot)
{
	if (may_give_to_root())
		a_trial_until_the_next_boot_as_root();
}

static void it_looks_after_every_boot_as_root(void)
{
	struct world *w = world_new();
	char *before = world_text(w), *after;
	long long run = 0;

	DW_CHECK_INT(doorward_verify_at_boot(w->d, NULL, &run), 0);
	DW_CHECK_STR(world_run(w, run), "done");
	after = world_text(w);
	DW_CHECK(strstr(after, "SuccessExitStatus=3") != NULL);
	DW_CHECK(strstr(after, "ConditionFileIsExecutable=/") != NULL);
	free(after);
	DW_CHECK_INT(doorward_verify_at_boot(w->d, NULL, &run), -EALREADY);
	DW_CHECK_INT(undo_now(w), 0);
	check_text(w, before);
	world_free(w);
}

DW_TEST(it_looks_after_every_boot)
{
	if (may_give_to_root())
		it_looks_after_every_boot_as_root();
}

/* --- asked to stop -------------------------------------------------------------------------------- */

struct stopping {
	int stop;
	unsigned at, told;
};

static void stop_at(void *data, const char *what, const char *state, size_t i, size_t n, int undo)
{
	struct stopping *s = data;

	s->stop |= ++s->told == s->at;
}

/* Before, within and behind every step. */
DW_TEST(asked_to_stop_at_every_point)
{
	struct world *w = world_new();
	struct world_plan p = world_plan(w, both);
	char *before = world_text(w);
	struct stopping s = { 0 };
	long long run = 0;
	int r = -ECANCELED;

	for (s.at = 1; r == -ECANCELED && s.at < 50; s.at++) {
		struct doorward_close_options o = {
			.size = sizeof(o), .tell = stop_at, .data = &s, .stop = &s.stop
		};

		s.stop = 0;
		s.told = 0;
		r = doorward_close(w->d, p.plan, &o, &run);
		if (r == -ECANCELED)
			check_text(w, strdup(before));
	}
	DW_CHECK_INT(r, 0);
	DW_CHECK(s.at > 6);
	DW_CHECK_INT(undo_now(w), 0);
	check_text(w, before);
	world_plan_free(&p);
	world_free(w);
}

DW_TEST_MAIN
