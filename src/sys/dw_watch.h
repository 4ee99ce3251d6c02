/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own word when a door opens or shuts, in every network namespace, by BPF programs that are loaded for as
 * long. An event is a hint: who gets one looks at the socket itself.
 */
#ifndef DW_WATCH_H
#define DW_WATCH_H

#include "dw_bpf_watch.h"
#include "dw_sys.h"

struct dw_watch;

/* What is seen, by which hook. Which program runs is chosen kind by kind, the best that this kernel allows. */
enum dw_watch_kind {
	DW_WATCH_TCP = 0,
	DW_WATCH_UDP,
	DW_WATCH_RAW,
	DW_WATCH_PACKET,
	DW_WATCH_VSOCK,
	DW_WATCH_SCTP,
	DW_WATCH_CLOSES, /* of all of them */
	DW_WATCH_KINDS
};

struct dw_watch_options {
	size_t ring;      /* bytes of the ring buffer, a power of two; 0: 4 MiB */
	unsigned without; /* tests: hooks that are not tried, DW_WATCH_HOOK_* */
};

enum {
	DW_WATCH_HOOK_FEXIT = 1 << 0,      /* fentry, fexit, LSM */
	DW_WATCH_HOOK_TRACEPOINT = 1 << 1, /* BTF and plain tracepoints, system calls' too */
	DW_WATCH_HOOK_CGROUP = 1 << 2,     /* post_bind and the like, at the root of the cgroups */
	DW_WATCH_HOOK_BTF = 1 << 3,        /* tests: as if the kernel had no BTF */
};

struct dw_watch_status {
	const char *hooks
		[DW_WATCH_KINDS]; /* "fexit", "tracepoint", "cgroup"; NULL: not seen, poll for it */
	uint64_t events, lost;    /* since it was opened; lost: the ring was full */
	size_t ring;              /* its bytes */
	bool inside; /* we are in a pid namespace of our own: processes outside it are told as 0 */
	unsigned closes; /* kinds whose closings are told too, 1 << DW_WATCH_*; the others': poll */
};

/*
 * Begins to watch. -EPERM, -ENOTSUP: not one kind can be watched here (the message says why): poll. What cannot be
 * seen of the rest is in the status.
 */
int dw_watch_open(struct dw_sys *s, const struct dw_watch_options *o, struct dw_watch **ret,
		  struct dw_error *e);
/* To wait on by poll(2): readable when events are there. */
int dw_watch_fd(const struct dw_watch *w);
/*
 * Hands out what is there, in order, without waiting: at most n. The number; 0: nothing. -EOVERFLOW once after
 * events were lost: look at everything anew.
 */
int dw_watch_read(struct dw_watch *w, struct dw_bpf_watch *ret, size_t n, struct dw_error *e);
void dw_watch_status(const struct dw_watch *w, struct dw_watch_status *ret);
void dw_watch_close(struct dw_watch *w); /* NULL allowed */

/* --- usage: counted in the kernel, for each local address and port that is asked for ------------------------------ */

struct dw_usage;

struct dw_usage_status {
	bool tcp, refused, udp, bytes; /* what is counted here */
	size_t doors, doors_max;       /* counters in use */
	uint64_t missed;               /* uses that found no counter free */
};

int dw_usage_open(struct dw_sys *s, struct dw_usage **ret, struct dw_error *e);
/* Calls fn for every counter there is: totals since dw_usage_open(). A negative code of fn ends it. */
int dw_usage_read(struct dw_usage *u,
		  int (*fn)(void *data, const struct dw_bpf_usage_key *k,
			    const struct dw_bpf_usage *v),
		  void *data, struct dw_error *e);
/* Forgets one, so that its place is free: its door is shut. */
void dw_usage_forget(struct dw_usage *u, const struct dw_bpf_usage_key *k);
void dw_usage_status(struct dw_usage *u, struct dw_usage_status *ret);
void dw_usage_close(struct dw_usage *u); /* NULL allowed */

#endif
