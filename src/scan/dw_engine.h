/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks every port of a block of hosts until each has its state, and accounts for every probe. Pure but for the
 * wire, whose clock it uses: the same seed on the same made-up network does the same.
 *
 * Each host has its own order of its ports (a permutation, dw_order.h), its own round, rate and loss; hosts are
 * interleaved. Each round asks what has not answered, from a new source port (a retry from the same port is ignored by
 * Linux for 500 ms, tcp_invalid_ratelimit). A host's rate begins low, doubles while its answers hold, and falls to what
 * it did answer when they don't; the sum is held under the cap. Silent ports are given up when the chance that all
 * probes or answers were lost is under `missed`, reckoned from the host's own loss.
 *
 * UDP: a Linux host tells of a closed port by ICMP only so often (1 a second to one address; IPv6 10): its rate
 * is measured and followed, ports with a known payload first. Not proven in `udp_seconds` a host: DW_SCAN_UNPROVEN.
 */
#ifndef DW_ENGINE_H
#define DW_ENGINE_H

#include "dw_wire.h"

enum dw_scan_load {
	DW_SCAN_LOAD_UNKNOWN = 0,
	DW_SCAN_LOAD_POLITE,
	DW_SCAN_LOAD_NORMAL,
	DW_SCAN_LOAD_LAB
};

struct dw_engine_options {
	uint64_t seed; /* of all orders */
	uint32_t shard,
		shards; /* from 1; 0 of 0 as 1 of 1. All shards of one seed: disjoint, and complete */
	enum dw_scan_load
		load; /* 0: normal. What rates begin with, and may grow to (docs/scan.md has the table) */
	uint64_t rate;                   /* most probes a second in all; 0: the load's */
	uint64_t host_rate;              /* to one host; 0: the load's */
	double missed;                   /* 0: 1e-9 */
	unsigned rounds_min, rounds_max; /* 0: 3 (of a host that is all silent) and 20 */
	unsigned udp_seconds;     /* to spend on proofs for one host; 0: none beyond the rounds */
	const volatile int *stop; /* becomes true: ends soon, with what is known; NULL */
};

struct dw_engine_progress {
	uint64_t slots, done; /* done: answered or given up */
	uint64_t sent;
	uint64_t open;
	uint64_t rate;    /* probes a second now */
	uint64_t left_us; /* guess; UINT64_MAX: none */
	uint32_t hosts, hosts_done;
};

/* Called in the engine's thread, between probes: keep it short. Any may be NULL. */
struct dw_engine_sink {
	void *data;
	/*
	 * an open port, as soon as it is known (once; UDP: when a second reply confirmed it); other answers that
	 * prove no closed port, once each
	 */
	void (*answer)(void *data, const struct dw_wire_answer *a);
	/* the host's last port has its state */
	void (*host_done)(void *data, uint32_t host);
	/* some 20 times a second */
	void (*turn)(void *data, const struct dw_engine_progress *p);
};

/* What the engine knows of a host, beside its bits. */
struct dw_engine_host {
	enum dw_scan_up up; /* YES, GONE, UNREACHABLE, NO (nothing ever answered) */
	uint32_t rtt_us;    /* 0: not known; may be given (discovery) */
	float loss;         /* <0: not known */
	float missed;       /* of its silent ports */
	uint8_t probes;     /* sent to each of its silent ports, at least */
	/* tarpit: nearly all answers were "open". After some thousand of them it is asked no more: its rest proves
	   nothing. */
	bool tarpit, proxy, complete;
	uint32_t
		/* ICMP messages a second that it sent at length, where that was less than asked for; else 0 */
		icmp_rate;
	uint32_t icmp_burst; /* and within the first second */
	struct dw_wire_answer
		refusal; /* of those of its slots that are in `refused`; its slot is none */
	uint32_t open, closed, filtered,
		unproven; /* open: without those that are doubtful, which are filtered or unproven */
};

struct dw_engine_result {
	struct dw_engine_host *hosts; /* n_hosts of the block */
	/*
	 * All but silence and what proves a port closed (dw_scan_state_of: resets, aborts, UDP's port unreachable),
	 * by slot, each slot once: the best answer (open before all others). A bit in `answered` without an answer
	 * here, and without a bit in `refused`: closed.
	 */
	struct dw_wire_answer *answers;
	/*
	 * For each of answers: from how many source ports it was asked and answered open. Each open port is asked again
	 * until that is 2 (but CONNECTED, ECHO, and a tarpit's); 1: it would not say so again. A forger who guessed
	 * once, or a port that closed meanwhile: doubtful, no open port. 0 where the answer is not open, or replies
	 * came to source ports that had not asked (somebody forges): doubtful too.
	 */
	uint8_t *times_open;
	size_t n_answers;
	uint64_t *answered; /* copy of the wire's bits */
	/*
	 * Slots that are not in `answers`, because they were refused as many others of their host were
	 * (struct dw_engine_host, refusal): a host that refuses all costs a bit a port. NULL: none.
	 */
	uint64_t *refused;
	bool complete; /* false: stopped */
	uint64_t sent, answers_all, lost;
};

static inline bool dw_engine_is_refused(const struct dw_engine_result *r, uint64_t slot)
{
	return r->refused != NULL && (r->refused[slot / 64] >> slot % 64 & 1) != 0;
}

/*
 * before: bits of slots that need not be asked (resumed), and hosts with rtt_us known; NULL: none. The result lies in
 * the arena. The wire's begin() and end() are called here.
 */
int dw_engine_run(struct dw_wire *w, const struct dw_wire_block *b,
		  const struct dw_engine_options *o, const uint64_t *before,
		  const struct dw_engine_host *known, const struct dw_engine_sink *sink,
		  struct dw_arena *a, struct dw_engine_result *ret, struct dw_error *e);

#endif
