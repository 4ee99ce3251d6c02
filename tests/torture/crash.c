/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Killed at every point: before each commit of the journal, before and behind each change of the host, on the way
 * forth and back. The power gone at every commit. The journal's calls failing one by one, its disk full. Afterwards
 * the host is always in one of the two clean states.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "dw_str.h"
#include "dw_test.h"
#include "stage.h"

enum point { AT_COMMIT, AT_CHANGE };
enum act { RUN, UNDO, SETTLE };

static struct world_state first, closed;

static void begin(void)
{
	world_new();
	first = world->now;
	world_closed(&closed);
	stage_directory_new();
}

static void end(void)
{
	stage_directory_remove(stage_directory);
}

static int run_all(struct stage *s)
{
	struct dw_run run = world_run(s->arena);
	int r = dw_apply_run(&s->apply, &run, &s->e);

	return r < 0 ? r : dw_apply_finish(&s->apply, &run, true, NULL, &s->e);
}

static int64_t newest(struct stage *s)
{
	struct dw_run *runs = NULL;
	size_t n = 0;

	DW_CHECK_INT(dw_store_runs(s->store, s->arena, &runs, &n, &s->e), 0);
	return n ? runs[0].id : 0;
}

/* What an undo takes back; asked for before anything fails. */
static int64_t undo_id;

static int do_act(struct stage *s, enum act act)
{
	struct dw_run ret;

	if (act == RUN)
		return run_all(s);
	if (act == UNDO)
		return dw_apply_undo(&s->apply, undo_id, false, &ret, &s->e);
	return dw_apply_settle(&s->apply, &s->e);
}

static void kill_at(void *data, unsigned n)
{
	if (n == *(const unsigned *)data)
		(void)raise(SIGKILL);
}

/* In a child that dies at that point. False: it came to its end before. */
static bool killed(enum act act, enum point point, unsigned n)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct stage s;

		stage_open(&s, stage_directory);
		undo_id = newest(&s);
		world->calls = 0;
		world->kill_at = point == AT_CHANGE ? n + 1 : 0;
		if (point == AT_COMMIT)
			dw_store_on_commit(s.store, kill_at, &n);
		_exit(do_act(&s, act) < 0 ? 1 : 0);
	}
	(void)waitpid(child, &status, 0);
	world->kill_at = 0;
	DW_CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
		 (WIFEXITED(status) && WEXITSTATUS(status) == 0));
	return WIFSIGNALED(status);
}

static void act_whole(enum act act, int want)
{
	struct stage s;
	int r;

	stage_open(&s, stage_directory);
	undo_id = newest(&s);
	r = do_act(&s, act);
	if (r != want)
		printf("%s\n", s.e.message);
	DW_CHECK_INT(r, want);
	stage_close(&s);
}

static bool newest_state_done(void)
{
	struct stage s;
	bool done;

	stage_open(&s, stage_directory);
	done = stage_state(&s, newest(&s)) == DW_RUN_DONE;
	stage_close(&s);
	return done;
}

/* What was begun is settled; then all works as if nothing had been. */
static void check_after(unsigned settled_max)
{
	struct stage s;
	int r;

	stage_open(&s, stage_directory);
	r = dw_apply_settle(&s.apply, &s.e);
	if (r < 0)
		printf("%s\n", s.e.message);
	DW_CHECK(r >= 0 && r <= (int)settled_max);
	DW_CHECK_INT(dw_apply_settle(&s.apply, &s.e), 0);
	stage_close(&s);
	DW_CHECK(world_same(&world->now, &first));
	act_whole(RUN, 0);
	DW_CHECK(world_same(&world->now, &closed));
	act_whole(UNDO, 0);
	DW_CHECK(world_same(&world->now, &first));
}

