/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the engine. engine.c: the loop and the result; engine-host.c: what a host does next; engine-ask.c: which
 * slot is next, and the list that goes to the wire; engine-pulse.c: controls and confirmations; engine-rate.c: rates;
 * engine-loss.c: how much is lost; engine-answer.c: answers that are kept; engine-wheel.c: who is due.
 */
#ifndef DW_SCAN_ENGINE_H
#define DW_SCAN_ENGINE_H

#include "dw_engine.h"
#include "dw_order.h"

#define DW_ENGINE_NONE     UINT32_MAX
#define DW_ENGINE_TURN     16384u /* most slots in one turn */
#define DW_ENGINE_CONTROLS 8u     /* of a host */
/* Source ports of the rounds (0..19) and of the pulses (20..31): a pulse never looks like a round. */
#define DW_ENGINE_WRONG_MAX   4u
#define DW_ENGINE_ROUND_PORTS 20u
#define DW_ENGINE_PULSE_PORTS (DW_WIRE_ROUNDS - DW_ENGINE_ROUND_PORTS)

/* What a load allows; docs/scan.md tells why. Rates in probes a second, times in microseconds. */
struct dw_engine_load {
	float begin, cap, blind; /* one host; blind: that has not answered */
	float all_begin, all_cap;
	float entries; /* unanswered probes of two minutes, at most (conntrack tables on the way); 0: any */
	float follow; /* slowest rate that a host's limit is followed to */
	uint32_t window, timeout_min, timeout_first, gap_max;
};

/* heard and lost probes of which it is known that an answer was due */
struct dw_engine_tally {
	uint32_t heard, lost;
};

enum dw_engine_state {
	DW_ENGINE_NEW = 0, /* not begun */
	DW_ENGINE_ASK,     /* a round runs */
	DW_ENGINE_WAIT,    /* for its answers */
	DW_ENGINE_GAP,     /* between rounds */
	DW_ENGINE_DOUBT,   /* even what answered before is silent: gone? */
	DW_ENGINE_PROOF,   /* UDP: as fast as its ICMP messages come */
	DW_ENGINE_CONFIRM, /* all is known; open ports are asked again */
	DW_ENGINE_DONE
};

/* How a host refuses most of its ports. */
struct dw_engine_refusal {
	uint16_t from;
	uint8_t why, round, ttl;
};

struct dw_engine_host_run {
	uint64_t due, last, until, pulsed_at, round_at, counted_at, window_at, pulse_at, sample_at,
		icmp_at, heard_at,
		entries_at; /* heard_at: the last that was new; entries_at: `entries` is of that time */
	uint32_t next;      /* in the list that it is in */
	uint32_t first, n,
		n_said; /* ranks first + shards * (0..n-1) are ours; the first n_said have a payload */
	uint32_t pos, step, low, length, left,
		left_after;   /* of this round's walk; left_after: in its second part */
	uint32_t foreign;     /* bits of `before` in other shards */
	uint32_t set, before; /* of our slots: known now, known before */
	uint32_t icmp;        /* answers that may be rate limited */
	uint32_t open, bare, unreachable;
	uint32_t asked, natural; /* in this round; answers but ICMP when it began */
	uint32_t window_sent, window_set;
	uint32_t sample; /* slot whose answer is timed */
	uint64_t icmp_since;
	uint32_t icmp_first, proof_icmp, proof_sent;
	uint32_t doubtful; /* first of the answers that wait for a confirmation */
	uint32_t controls[DW_ENGINE_CONTROLS];
	struct dw_engine_tally first_round, later,
		recent; /* recent: since the rate was last changed by controls */
	float rate, share, window_rate, entries, rate_before, share_round;
	uint32_t rtt, deviation, patience;
	uint16_t confirmations;            /* waiting */
	uint16_t pulse_asked, pulse_heard; /* controls of the last pulse */
	uint8_t n_controls,
		n_cleared; /* controls: first the open ones, then closed ones whose bit was cleared */
	uint8_t pulse, deaf_pulses;
	uint32_t pulse_set; /* known when it was sent */
	uint8_t state, round, good, doubts;
	uint8_t dry;       /* rounds that brought little of what they asked for */
	uint32_t grown_at; /* g->drains when a bit was seen that was new */
	uint8_t unheard; /* pulses, one after another, that brought nothing, since all was asked */
	uint32_t confirmed;
	uint64_t first_at; /* of its first probe */
	bool confirming;
	bool interrupted; /* this round, by doubt: its length says nothing of a rate */
	bool deaf, waited,
		quiet; /* deaf: suddenly hears nothing; waited: long, for a first answer */
	bool grows_slowly, no_follow, followed, pulse_out, gone, tarpit;
	bool forged; /* somebody replies in its name */
	struct dw_engine_refusal refusal;
	uint32_t refusals, n_refused; /* kept one by one; as bits alone */
};

/* An answer that is kept. */
struct dw_engine_answer {
	uint32_t slot, next; /* next: of those of its host that wait */
	uint32_t asked,
		seen; /* bits of source ports: that pulses asked from, that open answers came to */
	uint16_t from;
	uint8_t why, round, ttl, flags, tries, last; /* last: the pulse's source port */
	uint8_t wrong; /* UDP: replies to source ports that had not asked */
	bool fresh, waits, told,
		out; /* out, fresh: was asked in the last pulse, and has answered; told: UDP: was confirmed */
};

