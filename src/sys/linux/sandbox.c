/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "dw_str.h"
#include "sandbox_private.h"
#include "sys_private.h"

#define NOBODY     65534U
#define FIRST_FD   3
#define FDS_MAX    16U
#define STACK_ROOM ((size_t)1 << 20) /* the stack's growth counts as address space */
#define CAPS_LAST  63                /* more than there are: the kernel says where they end */

/* What the child says before it closes the pipe that the parent waits on. */
struct report {
	int failed;       /* errno of the step that failed */
	char step[32];    /* which */
	uint32_t is_done; /* all was dropped */
};

struct dw_sandbox {
	struct dw_sys *sys;
	char name[64];
	pid_t pid; /* 0: reaped */
	int pidfd;
	int code; /* of its end */
	char why[96];
};

/* --- in the child ------------------------------------------------------------------------------- */

struct child {
	const struct dw_sandbox_options *o;
	const struct sandbox_filter *filter;
	struct report *report;
	int pipe; /* kept open until all is dropped */
	pid_t parent;
	int fds[FDS_MAX];
};

_Noreturn static void give_up(struct child *c, const char *step)
{
	c->report->failed = errno;
	(void)snprintf(c->report->step, sizeof(c->report->step), "%s", step);
	_exit(127);
}

/* The terminal's ^C is for the parent, which ends us when it is done. */
static void forget_signals(struct child *c)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &standard, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0)
		give_up(c, "setsid");
}

/* 0 to 2: /dev/null, then those that were given, then the pipe; no other is left. */
static void keep_descriptors(struct child *c)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), last = FIRST_FD + (int)c->o->n_fds;

	/* out of the way of the numbers that are filled below */
	null = fcntl(null, F_DUPFD_CLOEXEC, last + 1);
	c->pipe = fcntl(c->pipe, F_DUPFD_CLOEXEC, last + 1);
	if (null < 0 || c->pipe < 0)
		give_up(c, "/dev/null");
	for (size_t i = 0; i < c->o->n_fds; i++) {
		c->fds[i] = fcntl(c->o->fds[i], F_DUPFD_CLOEXEC, last + 1);
		if (c->fds[i] < 0)
			give_up(c, "descriptors");
	}
	for (int i = 0; i < FIRST_FD; i++)
		if (dup2(null, i) < 0)
			give_up(c, "descriptors");
	for (size_t i = 0; i < c->o->n_fds; i++) {
		if (dup2(c->fds[i], FIRST_FD + (int)i) < 0)
			give_up(c, "descriptors");
		c->fds[i] = FIRST_FD + (int)i;
	}
	if (dup2(c->pipe, last) < 0 || syscall(SYS_close_range, last + 1, ~0U, 0) < 0)
		give_up(c, "descriptors");
	c->pipe = last;
}

static void limit(struct child *c, __rlimit_resource_t what, rlim_t most)
{
	const struct rlimit l = { .rlim_cur = most, .rlim_max = most };

	if (setrlimit(what, &l) < 0)
		give_up(c, "setrlimit");
}

/* Bytes of address space that are in use: field 1 of /proc/self/statm, proc(5). 0: not known. */
static uint64_t space_used(void)
{
	_cleanup_fd_ int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	uint64_t pages = 0;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (!dw_parse_u64n(text, strcspn(text, " \n"), 10, UINT64_MAX >> 20, &pages))
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void set_limits(struct child *c)
{
	uint64_t used = space_used();

	limit(c, RLIMIT_NOFILE, FIRST_FD + c->o->n_fds + c->o->files);
	limit(c, RLIMIT_FSIZE, 0);
	limit(c, RLIMIT_CORE, 0);
	limit(c, RLIMIT_MEMLOCK, 0);
	if (used > 0)
		limit(c, RLIMIT_AS, used + STACK_ROOM + c->o->memory);
	limit(c, RLIMIT_NPROC, 0);
}

/*
 * EINVAL, EPERM: a user namespace in which nobody has no number, or which may not set groups: then it stays the
 * namespace's root, without its capabilities.
 */
static void become_nobody(struct child *c)
{
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		give_up(c, "setgroups");
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL && errno != EPERM)
		give_up(c, "setresgid");
	if (setresuid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL && errno != EPERM)
		give_up(c, "setresuid");
}

