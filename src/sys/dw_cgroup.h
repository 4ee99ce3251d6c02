/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The path of a control group (v2) of which only the number is known. */
#ifndef DW_CGROUP_H
#define DW_CGROUP_H

#include "dw_sys.h"

/* "/system.slice/ssh.service", in the arena. -ESTALE: it is gone. Needs root. */
int dw_cgroup_path(struct dw_sys *s, uint64_t id, struct dw_arena *a, const char **ret,
		   struct dw_error *e);

#endif
