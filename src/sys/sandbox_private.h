/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two halves of the sandbox; private to src/sys. */
#ifndef DW_SYS_SANDBOX_PRIVATE_H
#define DW_SYS_SANDBOX_PRIVATE_H

#include <linux/filter.h>
#include <stdbool.h>

#define DW_SANDBOX_FILTER_MAX 256

struct sandbox_filter {
	struct sock_filter code[DW_SANDBOX_FILTER_MAX];
	unsigned n;
};

/* For groups of calls (enum dw_sandbox_calls). -ENOTSUP: not for this processor. */
int dw_sandbox_filter(unsigned groups, struct sandbox_filter *ret);
/* For good, in the calling thread; no new privileges from then on. */
int dw_sandbox_filter_install(const struct sandbox_filter *f);
bool dw_sandbox_filter_is_there(void);

#endif
