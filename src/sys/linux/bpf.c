/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "sys_private.h"
int dw_bpf_run(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
	       struct dw_error *e) { return dw_error_set(e, -ENOTSUP, "built without BPF"); }
int dw_bpf_pin(struct dw_sys *s, struct dw_error *e) { return dw_error_set(e, -ENOTSUP, "built without BPF"); }
int dw_bpf_unpin(struct dw_sys *s, struct dw_error *e) { return dw_error_set(e, -ENOTSUP, "built without BPF"); }
