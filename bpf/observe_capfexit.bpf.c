// SPDX-License-Identifier: GPL-2.0-only
/* Checks of capabilities by the end of cap_capable(), on kernels without the tracepoint. */
#include "observe_caps.h"

SEC("fexit/cap_capable")
int dw_capable(__u64 *context)
{
	/* const struct cred *, struct user_namespace *, int cap, unsigned int opts; its result */
	return note((const struct user_namespace *)context[1], (__u32)context[2],
		    (int)context[4] == 0);
}
