/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of dw_xdp.h; private to src/sys. */
#ifndef DW_XDP_PRIVATE_H
#define DW_XDP_PRIVATE_H

#include "dw_xdp.h"

struct dw_scan;

/* The BPF ring buffer, Documentation/bpf/ringbuf.rst: two pages with positions, then the data, mapped twice in a
   row. */
struct dw_xdp_ring {
	void *consumer; /* one page, ours to write */
	void *producer; /* one page and the data */
	size_t size;    /* of the data, a power of two */
};

/* The programs with their maps, loaded once. */
struct dw_xdp_loaded {
	struct dw_scan *skeleton;
	struct dw_xdp_view view;
	struct dw_xdp_ring ring;
	int program;
};

/* xdp_load.c. Nothing is attached to the interface; the tracepoint is. */
int dw_xdp_load(uint32_t n_hosts, uint64_t n_slots, struct dw_xdp_loaded *ret, struct dw_error *e);
void dw_xdp_unload(struct dw_xdp_loaded *l); /* empties it */

#endif
