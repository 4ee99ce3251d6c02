/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * What bpf/scan.bpf.c and the wire "live-frames" share, all of it in maps that both sides see at once (BPF_F_MMAPABLE).
 * "As in the packet" means network order, moved as memory, never as a number.
 */
#ifndef DW_BPF_SCAN_H
#define DW_BPF_SCAN_H

#include <linux/types.h>

#define DW_BPF_SCAN_SLOTS  8192u /* of one run of the sender; a power of two */
#define DW_BPF_SCAN_RING   (4u << 20)
#define DW_BPF_SCAN_PROBES 32u /* places looked at in the table of addresses before "not there" */
#define DW_BPF_SCAN_HEAD                                                                           \
	56u /* room of Ethernet + IP headers: 34 bytes IPv4, 54 IPv6, zero behind */
#define DW_BPF_SCAN_FRAME4                                                                         \
	60u /* bytes of a SYN with the option MSS; the least that Ethernet carries, so 2 are padding */
#define DW_BPF_SCAN_FRAME6 78u
/* The sender runs for frames "of" this interface: lo, where BPF_PROG_RUN without a context puts them. */
#define DW_BPF_SCAN_LO 1u

enum dw_bpf_scan_way {
	DW_BPF_SCAN_PROBES_OUT = 0,
	DW_BPF_SCAN_DRY,   /* probes are made, and dropped: how long does that take? */
	DW_BPF_SCAN_AS_IS, /* the frame goes out as it was given: does the driver take any? */
};

struct dw_bpf_scan_host {
	__u8 head[DW_BPF_SCAN_HEAD]; /* its packets' Ethernet and IP headers, checksum included */
	__u32 address[4];            /* as in the packet; IPv4: the first, the rest zero */
	__u32 sum; /* of the TCP checksum: pseudo header and all words that never change */
	__u32 unused;
};

/* A place of the table of addresses: the host's number + 1, 0: nobody. Linear probing. */
struct dw_bpf_scan_place {
	__u32 host1;
	__u32 hash;
};

/* The one value of the map dw_state. Cache lines apart: what each side writes while the other works. */
struct dw_bpf_scan {
	/* set by user space */
	__u64 key_a, key_b;
	__u64 netns; /* cookie of the interface's network namespace */
	__u32 on;    /* 0: everything passes */
	__u32 reset; /* SYN-ACKs are answered by XDP_TX; else the kernel, which knows no such socket, does it */
	__u32 ifindex;  /* where probes go out */
	__u32 v6;       /* family of the block */
	__u32 n_ports;  /* of the block, at least 1 */
	__u32 mask;     /* places of the table of addresses - 1 */
	__u32 seed;     /* of its hash */
	__u32 n_send;   /* slots of this run */
	__u32 way;      /* enum dw_bpf_scan_way */
	__u16 first;    /* source port of round 0, host order */
	__u16 n_rounds; /* source ports in use from there on */
	__u16 source;   /* source port of this run, as in the packet */

	/* written by the sender */
	__u64 next __attribute__((aligned(64))); /* frames begun */
	/* by the tracepoint: frames that the driver was given, and those of them that it did not take */
	__u64 given __attribute__((aligned(64)));
	__u64 n_missed;

	/* by the receiver, atomically; never set back */
	__u64 answers __attribute__((aligned(64)));
	__u64 foreign;
	__u64 lost; /* answers that did not fit into the ring */

	__u32 slots[DW_BPF_SCAN_SLOTS] __attribute__((aligned(64)));
	__u32 missed[DW_BPF_SCAN_SLOTS]; /* positions in slots[] */
	__u16 ports[65536];              /* of the block, as in the packet */
	/*
	 * Of a port as in the packet: its index + 1; 0: not of this block. Not of its number: clang makes one
	 * instruction of swap and index, and the verifier of 6.1 loses the bound.
	 */
	__u32 index1[65536];
};

enum dw_bpf_scan_kind {
	DW_BPF_SCAN_RESET = 1, /* in the program only: goes into no record */
	DW_BPF_SCAN_SYN_ACK,
	DW_BPF_SCAN_ICMP,
	DW_BPF_SCAN_ICMP6,
};

/* A record of the ring. */
struct dw_bpf_scan_answer {
	__u32 slot;
	__u16 port; /* ours, host order */
	__u8 kind;  /* enum dw_bpf_scan_kind */
	__u8 ttl;
	__u8 type, code; /* of ICMP */
	__u8 bare;       /* SYN-ACK with window 0 or without options */
	__u8 again;      /* the bit was set already */
	__u32 from[4];   /* sender of the ICMP message, as in the packet */
};

#endif
