/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure NETNS|- PROGRAM [ARGUMENT]...
 *
 * Runs the program in that network namespace with no output, and prints its exit status, the seconds from fork(2)
 * to its end, its processor seconds and its peak memory in KiB. Small on purpose: a child pays for what its parent
 * has mapped, in time (copying of page tables) and in ru_maxrss.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILED 126

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void run(const char *netns, char **command)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* a bench that is ended leaves nobody behind */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (nothing < 0 || dup2(nothing, STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0)
		_exit(FAILED);
	if (strcmp(netns, "-") != 0) {
		int fd = open(netns, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
			_exit(FAILED);
	}
	execvp(command[0], command);
	_exit(FAILED);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	double begin = now(), end;
	pid_t child;

	if (argc < 3) {
		(void)fputs("usage: measure NETNS|- PROGRAM [ARGUMENT]...\n", stderr);
		return 2;
	}
	child = fork();
	if (child == 0)
		run(argv[1], argv + 2);
	if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
		(void)fprintf(stderr, "measure: %s\n", strerror(errno));
		return 1;
	}
	end = now();
	(void)printf("%d %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		     end - begin, seconds(usage.ru_utime) + seconds(usage.ru_stime),
		     usage.ru_maxrss);
	return 0;
}