static unsigned kill_everywhere(enum act act, enum point point)
{
	bool hit = true;
	unsigned n = 0;

	for (; hit && n < 200; n++) {
		begin();
		if (act == UNDO)
			act_whole(RUN, 0);
		hit = killed(act, point, n);
		if (hit && act == UNDO && newest_state_done())
			act_whole(UNDO, 0); /* it had not begun */
		if (hit)
			check_after(1);
		end();
	}
	DW_CHECK(!hit);
	return n - 1;
}

DW_TEST(killed_at_each_commit_of_a_run)
{
	/* the run; an intent and an outcome of six steps, the outcome of one; the end. What was saved: one */
	DW_CHECK_INT(kill_everywhere(RUN, AT_COMMIT), 1 + 2 * 6 + 1 + 1 + 1);
}

DW_TEST(killed_around_each_change_of_a_run)
{
	DW_CHECK_INT(kill_everywhere(RUN, AT_CHANGE), 2 * 8);
}

DW_TEST(killed_at_each_commit_of_an_undo)
{
	/* undoing; two for each of five steps, one for what nothing brings back; undone */
	DW_CHECK_INT(kill_everywhere(UNDO, AT_COMMIT), 1 + 2 * 5 + 1 + 1);
}

DW_TEST(killed_around_each_change_of_an_undo)
{
	DW_CHECK_INT(kill_everywhere(UNDO, AT_CHANGE), 2 * 7);
}

/* Killed in the run, and again while that is settled. */
DW_TEST(killed_again_while_it_is_settled)
{
	unsigned both = 0;

	for (unsigned n = 2; n < 16; n += 3) {
		for (unsigned k = 0; k < 30; k++) {
			bool hit;

			begin();
			DW_CHECK(killed(RUN, AT_COMMIT, n));
			hit = killed(SETTLE, k % 2 ? AT_CHANGE : AT_COMMIT, k / 2);
			both += hit;
			check_after(1);
			end();
			if (!hit && k % 2)
				break;
		}
	}
	DW_CHECK(both > 20);
}

struct copies {
	struct world_state at[64];
	char directory[64][96];
	unsigned n;
};

/* In a child: closing a file that SQLite has open would drop this process's locks on it (fcntl_locking(2)). */
static void copy_now(void *data, unsigned n)
{
	struct copies *c = data;
	pid_t child;
	int status;

	if (c->n == DW_ARRAY_SIZE(c->at))
		abort();
	(void)snprintf(c->directory[c->n], sizeof(c->directory[0]), "%s.%u", stage_directory, c->n);
	child = fork();
	if (child == 0) {
		stage_copy(stage_directory, c->directory[c->n]);
		_exit(0);
	}
	(void)waitpid(child, &status, 0);
	DW_CHECK_INT(status, 0);
	c->at[c->n++] = world->now;
}

/*
 * The journal as it is on the disk before the n-th commit, beside the host as it was then, and as it was before what
 * was done since the commit before (that had not reached the disk).
 */
static void check_copies(struct copies *c, const struct world_state *started)
{
	char own[sizeof(stage_directory)];

	memcpy(own, stage_directory, sizeof(own));
	for (unsigned i = 0; i < c->n; i++) {
		for (unsigned late = 0; late < 2; late++) {
			const struct world_state *was = late    ? &c->at[i]
							: i > 0 ? &c->at[i - 1]
								: started;
			char copy[96];

			(void)snprintf(copy, sizeof(copy), "%s.x", own);
			stage_copy(c->directory[i], copy);
			(void)snprintf(stage_directory, sizeof(stage_directory), "%.60s", copy);
			world->now = *was;
			if (world_same(was, &closed) && newest_state_done())
				act_whole(UNDO, 0); /* of an undo, before it began */
			check_after(1);
			stage_directory_remove(copy);
		}
		stage_directory_remove(c->directory[i]);
	}
	memcpy(stage_directory, own, sizeof(own));
}

