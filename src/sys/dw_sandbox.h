/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child that reads what strangers sent: no capabilities, nobody's user (when we are root), no descriptors but
 * those it is given, no way to get any of it back, and a seccomp(2) filter of the few system calls that it needs.
 * Any other call kills it, which the parent sees as an error. It dies with the parent's thread that started it.
 *
 * It is a fork: it sees a copy of the parent's memory as it was then (keep no secrets there), and what was mapped as
 * shared before (dw_shared_map) both see.
 */
#ifndef DW_SANDBOX_H
#define DW_SANDBOX_H

#include "dw_sys.h"

/* Groups of system calls. Always there: exit, close, return from a signal, getpid, gettid. */
enum dw_sandbox_calls {
	DW_SANDBOX_READ = 1 << 0,    /* read, readv */
	DW_SANDBOX_WRITE = 1 << 1,   /* write, writev */
	DW_SANDBOX_SEND = 1 << 2,    /* sendmsg, sendto */
	DW_SANDBOX_RECEIVE = 1 << 3, /* recvmsg, recvfrom; descriptors too (SCM_RIGHTS) */
	DW_SANDBOX_SHUTDOWN = 1 << 4,
	DW_SANDBOX_POLL = 1 << 5,  /* poll, ppoll */
	DW_SANDBOX_EPOLL = 1 << 6, /* epoll_create1, epoll_ctl, epoll_wait, epoll_pwait */
	DW_SANDBOX_CLOCK =
		1 << 7, /* clock_gettime, gettimeofday, for where the vDSO asks the kernel */
	/* mmap of anonymous memory, mprotect (neither executable), munmap, mremap, brk, madvise: malloc(3) */
	DW_SANDBOX_MEMORY = 1 << 8,
	DW_SANDBOX_FUTEX = 1 << 9,
	DW_SANDBOX_RANDOM = 1 << 10, /* getrandom */
	DW_SANDBOX_SLEEP = 1 << 11,  /* nanosleep, clock_nanosleep */
};

struct dw_sandbox_options {
	const char *name; /* for messages: "the packet reader" */
	/* In the child; fds[i] is its number for the i-th descriptor that was given. What it returns (0..255) is
	   its exit
	 * status. Standard input, output and error are /dev/null. */
	int (*run)(void *data, const int *fds);
	void *data;
	const int *fds; /* stay the parent's as well */
	size_t n_fds;   /* at most 16 */
	unsigned calls; /* enum dw_sandbox_calls, or'ed */
	size_t memory;  /* bytes that it may get beyond what it began with */
	unsigned
		files; /* descriptors that it may get (SCM_RIGHTS, epoll_create1) beyond what it was given */
};

struct dw_sandbox;

/* Returns when the child has dropped everything. -ENOTSUP: no seccomp, or a processor that we have no filter for. */
int dw_sandbox_start(struct dw_sys *s, const struct dw_sandbox_options *o, struct dw_sandbox **ret,
		     struct dw_error *e);
/*
 * 0: it runs. -ESRCH: run() returned 0. -EACCES: it was killed for a forbidden call. -EIO: it ended otherwise. Asks
 * only; the same answer each time once it has ended.
 */
int dw_sandbox_check(struct dw_sandbox *b, struct dw_error *e);
/* pidfd: readable when it has ended. */
int dw_sandbox_fd(const struct dw_sandbox *b);
/* Kills it when it runs, and reaps it. NULL allowed. */
void dw_sandbox_free(struct dw_sandbox *b);
static inline void dw_cleanup_sandbox(struct dw_sandbox **b)
{
	dw_sandbox_free(*b);
}
#define _cleanup_sandbox_ _cleanup_(dw_cleanup_sandbox)

/*
 * Zeroed memory that children forked later share. Pages cost nothing until they are written to, so a large map is
 * cheap. The other side is hostile: read each value once (dw_shared_get) and check what was read.
 */
int dw_shared_map(struct dw_sys *s, const char *name, size_t size, void **ret, struct dw_error *e);
void dw_shared_unmap(void *p, size_t size); /* NULL allowed */
#define dw_shared_get(p)    __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define dw_shared_set(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* Waits until *word is no longer `seen`, at most that many microseconds. Spurious returns happen. */
void dw_shared_wait(uint32_t *word, uint32_t seen, unsigned us);
/* Adds 1 to the word and wakes who waits for it. */
void dw_shared_wake(uint32_t *word);

#endif
