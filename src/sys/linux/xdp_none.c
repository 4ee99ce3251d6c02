/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A build without clang or bpftool: the other wires do the work. */
#include <errno.h>

#include "dw_xdp.h"

int dw_xdp_open(struct dw_sys *s, uint32_t ifindex, struct dw_xdp **ret, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

void dw_xdp_close(struct dw_xdp *x)
{
}

const struct dw_xdp_view *dw_xdp_look(const struct dw_xdp *x)
{
	return NULL;
}

int dw_xdp_make_room(struct dw_xdp *x, uint32_t n_hosts, uint64_t n_slots, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

int dw_xdp_run(struct dw_xdp *x, uint32_t bytes, uint32_t n, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

int dw_xdp_read(struct dw_xdp *x, struct dw_bpf_scan_answer *answers, size_t max,
		struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

void dw_xdp_wait(const struct dw_xdp *x, uint64_t seen, unsigned us)
{
}

void dw_xdp_nap(unsigned us)
{
}

uint64_t dw_xdp_clock(void)
{
	return 0;
}
