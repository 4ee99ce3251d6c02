/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doorward host, and doorward host fix. Private to src/cli. */
#ifndef DW_CLI_HOST_H
#define DW_CLI_HOST_H

#include "change.h"

struct dw_host_asked {
	const struct dw_arguments *args;
	const char *const *checks; /* n 0: all */
	size_t n;
	bool changes; /* what an interrupted run left is put back first */
};

/* Looks, and calls act() with what was found. */
enum dw_exit dw_host_with(const struct dw_host_asked *asked,
			  enum dw_exit (*act)(struct doorward *d, const struct dw_host_asked *asked,
					      struct doorward_host *h));
enum dw_exit dw_host_fix(struct dw_host_asked *asked);

#endif
