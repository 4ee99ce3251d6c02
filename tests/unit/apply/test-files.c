/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The executor over the real switch of files, below a directory: what an undo leaves is what stat(2) said before. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "dw_state.h"
#include "dw_str.h"
#include "dw_test.h"
#include "stage.h"

static int notify(struct dw_switch *s, const char *who, struct dw_error *e)
{
	return 0;
}

static const char *below(struct stage *s, const char *path)
{
	return dw_arena_printf(s->arena, "%s%s", stage_directory, path);
}

static void put(struct stage *s, const char *path, const char *text, mode_t mode)
{
	_cleanup_fd_ int fd = open(below(s, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	const struct timespec times[2] = { { .tv_sec = 1000 },
					   { .tv_sec = 1234, .tv_nsec = 5678 } };

	DW_CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	DW_CHECK_INT(fchmod(fd, mode), 0);
	DW_CHECK_INT(futimens(fd, times), 0);
}

static const char *get(struct stage *s, const char *path)
{
	_cleanup_fd_ int fd = open(below(s, path), O_RDONLY);
	struct dw_bytes b = { 0 };

	return fd >= 0 && dw_fd_read_all(fd, 4096, s->arena, &b) == 0 ? b.data : NULL;
}

static void begin(struct stage *s)
{
	stage_directory_new();
	stage_open(s, stage_directory);
	s->apply.find = dw_switch_find;
	s->apply.notify = notify;
	DW_CHECK_INT(mkdir(below(s, "/etc"), 0755), 0);
	put(s, "/etc/inetd.conf", "# mine\ntelnet stream\nftp stream\n", 0640);
	(void)setxattr(below(s, "/etc/inetd.conf"), "user.note", "kept", 4, 0);
	DW_CHECK_INT(symlink("../x.service", below(s, "/etc/x.link")), 0);
}

static void end(struct stage *s)
{
	stage_close(s);
	stage_directory_remove(stage_directory);
}

static struct dw_step step(struct stage *s, const char *path)
{
	struct dw_step t = { .phase = DW_PHASE_BOOT, .manager = "file", .object = path };

	DW_CHECK_INT(dw_switch_find("file")->state(&s->sw, path, &t.expect, &s->e), 0);
	return t;
}

static struct dw_run close_all(struct stage *s)
{
	static char closed[] = "# mine\n#telnet stream\nftp stream\n";
	struct dw_run run = { .kind = "close" };

	run.n_steps = 3;
	run.steps = dw_arena_array(s->arena, run.n_steps, sizeof(*run.steps));
	run.steps[0].step = step(s, "/etc/inetd.conf");
	run.steps[0].step.want.data = (struct dw_bytes){ closed, strlen(closed) };
	run.steps[0].step.want.text = dw_state_file_with(s->arena, run.steps[0].step.expect.text,
							 &run.steps[0].step.want.data);
	run.steps[1].step = step(s, "/etc/x.link");
	run.steps[1].step.want.text = "absent";
	run.steps[2].step = step(s, "/etc/mask");
	run.steps[2].step.want.text = "link /dev/null";
	DW_CHECK_INT(dw_apply_run(&s->apply, &run, &s->e), 0);
	DW_CHECK_INT(dw_apply_finish(&s->apply, &run, true, NULL, &s->e), 0);
	DW_CHECK_STR(get(s, "/etc/inetd.conf"), closed);
	return run;
}

static int not_ready(struct dw_switch *s, const char *who, struct dw_error *e)
{
	return dw_error_set(e, -EIO, "%s is not ready", who);
}

/* Whoever is to hear of a change says no before it is made. */
DW_TEST(nothing_is_begun_that_could_not_be_proven)
{
	struct stage s;
	struct dw_run run = { .kind = "close", .n_steps = 1 };
	struct stat st = { 0 };

	begin(&s);
	s.apply.ready = not_ready;
	run.steps = dw_arena_array(s.arena, 1, sizeof(*run.steps));
	run.steps[0].step = step(&s, "/etc/x.link");
	run.steps[0].step.want.text = "absent";
	run.steps[0].step.notify = "sshd";
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), -EIO);
	DW_CHECK_STR(s.e.message, "sshd is not ready");
	DW_CHECK_INT(lstat(below(&s, "/etc/x.link"), &st), 0);
	DW_CHECK_INT(run.id, 0);
	s.e = (struct dw_error){ 0 };
	run.steps[0].step.notify = NULL; /* nobody is told */
	DW_CHECK_INT(dw_apply_run(&s.apply, &run, &s.e), 0);
	DW_CHECK(run.id > 0 && lstat(below(&s, "/etc/x.link"), &st) < 0);
	end(&s);
}

