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
	/* by dw_ports_ask(): of each port a bit for each source (the first 64) that gets through and stays here */
	uint64_t *in[DW_PORTS_PROTOCOLS];
	uint32_t sources[64]; /* indexes into the rehearsal's; none is this host */
	unsigned n_sources;
	size_t sources_left;
	bool named[256];           /* IPPROTO_xxx that rules ask for by themselves */
	struct dw_strings doubted; /* rules */
	uint64_t asked, doubtful;  /* packets */
	bool leave_cut;            /* what leaves has more ranges than are told */
};

int dw_ports_ask(struct dw_ports *p, struct dw_error *e);
/* Ports 1 to 65535 of a protocol: *ret has so many answers, in the arena. */
int dw_ports_sweep(struct dw_ports *p, uint32_t source, const uint8_t to[16],
		   enum dw_protocol protocol, struct dw_arena *a, struct dw_rehearse_answer **ret,
		   struct dw_error *e);
/*
 * What this host may send, to whom: ranges of ports that are alike, with the rule that decides. Nothing where all may
 * leave and no rule has a say in it.
 */
int dw_ports_leave(struct dw_ports *p, const struct dw_report_leave **ret, size_t *ret_n,
		   struct dw_error *e);
/* Less than half of the ports let anybody in. */
bool dw_ports_is_narrow(const struct dw_ports *p, enum dw_protocol protocol);
/* Ranges that are alike for all sources; ports that a door has are left out at their ends, and passed over within. */
int dw_ports_unused(struct dw_ports *p, const struct dw_report_door *doors, size_t n,
		    const struct dw_report_unused **ret, size_t *ret_n, struct dw_error *e);

#endif
