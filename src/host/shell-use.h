/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who needs an account's shell without logging in. Private to src/host. */
#ifndef DW_HOST_SHELL_USE_H
#define DW_HOST_SHELL_USE_H

#include "looking.h"

/* The first line of a script or table of jobs that becomes the account by its own shell; 0: none. */
unsigned host_shell_line(struct dw_arena *a, const struct dw_bytes *text, const char *name);
/* FILE:LINE of the first one in cron's tables, init scripts, units, /usr/local; NULL: none. ret_e: not all was read. */
const char *host_shell_used(struct host_look *l, const char *name, struct dw_error *ret_e);

#endif