DW_TEST(files_and_links_are_as_before)
{
	struct stage s;
	struct dw_run run, back;
	struct stat st = { 0 };
	char note[8] = "", target[32] = "";

	begin(&s);
	run = close_all(&s);
	DW_CHECK(lstat(below(&s, "/etc/x.link"), &st) < 0);
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK_STR(get(&s, "/etc/inetd.conf"), "# mine\ntelnet stream\nftp stream\n");
	DW_CHECK_INT(stat(below(&s, "/etc/inetd.conf"), &st), 0);
	DW_CHECK_INT(st.st_mode & 07777, 0640);
	DW_CHECK_INT(st.st_mtim.tv_sec, 1234);
	DW_CHECK_INT(st.st_mtim.tv_nsec, 5678);
	if (strstr(run.steps[0].step.expect.text, "xattr:user.note="))
		DW_CHECK_INT(getxattr(below(&s, "/etc/inetd.conf"), "user.note", note, 8), 4);
	DW_CHECK_INT(readlink(below(&s, "/etc/x.link"), target, sizeof(target) - 1), 12);
	DW_CHECK(lstat(below(&s, "/etc/mask"), &st) < 0);
	end(&s);
}

DW_TEST(a_file_that_was_edited_keeps_the_edit)
{
	struct stage s;
	struct dw_run run, back;
	struct stat st = { 0 };

	begin(&s);
	run = close_all(&s);
	put(&s, "/etc/inetd.conf", "# mine\n#telnet stream\nftp stream\nown line\n", 0600);
	DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
	DW_CHECK_STR(get(&s, "/etc/inetd.conf"), "# mine\ntelnet stream\nftp stream\nown line\n");
	DW_CHECK_INT(stat(below(&s, "/etc/inetd.conf"), &st), 0);
	DW_CHECK_INT(st.st_mode & 07777, 0600);
	end(&s);
}

/* Each call of the room of the operating system fails once, on the way forth: the first state, or the last one. */
DW_TEST(each_failing_call_of_the_system_is_survived)
{
	bool good = false;
	unsigned n = 1;

	for (; !good && n < 500; n++) {
		struct stage s;
		struct dw_run run = { .kind = "close" }, back;
		int r;

		begin(&s);
		run.n_steps = 1;
		run.steps = dw_arena_array(s.arena, 1, sizeof(*run.steps));
		run.steps[0].step = step(&s, "/etc/inetd.conf");
		run.steps[0].step.want.text = "absent";
		dw_sys_fail_at(s.sys, n, EIO);
		r = dw_apply_run(&s.apply, &run, &s.e);
		dw_sys_fail_at(s.sys, 0, 0);
		good = r == 0;
		DW_CHECK_STR(get(&s, "/etc/inetd.conf"),
			     good ? NULL : "# mine\ntelnet stream\nftp stream\n");
		if (good)
			DW_CHECK_INT(dw_apply_undo(&s.apply, run.id, false, &back, &s.e), 0);
		end(&s);
	}
	DW_CHECK(good && n > 5);
}

static void kill_at(void *data, unsigned n)
{
	if (n == *(const unsigned *)data)
		(void)raise(SIGKILL);
}

/* A run of all steps that dies before that commit of the journal. */
static void run_killed(unsigned n)
{
	pid_t child = fork();

	if (child == 0) {
		struct stage s;

		stage_open(&s, stage_directory);
		s.apply.find = dw_switch_find;
		s.apply.notify = notify;
		dw_store_on_commit(s.store, kill_at, &n);
		(void)close_all(&s);
		_exit(0);
	}
	DW_CHECK_INT(waitpid(child, NULL, 0), child);
}

static enum dw_run_step_state first_step(struct stage *s)
{
	struct dw_run *runs = NULL, run = { 0 };
	size_t n = 0;

	DW_CHECK_INT(dw_store_runs(s->store, s->arena, &runs, &n, &s->e), 0);
	if (!n)
		return DW_RUN_STEP_UNKNOWN;
	DW_CHECK_INT(dw_store_load(s->store, runs[0].id, s->arena, &run, &s->e), 0);
	return run.steps[0].state;
}

/* Killed between the intent and the rename: the file is as before, and what was to become it lies beside it. */
DW_TEST(what_a_killed_write_left_goes_with_the_settling)
{
	unsigned seen = 0;

	for (unsigned n = 1; n < 12; n++) {
		struct stage s;
		struct stat st = { 0 };

		begin(&s);
		stage_close(&s);
		run_killed(n);
		stage_open(&s, stage_directory);
		s.apply.find = dw_switch_find;
		s.apply.notify = notify;
		if (first_step(&s) == DW_RUN_STEP_INTENDED) {
			put(&s, "/etc/.doorward.0123456789abcdef.tmp", "half", 0600);
			put(&s, "/etc/.doorward.mine.tmp", "theirs", 0600);
			DW_CHECK(dw_apply_settle(&s.apply, &s.e) >= 0);
			DW_CHECK(lstat(below(&s, "/etc/.doorward.0123456789abcdef.tmp"), &st) < 0);
			DW_CHECK_INT(lstat(below(&s, "/etc/.doorward.mine.tmp"), &st), 0);
			DW_CHECK_STR(get(&s, "/etc/inetd.conf"),
				     "# mine\ntelnet stream\nftp stream\n");
			seen++;
		}
		end(&s);
	}
	DW_CHECK(seen > 0);
}

DW_TEST_MAIN
