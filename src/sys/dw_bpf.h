/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What BPF programs see: sockets held by descriptors of every task, the kernel's own socket tables, BPF
 * programs that answer ports. The records' layout is bpf/dw_bpf_records.h. A fake handle replays
 * bpf/walk.bin.
 */
#ifndef DW_BPF_H
#define DW_BPF_H

#include "dw_sys.h"

enum {
	DW_BPF_HOLDERS = 1 << 0, /* descriptors of all tasks, with the tasks */
	DW_BPF_TABLES = 1 << 1,  /* the global socket tables, ownerless sockets included */
};

enum dw_bpf_rung {
	DW_BPF_RUNG_NONE = 0,
	DW_BPF_RUNG_LOADED, /* loaded for this run */
	DW_BPF_RUNG_PINNED, /* found pinned below /sys/fs/bpf/doorward */
};

/* How the program reads the kernel's memory: the same, at another price. */
enum dw_bpf_reads {
	DW_BPF_READS_ANY = 0,
	DW_BPF_READS_LOADS, /* from Linux 6.2 on */
	DW_BPF_READS_CALLS, /* everywhere */
};

struct dw_bpf_walk {
	enum dw_bpf_rung rung;
	unsigned ran;            /* DW_BPF_* parts that ran */
	struct dw_bytes holders; /* records; empty when not asked for or not possible */
	struct dw_bytes others;  /* more of them, which a second thread read */
	struct dw_bytes tables;
	bool whole;  /* we are in the host's own pid namespace: every task was looked at */
	size_t lost; /* descriptor tables and io_uring rings that could not be read to their end */
};

/* For tests: that program and no other, pinned ones neither. Before all else. */
void dw_bpf_only(struct dw_sys *s, enum dw_bpf_reads how);
/* True: the program has to be loaded, and dw_bpf_make_ready() may do so beside other work; else dw_bpf_run() does. */
bool dw_bpf_begin(struct dw_sys *s);
/* Loads it. Another thread may use the handle meanwhile, but for dw_bpf_run(). */
void dw_bpf_make_ready(struct dw_sys *s);
/*
 * Runs the parts that `want` names and that this kernel allows. -ENOTSUP / -EPERM: none of them; the message
 * says why. Memory comes from the arena.
 */
int dw_bpf_run(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
	       struct dw_error *e);
/*
 * Tells those of n sockets of the tables anew, as records, that are still what they were. Costs next to nothing.
 * -ENOTSUP on a recorded host.
 */
struct dw_bpf_seen {
	uint64_t sk, inode;
};
int dw_bpf_look_again(struct dw_sys *s, const struct dw_bpf_seen *v, size_t n, struct dw_arena *a,
		      struct dw_bytes *ret, struct dw_error *e);
/* The program need not be loaded: it is pinned (a fake handle: recorded). */
bool dw_bpf_is_ready(struct dw_sys *s);
/* An nsfs descriptor of the network namespace that descriptor `fd` of the process, a socket, lives in. */
int dw_bpf_socket_netns(struct dw_sys *s, int pid, int fd, struct dw_error *e);
/* Pin the program below /sys/fs/bpf/doorward (mounted when it is not), mode 0700, for later runs. */
int dw_bpf_pin(struct dw_sys *s, struct dw_error *e);
int dw_bpf_unpin(struct dw_sys *s, struct dw_error *e);

#endif
