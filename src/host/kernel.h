/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the kernel, for its table. Private to src/host. */
#ifndef DW_HOST_KERNEL_H
#define DW_HOST_KERNEL_H

#include "asking.h"

/* The kernel is not this system's, or that could not be seen: the result says so. */
bool host_kernel_is_machine(struct host_asking *q, struct dw_host_result *r);

/* The first security module that confines programs, as people call it; *ret_list (NULL allowed): all of them. */
bool host_kernel_confining(struct host_asking *q, const char **ret_name, const char **ret_list);

/*
 * Why that module confines nothing all the same: SELinux without a policy, or one that only complains. NULL: it does,
 * or q says why that could not be seen.
 */
const char *host_kernel_idle(struct host_asking *q, const char *name);

void host_kernel_secrets(struct host_look *l, struct dw_host_result *r);
void host_kernel_secrets_fix(struct host_look *l, struct dw_host_result *r);
void host_kernel_network(struct host_look *l, struct dw_host_result *r);
void host_kernel_network_fix(struct host_look *l, struct dw_host_result *r);
void host_kernel_martians(struct host_look *l, struct dw_host_result *r);
void host_kernel_martians_fix(struct host_look *l, struct dw_host_result *r);
void host_kernel_namespaces(struct host_look *l, struct dw_host_result *r);
void host_kernel_namespaces_fix(struct host_look *l, struct dw_host_result *r);
void host_kernel_forwarding(struct host_look *l, struct dw_host_result *r);
void host_kernel_modules(struct host_look *l, struct dw_host_result *r);
void host_kernel_modules_fix(struct host_look *l, struct dw_host_result *r);
void host_kernel_confined(struct host_look *l, struct dw_host_result *r);
void host_kernel_secure_boot(struct host_look *l, struct dw_host_result *r);
void host_kernel_lockdown(struct host_look *l, struct dw_host_result *r);
void host_kernel_lsm(struct host_look *l, struct dw_host_result *r);
void host_kernel_mitigations(struct host_look *l, struct dw_host_result *r);

#endif
