/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads one process, see proc(5). One descriptor on /proc/PID is held while a process is read: it stays bound to
 * that process, so that a pid taken over by another process meanwhile answers ESRCH instead of a mixture of two.
 */
#include "procread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "dw_str.h"
#include "sys_private.h"

/* ARG_MAX is larger; a 100 kB command line is still shown whole */
#define COMMAND_MAX ((size_t)128 * 1024)
#define PF_KTHREAD  0x00200000U

/* "net:[4026531840]" */
uint32_t dw_procread_namespace(int dir, const char *name)
{
	char target[64];
	uint64_t inode;
	ssize_t n = readlinkat(dir, name, target, sizeof(target));
	const char *open;

	if (n <= 0 || (size_t)n >= sizeof(target) || target[n - 1] != ']')
		return 0;
	open = memchr(target, '[', (size_t)n);
	if (!open ||
	    !dw_parse_u64n(open + 1, (size_t)(target + n - 1 - (open + 1)), 10, UINT32_MAX, &inode))
		return 0;
	return (uint32_t)inode;
}

int dw_procread_file(struct dw_procs *p, int dir, const char *name, size_t max, struct dw_arena *a,
		     struct dw_bytes *ret)
{
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(p->sys);

	*ret = (struct dw_bytes){ 0 };
	if (r < 0)
		return r;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return dw_fd_read_all(fd, max, a, ret);
}

static char *link_at(struct dw_procs *p, int dir, const char *name)
{
	char target[4096];
	ssize_t n;

	if (dw_sys_fault(p->sys) < 0) {
		errno = EIO;
		return NULL;
	}
	n = readlinkat(dir, name, target, sizeof(target));
	return n > 0 && (size_t)n < sizeof(target) ? dw_arena_strndup(p->arena, target, (size_t)n)
						   : NULL;
}

/* Field n (from 3, the state) of what stands behind the last ')' of stat: a name may hold anything. */
static bool stat_field(const char *rest, unsigned n, uint64_t *ret)
{
	const char *p = rest;

	for (unsigned i = 3; i < n; i++) {
		p = strchr(p, ' ');
		if (!p)
			return false;
		p++;
	}
	return dw_parse_u64n(p, strcspn(p, " \n"), 10, UINT64_MAX, ret);
}

static int read_stat(struct dw_procs *p, int dir, struct dw_procinfo *i)
{
	uint64_t ppid, pgrp, sid, tty = 0, flags = 0, start;
	struct dw_bytes text;
	char *open, *close;
	int r = dw_procread_file(p, dir, "stat", 4096, p->arena, &text);

	if (r < 0)
		return r;
	if (!text.data)
		return -EIO;
	open = strchr(text.data, '(');
	close = strrchr(text.data, ')');
	if (!open || !close || close < open || close[1] != ' ')
		return -EIO;
	i->comm = dw_arena_strndup(p->arena, open + 1, (size_t)(close - open - 1));
	close += 2;
	i->state = *close;
	if (!stat_field(close, 4, &ppid) || !stat_field(close, 5, &pgrp) ||
	    !stat_field(close, 6, &sid) || !stat_field(close, 22, &start))
		return -EIO;
	/* negative when there is no terminal on some kernels: then it is none */
	(void)stat_field(close, 7, &tty);
	(void)stat_field(close, 9, &flags);
	i->ppid = (int)ppid;
	i->pgrp = (int)pgrp;
	i->sid = (int)sid;
	i->tty_nr = (int)tty;
	i->kthread = (flags & PF_KTHREAD) != 0;
	i->started_ticks = start;
	i->started = p->boot_time ? p->boot_time + start / (uint64_t)p->ticks : 0;
	return 0;
}

static void status_line(struct dw_procinfo *i, char *line)
{
	char *key = dw_word_next(&line), *value = dw_word_next(&line),
	     *second = dw_word_next(&line);
	uint64_t v, w = UINT32_MAX;

	if (!key || !value)
		return;
	if (dw_streq(key, "CapEff:") && dw_parse_u64(value, 16, UINT64_MAX, &v))
		i->caps_effective = v;
	else if (dw_streq(key, "CapBnd:") && dw_parse_u64(value, 16, UINT64_MAX, &v))
		i->caps_bounding = v;
	if (!dw_parse_u64(value, 10, UINT32_MAX, &v))
		return;
	if (second)
		(void)dw_parse_u64(second, 10, UINT32_MAX, &w);
	if (dw_streq(key, "Uid:")) {
		i->uid = (uint32_t)v;
		i->euid = (uint32_t)w;
	} else if (dw_streq(key, "Gid:")) {
		i->gid = (uint32_t)v;
		i->egid = (uint32_t)w;
	} else if (dw_streq(key, "NoNewPrivs:")) {
		i->no_new_privs = (int)v;
	} else if (dw_streq(key, "Seccomp:")) {
		i->seccomp = (int)v;
	}
}

