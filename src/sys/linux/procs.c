/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of processes: each is read once, when it is first asked for (procread.c). */
#include "dw_procs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "dw_str.h"
#include "procread.h"
#include "sys_private.h"

#define ENVIRON_MAX ((size_t)1024 * 1024)

struct entry {
	struct dw_procinfo info; /* info.pid is the key */
	bool gone, environ_read;
	int error; /* why it is gone */
	struct dw_bytes environ;
	UT_hash_handle hh;
};

struct dw_procs *dw_procs_new(struct dw_sys *s, struct dw_arena *a)
{
	struct dw_procs *p = dw_new(a, struct dw_procs);

	p->sys = s;
	p->arena = a;
	p->boot_time = dw_sys_boot_time(s);
	p->ticks = sysconf(_SC_CLK_TCK);
	if (p->ticks <= 0)
		p->ticks = 100;
	p->pidns = s->proc_fd >= 0 ? dw_procread_namespace(s->proc_fd, "self/ns/pid") : 0;
	return p;
}

void dw_procs_close(struct dw_procs *p)
{
	if (p)
		HASH_CLEAR(hh, p->table);
}

static struct entry *entry_new(struct dw_procs *p, int pid)
{
	struct entry *n = dw_new(p->arena, struct entry);

	n->info = (struct dw_procinfo){
		.pid = pid,
		.comm = "",
		.uid = UINT32_MAX,
		.euid = UINT32_MAX,
		.gid = UINT32_MAX,
		.egid = UINT32_MAX,
		.no_new_privs = -1,
		.seccomp = -1,
		.loginuid = UINT32_MAX,
	};
	return n;
}

static struct entry *find(struct dw_procs *p, int pid)
{
	struct entry *found;

	HASH_FIND_INT(p->table, &pid, found);
	return found;
}

static void remember(struct dw_procs *p, struct entry *n)
{
	HASH_ADD(hh, p->table, info.pid, sizeof(n->info.pid), n);
}

bool dw_procs_is_foreign(const struct dw_procs *p, const struct dw_procinfo *i)
{
	return p->pidns && i->pidns && i->pidns != p->pidns;
}

const struct dw_procinfo *dw_procs_get(struct dw_procs *p, int pid)
{
	struct entry *n = find(p, pid);

	if (!n) {
		n = entry_new(p, pid);
		n->error = dw_procread_all(p, pid, &n->info);
		n->gone = n->error < 0;
		remember(p, n);
	}
	return n->gone ? NULL : &n->info;
}

bool dw_procs_is_unreadable(struct dw_procs *p, int pid)
{
	const struct entry *n = find(p, pid);

	return n && n->gone && n->error != -ENOENT && n->error != -ESRCH;
}

int dw_procs_self(struct dw_procs *p)
{
	char target[32];
	uint64_t pid;
	ssize_t n;

	if (dw_sys_fault(p->sys) < 0 || p->sys->proc_fd < 0)
		return 0;
	n = readlinkat(p->sys->proc_fd, "self", target, sizeof(target));
	return n > 0 && dw_parse_u64n(target, (size_t)n, 10, INT32_MAX, &pid) ? (int)pid : 0;
}

void dw_procs_complete(struct dw_procs *p, struct dw_procinfo *i, unsigned what, const char *exe)
{
	_cleanup_arena_ struct dw_arena *scratch = NULL;
	char name[64];

	i->started_ticks = i->started_ns / (1000000000U / (uint64_t)p->ticks);
	i->started = p->boot_time ? p->boot_time + i->started_ticks / (uint64_t)p->ticks : 0;
	if (exe)
		dw_procread_take_exe(p, i, dw_arena_strdup(p->arena, exe));
	if (p->sys->proc_fd < 0)
		return;
	if (what & DW_PROCS_COMMAND) {
		(void)snprintf(name, sizeof(name), "%d/cmdline", i->pid);
		dw_procread_command(p, p->sys->proc_fd, name, i);
	}
	if (what & DW_PROCS_CGROUP) {
		scratch = dw_arena_new();
		(void)snprintf(name, sizeof(name), "%d/cgroup", i->pid);
		dw_procread_cgroup(p, p->sys->proc_fd, name, i, scratch);
	}
	if (what & DW_PROCS_EXE) {
		(void)snprintf(name, sizeof(name), "%d/exe", i->pid);
		dw_procread_exe(p, p->sys->proc_fd, name, i);
	}
}

