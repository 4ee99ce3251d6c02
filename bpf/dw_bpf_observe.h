/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* What bpf/observe*.bpf.c notes of one control group; the kernel's side and ours agree by this header. */
#ifndef DW_BPF_OBSERVE_H
#define DW_BPF_OBSERVE_H

#include <linux/types.h>

#define DW_BPF_OBSERVE_CALLS    512 /* numbers of system calls; greater ones are counted as missed */
#define DW_BPF_OBSERVE_CAPS     64
#define DW_BPF_OBSERVE_FAMILIES 64
#define DW_BPF_OBSERVE_PATHS    8192
#define DW_BPF_OBSERVE_PATH     248

enum {
	DW_BPF_OBSERVE_WRITTEN =
		1, /* opened for writing, made, removed, renamed, bound to, or changed */
	DW_BPF_OBSERVE_STARTED, /* execve */
	DW_BPF_OBSERVE_DEVICE,  /* below /dev, opened */
};

/* dw_flags */
#define DW_BPF_OBSERVE_WX     1 /* memory that is to be executed was made while the program ran */
#define DW_BPF_OBSERVE_HOME   2 /* something below /home, /root or /run/user was opened */
#define DW_BPF_OBSERVE_SETID  4 /* a mode with set-UID or set-GID was given */
#define DW_BPF_OBSERVE_COMPAT 8 /* a call by another table of numbers (32 bits) */

struct dw_bpf_observe_key {
	__u32 kind;
	__s32 directory;                /* descriptor that a relative path begins at; AT_FDCWD */
	char path[DW_BPF_OBSERVE_PATH]; /* as it was given, zeroes behind it */
};

struct dw_bpf_observe_value {
	__u32 pid; /* who did it first */
	__u32 cut; /* 1: the path is longer */
};

#endif
