/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk over /proc/PID/fd, its threads, and what it makes of links. */
#include "dw_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "dw_parse.h"
#include "fds.h"
#include "sys_private.h"

#define WORKERS_MAX   4
#define RING_MAX      ((size_t)4 * 1024 * 1024) /* of a ring's fdinfo: 64 Ki registered files */
#define FD_LINK_MAX   96                        /* longer links are no socket, ring or namespace */
#define RING_ATTEMPTS 3

struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

/*
 * Calls fn for each entry that is a number of at least `least`; false when the directory could not
 * be read (errno says why).
 */
static bool each_number(struct fds_worker *w, int dir, int least,
			void (*fn)(struct fds_worker *w, int dir, int n, int arg), int arg)
{
	/* On the stack, not in w: walks nest (tasks, then their descriptors). */
	_Alignas(struct linux_dirent64) char buffer[16384];

	for (;;) {
		long n = syscall(SYS_getdents64, dir, buffer, sizeof(buffer));

		if (n < 0)
			return false;
		if (n == 0)
			return true;
		for (long at = 0; at < n;) {
			const struct linux_dirent64 *d = (const void *)(buffer + at);
			uint64_t number;

			if (d->d_reclen == 0)
				return true;
			if (dw_parse_u64(d->d_name, 10, INT32_MAX, &number) && (int)number >= least)
				fn(w, dir, (int)number, arg);
			if (w->refused)
				return errno = EACCES, false;
			at += d->d_reclen;
		}
	}
}

static void number_text(char out[12], int n)
{
	char digits[12];
	unsigned v = (unsigned)n, i = 0;

	do
		digits[i++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	while (i > 0)
		*out++ = digits[--i];
	*out = '\0';
}

static struct dw_fds_process *current(struct fds_worker *w)
{
	return &w->shared->processes[w->process];
}

static void found_socket(struct fds_worker *w, int tid, int fd, int slot, uint64_t inode)
{
	dw_vec_push(w->arena, &w->out.sockets,
		    ((struct dw_fds_socket){ .process = w->process,
					     .tid = tid,
					     .fd = fd,
					     .slot = slot,
					     .inode = inode }));
	w->holds = true;
	/* pidfd_getfd(2) reaches the leader's table only; a ring's slots have no descriptor. */
	if (tid == 0 && slot < 0 && w->shared->live && w->shared->ask->known &&
	    !w->shared->ask->known(w->shared->ask->arg, inode))
		dw_fds_peek(w, fd, inode);
}

static void ring_text(struct fds_worker *w, int tid, int fd, const struct dw_bytes *text,
		      bool *ret_said)
{
	struct dw_lines lines = dw_lines_of(text);
	const char *line;
	bool inside = false;
	size_t n;

	while (dw_lines_next(&lines, &line, &n)) {
		uint64_t inode;
		int slot;

		if (n > 0 && line[0] != ' ') {
			inside = n > 10 && memcmp(line, "UserFiles:", 10) == 0;
			*ret_said = *ret_said || inside;
			continue;
		}
		if (inside && dw_fds_parse_ring_line(line, n, &slot, &inode))
			found_socket(w, tid, fd, slot, inode);
	}
}

/* The ring's lock may be taken just then: the kernel leaves the list out (io_uring_show_fdinfo). */
static void found_ring(struct fds_worker *w, int dir, int tid, int fd)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	char path[40];
	bool said = false;

	(void)snprintf(path, sizeof(path), "../fdinfo/%d", fd);
	for (unsigned i = 0; i < RING_ATTEMPTS && !said; i++) {
		_cleanup_fd_ int info = openat(dir, path, O_RDONLY | O_CLOEXEC);
		struct dw_bytes text;

		if (info < 0 || dw_fd_read_all(info, RING_MAX, scratch, &text) < 0)
			break;
		ring_text(w, tid, fd, &text, &said);
	}
	w->out.rings_mute += !said;
}

