/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BPF programs that could answer any port: sk_lookup, XDP, tc and tcx on ingress. Private to
 * src/collect.
 */
#ifndef DW_PROGRAMS_H
#define DW_PROGRAMS_H

#include "links.h"

int dw_programs_collect(struct dw_collect *c, size_t netns, struct dw_arena *scratch,
			struct dw_error *e);
/*
 * One answer to RTM_GETTFILTER: the id of a BPF classifier's program; 0: it is none. *ret_name in
 * the arena.
 */
uint32_t dw_filter_program(struct dw_arena *a, const struct nlmsghdr *m, const char **ret_name);
/* One answer to RTM_GETQDISC: the interface that has filters on ingress; 0: none. */
uint32_t dw_qdisc_ingress(struct dw_arena *a, const struct nlmsghdr *m);

#endif