static void drop_capabilities(struct child *c)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* needs CAP_SETPCAP; without it, what is in the set cannot be had either (no_new_privs) */
	for (int i = 0; i <= CAPS_LAST; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			break;
	become_nobody(c);
	if (syscall(SYS_capset, &header, none) < 0)
		give_up(c, "capset");
}

/* After the user was changed: that takes the wish for a signal away again, prctl(2). */
static void die_with_parent(struct child *c)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		give_up(c, "prctl");
	if (getppid() != c->parent)
		_exit(127);
}

_Noreturn static void live(struct child *c)
{
	int r;

	forget_signals(c);
	keep_descriptors(c);
	drop_capabilities(c);
	set_limits(c);
	die_with_parent(c);
	r = dw_sandbox_filter_install(c->filter);
	if (r < 0) {
		errno = -r;
		give_up(c, "seccomp");
	}
	dw_shared_set(&c->report->is_done, 1);
	(void)close(c->pipe);
	/* the call itself: sanitizers do more in _exit(2) than the filter allows */
	(void)syscall(SYS_exit_group, c->o->run(c->o->data, c->fds) & 0xff);
	__builtin_unreachable();
}

/* --- in the parent ------------------------------------------------------------------------------ */

static int pidfd_of(struct dw_sys *s, pid_t pid)
{
	int r = dw_sys_fault(s), fd;

	if (r < 0)
		return r;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 ? -errno : fd;
}

static void reap(struct dw_sandbox *b, int *ret_status)
{
	*ret_status = 0;
	while (b->pid > 0 && waitpid(b->pid, ret_status, 0) < 0)
		if (errno != EINTR)
			break;
	b->pid = 0;
}

void dw_sandbox_free(struct dw_sandbox *b)
{
	int status;

	if (!b)
		return;
	/* our own child, not reaped: the number is still its */
	if (b->pid > 0)
		(void)kill(b->pid, SIGKILL);
	reap(b, &status);
	if (b->pidfd >= 0)
		(void)close(b->pidfd);
	free(b);
}

static int fork_child(struct dw_sandbox *b, struct child *c, int reading)
{
	int r = dw_sys_fault(b->sys);
	pid_t pid;

	if (r < 0)
		return r;
	c->parent = getpid();
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)close(reading);
		live(c);
	}
	b->pid = pid;
	return 0;
}

/* The pipe's end: the child has dropped everything, or it is gone. */
static int wait_ready(const struct dw_sandbox *b, int reading, const struct report *report,
		      struct dw_error *e)
{
	char byte;
	ssize_t n;

