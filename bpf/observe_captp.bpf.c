// SPDX-License-Identifier: GPL-2.0-only
/* Checks of capabilities by the tracepoint capability:cap_capable (Linux 6.14). */
#include "observe_caps.h"

SEC("raw_tp/cap_capable")
int dw_capable(struct bpf_raw_tracepoint_args *context)
{
	const struct user_namespace *where = (const struct user_namespace *)context->args[1];

	return note(where, (__u32)context->args[3], (int)context->args[4] == 0);
}
