/* SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-only */
/* What the watching BPF programs tell user space: records of a ring buffer, and the counters of doors. */
#ifndef DW_BPF_WATCH_H
#define DW_BPF_WATCH_H

#include <linux/types.h>

enum dw_bpf_watch_what {
	DW_BPF_WATCH_OPENED = 1, /* listens, or is bound and unconnected */
	DW_BPF_WATCH_CLOSED,     /* does not any more */
};

enum dw_bpf_watch_hook {
	DW_BPF_WATCH_HOOK_FEXIT = 1,
	DW_BPF_WATCH_HOOK_TRACEPOINT,
	DW_BPF_WATCH_HOOK_CGROUP,
};

/* An event: a hint, never the truth; the socket may be gone, or another, when it is read. */
struct dw_bpf_watch {
	__u64 time;       /* CLOCK_MONOTONIC, nanoseconds */
	__u64 cookie;     /* of the socket, as SO_COOKIE; 0: not known */
	__u64 started;    /* of the thread group leader, nanoseconds since boot (CLOCK_BOOTTIME) */
	__u64 cgroup;     /* id of the process's cgroup (v2) */
	__u8 address[16]; /* network order, IPv4 in the first 4 bytes */
	__u32 netns;      /* inode */
	__u32 ifindex;
	__u32 port; /* host order; raw: protocol; packet: ethertype; vsock: port */
	__u32 tgid,
		tid; /* of the task that did it, in the reader's pid namespace; 0: it is outside */
	__u32 uid;
	__u16 what; /* enum dw_bpf_watch_what */
	__u16 family, type, protocol;
	__u16 hook;  /* enum dw_bpf_watch_hook: which program saw it, for tests and --status */
	__u16 flags; /* DW_BPF_WATCH_F_* */
	char comm[16];
	__u32 fd; /* opened: the descriptor that the task has for it, plus 1; 0: not known */
};

enum {
	DW_BPF_WATCH_F_FILTER = 1 << 0,   /* a socket filter is attached */
	DW_BPF_WATCH_F_AUTOBIND = 1 << 1, /* the kernel chose the port: mostly a client of UDP */
	DW_BPF_WATCH_F_MPTCP = 1 << 2,
	DW_BPF_WATCH_F_OUTSIDE =
		1 << 3, /* of a process that the reader's pid namespace does not have */
};

/* A door as its counters know it. address: what was connected or sent to, never a wildcard. */
struct dw_bpf_usage_key {
	__u8 address[16];
	__u32 netns;
	__u16 port;    /* host order */
	__u8 protocol; /* IPPROTO_* */
	__u8 family;
};

#define DW_BPF_USAGE_SKETCH 128 /* bits: linear counting of peers */

struct dw_bpf_usage {
	__u64 accepted;    /* connections that were established */
	__u64 refused;     /* the backlog was full */
	__u64 datagrams;   /* received by the socket */
	__u64 bytes;       /* 0 where they are not counted */
	__u64 local;       /* of accepted + datagrams: from an address of this host */
	__u64 first, last; /* CLOCK_BOOTTIME, nanoseconds; 0: never */
	__u64 sketch[DW_BPF_USAGE_SKETCH / 64];
	__u8 peer[16]; /* the last one */
	__u32 peer_family;
	__u32 reserved;
};

#endif
