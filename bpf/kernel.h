/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel structs that the program names: those of the iterators, which are an interface, and those that have
 * always been as they are here. All else is read by the table of dw_bpf_fields.h, the way from a task to the path of
 * its program, too: the verifier knows the table's values, and so which member a pointer is taken from.
 */
#ifndef DW_KERNEL_H
#define DW_KERNEL_H

#include <linux/types.h>

typedef _Bool bool;
#define true 1
#define false 0

struct seq_file;
struct task_struct;
struct mm_struct;
struct file;
struct path;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* struct upid: a number, and behind it (8 bytes on) the namespace it is valid in */
#define UPID_SIZE 16
#define UPID_NS   8

/* struct sock_fprog_kern: a length, and behind it (8 bytes on) the instructions */
#define FPROG_FILTER 8

enum { SS_FREE, SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED, SS_DISCONNECTING };

#endif
