/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of the descriptor walk: one worker's state, shared by fds.c and fdspeek.c. */
#ifndef DW_LINUX_FDS_H
#define DW_LINUX_FDS_H

#include <stdatomic.h>

#include "dw_fds.h"

/* A small open-addressed set of inodes; heap, one thread. */
struct inode_set {
	uint64_t *slot;
	size_t n, cap;
};

/* True when it was not there before. */
bool dw_inode_set_add(struct inode_set *s, uint64_t inode);

struct fds_shared {
	const struct dw_fds_ask *ask;
	int proc_fd;
	bool live;          /* not a fixture: sockets can be asked themselves */
	atomic_size_t next; /* process to read next */
	size_t self; /* index of our own process, read before all others; SIZE_MAX: not asked for */
	atomic_size_t peeked;
	struct dw_fds_process *processes;
	const uint8_t *faults; /* one a process: pretend it is denied */
	/* procfs of our own, to look under mounts: -2 not tried, -1 not possible */
	atomic_int own_proc;
};

struct fds_worker {
	struct fds_shared *shared;
	struct dw_arena *arena; /* of this thread alone */
	struct dw_fds out;
	struct inode_set peeked;
	/* SO_NETNS_COOKIE values of namespaces that are known already */
	uint64_t cookies[128];
	size_t n_cookies, next_cookie;
	bool peek_refused;
	/* the process being read */
	uint32_t process;
	int dir;   /* /proc/PID */
	int pidfd; /* -1 until needed, -2 not to be had */
	bool holds;
	bool refused; /* not allowed to read its links */
	char buffer[4096];
};

bool dw_fds_netns_known(const struct fds_worker *w, uint32_t inode);
/* Takes fd over. */
void dw_fds_add_netns(struct fds_worker *w, uint32_t inode, int fd, int pid);
/* Asks descriptor fd of the process being read, which is the socket `inode`. */
void dw_fds_peek(struct fds_worker *w, int fd, uint64_t inode);

#endif
