/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal: what goes in comes out, who may not write to it does not, and each failure is survived. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_store.h"
#include "dw_str.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "journal.h"

#define _cleanup_store_ _cleanup_(dw_cleanup_store)

static void check_step(const struct dw_step *got, const struct dw_step *want)
{
	DW_CHECK_INT(got->phase, want->phase);
	DW_CHECK_STR(got->manager, want->manager);
	DW_CHECK_STR(got->object, want->object);
	DW_CHECK_STR(got->expect.text, want->expect.text);
	DW_CHECK_STR(got->expect.hint, want->expect.hint);
	DW_CHECK_STR(got->expect.data.data, want->expect.data.data);
	DW_CHECK_INT(got->expect.data.n, want->expect.data.n);
	DW_CHECK_STR(got->want.text, want->want.text);
	DW_CHECK_STR(got->want.hint, want->want.hint);
	DW_CHECK_STR(got->want.data.data, want->want.data.data);
	DW_CHECK_STR(got->notify, want->notify);
	DW_CHECK_STR(got->label, want->label);
	DW_CHECK_STR(got->why, want->why);
	DW_CHECK_STR(got->source, want->source);
	DW_CHECK_STR(got->diff, want->diff);
	DW_CHECK_STR(got->door, want->door);
	DW_CHECK_INT(got->n_doors, want->n_doors);
	DW_CHECK_STR(got->command, want->command);
	DW_CHECK_STR(got->undo_command, want->undo_command);
	DW_CHECK_INT(got->no_undo, want->no_undo);
	DW_CHECK_INT(got->if_left, want->if_left);
}

static void check_door(const struct dw_run_door *got, const struct dw_run_door *want)
{
	DW_CHECK_INT(got->role, want->role);
	DW_CHECK_INT(dw_endpoint_compare(&got->at, &want->at), 0);
	DW_CHECK_INT(got->at.has_port, want->at.has_port);
	DW_CHECK_STR(got->at.ifname, want->at.ifname);
	DW_CHECK_STR(got->netns, want->netns);
	DW_CHECK_INT(got->kind, want->kind);
	DW_CHECK_INT(got->starter, want->starter);
	DW_CHECK_STR(got->starter_id, want->starter_id);
	DW_CHECK_STR(got->program, want->program);
	DW_CHECK_INT(got->lasting, want->lasting);
}

DW_TEST(what_goes_in_comes_out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_run run = make_run(a), got = { 0 };
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
	DW_CHECK_INT(dw_store_begin(s, &run, &e), 0);
	DW_CHECK_INT(run.id, 1);
	DW_CHECK_INT(dw_store_step(s, 1, 1, DW_RUN_STEP_FAILED, 1001, "it refused", &e), 0);
	DW_CHECK_INT(dw_store_run(s, 1, DW_RUN_DONE, 1002, "good", &e), 0);
	DW_CHECK_INT(dw_store_run(s, 1, DW_RUN_UNDOING, 0, NULL, &e), 0);
	DW_CHECK_INT(dw_store_confirm(s, 1, 1003, &e), 0);
	dw_store_free(dw_steal_ptr(s));
	DW_CHECK_INT(dw_store_open(where, false, &s, &e), 0);
	DW_CHECK_INT(dw_store_load(s, 1, a, &got, &e), 0);
	DW_CHECK_STR(got.command, run.command);
	DW_CHECK_STR(got.user, "ann");
	DW_CHECK_STR(got.boot_id, "b");
	DW_CHECK_STR(got.message, NULL);
	DW_CHECK_INT(got.started, 1000);
	DW_CHECK_INT(got.ended, 1002);
	DW_CHECK_INT(got.confirm_by, 1600);
	DW_CHECK_INT(got.confirmed, 1003);
	DW_CHECK_INT(got.state, DW_RUN_UNDOING);
	DW_CHECK_INT(got.n_steps, 2);
	DW_CHECK_INT(got.n_doors, 2);
	DW_CHECK_INT(got.units.n, 2);
	DW_CHECK_STR(got.units.v[1], "cron.service");
	DW_CHECK_INT(got.steps[0].state, DW_RUN_STEP_PLANNED);
	DW_CHECK_INT(got.steps[1].state, DW_RUN_STEP_FAILED);
	DW_CHECK_STR(got.steps[1].message, "it refused");
	DW_CHECK_INT(got.steps[1].time, 1001);
	for (size_t i = 0; i < got.n_steps; i++)
		check_step(&got.steps[i].step, &two_steps[i].step);
	for (size_t i = 0; i < got.n_doors; i++)
		check_door(&got.doors[i], &one_door[i]);
	DW_CHECK_INT(dw_store_load(s, 7, a, &got, &e), -ENOENT);
	DW_CHECK_STR(e.message, "there is no run 7: doorward history has all");
	DW_CHECK_INT(dw_store_step(s, 1, 2, DW_RUN_STEP_DONE, 1, NULL, &e), -ENOENT);
	DW_CHECK_INT(dw_store_run(s, 9, DW_RUN_DONE, 1, NULL, &e), -ENOENT);
	clean();
}

