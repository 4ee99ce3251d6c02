/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other end of a pipe tells a child of our end, whatever it was: the kernel closes what we held. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_sysctl.h"
#include "sys_private.h"

/* Milliseconds of a clock that goes on while the host sleeps. */
static uint64_t boot_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void wait_for_end(int fd, uint64_t seconds)
{
	uint64_t end = boot_ms() + seconds * 1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		uint64_t now = boot_ms();

		/* a second at most: poll's clock stands still while the host sleeps */
		if (now >= end || poll(&p, 1, (int)DW_MIN(end - now, (uint64_t)1000)) > 0)
			return;
	}
}

_Noreturn static void guard(const int *fds, const int *ready, uint64_t seconds,
			    void (*then)(void *data), void *data)
{
	static const int heard[] = { SIGHUP,  SIGINT,  SIGTERM, SIGQUIT, SIGPIPE,
				     SIGUSR1, SIGUSR2, SIGTSTP, SIGALRM };

	(void)setsid(); /* what is sent to our group or terminal does not reach it */
	for (size_t i = 0; i < DW_ARRAY_SIZE(heard); i++)
		(void)signal(heard[i], SIG_IGN);
	(void)close(fds[1]);
	(void)close(ready[0]);
	/* whoever reads our output to its end must not wait for the guard */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null >= 0 && null != fd) {
			(void)dup2(null, fd);
			(void)close(null);
		}
	}
	(void)!write(ready[1], "", 1);
	(void)close(ready[1]);
	wait_for_end(fds[0], seconds);
	then(data);
	_exit(0);
}

int dw_guardian_start(struct dw_sys *s, void (*then)(void *data), void *data, uint64_t seconds,
		      struct dw_guardian *ret, struct dw_error *e)
{
	int fds[2] = { -1, -1 }, ready[2] = { -1, -1 }, r = dw_sys_fault(s);
	pid_t pid = -1;
	char byte;

	if (r == 0 && (pipe2(fds, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0))
		r = -errno;
	if (r == 0) {
		pid = fork();
		if (pid == 0)
			guard(fds, ready, seconds, then, data);
		r = pid < 0 ? -errno : 0;
	}
	dw_cleanup_fd(&ready[1]);
	dw_cleanup_fd(&fds[0]);
	if (r == 0 && read(ready[0], &byte, 1) != 1)
		r = -ECHILD;
	dw_cleanup_fd(&ready[0]);
	if (r < 0) {
		dw_cleanup_fd(&fds[1]);
		return dw_error_errno(e, r,
				      "a process that puts things right should this one be killed");
	}
	*ret = (struct dw_guardian){ .pid = pid, .pipe = fds[1] };
	return 0;
}

bool dw_guardian_ended(struct dw_guardian *g, unsigned ms)
{
	/* POLLERR of the writing end: nobody reads any more */
	struct pollfd p = { .fd = g->pipe };

	return poll(&p, 1, (int)ms) > 0;
}

bool dw_guardian_finish(struct dw_guardian *g)
{
	int status = 0;
	pid_t r;

	dw_cleanup_fd(&g->pipe);
	g->pipe = -1;
	do {
		r = waitpid(g->pid, &status, 0);
	} while (r < 0 && errno == EINTR);
	return r == g->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
