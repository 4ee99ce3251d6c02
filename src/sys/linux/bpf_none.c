/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A build without clang or bpftool: the lower rungs of the ladder do the work. */
#include <errno.h>

#include "bpf_private.h"
#include "dw_refused.h"

bool dw_bpf_live_begin(struct dw_sys *s)
{
	return false;
}

void dw_bpf_live_load(struct dw_sys *s)
{
}

void dw_bpf_live_take(struct dw_sys *s, struct dw_error *e)
{
}

int dw_bpf_live_run(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
		    struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

int dw_bpf_live_look_again(struct dw_sys *s, const struct dw_bpf_seen *v, size_t n,
			   struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

int dw_bpf_live_pin(struct dw_sys *s, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

int dw_bpf_live_unpin(struct dw_sys *s, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

bool dw_bpf_live_is_pinned(void)
{
	return false;
}

int dw_refusals_open(struct dw_sys *s, struct dw_refusals **ret, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

int dw_refusals_read(struct dw_refusals *r, struct dw_arena *a, struct dw_refusal_seen **ret,
		     size_t *ret_n, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

void dw_refusals_close(struct dw_refusals *r)
{
}