DW_TEST(runs_come_newest_first)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_run *runs = NULL, one;
	size_t n = 9;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_store_runs(s, a, &runs, &n, NULL), 0);
	DW_CHECK_INT(n, 0);
	for (int i = 0; i < 3; i++) {
		one = make_run(a);
		DW_CHECK_INT(dw_store_begin(s, &one, NULL), 0);
	}
	DW_CHECK_INT(dw_store_runs(s, a, &runs, &n, NULL), 0);
	DW_CHECK_INT(n, 3);
	DW_CHECK_INT(runs[0].id, 3);
	DW_CHECK_INT(runs[2].id, 1);
	clean();
}

DW_TEST(what_is_saved_is_read_back)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_run run = make_run(a);
	struct dw_saved *saved = NULL;
	struct dw_bytes b = { 0 };
	size_t n = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_store_begin(s, &run, NULL), 0);
	DW_CHECK_INT(dw_store_save(s, 1, "612/99", "maps", "first", 5, NULL), 0);
	DW_CHECK_INT(dw_store_save(s, 1, "612/99", "maps", "a\0b", 3, NULL), 0);
	DW_CHECK_INT(dw_store_save(s, 1, "612/99", "empty", NULL, 0, NULL), 0);
	DW_CHECK(dw_store_save(s, 8, "612/99", "maps", "x", 1, NULL) < 0); /* no such run */
	DW_CHECK_INT(dw_store_saved(s, 1, a, &saved, &n, NULL), 0);
	DW_CHECK_INT(n, 2);
	DW_CHECK_STR(saved[0].name, "empty");
	DW_CHECK_INT(saved[0].n, 0);
	DW_CHECK_INT(saved[1].n, 3);
	DW_CHECK_INT(dw_store_saved_read(s, 1, "612/99", "maps", a, &b, NULL), 0);
	DW_CHECK_INT(b.n, 3);
	DW_CHECK(b.n == 3 && memcmp(b.data, "a\0b", 3) == 0);
	DW_CHECK_INT(dw_store_saved_read(s, 1, "612/99", "exe", a, &b, NULL), -ENOENT);
	clean();
}

