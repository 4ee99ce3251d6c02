/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the kernel, for its table. Private to src/host. */
#ifndef DW_HOST_KERNEL_H
#define DW_HOST_KERNEL_H

#include "looking.h"

void host_kernel_secrets(struct host_look *l, struct dw_host_result *r);
void host_kernel_network(struct host_look *l, struct dw_host_result *r);
void host_kernel_lsm(struct host_look *l, struct dw_host_result *r);
void host_kernel_mitigations(struct host_look *l, struct dw_host_result *r);

#endif
