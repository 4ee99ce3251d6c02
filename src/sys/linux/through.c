/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command of the user's, as he typed it: the one program that is not started in a clean environment. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "dw_around.h"
#include "sys_private.h"

extern char **environ;

/* The child has the signals as the user's shell would give them: we ignore SIGPIPE, and for now SIGINT and SIGQUIT. */
static int start(const char *const *argv, pid_t *ret)
{
	posix_spawnattr_t attributes;
	sigset_t defaults, none;
	int r = posix_spawnattr_init(&attributes);

	if (r != 0)
		return -r;
	(void)sigemptyset(&none);
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	(void)sigaddset(&defaults, SIGINT);
	(void)sigaddset(&defaults, SIGQUIT);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &defaults);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	r = posix_spawnp(ret, argv[0], NULL, &attributes, (char *const *)argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return -r;
}

static int wait_for(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int dw_sys_run_through(struct dw_sys *s, const char *const *argv, int *ret_status,
		       struct dw_error *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	pid_t child = 0;
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "%s", argv[0]);
	if (!dw_sys_is_running(s) || dw_sys_is_fake(s))
		return dw_error_set(e, -ENOTSUP, "a command can only be run on this host");
	/* as system(3) does: who interrupts the command wants to see what it did so far */
	(void)sigaction(SIGINT, &ignore, &interrupt);
	(void)sigaction(SIGQUIT, &ignore, &quit);
	r = start(argv, &child);
	if (r == 0)
		r = wait_for(child);
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGQUIT, &quit, NULL);
	if (r < 0)
		return dw_error_errno(e, r, "%s", argv[0]);
	*ret_status = r;
	return 0;
}
