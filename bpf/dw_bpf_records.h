/* SPDX-License-Identifier: LGPL-2.1-or-later OR GPL-2.0-only */
/*
 * What the BPF programs tell user space: a stream of records, each with a head. Written by bpf/ and read by
 * collect/; a recorded stream (bpf/walk.bin of a fixture) has the same form, so numbers here never change
 * their meaning: new members go to the end, new records get a new number.
 *
 * Members are naturally aligned and without holes: bytes of the kernel's stack must not leak into the stream.
 */
#ifndef DW_BPF_RECORDS_H
#define DW_BPF_RECORDS_H

#include <linux/types.h>

enum dw_bpf_record_type {
	DW_BPF_SOCKET = 1, /* a socket, and the descriptor that holds it when there is one */
	DW_BPF_PROCESS,    /* the process of the DW_BPF_SOCKETs before it, once or more for each */
	DW_BPF_EXE,        /* path of the program, follows its DW_BPF_PROCESS */
	DW_BPF_FILTER,     /* classic filter of a packet or raw socket */
	DW_BPF_SYMBOL,     /* who takes what comes to a kernel-made socket */
	DW_BPF_NETNS,      /* a network namespace on the kernel's list */
	DW_BPF_NSFD, /* a descriptor of a network namespace; fd -1: a task in others than the reader */
	DW_BPF_TABLE,     /* a socket table that an anchor socket leads to */
	DW_BPF_MORE,      /* the buffer was full: what remains to be walked */
	DW_BPF_COMMAND,   /* added by the reader: a command line as /proc tells it, n bytes */
	DW_BPF_ARGUMENTS, /* where that lies in the process's memory; follows its DW_BPF_PROCESS */
};

struct dw_bpf_head {
	__u16 type;
	__u16 size; /* of the whole record, a multiple of 8 */
	__u32 n;    /* EXE: length of the path. FILTER: instructions that the filter has. Else 0 */
};

enum {
	DW_BPF_F_REUSEPORT = 1 << 0,
	DW_BPF_F_V6ONLY = 1 << 1,
	DW_BPF_F_MPTCP = 1 << 2,   /* an MPTCP socket, or a subflow of one (then msk is set) */
	DW_BPF_F_NO_FILE = 1 << 3, /* no struct file behind it: the kernel made it for itself */
	DW_BPF_F_ENCAP = 1 << 4,   /* encap_rcv is set: the kernel takes the datagrams */
	DW_BPF_F_RING = 1 << 5,    /* held as fixed file `slot` of the io_uring `fd` */
	DW_BPF_F_TABLE = 1 << 6,   /* found in a table of the kernel, not in a process */
	DW_BPF_F_FILTER =
		1 << 7, /* a filter is attached; no DW_BPF_FILTER tells it when it is eBPF */
};

struct dw_bpf_socket {
	struct dw_bpf_head head;
	__u64 sk;     /* identity of the socket; of an SMC listener: its TCP socket */
	__u64 msk;    /* the MPTCP socket that a subflow belongs to, else 0 */
	__u64 inode;  /* of sockfs */
	__u64 cookie; /* 0: none given yet */
	__u64 cgroup; /* number of the one that it was made in (version 2); 0: not known */
	__u8 address[16]; /* network order; vsock: CID in the first 4 bytes, host order */
	__u32 netns;
	__u32 uid;
	__u32 ifindex;
	__u32 port; /* host order; raw: protocol; packet: ethertype; vsock: port; bluetooth: PSM, channel */
	__u16 family;              /* AF_* */
	__u16 type;                /* SOCK_* */
	__u16 protocol;            /* IPPROTO_*; bluetooth: BTPROTO_* */
	__u16 state;               /* TCP_* */
	__u32 flags;               /* DW_BPF_F_* */
	__u32 tgid, tid, fd, slot; /* as the reader's pid namespace numbers them; 0 in tables */
	__u32 reserved;
};

struct dw_bpf_process {
	struct dw_bpf_head head;
	__u64 started; /* nanoseconds since boot (CLOCK_BOOTTIME) */
	__u64 css_set; /* processes with the same value are in the same cgroups */
	__u64 caps_effective, caps_bounding;
	__u64 exe_ino;
	__u32 exe_dev; /* in the kernel's own form: major << 20 | minor */
	__u32 exe_nlink;
	__u32 tgid, ppid, pgrp, sid;
	__u32 tty; /* in the kernel's own form, 0: none */
	__u32 uid, euid, gid, egid;
	__u32 loginuid;
	__u32 netns, mntns, pidns;
	__u32 seccomp;
	__u32 no_new_privs;
	__u32 flags; /* PF_* */
	char comm[16];
};

#define DW_BPF_EXE_MAX 256 /* a longer path is left out: the reader asks /proc */

