/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A load of the program that fails on its way leaves nothing open, and the kernel need not run the loader. */
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_bpf.h"
#include "dw_test.h"

enum { LOADED, FAILED, LEFT_OPEN };

static unsigned count_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned n = 0;

	while (list && readdir(list))
		n++;
	if (list)
		(void)closedir(list);
	return n;
}

/* -errno, or 0: it was loaded, and has run. */
static int load(enum dw_bpf_reads how)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bpf_walk walk = { 0 };
	struct dw_sys *s = NULL;
	int r = dw_sys_open(NULL, &s, NULL);

	if (r < 0)
		return r;
	dw_bpf_only(s, how);
	r = dw_bpf_run(s, DW_BPF_HOLDERS, a, &walk, NULL);
	dw_sys_free(s);
	return r;
}

/* bpf(2) with that command fails from now on. */
static int refuse(unsigned command)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, command, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

struct fault {
	unsigned command; /* that is refused; 0 as ROOM: there is room for so many descriptors */
	unsigned room;
};

static void load_with(enum dw_bpf_reads how, const struct fault *f)
{
	unsigned n = count_descriptors();
	struct rlimit few;
	int r;

	if (f->room == 0 && refuse(f->command) < 0)
		_exit(99);
	/* the list itself had one, and two are those of the directory */
	if (f->room > 0 && (getrlimit(RLIMIT_NOFILE, &few) < 0 ||
			    (few.rlim_cur = n - 3 + f->room, setrlimit(RLIMIT_NOFILE, &few) < 0)))
		_exit(99);
	r = load(how);
	if (f->room > 0) {
		few.rlim_cur = few.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &few);
	}
	if (count_descriptors() != n)
		_exit(LEFT_OPEN);
	_exit(r < 0 ? FAILED : LOADED);
}

static int outcome(enum dw_bpf_reads how, const struct fault *f)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		load_with(how, f);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									       : -1;
}

static bool can(enum dw_bpf_reads how)
{
	int r = load(how);

	if (r < 0)
		printf("SKIPPED: the program that reads by %s cannot be loaded here\n",
		       how == DW_BPF_READS_LOADS ? "loads" : "calls");
	return r >= 0;
}

static const enum dw_bpf_reads ways[] = { DW_BPF_READS_LOADS, DW_BPF_READS_CALLS };

DW_TEST(whichever_call_fails_nothing_stays_open)
{
	static const unsigned commands[] = { BPF_MAP_CREATE, BPF_MAP_UPDATE_ELEM, BPF_MAP_FREEZE,
					     BPF_BTF_LOAD, BPF_PROG_LOAD };

	for (size_t w = 0; w < 2; w++)
		for (size_t i = 0; can(ways[w]) && i < sizeof(commands) / sizeof(*commands); i++)
			DW_CHECK_INT(outcome(ways[w], &(struct fault){ commands[i], 0 }), FAILED);
}

DW_TEST(however_few_descriptors_there_are_none_stays_open)
{
	for (size_t w = 0; w < 2; w++) {
		unsigned room = 1;
		int how = FAILED;

		if (!can(ways[w]))
			continue;
		while (how == FAILED && room < 64)
			how = outcome(ways[w], &(struct fault){ 0, room++ });
		/* it takes a few: most of them for what was tried here */
		DW_CHECK_INT(how, LOADED);
		DW_CHECK(room > 6);
	}
}

DW_TEST(the_kernel_does_not_run_the_loader)
{
	for (size_t w = 0; w < 2; w++)
		if (can(ways[w]))
			DW_CHECK_INT(outcome(ways[w], &(struct fault){ BPF_PROG_TEST_RUN, 0 }),
				     LOADED);
}

DW_TEST_MAIN
