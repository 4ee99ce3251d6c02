/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host to be changed: a child in a mount namespace of its own, in which /etc, /run, /var/lib/dpkg and /usr/local/sbin
 * are empty file systems in memory. What runs there are the test's own children.
 */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "rig.h"

static bool namespace_is_root; /* of the host, outside it */

static inline void namespace_map(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(file);
	if (fd >= 0)
		(void)close(fd);
}

static inline bool namespace_enter(void)
{
	static const char *const own[] = { "/etc", "/run", "/var/lib/dpkg", "/usr/local/sbin" };
	unsigned uid = geteuid(), gid = getegid();
	char text[64];

	namespace_is_root = uid == 0;
	if (unshare(uid ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) < 0)
		return false;
	if (uid) {
		namespace_map("/proc/self/setgroups", "deny");
		(void)snprintf(text, sizeof(text), "0 %u 1", uid);
		namespace_map("/proc/self/uid_map", text);
		(void)snprintf(text, sizeof(text), "0 %u 1", gid);
		namespace_map("/proc/self/gid_map", text);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(own); i++)
		if (mount("dw-test", own[i], "tmpfs", 0, "mode=0755") < 0)
			return false;
	return true;
}

/* What was started there and outlived its parent is ours: it is ended. */
static inline void namespace_leave(void)
{
	char path[64];
	FILE *f;
	int pid;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "r");
	while (f && fscanf(f, "%d", &pid) == 1)
		(void)kill(pid, SIGKILL);
	if (f)
		(void)fclose(f);
}

/* Runs the test there; where no such namespace may be made, it says so and is not run. */
static inline void namespace_run(void (*test)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
		if (!namespace_enter()) {
			printf("no mount namespace may be made here: not looked at\n");
			exit(0);
		}
		test();
		namespace_leave();
		exit(dw_test_failures ? 1 : 0);
	}
	DW_CHECK_INT(waitpid(pid, &status, 0), pid);
	DW_CHECK_INT(status, 0);
}

#endif
