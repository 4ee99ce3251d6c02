/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ending processes. The pidfd is opened first and the start time is read after that: as long as what /proc/PID then
 * tells is that very process's, the pidfd is of it, or of one that is gone; a signal through it reaches nobody else.
 */
#include "dw_end.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "dw_str.h"
#include "sys_private.h"

#define KILL_MS    5000U
#define PF_KTHREAD 0x00200000U /* include/linux/sched.h */

struct stat_line {
	char state;
	uint64_t flags, started;
};

/* Field n of what stands behind the last ')' (a name may hold anything); the state is field 3, see proc(5). */
static bool field(const char *rest, unsigned n, uint64_t *ret)
{
	for (unsigned i = 3; i < n; i++) {
		rest = strchr(rest, ' ');
		if (!rest)
			return false;
		rest++;
	}
	return dw_parse_u64n(rest, strcspn(rest, " \n"), 10, UINT64_MAX, ret);
}

static int read_stat(struct dw_sys *s, int pid, struct stat_line *ret)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_fd_ int fd = -1;
	struct dw_bytes text = { 0 };
	const char *close;
	char name[32];
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), "%d/stat", pid);
	fd = openat(s->proc_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = dw_fd_read_all(fd, 4096, a, &text);
	if (r < 0)
		return r;
	close = strrchr(text.data, ')');
	if (!close || close[1] != ' ')
		return -EIO;
	ret->state = close[2];
	return field(close + 2, 9, &ret->flags) && field(close + 2, 22, &ret->started) ? 0 : -EIO;
}

/* A pidfd becomes readable when the whole process has ended, reaped or not (pidfd_poll() of kernel/fork.c). */
static int wait_end(struct dw_sys *s, int pidfd, unsigned ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	struct timespec now, end;
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	for (;;) {
		int64_t left;

		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		left = (int64_t)(end.tv_sec - now.tv_sec) * 1000 +
		       (end.tv_nsec - now.tv_nsec) / 1000000;
		r = poll(&p, 1, left > 0 ? (int)DW_MIN(left, 60000) : 0);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			return 1;
		if (left <= 0)
			return 0;
	}
}

/*
 * A pidfd of that very process. -ESRCH: it is gone. A zombie is gone; but the letter Z alone does not say so: a
 * process whose first thread ended while others run on has it too, and still holds its sockets.
 */
static int open_it(struct dw_sys *s, int pid, uint64_t started, struct stat_line *ret)
{
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0) /* EINVAL, ENOENT: a thread that leads no process has the number */
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
	r = read_stat(s, pid, ret);
	if (r < 0)
		return r;
	if (ret->started != started)
		return -ESRCH;
	r = wait_end(s, fd, 0);
	if (r < 0)
		return r;
	return r > 0 ? -ESRCH : dw_steal_fd(&fd);
}

static int recorded_is(struct dw_sys *s, int pid, uint64_t started)
{
	struct stat_line line = { 0 };
	int r = read_stat(s, pid, &line);

	if (r < 0)
		return r;
	return line.started == started && line.state != 'Z' && line.state != 'X' ? 1 : -ESRCH;
}

int dw_sys_process_is(struct dw_sys *s, int pid, uint64_t started_ticks, struct dw_error *e)
{
	_cleanup_fd_ int fd = -1;
	struct stat_line line = { 0 };
	int r;

	if (!dw_sys_is_running(s))
		return dw_error_set(e, -ENOTSUP, "nothing runs in this root");
	if (pid <= 0)
		return dw_error_set(e, -EINVAL, "%d is no process", pid);
	if (s->kind == DW_SYS_FAKE) {
		r = recorded_is(s, pid, started_ticks);
	} else {
		fd = open_it(s, pid, started_ticks, &line);
		r = fd < 0 ? fd : 0;
	}
	if (r == -ESRCH)
		return 0;
	return r < 0 ? dw_error_errno(e, r, "process %d", pid) : 1;
}

/* --- signals ------------------------------------------------------------------------------------ */

static int send_signal(struct dw_sys *s, int pidfd, int signal)
{
	int r = dw_sys_fault(s);

	return r == 0 && syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : r;
}

/* The pidfd, with the message when it cannot be had. */
static int open_live(struct dw_sys *s, int pid, uint64_t started, struct dw_error *e)
{
	_cleanup_fd_ int fd = -1;
	struct stat_line line = { 0 };

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "process %d: nothing runs here", pid);
	if (pid <= 1 || pid == getpid())
		return dw_error_set(e, -EINVAL, "process %d: %s is never signalled", pid,
				    pid == getpid() ? "doorward itself" : "it");
	fd = open_it(s, pid, started, &line);
	if (fd == -ESRCH)
		return dw_error_set(e, -ESRCH, "process %d: it is gone", pid);
	if (fd < 0)
		return dw_error_errno(e, fd, "process %d", pid);
	if (line.flags & PF_KTHREAD)
		return dw_error_set(e, -EINVAL, "process %d: it is a part of the kernel", pid);
	return dw_steal_fd(&fd);
}

