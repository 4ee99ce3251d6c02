/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program, pinned for later runs: made, used, not trusted where others could have put it, and taken away. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_bpf.h"
#include "dw_test.h"

/* A program that was loaded or found serves all runs of its system: another system looks anew. */
static bool runs_by(enum dw_bpf_rung rung, unsigned want, struct dw_arena *a)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_bpf_walk w = { 0 };

	return dw_sys_open(NULL, &s, NULL) == 0 && dw_bpf_run(s, want, a, &w, NULL) == 0 &&
	       w.rung == rung && w.holders.n > 0;
}

/* In a mount namespace of its own: the pins of this host are not touched. */
static void pin_and_use(void)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bpf_walk loaded = { 0 };
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0 || dw_sys_open(NULL, &s, NULL) < 0)
		_exit(3);
	r = dw_bpf_run(s, DW_BPF_HOLDERS, a, &loaded, NULL);
	if (r < 0)
		_exit(2);
	if (loaded.rung != DW_BPF_RUNG_LOADED || dw_bpf_pin(s, NULL) < 0)
		_exit(4);
	if (!runs_by(DW_BPF_RUNG_PINNED, DW_BPF_HOLDERS | DW_BPF_TABLES, a))
		_exit(5);
	/* a directory that others may write to is not trusted */
	if (chmod("/sys/fs/bpf/doorward", 0777) < 0 ||
	    !runs_by(DW_BPF_RUNG_LOADED, DW_BPF_HOLDERS, a) ||
	    chmod("/sys/fs/bpf/doorward", 0700) < 0)
		_exit(6);
	if (dw_bpf_unpin(s, NULL) < 0 || access("/sys/fs/bpf/doorward", F_OK) == 0)
		_exit(7);
	_exit(0);
}

DW_TEST(pins_are_made_used_and_taken_away)
{
	pid_t pid = geteuid() == 0 ? fork() : 0;
	int status = 0;

	if (geteuid() != 0)
		return;
	if (pid == 0)
		pin_and_use();
	DW_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	DW_CHECK(WIFEXITED(status));
	if (WEXITSTATUS(status) != 2)
		DW_CHECK_INT(WEXITSTATUS(status), 0);
}

DW_TEST_MAIN