static void read_status(struct dw_procs *p, int dir, struct dw_procinfo *i,
			struct dw_arena *scratch)
{
	struct dw_bytes text;
	struct dw_lines lines;
	char *line;

	if (dw_procread_file(p, dir, "status", 65536, scratch, &text) < 0)
		return;
	lines = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&lines, scratch)))
		status_line(i, line);
}

/* "0::/system.slice/ssh.service"; on hosts with v1 hierarchies systemd's own one counts. */
void dw_procread_cgroup(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i,
			struct dw_arena *scratch)
{
	const char *unified = NULL, *named = NULL;
	struct dw_bytes text;
	struct dw_lines lines;
	char *line;

	if (dw_procread_file(p, dir, name, 65536, scratch, &text) < 0)
		return;
	lines = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&lines, scratch))) {
		char *second = strchr(line, ':'), *third = second ? strchr(second + 1, ':') : NULL;

		if (!third)
			continue;
		*third++ = '\0';
		if (dw_streq(line, "0:"))
			unified = third;
		else if (dw_streq(second + 1, "name=systemd"))
			named = third;
	}
	if (named && (!unified || dw_streq(unified, "/")))
		unified = named;
	if (unified)
		i->cgroup = dw_arena_strdup(p->arena, unified);
}

static void split_command(struct dw_procs *p, struct dw_procinfo *i, struct dw_bytes *raw)
{
	struct dw_strings argv = { 0 };
	size_t end = raw->n;
	char *joined;

	while (end > 0 && raw->data[end - 1] == '\0')
		end--;
	if (end == 0) {
		i->command = i->comm;
		return;
	}
	for (size_t at = 0; at <= end && at < raw->n + 1;) {
		dw_vec_push(p->arena, &argv, raw->data + at);
		at += strlen(raw->data + at) + 1;
	}
	i->argc = argv.n;
	dw_vec_push(p->arena, &argv, NULL);
	i->argv = argv.v;
	joined = dw_arena_memdup(p->arena, raw->data, end + 1);
	for (size_t at = 0; at < end; at++)
		if (joined[at] == '\0')
			joined[at] = ' ';
	joined[end] = '\0';
	i->command = joined;
}

void dw_procs_take_command(struct dw_procs *p, struct dw_procinfo *i, const char *text, size_t n)
{
	struct dw_bytes raw = { .data = dw_arena_alloc(p->arena, n + 1), .n = n };

	memcpy(raw.data, text, n);
	split_command(p, i, &raw);
}

void dw_procread_command(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i)
{
	_cleanup_fd_ int fd = -1;
	struct dw_bytes raw = { 0 };
	char buffer[4096];
	ssize_t n;

	i->command = i->comm;
	if (dw_sys_fault(p->sys) < 0)
		return;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, buffer, sizeof(buffer));
	if (n <= 0)
		return;
	if ((size_t)n < sizeof(buffer)) {
		raw = (struct dw_bytes){ .data = dw_arena_alloc(p->arena, (size_t)n + 1),
					 .n = (size_t)n };
		memcpy(raw.data, buffer, (size_t)n);
	} else {
		struct dw_str all = { .arena = p->arena };

		do {
			dw_str_addn(&all, buffer, (size_t)n);
			n = read(fd, buffer, sizeof(buffer));
		} while (n > 0 && all.n < COMMAND_MAX);
		raw = (struct dw_bytes){ .data = all.s, .n = all.n };
	}
	split_command(p, i, &raw);
}

static void judge_deleted(struct dw_procs *p, struct dw_procinfo *i, char *path)
{
	static const char mark[] = " (deleted)";

	path[strlen(path) - (sizeof(mark) - 1)] = '\0';
	if (dw_starts_with(path, "/memfd:"))
		i->exe_state = DW_PROC_EXE_MEMFD;
	else if (!dw_procs_is_foreign(p, i) && dw_sys_file_exists(p->sys, path))
		i->exe_state = DW_PROC_EXE_REPLACED;
	else
		i->exe_state =
			DW_PROC_EXE_DELETED; /* a container's path says nothing about our own files */
}