int dw_sys_process_signal(struct dw_sys *s, int pid, uint64_t started_ticks, int signal,
			  struct dw_error *e)
{
	_cleanup_fd_ int fd = open_live(s, pid, started_ticks, e);
	int r;

	if (fd < 0)
		return fd;
	r = send_signal(s, fd, signal);
	return r < 0 ? dw_error_errno(e, r, "process %d", pid) : 0;
}

/* 1: it ended. A stopped process takes TERM only when it goes on. */
static int ask_to_end(struct dw_sys *s, int pidfd, unsigned grace_ms)
{
	int r = send_signal(s, pidfd, SIGTERM);

	if (r == 0)
		r = send_signal(s, pidfd, SIGCONT);
	if (r < 0)
		return r == -ESRCH ? 1 : r;
	return wait_end(s, pidfd, grace_ms);
}

static int make_end(struct dw_sys *s, int pidfd)
{
	int r = send_signal(s, pidfd, SIGKILL);

	if (r < 0)
		return r == -ESRCH ? 1 : r;
	return wait_end(s, pidfd, KILL_MS);
}

int dw_sys_process_end(struct dw_sys *s, int pid, uint64_t started_ticks, unsigned grace_ms,
		       struct dw_error *e)
{
	_cleanup_fd_ int fd = open_live(s, pid, started_ticks, e);
	int r;

	if (fd < 0)
		return fd == -ESRCH ? 0 : fd;
	r = ask_to_end(s, fd, grace_ms);
	if (r == 0)
		r = make_end(s, fd);
	if (r == 0)
		return dw_error_set(e, -ETIMEDOUT,
				    "process %d: even KILL did not end it: it hangs in the kernel",
				    pid);
	return r < 0 ? dw_error_errno(e, r, "process %d", pid) : 0;
}

/* --- programs that outlive us ------------------------------------------------------------------- */

#define REPORT_FD 3

/* Between fork(2) and execve(2): only what signal-safety(7) allows. */
_Noreturn static void become(const char *const *argv, int report)
{
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
						   NULL };
	union {
		const char *const *in;
		char *const *out; /* execve(2)'s prototype; it does not write */
	} args = { .in = argv }, env = { .in = environment };
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR), failed;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &standard, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)umask(022);
	/* out of the way of 0 to 3 before these are filled */
	report = fcntl(report, F_DUPFD_CLOEXEC, 10);
	null = fcntl(null, F_DUPFD_CLOEXEC, 10);
	if (report < 0 || dup3(report, REPORT_FD, O_CLOEXEC) != REPORT_FD)
		_exit(127);
	if (null >= 0 && chdir("/") == 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 &&
	    dup2(null, 2) == 2 && syscall(SYS_close_range, REPORT_FD + 1, ~0U, 0) == 0)
		(void)execve(argv[0], args.out, env.out);
	failed = errno;
	(void)!write(REPORT_FD, &failed, sizeof(failed));
	_exit(127);
}

/* The one in between leads the session and ends at once, so that the program's parent is not us. */
_Noreturn static void stand_between(const char *const *argv, int report)
{
	pid_t pid;

	if (setsid() < 0)
		_exit(errno);
	pid = fork();
	if (pid == 0)
		become(argv, report);
	_exit(pid < 0 ? errno : 0);
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 0 : -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

int dw_sys_detach(struct dw_sys *s, const char *const *argv, struct dw_error *e)
{
	_cleanup_fd_ int from = -1, to = -1;
	int fds[2], failed = 0, r = dw_sys_fault(s);
	ssize_t n;
	pid_t pid;

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "%s", argv[0]);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return dw_error_errno(e, -errno, "a pipe for %s", argv[0]);
	from = fds[0];
	to = fds[1];
	pid = fork();
	if (pid < 0)
		return dw_error_errno(e, -errno, "a process for %s", argv[0]);
	if (pid == 0)
		stand_between(argv, to);
	(void)close(dw_steal_fd(&to));
	r = reap(pid);
	/* the end of the pipe without a word: execve(2) closed it, the program runs */
	do {
		n = r < 0 ? 0 : read(from, &failed, sizeof(failed));
	} while (n < 0 && errno == EINTR);
	if (r == 0 && n == (ssize_t)sizeof(failed))
		r = -failed;
	return r < 0 ? dw_error_errno(e, r, "%s", argv[0]) : 0;
}
