/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ip(8) in the network namespace that the test is in, which must be one of its own. */
#ifndef DW_IP_H
#define DW_IP_H

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* ip(8) with the words of the line; true: it went well. */
static inline bool dw_test_ip(const char *line)
{
	char copy[256], *words[32] = { (char *)"ip" }, *rest = copy, *word;
	int status = 0, n = 1;
	pid_t pid;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	while (n < 31 && (word = strsep(&rest, " ")) != NULL)
		words[n++] = word;
	pid = fork();
	if (pid == 0) {
		execvp("ip", words);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* A network of the test's own, with its loopback up, in which nobody else opens doors; false: none is to be had. */
static inline bool dw_test_own_network(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNET) == 0 && dw_test_ip("link set lo up");
}

#endif
