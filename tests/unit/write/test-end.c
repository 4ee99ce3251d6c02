/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "dw_end.h"
#include "dw_test.h"

#define PATIENCE_MS 60000 /* however busy the machine is */

struct world {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_procs *procs;
};

static struct world world_new(void)
{
	struct world w = { .arena = dw_arena_new() };

	DW_CHECK_INT(dw_sys_open(NULL, &w.sys, NULL), 0);
	w.procs = dw_procs_new(w.sys, w.arena);
	return w;
}

static void world_free(struct world *w)
{
	dw_procs_close(w->procs);
	dw_sys_free(w->sys);
	dw_arena_free(w->arena);
}

static uint64_t started(struct world *w, pid_t pid)
{
	const struct dw_procinfo *i = dw_procs_get(w->procs, pid);

	DW_CHECK(i != NULL);
	return i ? i->started_ticks : 0;
}

static void *sleep_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

enum kind { PLAIN, STUBBORN, STOPPED, HEADLESS, ODDLY_NAMED };

/* A child that waits for its end, ready when the call returns. */
static pid_t child(enum kind kind)
{
	int ready[2];
	pthread_t thread;
	char c;
	pid_t pid;

	DW_CHECK_INT(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (kind == STUBBORN)
			signal(SIGTERM, SIG_IGN);
		if (kind == ODDLY_NAMED)
			prctl(PR_SET_NAME, ") Z 1 (1) ");
		if (kind == HEADLESS && pthread_create(&thread, NULL, sleep_on, NULL) != 0)
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		close(ready[1]);
		if (kind == HEADLESS)
			pthread_exit(NULL);
		if (kind == STOPPED)
			raise(SIGSTOP);
		sleep_on(NULL);
	}
	close(ready[1]);
	DW_CHECK_INT(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static int reap(pid_t pid)
{
	int status = -1;

	DW_CHECK_INT(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

DW_TEST(a_process_is_known_by_its_number_and_its_start)
{
	struct world w = world_new();
	pid_t pid = child(ODDLY_NAMED);
	uint64_t ticks = started(&w, pid);
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_process_is(w.sys, pid, ticks, &e), 1);
	DW_CHECK_INT(dw_sys_process_is(w.sys, pid, ticks + 1, &e), 0);
	DW_CHECK_INT(dw_sys_process_signal(w.sys, pid, ticks + 1, SIGKILL, &e), -ESRCH);
	DW_CHECK_INT(dw_sys_process_end(w.sys, pid, ticks + 1, 0, &e), 0);
	DW_CHECK_INT(dw_sys_process_is(w.sys, pid, ticks, &e), 1);
	DW_CHECK_INT(dw_sys_process_signal(w.sys, pid, ticks, SIGUSR1, &e), 0);
	DW_CHECK_INT(reap(pid), SIGUSR1);
	DW_CHECK_INT(dw_sys_process_is(w.sys, pid, ticks, &e), 0);
	DW_CHECK_INT(dw_sys_process_is(w.sys, 0, 0, &e), -EINVAL);
	world_free(&w);
}

DW_TEST(a_zombie_is_gone_but_a_process_without_its_first_thread_is_not)
{
	struct world w = world_new();
	pid_t zombie = child(PLAIN), headless = child(HEADLESS);
	uint64_t dead = started(&w, zombie), alive = started(&w, headless);
	siginfo_t info;

	DW_CHECK_INT(kill(zombie, SIGKILL), 0);
	DW_CHECK_INT(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
	DW_CHECK_INT(dw_sys_process_is(w.sys, zombie, dead, NULL), 0);
	DW_CHECK_INT(dw_sys_process_end(w.sys, zombie, dead, 1000, NULL), 0);
	DW_CHECK_INT(reap(zombie), SIGKILL);
	for (int i = 0; i < 6000; i++) { /* until its first thread has ended */
		struct dw_procs *again = dw_procs_new(w.sys, w.arena);
		const struct dw_procinfo *p = dw_procs_get(again, headless);
		bool there = !p || p->state == 'Z';

		dw_procs_close(again);
		if (there)
			break;
		usleep(10000);
	}
	DW_CHECK_INT(dw_sys_process_is(w.sys, headless, alive, NULL), 1);
	DW_CHECK_INT(dw_sys_process_end(w.sys, headless, alive, PATIENCE_MS, NULL), 0);
	DW_CHECK_INT(reap(headless), SIGTERM);
	world_free(&w);
}

DW_TEST(term_comes_first_and_kill_when_it_is_not_heard)
{
	struct world w = world_new();
	pid_t plain = child(PLAIN), stubborn = child(STUBBORN), stopped = child(STOPPED);
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_process_end(w.sys, plain, started(&w, plain), PATIENCE_MS, &e), 0);
	DW_CHECK_INT(reap(plain), SIGTERM);
	DW_CHECK_INT(dw_sys_process_end(w.sys, stubborn, started(&w, stubborn), 100, &e), 0);
	DW_CHECK_INT(reap(stubborn), SIGKILL);
	DW_CHECK_INT(dw_sys_process_end(w.sys, stopped, started(&w, stopped), PATIENCE_MS, &e), 0);
	DW_CHECK_INT(reap(stopped), SIGTERM);
	DW_CHECK_STR(e.message, "");
	world_free(&w);
}

DW_TEST(neither_the_first_process_nor_ourselves_nor_the_kernel)
{
	struct world w = world_new();
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_process_end(w.sys, 1, 0, 0, &e), -EINVAL);
	DW_CHECK_INT(dw_sys_process_end(w.sys, getpid(), started(&w, getpid()), 0, &e), -EINVAL);
	DW_CHECK_INT(dw_sys_process_signal(w.sys, getpid(), started(&w, getpid()), 0, &e), -EINVAL);
	DW_CHECK_INT(dw_sys_process_signal(w.sys, -1, 0, SIGKILL, &e), -EINVAL);
	world_free(&w);
}

DW_TEST(every_call_that_fails_is_told)
{
	struct world w = world_new();
	pid_t pid = child(STUBBORN);
	uint64_t ticks = started(&w, pid);
	unsigned n = 0;
	int r;

	do {
		struct dw_error e = { 0 };

		dw_sys_fail_at(w.sys, ++n, EIO);
		r = dw_sys_process_end(w.sys, pid, ticks, 0, &e);
		if (r < 0)
			DW_CHECK(r == -EIO && *e.message);
	} while (r < 0 && n < 50);
	DW_CHECK(n > 5);
	DW_CHECK_INT(reap(pid), SIGKILL);
	world_free(&w);
}

DW_TEST(nothing_is_ended_where_nothing_runs)
{
	struct dw_sys *offline = NULL;

	DW_CHECK_INT(dw_sys_open("/tmp", &offline, NULL), 0);
	DW_CHECK_INT(dw_sys_process_is(offline, 2, 0, NULL), -ENOTSUP);
	DW_CHECK_INT(dw_sys_process_end(offline, 2, 0, 0, NULL), -ENOTSUP);
	DW_CHECK_INT(dw_sys_detach(offline, (const char *const[]){ "/bin/true", NULL }, NULL),
		     -ENOTSUP);
	dw_sys_free(offline);
}

DW_TEST(a_detached_program_has_a_session_of_its_own_and_nothing_of_ours)
{
	struct world w = world_new();
	char path[] = "/tmp/dw-detach-XXXXXX", script[512];
	int fd = mkstemp(path), inherited = dup(fd);
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct dw_error e = { 0 };
	struct dw_bytes text = { 0 };
	struct stat st;

	DW_CHECK(fd >= 0 && inherited >= 0);
	/* one word each: directory, descriptors but the shell's own, whether it leads its session's only group */
	snprintf(script, sizeof(script),
		 "exec 5>%s.new; set -- $(cat /proc/$$/stat); "
		 "echo \"$(pwd) $(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 "
		 "/proc/$$/fd/%d | "
		 "tr '\\n' ' ')$6\" >&5; mv %s.new %s",
		 path, inherited, path, path);
	DW_CHECK_INT(dw_sys_detach(w.sys, argv, &e), 0);
	DW_CHECK_STR(e.message, "");
	DW_CHECK_SOON(stat(path, &st) == 0 && st.st_size > 0);
	DW_CHECK_INT(dw_sys_file_read(w.sys, path, 4096, w.arena, &text, NULL), 0);
	if (text.data) {
		int sid = 0;

		DW_CHECK_INT(sscanf(text.data, "/ /dev/null /dev/null /dev/null %d", &sid), 1);
		DW_CHECK(sid > 1 && sid != getsid(0));
	}
	DW_CHECK_INT(waitpid(-1, NULL, WNOHANG), -1); /* no child of ours */
	argv[0] = "/nonexistent/program";
	DW_CHECK_INT(dw_sys_detach(w.sys, argv, &e), -ENOENT);
	DW_CHECK(strstr(e.message, argv[0]) != NULL);
	close(fd);
	close(inherited);
	unlink(path);
	world_free(&w);
}

DW_TEST_MAIN
