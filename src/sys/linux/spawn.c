/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys_private.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define LOOK_MS 20

static const char *const clean_environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
						 NULL };

/*
 * Where output goes: a file in memory and no pipe, for a daemon that the program leaves behind keeps it open: reading
 * to the end of a pipe would wait for the daemon, and closing it would kill the daemon at its next word (SIGPIPE).
 */
static int output_file(void)
{
	int fd = memfd_create("output", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("output", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	/* two writers, standard output and error, and one that empties it first: `echo > /dev/stderr` */
	if (fcntl(fd, F_SETFL, O_APPEND) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return fd;
}

static int null_file(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A file in memory, so that a program that does not read it holds up nobody. -1: none is wanted. */
static int input_file(const struct dw_spawn *what)
{
	size_t n = what->input ? strlen(what->input) : 0;
	int fd = what->input ? memfd_create("input", MFD_CLOEXEC) : -1;

	if (!what->input)
		return -1;
	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < n;) {
		ssize_t k = write(fd, what->input + done, n - done);

		if (k <= 0) {
			(void)close(fd);
			return -EIO;
		}
		done += (size_t)k;
	}
	if (lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	(void)close(fd);
	return -EIO;
}

static int add_input(posix_spawn_file_actions_t *actions, int in)
{
	return in >= 0 ? posix_spawn_file_actions_adddup2(actions, in, 0)
		       : posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
}

/*
 * Standard input from in (-1: /dev/null), both outputs into the file, / as directory, default signals, nothing else
 * inherited. A session of its own: what it starts must not end with our terminal, and all that it left can be ended
 * with it.
 */
static int start(const struct dw_spawn *what, int in, int out, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int r;

	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	if ((r = add_input(&actions, in)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&actions, out, 1)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&actions, out, 2)) == 0 &&
	    (r = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0 &&
	    (r = posix_spawn_file_actions_addchdir_np(&actions, "/")) == 0 &&
	    (r = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
	    (r = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
	    (r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF |
							       POSIX_SPAWN_SETSIGMASK |
							       POSIX_SPAWN_SETSID)) == 0)
		r = posix_spawn(
			ret, what->argv[0], &actions, &attributes, (char *const *)what->argv,
			(char *const *)(what->environment ? what->environment : clean_environment));
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* It may not grow beyond what was asked for: looked at every few milliseconds. */
static int wait_for_end(const struct dw_spawn *what, int pidfd, int out)
{
	uint64_t end = dw_monotonic_ms() + what->timeout_ms;

	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		uint64_t now = dw_monotonic_ms();
		struct stat st;
		int n;

		if (what->timeout_ms && now >= end)
			return -ETIMEDOUT;
		n = poll(&p, 1,
			 what->timeout_ms ? (int)DW_MIN(end - now, (uint64_t)LOOK_MS) : LOOK_MS);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (fstat(out, &st) < 0)
			return -errno;
		if (!what->mute && (uint64_t)st.st_size > what->output_max)
			return -EFBIG;
		if (n > 0)
			return 0;
	}
}

/* A daemon that was left behind can write no more: it gets EPERM, and the file does not grow. */
static int read_output(const struct dw_spawn *what, int out, struct dw_arena *a,
		       struct dw_bytes *ret)
{
	(void)fcntl(out, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK);
	(void)fcntl(out, F_ADD_SEALS, F_SEAL_WRITE); /* EBUSY when it is mapped */
	if (lseek(out, 0, SEEK_SET) < 0)
		return -errno;
	return dw_fd_read_all(out, what->output_max, a, ret);
}

static int finish(pid_t pid, int pidfd, bool kill_it)
{
	int status = 0;

	if (kill_it) {
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		/* not waited for yet: the number is still its, and its group's */
		(void)kill(-pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int dw_spawn_run(struct dw_sys *s, const struct dw_spawn *what, struct dw_arena *a,
		 struct dw_bytes *ret_output, int *ret_status, struct dw_error *e)
{
	_cleanup_fd_ int in = -1, out = -1, pidfd = -1;
	struct dw_bytes output = { 0 };
	int r = dw_sys_fault(s), status;
	pid_t pid = -1;

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "%s", what->argv[0]);
	out = what->mute ? null_file() : output_file();
	if (out < 0)
		return dw_error_errno(e, out, "a file for the output of %s", what->argv[0]);
	in = input_file(what);
	if (in < 0 && what->input)
		return dw_error_errno(e, in, "a file for the input of %s", what->argv[0]);
	r = start(what, in, out, &pid);
	if (r < 0)
		return dw_error_errno(e, r, "%s", what->argv[0]);
	/* Our own child cannot be reaped by anybody else before us: the pid is still it. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = pidfd < 0 ? -errno : wait_for_end(what, pidfd, out);
	status = finish(pid, pidfd, r < 0);
	if (r == 0 && !what->mute)
		r = read_output(what, out, a, &output);
	if (r < 0 || status < 0)
		return dw_error_errno(e, r < 0 ? r : status, "%s", what->argv[0]);
	*ret_output = output;
	*ret_status = status;
	return 0;
}