void dw_procs_seed(struct dw_procs *p, const struct dw_procinfo *i)
{
	struct entry *n = find(p, i->pid);

	if (!n) {
		n = entry_new(p, i->pid);
		n->info = *i;
		remember(p, n);
		return;
	}
	n->info = *i;
	n->gone = false;
}

void dw_procs_each(struct dw_procs *p, void (*fn)(void *data, const struct dw_procinfo *i),
		   void *data)
{
	for (const struct entry *n = p->table; n; n = n->hh.next)
		if (!n->gone)
			fn(data, &n->info);
}

const char *dw_procs_env(struct dw_procs *p, const struct dw_procinfo *i, const char *name)
{
	struct entry *n = find(p, i->pid);
	size_t len = strlen(name);

	if (!n || n->gone)
		return NULL;
	if (!n->environ_read) {
		_cleanup_fd_ int dir = dw_procs_openat(p, i->pid, ".", O_PATH | O_DIRECTORY, NULL);

		n->environ_read = true;
		if (dir >= 0 &&
		    dw_procread_file(p, dir, "environ", ENVIRON_MAX, p->arena, &n->environ) < 0)
			n->environ = (struct dw_bytes){ 0 };
	}
	if (!n->environ.data)
		return NULL;
	for (const char *at = n->environ.data, *end = at + n->environ.n; at < end;
	     at += strlen(at) + 1)
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
	return NULL;
}

static int ascending(const void *x, const void *y)
{
	int a = *(const int *)x, b = *(const int *)y;

	return (a > b) - (a < b);
}

int dw_procs_list(struct dw_procs *p, struct dw_arena *a, int **ret, size_t *ret_n,
		  struct dw_error *e)
{
	DW_VEC(int) pids = { 0 };
	struct dirent *entry;
	DIR *dir;
	int fd, r = dw_sys_fault(p->sys);

	if (r < 0 || p->sys->proc_fd < 0)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "/proc");
	fd = openat(p->sys->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return dw_error_errno(e, -errno, "/proc");
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return dw_error_errno(e, r, "/proc");
	}
	while (errno = 0, (entry = readdir(dir))) {
		uint64_t pid;

		if (dw_parse_u64(entry->d_name, 10, INT32_MAX, &pid))
			dw_vec_push(a, &pids, (int)pid);
	}
	r = -errno;
	(void)closedir(dir);
	if (r < 0)
		return dw_error_errno(e, r, "/proc");
	if (pids.n > 1)
		qsort(pids.v, pids.n, sizeof(*pids.v), ascending);
	*ret = pids.v;
	*ret_n = pids.n;
	return 0;
}

int dw_procs_openat(struct dw_procs *p, int pid, const char *relative, int flags,
		    struct dw_error *e)
{
	char path[128];
	int fd, r = dw_sys_fault(p->sys);

	if (r < 0)
		return dw_error_errno(e, r, "/proc/%d/%s", pid, relative);
	if (p->sys->proc_fd < 0)
		return dw_error_errno(e, -ENOTSUP, "/proc/%d/%s", pid, relative);
	if ((size_t)snprintf(path, sizeof(path), "%d/%s", pid, relative) >= sizeof(path))
		return dw_error_errno(e, -ENAMETOOLONG, "/proc/%d/%s", pid, relative);
	fd = openat(p->sys->proc_fd, path, flags | O_CLOEXEC);
	return fd < 0 ? dw_error_errno(e, -errno, "/proc/%s", path) : fd;
}

static bool is_same(int at, const char *path, const struct stat *other)
{
	struct stat st;

	return fstatat(at, path, &st, 0) < 0 ||
	       (st.st_dev == other->st_dev && st.st_ino == other->st_ino);
}

bool dw_sys_has_other_files(struct dw_sys *s, int pid)
{
	struct stat root, mounts;
	char path[64];

	if (s->proc_fd < 0 || fstat(s->root_fd, &root) < 0 ||
	    fstatat(s->proc_fd, "self/ns/mnt", &mounts, 0) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "%d/root/.", pid);
	if (is_same(s->proc_fd, path, &root))
		return false;
	(void)snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	return !is_same(s->proc_fd, path, &mounts);
}
