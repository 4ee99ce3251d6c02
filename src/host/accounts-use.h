/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts by what they are used for; listed in accounts-checks.c. Private to src/host. */
#ifndef DW_HOST_ACCOUNTS_USE_H
#define DW_HOST_ACCOUNTS_USE_H

#include "looking.h"

void host_accounts_expired(struct host_look *l, struct dw_host_result *r);
void host_accounts_unused(struct host_look *l, struct dw_host_result *r);
void host_accounts_two(struct host_look *l, struct dw_host_result *r);
void host_accounts_two_fix(struct host_look *l, struct dw_host_result *r);

/* utmp(5): who logged in, each once; takes any bytes. */
void host_wtmp_names(struct dw_arena *a, const struct dw_bytes *text, struct dw_strings *ret);

#endif