struct dw_bpf_exe {
	struct dw_bpf_head head; /* n: bytes of path, without its NUL */
	char path[];
};

#define DW_BPF_FILTER_MAX 64 /* instructions told; longer filters are cut */

struct dw_bpf_instruction { /* struct sock_filter */
	__u16 code;
	__u8 jt, jf;
	__u32 k;
};

struct dw_bpf_filter {
	struct dw_bpf_head head;
	__u64 sk;
	struct dw_bpf_instruction v[];
};

/* Each text ends with NUL: "svc_tcp_listen_data_ready [sunrpc]", or is empty. */
struct dw_bpf_symbol {
	struct dw_bpf_head head;
	__u64 sk;
	char data_ready[64];
	char encap_rcv[64];
	char waiter[16]; /* name of the kernel thread that sleeps on it */
};

struct dw_bpf_netns {
	struct dw_bpf_head head;
	__u64 net; /* struct net */
	__u64 tcp; /* struct inet_hashinfo, 0: not known */
	__u64 udp; /* struct udp_table, 0: not known */
	__u32 tcp_buckets, udp_buckets;
	__u32 inode;
	__u32 packets; /* 1: it has packet sockets */
};

struct dw_bpf_nsfd {
	struct dw_bpf_head head;
	__u32 netns;
	__u32 mntns; /* of the task; 0 when it is about a descriptor */
	__u32 tgid, tid;
	__s32 fd;
	__u32 reserved;
};

/* A piece of work: the walk over the tables is made of them. */
enum dw_bpf_work_kind {
	DW_BPF_W_NONE = 0,
	DW_BPF_W_NETNS,  /* list of namespaces; from: how many to pass over, n: how many to tell */
	DW_BPF_W_ANCHOR, /* descriptor `from` of the reader: what tables its protocol has */
	DW_BPF_W_LISTEN, /* buckets of an inet_hashinfo's listeners */
	DW_BPF_W_UDP,    /* buckets of a udp_table */
	DW_BPF_W_RAW,    /* buckets of a raw_hashinfo */
	DW_BPF_W_PACKET, /* packet sockets of a struct net; one bucket */
	DW_BPF_W_FDS,    /* descriptors of the task `table`, which has the number `tid` */
	DW_BPF_W_SOCKET, /* filter and symbols of the struct sock `table` of the inode `files` */
	DW_BPF_W_RING, /* fixed files of the struct io_ring_ctx `table`, which descriptor `fd` is */
	DW_BPF_W_AGAIN, /* the struct sock `table` of the inode `files`, if it is still that and a door */
};

struct dw_bpf_work {
	__u32 kind;
	__u32 tgid, tid, fd; /* W_FDS, W_RING: copied into what is found */
	__u64 table;         /* kernel address, as an earlier record told it */
	__u64 files; /* W_FDS, W_RING: struct files_struct, private data of the ring: what it must still be */
	__u32 from, n; /* first bucket, descriptor or slot, how many */
	__u32 skip;    /* sockets to pass over in the first bucket */
	/*
	 * 0, which the verifier does not know. Up to 6.7 it looks at the body of a bpf_loop() once, with what the
	 * state of the loop is at first, and takes away each branch that is not reached from there: state that the
	 * loop changes must not begin with a number that it knows.
	 */
	__u32 zero;
};

/*
 * What a reader wants done. It lies in the program's one hash map, below the key dw_bpf_reader(). Without pieces of
 * work it is a walk over the tasks; `next` counts up as pieces are done.
 */
struct dw_bpf_request {
	__u64 work; /* address, in the reader's memory, of n struct dw_bpf_work */
	__u32 n, next;
	__u32 half; /* 0: all tasks; 1, 2: those of one half of the processes */
	__u32 zero; /* as dw_bpf_work.zero */
};

/* A reader by its thread's number and the inode of the pid namespace that the number is of. */
static inline __u64 dw_bpf_reader(__u32 pidns, __u32 tid)
{
	return (__u64)pidns << 32 | tid;
}

#define DW_BPF_READERS_MAX 64 /* at once */

struct dw_bpf_command {
	struct dw_bpf_head head;
	__u32 tgid;
	__u32 reserved;
	char text[];
};

struct dw_bpf_arguments {
	struct dw_bpf_head head;
	__u64 start, end; /* addresses in the process's memory; both 0: not known */
	__u32 tgid;
	__u32 reserved;
};

struct dw_bpf_more {
	struct dw_bpf_head head;
	struct dw_bpf_work work;
};

struct dw_bpf_table {
	struct dw_bpf_head head;
	__u64 table; /* struct inet_hashinfo, udp_table or raw_hashinfo */
	__u32 buckets;
	__u32 kind;   /* DW_BPF_W_LISTEN, _UDP or _RAW */
	__u32 family; /* of the anchor */
	__u32 protocol;
};

#endif
