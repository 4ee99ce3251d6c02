/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least of an engine: asks what has not answered, round after round. */
#ifndef DW_TEST_WIRE_RIG_H
#define DW_TEST_WIRE_RIG_H

#include "dw_wire.h"
#include "net.h"

#define RIG_PORTS 65535u

struct rig {
	struct dw_wire_host host;
	uint16_t ports[RIG_PORTS]; /* 1.. */
	struct dw_wire_block block;
	uint8_t *why; /* of each slot: the first answer's, 0: none, or a reset */
	uint8_t *flags, *ttl;
	struct dw_address *from;
	uint64_t sent;
	uint32_t n_silent; /* slots that nothing answers for, known before: nobody waits for them */
	unsigned rounds, rounds_most;
	uint64_t us; /* from the first probe to the last answer */
};

/* A block of one host and the ports from 1 to n_ports. */
void rig_block(struct rig *r, const struct net *n, enum dw_protocol p, const char *source,
	       const char *target, uint32_t n_ports);
/*
 * Until all have answered, in that many rounds or, where the machine is busy, as many more of the last. False: the wire
 * failed.
 */
bool rig_run(struct rig *r, struct dw_wire *w, unsigned rounds);
void rig_free(struct rig *r);
/* One word of the bitmap at a time, in place of the wire's, which ends. */
bool rig_answered(const struct dw_wire *w, uint32_t slot);

#endif
