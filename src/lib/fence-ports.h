/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every TCP and UDP port from every source: what is let in though nothing listens there. Private to src/lib. */
#ifndef DW_FENCE_PORTS_H
#define DW_FENCE_PORTS_H

#include "dw_fence_report.h"
#include "dw_rehearse.h"

enum { DW_PORTS_TCP = 0, DW_PORTS_UDP, DW_PORTS_PROTOCOLS };

struct dw_ports {
	struct dw_arena *arena;
	struct dw_rehearsal *rehearsal;
	bool trace_all; /* every packet, for the rules that none meets; else where it matters */
	/* by dw_ports_ask(): of each port a bit for each source (the first 64) that gets through and stays here */
	uint64_t *in[DW_PORTS_PROTOCOLS];
	uint32_t sources[64]; /* indexes into the rehearsal's; none is this host */
	unsigned n_sources;
	size_t sources_left;
	struct dw_strings doubted;        /* rules */
	uint64_t asked, traced, doubtful; /* packets */
};

int dw_ports_ask(struct dw_ports *p, struct dw_error *e);
/* Less than half of the ports let anybody in. */
bool dw_ports_is_narrow(const struct dw_ports *p, enum dw_protocol protocol);
/* Ranges that are alike for all sources; ports that a door has are left out at their ends, and passed over within. */
int dw_ports_unused(struct dw_ports *p, const struct dw_report_door *doors, size_t n,
		    const struct dw_report_unused **ret, size_t *ret_n, struct dw_error *e);

#endif