	do {
		n = read(reading, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (dw_shared_get(&report->is_done) == 1)
		return 0;
	if (report->failed != 0)
		return dw_error_errno(e, -report->failed, "%s: its sandbox: %s", b->name,
				      report->step);
	return dw_error_set(e, -EIO, "%s ended before it was in its sandbox", b->name);
}

static int start(struct dw_sandbox *b, struct child *c, struct dw_error *e)
{
	_cleanup_fd_ int reading = -1, writing = -1;
	int fds[2], r = dw_sys_fault(b->sys);

	if (r < 0)
		return dw_error_errno(e, r, "%s: pipe", b->name);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return dw_error_errno(e, -errno, "%s: pipe", b->name);
	reading = fds[0];
	writing = fds[1];
	c->pipe = writing;
	r = fork_child(b, c, reading);
	if (r < 0)
		return dw_error_errno(e, r, "%s: fork", b->name);
	(void)close(dw_steal_fd(&writing));
	b->pidfd = pidfd_of(b->sys, b->pid);
	if (b->pidfd < 0)
		return dw_error_errno(e, b->pidfd, "%s: pidfd_open", b->name);
	return wait_ready(b, reading, c->report, e);
}

int dw_sandbox_start(struct dw_sys *s, const struct dw_sandbox_options *o, struct dw_sandbox **ret,
		     struct dw_error *e)
{
	_cleanup_sandbox_ struct dw_sandbox *b = NULL;
	struct sandbox_filter filter;
	struct child c = { .o = o, .filter = &filter, .pipe = -1 };
	void *report = NULL;
	int r;

	if (s->kind != DW_SYS_LIVE || o->n_fds > FDS_MAX)
		return dw_error_errno(e, o->n_fds > FDS_MAX ? -EINVAL : -ENOTSUP, "%s", o->name);
	r = dw_sandbox_filter(o->calls, &filter);
	if (r < 0 || !dw_sandbox_filter_is_there())
		return dw_error_set(e, -ENOTSUP,
				    "%s needs a sandbox (seccomp), which there is none of here",
				    o->name);
	b = calloc(1, sizeof(*b));
	if (!b)
		dw_oom();
	b->sys = s;
	b->pidfd = -1;
	(void)snprintf(b->name, sizeof(b->name), "%s", o->name);
	r = dw_shared_map(s, o->name, sizeof(struct report), &report, e);
	if (r < 0)
		return r;
	c.report = report;
	r = start(b, &c, e);
	dw_shared_unmap(report, sizeof(struct report));
	if (r < 0)
		return r;
	*ret = dw_steal_ptr(b);
	return 0;
}

static void tell_end(struct dw_sandbox *b, int status)
{
	bool forbidden = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;

	b->code = -EIO;
	if (forbidden) {
		b->code = -EACCES;
		(void)snprintf(b->why, sizeof(b->why),
			       "was killed: it made a system call that its sandbox forbids");
	} else if (WIFSIGNALED(status)) {
		(void)snprintf(b->why, sizeof(b->why), "was killed by signal %d", WTERMSIG(status));
	} else {
		b->code = WEXITSTATUS(status) == 0 ? -ESRCH : -EIO;
		(void)snprintf(b->why, sizeof(b->why), "ended with status %d", WEXITSTATUS(status));
	}
}

int dw_sandbox_check(struct dw_sandbox *b, struct dw_error *e)
{
	struct pollfd p = { .fd = b->pidfd, .events = POLLIN };
	int status;

	if (b->pid > 0) {
		if (poll(&p, 1, 0) <= 0)
			return 0;
		reap(b, &status);
		tell_end(b, status);
	}
	(void)dw_error_set(e, b->code, "%s %s", b->name, b->why);
	return b->code;
}

int dw_sandbox_fd(const struct dw_sandbox *b)
{
	return b->pidfd;
}

/* --- shared memory ------------------------------------------------------------------------------ */

int dw_shared_map(struct dw_sys *s, const char *name, size_t size, void **ret, struct dw_error *e)
{
	void *p = MAP_FAILED;
	int r = dw_sys_fault(s);

	if (r == 0) {
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		r = p == MAP_FAILED ? -errno : 0;
	}
	if (p == MAP_FAILED) {
		(void)dw_error_errno(e, r, "shared memory of %s", name);
		return r < 0 ? r : -ENOMEM;
	}
	*ret = p;
	return 0;
}

void dw_shared_unmap(void *p, size_t size)
{
	if (p)
		(void)munmap(p, size);
}

/* Not FUTEX_PRIVATE_FLAG: the word is in two processes. */
void dw_shared_wait(uint32_t *word, uint32_t seen, unsigned us)
{
	const struct timespec most = { .tv_sec = us / 1000000,
				       .tv_nsec = (long)(us % 1000000) * 1000 };

	(void)syscall(SYS_futex, word, FUTEX_WAIT, seen, &most, NULL, 0);
}

void dw_shared_wake(uint32_t *word)
{
	(void)__atomic_add_fetch(word, 1, __ATOMIC_RELEASE);
	(void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
