/* SPDX-License-Identifier: GPL-2.0-only */
/* What both observing programs begin with: is the task in the group that is observed? */
#ifndef DW_OBSERVE_H
#define DW_OBSERVE_H

#include "dw_bpf_observe.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

typedef _Bool bool;
#define true 1
#define false 0

#define INLINE static inline __attribute__((always_inline))

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} dw_group SEC(".maps");

/* In the group, or in one below it. */
INLINE bool is_observed(void)
{
	return bpf_current_task_under_cgroup(&dw_group, 0) == 1;
}

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long di, si, dx, r10, r8, orig_ax;
};
#define ARGUMENT_0(r) BPF_CORE_READ(r, di)
#define ARGUMENT_1(r) BPF_CORE_READ(r, si)
#define ARGUMENT_2(r) BPF_CORE_READ(r, dx)
#define ARGUMENT_3(r) BPF_CORE_READ(r, r10)
#define ARGUMENT_4(r) BPF_CORE_READ(r, r8)
#define CALL_OF(r)    BPF_CORE_READ(r, orig_ax)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	unsigned long regs[31];
	unsigned long orig_x0;
	int syscallno;
};
#define ARGUMENT_0(r) BPF_CORE_READ(r, orig_x0)
#define ARGUMENT_1(r) BPF_CORE_READ(r, regs[1])
#define ARGUMENT_2(r) BPF_CORE_READ(r, regs[2])
#define ARGUMENT_3(r) BPF_CORE_READ(r, regs[3])
#define ARGUMENT_4(r) BPF_CORE_READ(r, regs[4])
#define CALL_OF(r)    ((unsigned long)BPF_CORE_READ(r, syscallno))
#else
#error "how system calls hand over their arguments is not known for this machine"
#endif
#pragma clang attribute pop

#endif
