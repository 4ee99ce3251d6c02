/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Namespaces that may not be entered, and those of processes that may not be looked into: what can
 * be seen still.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netcol.h"

/*
 * Whoever may not read ns/net may still read /proc/PID/net (get_proc_task_net asks for no right),
 * and the inode of a file there tells the namespaces apart: each has its own tree of files,
 * numbered from the same pool as the namespaces themselves (proc_alloc_inum). So it stands in for
 * the number that is not to be had.
 */
static uint32_t file_inode(struct dw_collect *c, int dir)
{
	struct stat st;

	if (dw_sys_is_fake(c->sys) || fstatat(dir, "net/tcp", &st, AT_NO_AUTOMOUNT) < 0)
		return 0;
	return (uint32_t)st.st_ino;
}

static uint32_t own_file_inode(struct dw_collect *c)
{
	struct stat st;

	if (dw_sys_is_fake(c->sys) ||
	    dw_sys_file_stat(c->sys, "/proc/thread-self/net/tcp", false, &st, NULL) < 0)
		return 0;
	return (uint32_t)st.st_ino;
}

uint32_t dw_netns_stand_in(struct dw_collect *c, int dir)
{
	uint32_t inode = file_inode(c, dir);

	return inode != 0 && inode == own_file_inode(c) ? dw_netns_self(c->sys) : inode;
}

/* Of namespaces that a readable process is in, the stand-in is known for what it stands for. */
struct stand_ins {
	DW_VEC(uint32_t) file;
};

static bool is_stand_in_known(const struct stand_ins *s, uint32_t file)
{
	for (size_t i = 0; i < s->file.n; i++)
		if (s->file.v[i] == file)
			return true;
	return false;
}

/*
 * A process whose namespace may not be looked at: its sockets can be seen all the same, see
 * file_inode().
 */
static void from_closed_process(struct dw_collect *c, int pid, struct dw_arena *a,
				struct stand_ins *known)
{
	_cleanup_fd_ int dir = dw_procs_openat(c->procs, pid, ".", O_PATH | O_DIRECTORY, NULL);
	uint32_t file =
		dir < 0 || dw_netns_link(dir, "ns/net", "net") != 0 ? 0 : file_inode(c, dir);

	if (file == 0 || is_stand_in_known(known, file) || c->netns.n >= DW_NETNS_MAX)
		return;
	dw_vec_push(a, &known->file, file);
	(void)dw_netns_add(c, file, -1, dw_arena_printf(c->facts->arena, "of-process-%d", pid),
			   pid);
}

/* Only where some process would not say: others' processes, when we are not root. */
static void from_closed_processes(struct dw_collect *c, const int *pids, size_t n,
				  struct dw_arena *a)
{
	struct stand_ins known = { 0 };
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		_cleanup_fd_ int dir =
			dw_procs_openat(c->procs, pids[i], ".", O_PATH | O_DIRECTORY, NULL);
		uint32_t file;

		if (dir < 0)
			continue;
		if (dw_netns_link(dir, "ns/net", "net") == 0) {
			any = true;
			continue;
		}
		file = file_inode(c, dir);
		if (file != 0 && !is_stand_in_known(&known, file))
			dw_vec_push(a, &known.file, file);
	}
	for (size_t i = 0; any && i < n; i++)
		from_closed_process(c, pids[i], a, &known);
}

static int nothing(void *arg, struct dw_error *e)
{
	return 0;
}

/*
 * nsfs files can be opened by everybody, and entered by few: what cannot be entered is closed
 * again.
 */
static void try_to_enter(struct dw_collect *c)
{
	uint32_t own = dw_netns_self(c->sys);

	for (size_t i = 0; i < c->netns.n; i++) {
		struct dw_netns *n = &c->netns.v[i];

		if (n->fd < 0 || n->inode == own)
			continue;
		if (dw_netns_run(c->sys, n, nothing, NULL, NULL) == 0) {
			if (dw_sys_euid(c->sys) == 0)
				return; /* who may enter one may enter all */
			continue;
		}
		(void)close(n->fd);
		n->fd = -1;
	}
}

void dw_netns_closed(struct dw_collect *c, const int *pids, size_t n)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();

	try_to_enter(c);
	if (dw_sys_euid(c->sys) != 0)
		from_closed_processes(c, pids, n, scratch);
}
