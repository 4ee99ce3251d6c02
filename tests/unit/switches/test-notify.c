/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told of changed files: daemons by their program, init by telinit(8). systemd's part: test-systemd.c */
#include "namespace.h"

static void copy_program(const char *from, const char *to)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };
	_cleanup_fd_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	DW_CHECK_INT(dw_fd_read_all(in, DW_FILE_MAX, a, &text), 0);
	DW_CHECK_INT(write(out, text.data, text.n), text.n);
}

/* Runs a copy of sleep(1), which ends by SIGHUP; returns when it is that program. */
static pid_t start_daemon(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGHUP, SIG_DFL); /* nohup(1) hands on that it is ignored */
		(void)execl(path, path, "600", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 12000; i++) {
		char exe[256] = { 0 }, link[64];

		(void)snprintf(link, sizeof(link), "/proc/%d/exe", pid);
		if (readlink(link, exe, sizeof(exe) - 1) > 0 && dw_starts_with(exe, path))
			break;
		(void)usleep(5000);
	}
	return pid;
}

/* The signal that ended it; 0: it goes on. */
static int ended_by(pid_t pid)
{
	int status = 0;

	for (int i = 0; i < 12000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
		(void)usleep(5000);
	}
	return 0;
}

DW_TEST(all_processes_of_the_program_hear_of_it_and_no_others)
{
	struct rig r = { 0 };
	char ours[128], other[128], who[160];
	pid_t a, b, c;

	rig_open(&r, "file", NULL);
	(void)rig_directory(&r);
	(void)snprintf(ours, sizeof(ours), "%s/inetd", r.dir);
	(void)snprintf(other, sizeof(other), "%s/inetd2", r.dir);
	copy_program("/bin/sleep", ours);
	copy_program("/bin/sleep", other);
	a = start_daemon(ours);
	b = start_daemon(ours);
	c = start_daemon(other);
	(void)snprintf(who, sizeof(who), "inetd %s", ours);
	DW_CHECK_INT(dw_switch_notify(&r.sw, who, &r.e), 0);
	DW_CHECK_INT(ended_by(a), SIGHUP);
	DW_CHECK_INT(ended_by(b), SIGHUP);
	DW_CHECK_INT(waitpid(c, NULL, WNOHANG), 0);
	DW_CHECK_INT(dw_switch_notify(&r.sw, who, &r.e), 0); /* nobody is left */
	DW_CHECK_STR(r.e.message, "");
	/* a program that was replaced since it started (an upgrade) */
	DW_CHECK_INT(unlink(other), 0);
	copy_program("/bin/sleep", other);
	(void)snprintf(who, sizeof(who), "xinetd %s", other);
	DW_CHECK_INT(dw_switch_notify(&r.sw, who, &r.e), 0);
	DW_CHECK_INT(ended_by(c), SIGHUP);
	rig_close(&r);
}

static void init(void)
{
	struct rig r = { 0 };

	rig_open(&r, "file", NULL);
	rig_put("/usr/local/sbin/telinit", "", 0755, "#!/bin/sh\necho \"$*\" >> /run/told\n");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "init", &r.e), 0);
	DW_CHECK(access("/run/told", F_OK) < 0); /* no inittab: nobody reads it */
	rig_put("/etc/inittab", "", 0644, "id:2:initdefault:\n");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "init", &r.e), 0);
	{
		struct dw_bytes text = { 0 };

		DW_CHECK_INT(dw_sys_file_read(r.sw.sys, "/run/told", 100, r.sw.arena, &text, &r.e),
			     0);
		DW_CHECK_STR(text.data, "q\n");
	}
	rig_put("/usr/local/sbin/telinit", "", 0755, "#!/bin/sh\necho no; exit 1\n");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "init", &r.e), -EIO);
	DW_CHECK(strstr(r.e.message, "exit status 1: no") != NULL);
	rig_close(&r);
}

DW_TEST(init_is_told_by_telinit)
{
	namespace_run(init);
}

DW_TEST_MAIN