static void found_netns(struct fds_worker *w, int dir, const char *name, uint64_t inode)
{
	int fd;

	if (inode == 0 || inode > UINT32_MAX || dw_fds_netns_known(w, (uint32_t)inode))
		return;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	dw_fds_add_netns(w, (uint32_t)inode, fd, current(w)->pid);
}

/* False: there is no such descriptor, or it may not be looked at (w->refused). */
static bool one_fd(struct fds_worker *w, int dir, int fd, int tid)
{
	static const char ring[] = "anon_inode:[io_uring]";
	char name[12], link[FD_LINK_MAX];
	uint64_t inode;
	ssize_t n;

	number_text(name, fd);
	n = readlinkat(dir, name, link, sizeof(link));
	/*
	 * Without CAP_SYS_PTRACE over it, root may list another's descriptors and not read one of
	 * them.
	 */
	w->refused = n < 0 && (errno == EACCES || errno == EPERM);
	if (n <= 0 || n == sizeof(link))
		return n > 0;
	if (dw_fds_parse_link(link, (size_t)n, "socket", &inode))
		found_socket(w, tid, fd, -1, inode);
	else if (dw_fds_parse_link(link, (size_t)n, "net", &inode))
		found_netns(w, dir, name, inode);
	else if ((size_t)n == sizeof(ring) - 1 && memcmp(link, ring, sizeof(ring) - 1) == 0)
		found_ring(w, dir, tid, fd);
	return true;
}

static enum dw_fds_state state_of(int error)
{
	return error == ENOENT || error == ESRCH ? DW_FDS_GONE : DW_FDS_DENIED;
}

/*
 * Since Linux 6.2 the directory's size is the number of its entries (proc_fd_getattr). Reading the
 * links of 0, 1, 2 ... until so many were there spares readdir(3), which makes the kernel prepare
 * every entry a second time. A wrong guess costs as much as what readdir does for one entry, so tables with
 * holes are left to it, from where the guessing stopped, once that was wrong as often as entries are left.
 */
static int read_dense(struct fds_worker *w, int dir, int tid)
{
	struct stat st;
	off_t missing = 0, found = 0;
	int fd = 0;

	if (!w->shared->live || fstat(dir, &st) < 0)
		return 0;
	for (; found < st.st_size && missing <= 1 + st.st_size - found && !w->refused; fd++) {
		if (one_fd(w, dir, fd, tid))
			found++;
		else
			missing++;
	}
	return found == st.st_size && found > 0 ? -1 : fd;
}

static void listed_fd(struct fds_worker *w, int dir, int fd, int tid)
{
	(void)one_fd(w, dir, fd, tid);
}

static enum dw_fds_state read_table(struct fds_worker *w, int dir, const char *path, int tid)
{
	_cleanup_fd_ int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int from;

	if (fd < 0)
		return state_of(errno);
	from = read_dense(w, fd, tid);
	if (w->refused)
		return DW_FDS_DENIED;
	if (from >= 0 && !each_number(w, fd, from, listed_fd, tid))
		return state_of(errno);
	return DW_FDS_READ;
}

/*
 * A thread that left the leader's descriptor table by unshare(CLONE_FILES). kcmp(2) may be missing
 * or forbidden: then every thread is read, and the repetition is sorted out by whoever joins.
 */
static void one_thread(struct fds_worker *w, int dir, int tid, int leader)
{
	char path[32], link[FD_LINK_MAX];
	uint64_t inode;
	ssize_t n;

	if (tid == leader)
		return;
	(void)snprintf(path, sizeof(path), "%d/ns/net", tid);
	n = readlinkat(dir, path, link, sizeof(link));
	if (n > 0 && n < (ssize_t)sizeof(link) && dw_fds_parse_link(link, (size_t)n, "net", &inode))
		found_netns(w, dir, path, inode);
	if (w->shared->live && syscall(SYS_kcmp, leader, tid, KCMP_FILES, 0, 0) == 0)
		return;
	(void)snprintf(path, sizeof(path), "%d/fd", tid);
	(void)read_table(w, dir, path, tid);
}

