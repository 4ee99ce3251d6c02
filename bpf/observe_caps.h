/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capabilities as the kernel checks them, each beside the system call in which that was. Only checks against the first
 * user namespace count: in one of its own a process holds all of them.
 */
#ifndef DW_OBSERVE_CAPS_H
#define DW_OBSERVE_CAPS_H

#include "observe.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct user_namespace {
	int level;
};
#pragma clang attribute pop

char LICENSE[] SEC("license") = "GPL";

__u8 dw_granted[DW_BPF_OBSERVE_CAPS * DW_BPF_OBSERVE_CALLS];
__u8 dw_denied[DW_BPF_OBSERVE_CAPS];

/* The verifier wants to see each index cut to its array: the compiler must not know that it is already. */
#define CUT(n, size)                                                                               \
	({                                                                                         \
		__u64 cut = (n);                                                                   \
		__asm__ volatile("" : "+r"(cut));                                                  \
		cut &((size)-1);                                                                   \
	})

INLINE int note(const struct user_namespace *where, __u32 capability, bool granted)
{
	__u64 call, at;

	if (capability >= DW_BPF_OBSERVE_CAPS || !is_observed() || BPF_CORE_READ(where, level) != 0)
		return 0;
	if (!granted) {
		dw_denied[CUT(capability, DW_BPF_OBSERVE_CAPS)] = 1;
		return 0;
	}
	call = CALL_OF((const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	if (call >= DW_BPF_OBSERVE_CALLS) /* a fault, an interrupt */
		call = DW_BPF_OBSERVE_CALLS - 1;
	at = capability * DW_BPF_OBSERVE_CALLS + call;
	dw_granted[CUT(at, sizeof(dw_granted))] = 1;
	return 0;
}

#endif
