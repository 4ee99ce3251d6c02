/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the descriptors of all processes refer to, as far as doors need it: sockets, network
 * namespaces, and the registered files of io_uring rings. One walk by several threads, straight
 * over /proc (see proc(5)).
 *
 * A process is read through one descriptor on its /proc/PID, which stays bound to that process:
 * when the pid is taken over meanwhile, the reads fail instead of telling of another process. A
 * mount laid over /proc/PID is noticed (openat2(2), RESOLVE_NO_XDEV) and looked under, through a
 * procfs of our own that is mounted nowhere (fsmount(2)).
 *
 * Sockets that no network namespace asked so far has shown are asked themselves, through a
 * duplicate (pidfd_getfd(2), Linux 5.6): which namespace they live in, and whether they listen.
 * That is how a namespace that only a socket keeps alive is found without BPF.
 */
#ifndef DW_FDS_H
#define DW_FDS_H

#include "dw_sys.h"

enum dw_fds_state {
	DW_FDS_GONE = 0, /* ended before or while it was read: not an error */
	DW_FDS_READ,
	DW_FDS_DENIED, /* not allowed to look, or the read failed: holders may be missing */
};

struct dw_fds_process {
	int pid;
	int ppid;
	uint64_t started_ticks; /* as dw_procinfo's; 0 when it holds no socket */
	enum dw_fds_state state;
	bool covered;  /* a mount hides /proc/PID from everybody */
	char comm[16]; /* of a covered process, else empty */
};

/* A socket held. Those of one process stand together, its own table (tid 0) first. */
struct dw_fds_socket {
	uint32_t process; /* index into dw_fds.processes */
	int tid;          /* of a thread with a descriptor table of its own, else 0 */
	int fd;           /* of the socket, or of the ring */
	int slot;         /* of a ring's registered files, -1: a descriptor */
	uint64_t inode;   /* 0: a registered file that this kernel calls by its protocol only */
};

/* A network namespace that ask->netns did not name. */
struct dw_fds_netns {
	uint32_t inode;
	int fd;  /* on nsfs; the caller's from then on (dw_fds_close closes what is still there) */
	int pid; /* where it was found */
};

/*
 * A socket that nobody has shown so far and that could be a door: asked itself, see getsockopt(2).
 */
struct dw_fds_loose {
	uint64_t inode;
	uint32_t netns;
	int domain, type, protocol;
	bool listening;                 /* SO_ACCEPTCONN */
	bool connected;                 /* getpeername(2) answers */
	_Alignas(8) uint8_t local[128]; /* struct sockaddr of that domain */
	uint32_t local_size;
	uint64_t cookie;   /* SO_COOKIE */
	uint32_t bound_if; /* SO_BINDTOIFINDEX, 0 none */
	bool v6only;
};

struct dw_fds_ask {
	const int *pids;
	size_t n_pids;
	/* Must be safe to call from several threads at once. NULL: no socket is asked itself. */
	bool (*known)(const void *arg, uint64_t inode);
	const void *arg;
	const uint32_t *netns; /* known namespaces, ascending */
	size_t n_netns;
	size_t peek_max; /* sockets to ask themselves, at most */
};

struct dw_fds {
	struct dw_fds_process *processes; /* beside ask->pids */
	size_t n_processes;
	DW_VEC(struct dw_fds_socket) sockets;
	DW_VEC(struct dw_fds_netns) netns;
	DW_VEC(struct dw_fds_loose) loose;
	size_t denied;     /* processes not allowed to look into */
	size_t unpeeked;   /* sockets not asked themselves: not allowed, or more than peek_max */
	size_t unpeekable; /* of these: not allowed or not possible on this kernel */
	size_t rings_mute; /* rings whose registered files could not be read */
};

/*
 * Results lie in the arena, but for descriptors: dw_fds_close. Negative: /proc cannot be read at
 * all.
 */
int dw_fds_walk(struct dw_sys *s, const struct dw_fds_ask *ask, struct dw_arena *a,
		struct dw_fds *ret, struct dw_error *e);
void dw_fds_close(struct dw_fds *f);

/* Parsers of what stands in /proc, on plain bytes; for the tests. */

/* "socket:[123]" with the prefix "socket" -> 123. */
bool dw_fds_parse_link(const char *link, size_t n, const char *prefix, uint64_t *ret);
/*
 * A line "    3: socket:[123]" of a ring's fdinfo: false when it is no socket. *ret_inode 0: its
 * number is not told.
 */
bool dw_fds_parse_ring_line(const char *line, size_t n, int *ret_slot, uint64_t *ret_inode);
/* The start time and parent in /proc/PID/stat, if it is about that pid. */
bool dw_fds_parse_stat(const char *text, size_t n, struct dw_fds_process *p);

#endif
