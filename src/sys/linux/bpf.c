/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BPF, seen from the other rooms: on this host, or what a fixture recorded. */
#include "bpf_private.h"

#include <errno.h>

#define RECORDED_MAX ((size_t)64 * 1024 * 1024)

static int replay(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
		  struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_fake_open(s, "bpf/walk.bin", NULL);
	struct dw_bpf_walk walk = { .rung = DW_BPF_RUNG_LOADED, .ran = want };
	int r;

	if (fd < 0)
		return dw_error_set(e, -ENOTSUP, "the recorded host has no BPF");
	r = dw_fd_read_all(fd, RECORDED_MAX, a, &walk.holders);
	if (r < 0)
		return dw_error_errno(e, r, "%s/bpf/walk.bin", s->fixture);
	*ret = walk;
	return 0;
}

int dw_bpf_run(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
	       struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "BPF");
	if (s->kind == DW_SYS_FAKE)
		return replay(s, want, a, ret, e);
	if (s->kind == DW_SYS_OFFLINE)
		return dw_error_set(e, -ENOTSUP, "nothing runs here");
	return dw_bpf_live_run(s, want, a, ret, e);
}

int dw_bpf_pin(struct dw_sys *s, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "pinning of BPF programs");
	return dw_bpf_live_pin(s, e);
}

int dw_bpf_unpin(struct dw_sys *s, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "unpinning of BPF programs");
	return dw_bpf_live_unpin(s, e);
}