static void lose_power(enum act act)
{
	static struct copies c;
	struct world_state started;
	struct stage s;

	memset(&c, 0, sizeof(c));
	begin();
	if (act == UNDO)
		act_whole(RUN, 0);
	started = world->now;
	stage_open(&s, stage_directory);
	undo_id = newest(&s);
	dw_store_on_commit(s.store, copy_now, &c);
	DW_CHECK_INT(do_act(&s, act), 0);
	stage_close(&s);
	DW_CHECK(c.n > 10);
	check_copies(&c, &started);
	end();
}

DW_TEST(the_power_gone_at_each_commit_of_a_run)
{
	lose_power(RUN);
}

DW_TEST(the_power_gone_at_each_commit_of_an_undo)
{
	lose_power(UNDO);
}

/* The journal cannot be written, once: nothing is done, or all is put back; or it did not matter. */
static unsigned fail_each_call(enum act act, int code)
{
	bool good = false;
	unsigned n = 1;

	for (; !good && n < 1000; n++) {
		struct stage s;
		unsigned before;

		begin();
		if (act == UNDO)
			act_whole(RUN, 0);
		stage_open(&s, stage_directory);
		undo_id = newest(&s);
		before = dw_store_calls(s.store);
		dw_store_fail_at(s.store, n, code);
		good = do_act(&s, act) == 0 && dw_store_calls(s.store) - before < n;
		dw_store_fail_at(s.store, 0, 0);
		if (act == RUN && !world_same(&world->now, &closed))
			DW_CHECK(world_same(&world->now, &first));
		stage_close(&s);
		if (world_same(&world->now, &closed))
			act_whole(UNDO, 0);
		check_after(1);
		end();
	}
	DW_CHECK(good);
	return n;
}

DW_TEST(each_call_of_the_journal_fails_in_a_run)
{
	DW_CHECK(fail_each_call(RUN, ENOSPC) > 60);
}

DW_TEST(each_call_of_the_journal_fails_in_an_undo)
{
	DW_CHECK(fail_each_call(UNDO, EIO) > 50);
}

static bool fill_disk(const char *path, size_t leave)
{
	static const char page[4096];
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	off_t size = 0;

	while (fd >= 0 && write(fd, page, sizeof(page)) == (ssize_t)sizeof(page))
		size += (off_t)sizeof(page);
	size -= (off_t)leave;
	return fd >= 0 && size >= 0 && ftruncate(fd, size) == 0;
}

/* 0: good, 77: may not mount. In a mount namespace of its own. */
static int with_full_disk(void)
{
	unsigned failed = 0;

	begin();
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	for (size_t pages = 0; pages < 60; pages++) {
		char filler[96];
		struct stage s;
		int r;

		if (mount("tmpfs", stage_directory, "tmpfs", 0, "size=1m,mode=0700") < 0)
			return 77;
		world_new();
		(void)snprintf(filler, sizeof(filler), "%s/filler", stage_directory);
		stage_open(&s, stage_directory);
		DW_CHECK(fill_disk(filler, pages * 4096));
		r = run_all(&s);
		DW_CHECK(world_same(&world->now, r == 0 ? &closed : &first));
		failed += r < 0;
		stage_close(&s);
		DW_CHECK_INT(unlink(filler), 0);
		if (r == 0)
			act_whole(UNDO, 0);
		check_after(1);
		DW_CHECK_INT(umount(stage_directory), 0);
	}
	DW_CHECK(failed > 5 && failed < 60);
	return dw_test_failures ? 1 : 0;
}

DW_TEST(the_disk_of_the_journal_is_full)
{
	int status = 0;
	pid_t child;

	begin();
	end();
	child = fork();
	if (child == 0) {
		int r = with_full_disk();

		(void)fflush(stdout);
		end();
		_exit(r);
	}
	(void)waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("SKIPPED the_disk_of_the_journal_is_full: may not mount\n");
	else
		DW_CHECK_INT(status, 0);
}

DW_TEST_MAIN
