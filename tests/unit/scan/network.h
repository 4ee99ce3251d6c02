/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A made-up network as a wire, with a clock of its own. Each host behaves as told; all chance comes from the seed.
 */
#ifndef DW_TEST_NETWORK_H
#define DW_TEST_NETWORK_H

#include <stdbool.h>

#include "dw_arena.h"
#include "dw_engine.h"

enum made_port { MADE_CLOSED = 0, MADE_DROP, MADE_REJECT, MADE_OPEN };

struct made_host {
	enum made_port rest;       /* what ports are that are not open */
	uint32_t n_open;           /* chosen by the seed */
	uint32_t drop_share;       /* of 100 of the closed ports are dropped all the same */
	double lost_to, lost_back; /* 0..1 */
	uint32_t rtt_us, jitter_us;
	double queue_rate; /* packets a second that get there, 0: all; more are dropped */
	double queue_burst;
	double reset_rate;            /* resets a second, 0: all */
	double icmp_rate, icmp_burst; /* 0: all */
	bool reject_by_other;         /* an address before it says so */
	bool tarpit, proxy, half_open_rule;
	double twice;                      /* chance that an answer is doubled */
	uint64_t vanish_us, return_us;     /* 0: never. While away nothing answers */
	uint64_t burst_every_us, burst_us; /* all is lost for burst_us of each burst_every_us */
	uint32_t replies_first; /* UDP: percent of open ports that answer; the rest are silent */
};

struct made_network {
	struct dw_wire wire;
	uint64_t seed;
	struct made_host *hosts; /* n_hosts of the block */
	double rate;             /* probes a second that send() takes; 0: 3,000,000 */
	double link_rate;        /* shared by all hosts, tail drop; 0: any */
	double forged_rate;      /* forged answers a second that look right, to random slots */
	bool forged_in_order; /* to the port that is the last in use, if they were used in their order */
	double ring_rate; /* answers a second that can be handed over; 0: all */
	const volatile int *unused;
	uint64_t now;            /* microseconds */
	uint32_t *unanswered_in; /* probes that nothing answers, by second; NULL: not counted */
	size_t n_seconds;        /* of them; no more may pass */
	uint64_t dropped;
	struct made_state *state;
};

void made_network_init(struct made_network *n, struct made_host *hosts, uint64_t seed);
/* The truth: is this slot's port open (and would it say so)? */
bool made_network_is_open(const struct made_network *n, const struct dw_wire_block *b,
			  uint32_t slot);
enum made_port made_network_port(const struct made_network *n, const struct dw_wire_block *b,
				 uint32_t slot);

#endif
