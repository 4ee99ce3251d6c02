/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into the program: counts the calls by which it changes anything, and ends it by SIGKILL before the n-th.
 *
 *	KILL_AT=n       kill before the n-th (from 1); 0 or not set: count alone
 *	KILL_COUNT=FILE where the number so far is written, in decimal, after each
 *	PAUSE_AT=n      wait before the n-th until the file PAUSE_UNTIL is there, five minutes at most
 *
 * Counted: what makes bytes last (fsync, fdatasync), what makes or takes away names, signals by pidfd, new processes,
 * and each message to a bus that starts, stops or reloads. Calls that only read are not. The programs that it starts
 * are not counted: LD_PRELOAD is taken out of the environment first thing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long counted;
static long kill_at, pause_at;
static char pause_until[256];
static int count_fd = -1;

static long number(const char *name, long otherwise)
{
	const char *s = getenv(name);

	return s ? strtol(s, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("KILL_COUNT");
	const char *until = getenv("PAUSE_UNTIL");

	kill_at = number("KILL_AT", 0);
	pause_at = number("PAUSE_AT", 0);
	(void)snprintf(pause_until, sizeof(pause_until), "%s", until ? until : "");
	if (file)
		count_fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, 0600);
	unsetenv("LD_PRELOAD");
	unsetenv("KILL_AT");
	unsetenv("KILL_COUNT");
	unsetenv("PAUSE_AT");
	unsetenv("PAUSE_UNTIL");
}

static void note(long n, const char *what)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "%ld %s\n", n, what);

	if (count_fd >= 0 && write(count_fd, line, (size_t)len) < 0)
		abort();
}

static void count(const char *what)
{
	long n = atomic_fetch_add(&counted, 1) + 1;

	note(n, what);
	for (int i = 0; n == pause_at && i < 3000 && access(pause_until, F_OK) < 0; i++)
		usleep(100 * 1000);
	if (n == kill_at)
		kill(getpid(), SIGKILL);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define COUNTED(type, name, parameters, ...)                                                       \
	type name parameters                                                                       \
	{                                                                                          \
		count(#name);                                                                      \
		return NEXT(name)(__VA_ARGS__);                                                    \
	}

COUNTED(int, fsync, (int fd), fd)
COUNTED(int, fdatasync, (int fd), fd)
COUNTED(int, rename, (const char *a, const char *b), a, b)
COUNTED(int, renameat, (int d, const char *a, int e, const char *b), d, a, e, b)
COUNTED(int, renameat2, (int d, const char *a, int e, const char *b, unsigned f), d, a, e, b, f)
COUNTED(int, unlinkat, (int d, const char *a, int f), d, a, f)
COUNTED(int, symlinkat, (const char *a, int d, const char *b), a, d, b)
COUNTED(int, linkat, (int d, const char *a, int e, const char *b, int f), d, a, e, b, f)
COUNTED(int, pidfd_send_signal, (int fd, int sig, siginfo_t *info, unsigned flags), fd, sig, info,
	flags)
COUNTED(pid_t, fork, (void), )
COUNTED(int, posix_spawn,
	(pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
	 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]),
	pid, path, actions, attributes, argv, envp)

/* A method call names its member in its header: text in the first bytes of the message. */
static const char *changes(const struct iovec *v, size_t n)
{
	static const char *const members[] = { "StartUnit", "StopUnit",    "RestartUnit",
					       "KillUnit",  "ResetFailed", "StartTransientUnit" };

	for (size_t i = 0; i < n; i++)
		for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
			if (memmem(v[i].iov_base, v[i].iov_len, members[m], strlen(members[m])))
				return members[m];
	for (size_t i = 0; i < n; i++)
		if (memmem(v[i].iov_base, v[i].iov_len, "\0Reload\0", 8))
			return "Reload";
	return NULL;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	const char *what = changes(m->msg_iov, m->msg_iovlen);

	if (what)
		count(what);
	return NEXT(sendmsg)(fd, m, flags);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	const char *what = changes(v, (size_t)n);

	if (what)
		count(what);
	return NEXT(writev)(fd, v, n);
}

/* glibc has no wrapper for all of them in every version: by number, as the program may call it. */
long syscall(long nr, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nr == SYS_pidfd_send_signal || nr == SYS_renameat2)
		count(nr == SYS_renameat2 ? "renameat2" : "pidfd_send_signal");
	return NEXT(syscall)(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}