/* path as readlink(2) of /proc/PID/exe and d_path() of the kernel tell it; it is changed. */
void dw_procread_take_exe(struct dw_procs *p, struct dw_procinfo *i, char *path)
{
	i->exe = path;
	if (dw_ends_with(path, " (deleted)"))
		judge_deleted(p, i, path);
	else
		i->exe_state = DW_PROC_EXE_INTACT;
}

/* What stands beside a link in its directory, which is opened: "12/exe" and "task" make "12/task". */
static int open_beside(int dir, const char *link, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%.*s%s", (int)(dw_basename(link) - link), link, name);
	return openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Not another one that has its number since. */
static bool is_it(struct dw_procs *p, int dir, const char *name, const struct dw_procinfo *i)
{
	_cleanup_fd_ int its = open_beside(dir, name, ".");
	struct dw_procinfo now = { .pid = i->pid };

	return its >= 0 && read_stat(p, its, &now) == 0 && now.started_ticks == i->started_ticks;
}

/*
 * The link, and the numbers of the file that it leads to. Who asks may have seen others, a little before: then the
 * process runs another program now, or its filesystem tells stat(2) others than the kernel has (overlayfs, btrfs), and
 * what stands here is right; or it has ended, and another one has its number.
 */
static char *exe_at(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i)
{
	char *path = link_at(p, dir, name);
	struct stat st;
	bool same;

	if (!path || fstatat(dir, name, &st, 0) < 0)
		return path;
	same = st.st_ino == i->exe_ino && st.st_dev == i->exe_dev;
	if (!same && i->exe_ino != 0 && p->sys->kind == DW_SYS_LIVE && !is_it(p, dir, name, i)) {
		errno = ESRCH;
		return NULL;
	}
	i->exe_dev = st.st_dev;
	i->exe_ino = st.st_ino;
	return path;
}

/*
 * Where the first thread has ended and others go on (pthread_exit(3) of main()), /proc/PID/exe leads nowhere: it is
 * that thread's, which has no memory any more. Those of the others lead to the program.
 */
static char *exe_of_threads(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i)
{
	int fd = dw_sys_fault(p->sys) < 0 ? -1 : open_beside(dir, name, "task");
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char *path = NULL, its[32];

	if (!list) {
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	while (!path && (entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(its, sizeof(its), "%.20s/exe", entry->d_name);
		path = exe_at(p, dirfd(list), its, i);
	}
	(void)closedir(list);
	return path;
}

/* name: of a link whose last part is "exe" */
void dw_procread_exe(struct dw_procs *p, int dir, const char *name, struct dw_procinfo *i)
{
	char *path = exe_at(p, dir, name, i);

	if (!path && !i->kthread && errno == ENOENT)
		path = exe_of_threads(p, dir, name, i);
	if (path)
		dw_procread_take_exe(p, i, path);
	else
		i->exe_state = i->kthread ? DW_PROC_EXE_NONE : DW_PROC_EXE_UNKNOWN;
}

static void read_loginuid(struct dw_procs *p, int dir, struct dw_procinfo *i,
			  struct dw_arena *scratch)
{
	struct dw_bytes text;
	uint64_t uid;

	if (dw_procread_file(p, dir, "loginuid", 64, scratch, &text) == 0 && text.data &&
	    dw_parse_u64(dw_trim(text.data), 10, UINT32_MAX, &uid))
		i->loginuid = (uint32_t)uid;
}

int dw_procread_all(struct dw_procs *p, int pid, struct dw_procinfo *i)
{
	_cleanup_arena_ struct dw_arena *scratch = NULL;
	_cleanup_fd_ int dir = dw_procs_openat(p, pid, ".", O_PATH | O_DIRECTORY, NULL);
	int r;

	if (dir < 0)
		return dir;
	r = read_stat(p, dir, i);
	if (r < 0)
		return r;
	scratch = dw_arena_new();
	read_status(p, dir, i, scratch);
	dw_procread_cgroup(p, dir, "cgroup", i, scratch);
	dw_procread_command(p, dir, "cmdline", i);
	i->netns = dw_procread_namespace(dir, "ns/net");
	i->mntns = dw_procread_namespace(dir, "ns/mnt");
	i->pidns = dw_procread_namespace(dir, "ns/pid");
	dw_procread_exe(p, dir, "exe", i);
	read_loginuid(p, dir, i, scratch);
	return 0;
}