/*
 * /proc/PID/task has two links and one more a thread; where that is not so (a fixture), it is read
 * anyway.
 */
static void read_threads(struct fds_worker *w)
{
	_cleanup_fd_ int dir = -1;
	struct stat st;

	if (fstatat(w->dir, "task", &st, 0) < 0 || st.st_nlink == 3)
		return;
	dir = openat(w->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		(void)each_number(w, dir, 0, one_thread, current(w)->pid);
}

static bool read_stat(struct fds_worker *w)
{
	_cleanup_fd_ int fd = openat(w->dir, "stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, w->buffer, sizeof(w->buffer) - 1);

	if (n <= 0)
		return false;
	w->buffer[n] = '\0';
	return dw_fds_parse_stat(w->buffer, (size_t)n, current(w));
}

/* A procfs nobody can lay mounts over. The first worker that needs it makes it. */
static int own_proc(struct fds_shared *sh)
{
	_cleanup_fd_ int fs = -1;
	int have = atomic_load(&sh->own_proc), made = -1, none = -2;

	if (have != -2 || !sh->live)
		return have;
	fs = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		made = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (!atomic_compare_exchange_strong(&sh->own_proc, &none, made)) {
		if (made >= 0)
			(void)close(made);
		made = none;
	}
	return made;
}

static int open_process(struct fds_worker *w, struct dw_fds_process *p)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_XDEV };
	char name[12];
	int fd;

	number_text(name, p->pid);
	fd = (int)syscall(SYS_openat2, w->shared->proc_fd, name, &how, sizeof(how));
	if (fd >= 0 || (errno != EXDEV && errno != ENOSYS))
		return fd;
	if (errno == EXDEV) {
		int proc = own_proc(w->shared);

		p->covered = true;
		if (proc < 0) {
			errno = EACCES;
			return -1;
		}
		return openat(proc, name, (int)how.flags);
	}
	return openat(w->shared->proc_fd, name, (int)how.flags);
}

static void one_process(struct fds_worker *w, struct dw_fds_process *p)
{
	size_t before = w->out.sockets.n;

	w->holds = w->refused = false;
	w->pidfd = -1;
	w->dir = open_process(w, p);
	if (w->dir < 0) {
		p->state = state_of(errno);
		return;
	}
	p->state = read_table(w, w->dir, "fd", 0);
	/*
	 * A leader that has exited leaves its threads behind: its own table is gone, theirs is not.
	 */
	if (!w->refused)
		read_threads(w);
	if ((w->holds || p->covered) && !read_stat(w)) {
		w->out.sockets.n = before;
		p->state = DW_FDS_GONE;
	} else if (w->holds && p->state == DW_FDS_GONE) {
		p->state = DW_FDS_READ;
	}
	if (w->pidfd >= 0)
		(void)close(w->pidfd);
	(void)close(w->dir);
}

static void read_process(struct fds_worker *w, size_t i)
{
	struct fds_shared *sh = w->shared;

	w->process = (uint32_t)i;
	sh->processes[i].pid = sh->ask->pids[i];
	if (sh->faults[i])
		sh->processes[i].state = DW_FDS_DENIED;
	else
		one_process(w, &sh->processes[i]);
}

static void *work(void *arg)
{
	struct fds_worker *w = arg;
	struct fds_shared *sh = w->shared;

	for (;;) {
		size_t i = atomic_fetch_add(&sh->next, 1);

		if (i >= sh->ask->n_pids)
			return NULL;
		if (i != sh->self)
			read_process(w, i);
	}
}

#define APPEND(arena, to, from)                                                                    \
	for (size_t i_ = 0; i_ < (from).n; i_++)                                                   \
	dw_vec_push((arena), &(to), (from).v[i_])

