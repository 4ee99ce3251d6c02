/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "dw_str.h"
#include "sys_private.h"

static const char *const clean_environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
						 NULL };

static uint64_t now_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Standard input from /dev/null, both outputs into the pipe, default signals, nothing else inherited. */
static int start(const struct dw_spawn *what, int out, pid_t *ret)
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
	if ((r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&actions, out, 1)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&actions, out, 2)) == 0 &&
	    (r = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0 &&
	    (r = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
	    (r = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
	    (r = posix_spawnattr_setflags(&attributes,
					  POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)) == 0)
		r = posix_spawn(ret, what->argv[0], &actions, &attributes,
				(char *const *)what->argv, (char *const *)clean_environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int gather(const struct dw_spawn *what, int from, struct dw_str *output)
{
	uint64_t end = now_ms() + what->timeout_ms;
	char buffer[4096];

	for (;;) {
		struct pollfd p = { .fd = from, .events = POLLIN };
		uint64_t now = now_ms();
		ssize_t n;

		if (what->timeout_ms && now >= end)
			return -ETIMEDOUT;
		if (poll(&p, 1, what->timeout_ms ? (int)(end - now) : -1) < 0 && errno != EINTR)
			return -errno;
		if (p.revents == 0)
			continue;
		n = read(from, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (output->n + (size_t)n > what->output_max)
			return -EFBIG;
		dw_str_addn(output, buffer, (size_t)n);
	}
}

static int finish(pid_t pid, int pidfd, bool kill_it)
{
	int status = 0;

	if (kill_it)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int dw_spawn_run(struct dw_sys *s, const struct dw_spawn *what, struct dw_arena *a,
		 struct dw_bytes *ret_output, int *ret_status, struct dw_error *e)
{
	_cleanup_fd_ int from = -1, to = -1, pidfd = -1;
	struct dw_str output = { .arena = a };
	int fds[2], r = dw_sys_fault(s), status;
	pid_t pid = -1;

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "%s", what->argv[0]);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return dw_error_errno(e, -errno, "pipe");
	from = fds[0];
	to = fds[1];
	r = start(what, to, &pid);
	if (r < 0)
		return dw_error_errno(e, r, "%s", what->argv[0]);
	/* Our own child cannot be reaped by anybody else before us: the pid is still it. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	(void)close(dw_steal_fd(&to));
	r = gather(what, from, &output);
	status = finish(pid, pidfd, r < 0);
	if (r < 0 || status < 0)
		return dw_error_errno(e, r < 0 ? r : status, "%s", what->argv[0]);
	dw_str_add(&output, "");
	*ret_output = (struct dw_bytes){ .data = output.s, .n = output.n };
	*ret_status = status;
	return 0;
}
