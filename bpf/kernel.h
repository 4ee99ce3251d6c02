/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel structs that the program names: those of the iterators, which are an interface, those that have
 * always been as they are here, and the way from a task to the path of its program, which the path helper takes
 * only from pointers that the verifier can follow (offsets are put in when the program is loaded, CO-RE). All
 * else is read by the table of dw_bpf_fields.h.
 */
#ifndef DW_KERNEL_H
#define DW_KERNEL_H

#include <linux/types.h>

typedef _Bool bool;
#define true 1
#define false 0

struct seq_file;
struct task_struct;
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

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct path {
	void *dentry;
};

struct file {
	struct path f_path;
};

struct mm_struct {
	struct file *exe_file;
};

struct task_struct {
	struct mm_struct *mm;
	struct task_struct *group_leader;
};

#pragma clang attribute pop

#endif