static void gather(struct dw_arena *a, struct dw_fds *to, const struct dw_fds *from)
{
	APPEND(a, to->sockets, from->sockets);
	APPEND(a, to->netns, from->netns);
	APPEND(a, to->loose, from->loose);
	to->unpeeked += from->unpeeked;
	to->unpeekable += from->unpeekable;
	to->rings_mute += from->rings_mute;
}

static void run_workers(struct fds_shared *sh, struct dw_arena *a, struct dw_fds *out)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = (unsigned)DW_MIN(DW_MAX(cpus, 1L), (long)WORKERS_MAX);
	struct fds_worker *workers;
	pthread_t threads[WORKERS_MAX];
	bool started[WORKERS_MAX] = { false };

	if (sh->ask->n_pids < 32)
		n = 1;
	workers = calloc(n, sizeof(*workers));
	if (!workers)
		dw_oom();
	for (unsigned i = 0; i < n; i++) {
		workers[i].shared = sh;
		workers[i].arena = dw_arena_new();
		/*
		 * Before anybody duplicates others' sockets into our own table, where they would be
		 * found.
		 */
		if (i == 0 && sh->self != SIZE_MAX)
			read_process(&workers[0], sh->self);
		if (i > 0)
			started[i] = pthread_create(&threads[i], NULL, work, &workers[i]) == 0;
	}
	(void)work(&workers[0]);
	for (unsigned i = 0; i < n; i++) {
		if (started[i])
			(void)pthread_join(threads[i], NULL);
		gather(a, out, &workers[i].out);
		dw_arena_free(workers[i].arena);
		free(workers[i].peeked.slot);
	}
	free(workers);
}

/* As that /proc numbers us, which may be the one of another pid namespace. */
static size_t own_index(const struct fds_shared *sh)
{
	char text[16];
	ssize_t n = sh->live ? readlinkat(sh->proc_fd, "self", text, sizeof(text)) : -1;
	uint64_t pid;

	if (n <= 0 || n == sizeof(text) || !dw_parse_u64n(text, (size_t)n, 10, INT32_MAX, &pid))
		return SIZE_MAX;
	for (size_t i = 0; i < sh->ask->n_pids; i++)
		if (sh->ask->pids[i] == (int)pid)
			return i;
	return SIZE_MAX;
}

int dw_fds_walk(struct dw_sys *s, const struct dw_fds_ask *ask, struct dw_arena *a,
		struct dw_fds *ret, struct dw_error *e)
{
	_cleanup_free_ uint8_t *faults = calloc(ask->n_pids + 1, 1);
	struct dw_fds out = { .n_processes = ask->n_pids };
	struct fds_shared sh = { .ask = ask,
				 .proc_fd = s->proc_fd,
				 .live = s->kind == DW_SYS_LIVE };
	int r = dw_sys_fault(s);

	if (r < 0 || s->proc_fd < 0)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "/proc");
	if (!faults)
		dw_oom();
	for (size_t i = 0; i < ask->n_pids; i++)
		faults[i] = dw_sys_fault(s) < 0;
	atomic_init(&sh.own_proc, -2);
	sh.self = own_index(&sh);
	sh.faults = faults;
	sh.processes = out.processes = dw_arena_array(a, ask->n_pids, sizeof(*out.processes));
	run_workers(&sh, a, &out);
	if (atomic_load(&sh.own_proc) >= 0)
		(void)close(atomic_load(&sh.own_proc));
	for (size_t i = 0; i < out.n_processes; i++)
		out.denied += out.processes[i].state == DW_FDS_DENIED;
	*ret = out;
	return 0;
}

void dw_fds_close(struct dw_fds *f)
{
	for (size_t i = 0; i < f->netns.n; i++)
		if (f->netns.v[i].fd >= 0)
			(void)close(f->netns.v[i].fd);
	f->netns.n = 0;
}