static mode_t mode_of(const char *name)
{
	char path[128];
	struct stat st = { 0 };

	(void)snprintf(path, sizeof(path), "%s/%s", where, name);
	DW_CHECK_INT(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

DW_TEST(nobody_else_may_read_or_write)
{
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_error e = { 0 };
	char path[128], link[128];

	(void)directory();
	(void)snprintf(path, sizeof(path), "%s/state", where);
	(void)snprintf(link, sizeof(link), "%s/link", where);
	DW_CHECK_INT(dw_store_open(path, false, &s, &e), -ENOENT);
	(void)umask(0);
	DW_CHECK_INT(dw_store_open(path, true, &s, &e), 0);
	DW_CHECK_INT(dw_store_lock(s, "x", &e), 0);
	(void)umask(022);
	DW_CHECK_INT(mode_of("state"), 0700);
	DW_CHECK_INT(mode_of("state/journal.db"), 0600);
	DW_CHECK_INT(mode_of("state/journal.db-wal"), 0600);
	DW_CHECK_INT(mode_of("state/lock"), 0600);
	dw_store_free(dw_steal_ptr(s));
	DW_CHECK_INT(symlink(path, link), 0);
	DW_CHECK_INT(dw_store_open(link, false, &s, &e), -EPERM);
	DW_CHECK_INT(chmod(path, 0720), 0);
	DW_CHECK_INT(dw_store_open(path, false, &s, &e), -EPERM);
	DW_CHECK(strstr(e.message, "chmod go= ") != NULL);
	DW_CHECK_INT(chmod(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/state/journal.db", where);
	DW_CHECK_INT(chmod(path, 0604), 0);
	(void)snprintf(path, sizeof(path), "%s/state", where);
	DW_CHECK_INT(dw_store_open(path, false, &s, &e), -EPERM);
	if (geteuid() == 0) {
		DW_CHECK_INT(chown(path, 65534, 65534), 0);
		DW_CHECK_INT(dw_store_open(path, false, &s, &e), -EPERM);
	}
	DW_CHECK(!s);
	clean();
}

static void overwrite(long offset, const char *bytes, size_t n)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/journal.db", where);
	fd = open(path, O_WRONLY);
	DW_CHECK(fd >= 0 && pwrite(fd, bytes, n, offset) == (ssize_t)n);
	(void)close(fd);
}

DW_TEST(a_damaged_journal_says_what_to_do)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_run run = make_run(a);
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
	DW_CHECK_INT(dw_store_begin(s, &run, &e), 0);
	dw_store_free(dw_steal_ptr(s));
	overwrite(0, "this is no database at all", 26);
	DW_CHECK_INT(dw_store_open(where, false, &s, &e), -EBADMSG);
	DW_CHECK(strstr(e.message, "is damaged") && strstr(e.message, ".recover"));
	clean();
}

/* A changed byte of a content is found out by its hash; of a page's structure, by SQLite. */
DW_TEST(a_changed_content_is_found_out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_run run = make_run(a), got;
	struct dw_error e = { 0 };
	char path[128], *at;
	struct dw_bytes b = { 0 };
	int fd;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
	DW_CHECK_INT(dw_store_begin(s, &run, &e), 0);
	dw_store_free(dw_steal_ptr(s));
	(void)snprintf(path, sizeof(path), "%s/journal.db", where);
	fd = open(path, O_RDONLY);
	DW_CHECK_INT(dw_fd_read_all(fd, (size_t)1 << 24, a, &b), 0);
	(void)close(fd);
	at = memmem(b.data, b.n, before, strlen(before));
	DW_CHECK(at != NULL);
	if (at)
		overwrite(at - b.data, "T", 1);
	DW_CHECK_INT(dw_store_open(where, false, &s, &e), 0);
	DW_CHECK_INT(dw_store_load(s, 1, a, &got, &e), -EBADMSG);
	clean();
}

DW_TEST(a_later_version_is_refused)
{
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
	dw_store_free(dw_steal_ptr(s));
	overwrite(60, "\0\0\0\x63", 4); /* user_version, sqlite.org/fileformat.html */
	DW_CHECK_INT(dw_store_open(where, true, &s, &e), -EBADMSG);
	DW_CHECK(strstr(e.message, "is of version 99") != NULL);
	clean();
}

DW_TEST(a_second_one_is_told_who_has_the_lock)
{
	_cleanup_store_ struct dw_store *s = NULL, *other = NULL;
	struct dw_error e = { 0 };
	char pid[32];
	int ready[2], status;
	pid_t child;
	char c;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
	DW_CHECK_INT(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct dw_store *mine = NULL;

		if (dw_store_open(where, false, &mine, NULL) < 0 ||
		    dw_store_lock(mine, "doorward close 23/tcp", NULL) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	DW_CHECK_INT(read(ready[0], &c, 1), 1);
	DW_CHECK_INT(dw_store_lock(s, "doorward undo", &e), -EBUSY);
	(void)snprintf(pid, sizeof(pid), "process %ld ", (long)child);
	DW_CHECK(strstr(e.message, pid) != NULL);
	DW_CHECK(strstr(e.message, "doorward close 23/tcp") != NULL);
	DW_CHECK(strstr(e.message, "since 2") != NULL);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	DW_CHECK_INT(dw_store_lock(s, "doorward undo", &e), 0);
	DW_CHECK_INT(dw_store_lock(s, "doorward undo", &e), 0); /* it is ours already */
	DW_CHECK_INT(dw_store_open(where, false, &other, &e), 0);
	DW_CHECK_INT(dw_store_lock(other, "third", &e), -EBUSY);
	dw_store_free(dw_steal_ptr(s));
	DW_CHECK_INT(dw_store_lock(other, "third", &e), 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
	clean();
}

/* Everything a run writes. A failure leaves all of one call, or nothing. */
static int write_all(struct dw_store *s, struct dw_arena *a, struct dw_error *e)
{
	struct dw_run run = make_run(a);
	int r = dw_store_lock(s, "x", e);

	if (r == 0)
		r = dw_store_begin(s, &run, e);
	if (r == 0)
		r = dw_store_step(s, run.id, 0, DW_RUN_STEP_DONE, 1, NULL, e);
	if (r == 0)
		r = dw_store_save(s, run.id, "o", "n", "x", 1, e);
	if (r == 0)
		r = dw_store_confirm(s, run.id, 7, e);
	if (r == 0)
		r = dw_store_run(s, run.id, DW_RUN_DONE, 2, NULL, e);
	return r;
}

DW_TEST(each_failing_call_leaves_whole_runs)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	unsigned n = 1;
	bool good = false;

	for (; !good && n < 500; n++) {
		_cleanup_store_ struct dw_store *s = NULL;
		struct dw_error e = { 0 };
		struct dw_run *runs = NULL, got;
		size_t count = 0;
		int r;

		DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
		dw_store_fail_at(s, n, ENOSPC);
		r = write_all(s, a, &e);
		good = r == 0;
		DW_CHECK(good || (r == -ENOSPC && e.message[0]));
		dw_store_fail_at(s, 0, 0);
		DW_CHECK_INT(dw_store_runs(s, a, &runs, &count, &e), 0);
		DW_CHECK(count <= 1);
		if (count == 1) {
			DW_CHECK_INT(dw_store_load(s, 1, a, &got, &e), 0);
			DW_CHECK_INT(got.n_steps, 2);
			DW_CHECK_INT(got.units.n, 2);
		}
		DW_CHECK_INT(write_all(s, a, &e), 0); /* it works again */
		clean();
	}
	DW_CHECK(good && n > 30);
}

/* Killed while it makes the journal: an empty file, or one without tables, is begun anew. */
DW_TEST(a_half_made_journal_is_made)
{
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_run *runs = NULL;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	size_t n = 1;
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/journal.db", directory());
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	DW_CHECK(fd >= 0);
	(void)close(fd);
	DW_CHECK_INT(dw_store_open(where, false, &s, NULL), 0);
	DW_CHECK_INT(dw_store_runs(s, a, &runs, &n, NULL), 0);
	DW_CHECK_INT(n, 0);
	clean();
}

/* In a mount namespace of its own: 0 all is as it shall be, 77: it may not mount. */
static int on_read_only(void)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_store *s = NULL;
	struct dw_run *runs = NULL;
	struct dw_error e = { 0 };
	size_t n = 0;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(where, where, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, where, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return 77;
	r = dw_store_open(where, false, &s, &e);
	if (r == 0)
		r = dw_store_runs(s, a, &runs, &n, &e);
	if (r < 0)
		printf("%s\n", e.message);
	return r == 0 && n == 1 && dw_store_lock(s, "x", &e) == -EROFS ? 0 : 1;
}

DW_TEST(history_reads_from_a_read_only_file_system)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_store *s = NULL;
	struct dw_run run = make_run(a);
	int status = 0;
	pid_t child;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_store_begin(s, &run, NULL), 0);
	dw_store_free(s);
	child = fork();
	if (child == 0)
		_exit(on_read_only());
	(void)waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("SKIPPED history_reads_from_a_read_only_file_system: may not mount\n");
	else
		DW_CHECK_INT(status, 0);
	clean();
}

DW_TEST_MAIN