struct dw_engine {
	struct dw_wire *wire;
	const struct dw_wire_block *block;
	const struct dw_engine_sink *sink;
	struct dw_engine_options o;
	struct dw_engine_load load;
	uint32_t drains; /* how often all that the wire had was taken */
	const uint64_t *before;
	struct dw_engine_host_run *hosts;
	uint16_t *ranks;       /* rank -> index of a port; those with a payload first */
	uint32_t n_said;       /* how many have one */
	struct dw_order order; /* of hosts */
	uint32_t begun, done, active;
	uint64_t now, told_at;
	/* turn */
	uint32_t *slots, *sorted;
	uint8_t *sources;
	uint32_t n_turn;
	/* wheel and ready */
	uint32_t *wheel, ready, ready_last;
	uint64_t tick, *busy;
	/* rates */
	double rate, tokens, share;
	uint64_t tokens_at, window_at, window_answers, window_lost, window_failed, window_sent0;
	double window_due, window_new;
	bool grows_slowly;
	struct dw_engine_tally pool,
		recent; /* of all hosts; recent: controls since the last window */
	uint32_t pool_rtt;
	/* answers: open addressing by slot */
	struct dw_engine_answer *answers;
	uint32_t n_answers, room, *table, table_size;
	struct dw_address *froms;
	uint32_t n_froms;
	const uint64_t *picture; /* the bits that are told, at the end; NULL before */
	uint64_t *refused;       /* slots refused as their host does it; NULL: none yet */
	uint64_t slots_all, known, given_up, open, sent, sent0, told_sent, answers0;
	struct dw_error *e;
};

/* wheel */
void dw_engine_wheel_add(struct dw_engine *g, uint32_t host);
void dw_engine_wheel_turn(struct dw_engine *g);
uint64_t dw_engine_wheel_next(const struct dw_engine *g); /* UINT64_MAX: nobody */
void dw_engine_ready_add(struct dw_engine *g, uint32_t host);
uint32_t dw_engine_ready_take(struct dw_engine *g);

/* bits */
bool dw_engine_bit(const struct dw_engine *g, uint32_t slot);
void dw_engine_bit_set(struct dw_engine *g, uint32_t slot);
void dw_engine_bit_clear(struct dw_engine *g, uint32_t slot);

/* asking */
uint64_t dw_engine_mix(uint64_t x);
/* By the port of the wire: what the host's rounds and pulses call it. */
unsigned dw_engine_source(const struct dw_engine *g, uint32_t host, unsigned port);
bool dw_engine_payload(const struct dw_wire_block *b, uint32_t port);
uint32_t dw_engine_slot(const struct dw_engine *g, uint32_t host, uint32_t i);
void dw_engine_walk_begin(struct dw_engine *g, uint32_t host);
/* How many of up to `most` were put in the turn; fewer: the walk is at its end. */
uint32_t dw_engine_walk(struct dw_engine *g, uint32_t host, uint32_t most);
void dw_engine_put(struct dw_engine *g, uint32_t slot, unsigned source);
int dw_engine_turn_send(struct dw_engine *g);
int dw_engine_drain(struct dw_engine *g, unsigned wait_us);

/* hosts */
void dw_engine_host_count(struct dw_engine *g, uint32_t host);
void dw_engine_host_visit(struct dw_engine *g, uint32_t host);
uint32_t dw_engine_host_natural(const struct dw_engine_host_run *h);
uint32_t dw_engine_host_heard(const struct dw_engine_host_run *h); /* of the round that runs */
uint32_t dw_engine_host_timeout(const struct dw_engine *g, const struct dw_engine_host_run *h);
void dw_engine_host_rtt(struct dw_engine *g, struct dw_engine_host_run *h, uint64_t us);
void dw_engine_host_end(struct dw_engine *g, uint32_t host);
/* What comes after a round's answers. */
uint32_t dw_engine_round_tally(struct dw_engine *g, struct dw_engine_host_run *h);
void dw_engine_round_end(struct dw_engine *g, uint32_t host);

/* pulses */
void dw_engine_pulse(struct dw_engine *g, uint32_t host);
bool dw_engine_pulse_is_answered(const struct dw_engine *g, const struct dw_engine_host_run *h);
void dw_engine_pulse_settle(struct dw_engine *g, uint32_t host);

/* rates */
void dw_engine_load_get(const struct dw_engine_options *o, struct dw_engine_load *ret);
void dw_engine_rate_host(struct dw_engine *g, struct dw_engine_host_run *h);
void dw_engine_rate_controls(struct dw_engine *g, struct dw_engine_host_run *h);
float dw_engine_rate_real(const struct dw_engine_host_run *h, uint64_t now);
void dw_engine_rate_round(struct dw_engine *g, struct dw_engine_host_run *h, uint32_t heard);
void dw_engine_rate_all(struct dw_engine *g);
float dw_engine_rate_cap(const struct dw_engine *g, const struct dw_engine_host_run *h);

/* loss */
/* Upper bound of the share lost, at 97.7 % (Wilson's interval). */
double dw_engine_loss_bound(double heard, double lost);
double dw_engine_loss_low(double heard, double lost);
double dw_engine_loss_missed(const struct dw_engine *g, const struct dw_engine_host_run *h,
			     unsigned rounds);

/* answers */
bool dw_engine_answer_is_refused(const struct dw_engine *g, uint32_t slot);
struct dw_engine_answer *dw_engine_answer_of(const struct dw_engine *g, uint32_t slot);
void dw_engine_answer_take(struct dw_engine *g, const struct dw_wire_answer *a);
bool dw_engine_answer_confirmed(const struct dw_engine *g, const struct dw_engine_answer *a);
bool dw_engine_is_open(uint8_t why);
uint8_t dw_engine_answer_times(const struct dw_engine *g, const struct dw_engine_answer *a);
void dw_engine_answer_tell(struct dw_engine *g, struct dw_engine_answer *a);

int dw_engine_result(struct dw_engine *g, struct dw_arena *a, struct dw_engine_result *ret);

#endif
