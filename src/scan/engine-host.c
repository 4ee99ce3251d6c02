/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host does next: asks a round, waits for its answers, is in doubt, confirms what is open, proves, is done. */
#include "engine.h"

#define TIMEOUT_MAX    3000000u
#define PULSE_WAIT_MAX 500000u
#define CONFIRM_MIN    5000000u
#define TARPIT_OPEN    64u
#define TARPIT_SURE    4096u
#define DOUBTS_MAX     7u
#define ENTRIES_S      120.0f /* nf_conntrack_tcp_timeout_syn_sent */

uint32_t dw_engine_host_natural(const struct dw_engine_host_run *h)
{
	uint32_t none = h->before + h->icmp;

	return h->set > none ? h->set - none : 0;
}

uint32_t dw_engine_host_heard(const struct dw_engine_host_run *h)
{
	uint32_t natural = dw_engine_host_natural(h);

	return natural > h->natural ? natural - h->natural : 0;
}

uint32_t dw_engine_host_timeout(const struct dw_engine *g, const struct dw_engine_host_run *h)
{
	uint32_t us;

	if (h->rtt == 0)
		return DW_MAX(g->load.timeout_first, DW_MIN(3 * g->pool_rtt, TIMEOUT_MAX));
	us = h->rtt + 4 * h->deviation;
	return DW_MIN(DW_MAX(us, g->load.timeout_min), TIMEOUT_MAX);
}

/* RFC 6298. */
void dw_engine_host_rtt(struct dw_engine *g, struct dw_engine_host_run *h, uint64_t us)
{
	uint32_t rtt = (uint32_t)DW_MIN(DW_MAX(us, 1), 10000000), off;

	if (h->rtt == 0) {
		h->rtt = rtt;
		h->deviation = rtt / 2;
	} else {
		off = h->rtt > rtt ? h->rtt - rtt : rtt - h->rtt;
		h->deviation = (3 * h->deviation + off) / 4;
		h->rtt = (7 * h->rtt + rtt) / 8;
	}
	g->pool_rtt = g->pool_rtt == 0 ? h->rtt : (15 * g->pool_rtt + h->rtt) / 16;
}

static uint32_t ones(const struct dw_engine *g, uint64_t low, uint64_t high)
{
	const volatile uint64_t *bits = g->picture ? g->picture : g->wire->answered;
	uint64_t first = low / 64, last = (high - 1) / 64;
	uint32_t n = 0;

	for (uint64_t i = first; i <= last; i++) {
		uint64_t word = __atomic_load_n(&bits[i], __ATOMIC_RELAXED);

		if (i == first)
			word &= ~0ULL << low % 64;
		if (i == last && high % 64 != 0)
			word &= ~0ULL >> (64 - high % 64);
		n += (uint32_t)__builtin_popcountll(word);
	}
	return n;
}

/* How many of its slots have answered; a cleared control has. */
void dw_engine_host_count(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint64_t low = (uint64_t)host * g->block->n_ports;
	uint32_t set = ones(g, low, low + g->block->n_ports) - h->foreign, more;

	for (unsigned i = 0; i < h->n_cleared; i++)
		set += !dw_engine_bit(g, h->controls[DW_ENGINE_CONTROLS / 2 + i]);
	h->counted_at = g->now;
	more = set > h->set ? set - h->set : 0;
	g->known += more;
	if (more > 0) {
		h->heard_at = g->now;
		h->grown_at = g->drains;
	}
	if (set < h->set)
		g->known -= h->set - set;
	h->set = set;
	h->entries += (float)more;
	/* at least that is known: it takes no longer */
	if (more > 0 && h->rtt == 0 && h->first_at > 0)
		dw_engine_host_rtt(g, h, g->now - h->first_at);
}

void dw_engine_host_end(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	dw_engine_pulse_settle(g, host);
	h->state = DW_ENGINE_DONE;
	g->done++;
	g->active--;
	g->given_up += h->n - h->set;
	if (g->sink != NULL && g->sink->host_done != NULL)
		g->sink->host_done(g->sink->data, host);
}

static void begin_round(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	h->state = DW_ENGINE_ASK;
	h->round_at = g->now;
	h->last = g->now - (uint64_t)(1e6f / h->rate) - 1;
	h->asked = 0;
	h->interrupted = false;
	/* Karn's rule: an answer to a repeat does not tell of the first probe's time */
	h->sample = DW_ENGINE_NONE;
	h->natural = dw_engine_host_natural(h);
	h->window_at = g->now;
	h->window_sent = 0;
	h->window_set = h->set;
	dw_engine_walk_begin(g, host);
}

static void begin(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	h->rate = g->load.begin;
	h->window_rate = h->rate;
	h->share = -1;
	h->patience = g->load.timeout_min;
	h->entries = g->load.entries;
	h->entries_at = g->now;
	h->pulse_at = g->now;
	h->first_at = g->now;
	begin_round(g, host);
}

/* How many may be asked now. */
static uint32_t allowance(struct dw_engine *g, struct dw_engine_host_run *h)
{
	uint64_t us = g->now - h->last;
	float quantum = DW_MAX(h->rate / 1000, 1.0f), n = h->rate * (float)us / 1e6f;

	if (n >= 4 * quantum) {
		n = 4 * quantum;
		h->last = g->now;
	} else {
		h->last += (uint64_t)((float)(uint32_t)n * 1e6f / h->rate);
	}
	if (g->load.entries > 0) {
		h->entries += (float)(g->now - h->entries_at) * g->load.entries / ENTRIES_S / 1e6f *
			      (g->block->protocol == DW_PROTOCOL_UDP ? 4 : 1);
		h->entries = DW_MIN(h->entries, g->load.entries);
		h->entries_at = g->now;
		n = DW_MIN(n, h->entries);
	}
	return (uint32_t)DW_MAX(DW_MIN(n, (float)g->tokens), 0.0f);
}

static void account(struct dw_engine *g, struct dw_engine_host_run *h, uint32_t n)
{
	h->asked += n;
	h->entries -= (float)n;
	if (h->sample == DW_ENGINE_NONE && n > 0) {
		h->sample = g->slots[g->n_turn - 1];
		h->sample_at = g->now;
	}
	if (h->round > 0)
		return;
	h->window_sent += n;
	if (h->share >= 0)
		g->window_due += (double)n * h->share;
	else
		g->window_new += n;
}

/* It is there again, in the middle of a round. What was asked meanwhile is asked in the next. */
static void resume(struct dw_engine *g, struct dw_engine_host_run *h)
{
	h->state = DW_ENGINE_ASK;
	h->rate = DW_MAX(h->rate / 2, DW_MIN(h->rate, g->load.begin));
	h->last = g->now;
	h->window_at = g->now;
	h->window_sent = 0;
	h->window_set = h->set;
	h->due = g->now;
}

/* In the middle of a round nothing is heard any more. */
static void doubt(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	h->deaf = false;
	h->deaf_pulses = 0;
	h->doubts = 0;
	h->interrupted = true;
	h->state = DW_ENGINE_DOUBT;
	dw_engine_pulse(g, host);
	h->until = g->now + 2 * dw_engine_host_timeout(g, h);
	h->due = h->until;
}

static void ask(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint32_t most = allowance(g, h);

	if (h->round == 0)
		dw_engine_rate_host(g, h);
	if (h->deaf || h->deaf_pulses >= 3) {
		doubt(g, host);
		return;
	}
	if (most > 0)
		account(g, h, dw_engine_walk(g, host, most));
	if (h->left == 0 && h->left_after == 0) {
		uint32_t wait = dw_engine_host_timeout(g, h);

		h->state = DW_ENGINE_WAIT;
		h->until = g->now + (h->round > 0 ? 2 * wait : wait);
		h->last = g->now;
		h->pulse_at = g->now;
		h->doubts = 0;
		h->due = g->now + DW_MIN(wait / 4, DW_MAX(h->rtt > 0 ? h->rtt : g->pool_rtt, 500u));
		return;
	}
	h->due = h->last + (uint64_t)(DW_MAX(h->rate / 1000, 1.0f) * 1e6f / h->rate);
	if (g->load.entries > 0 && h->entries < 1)
		h->due = DW_MAX(h->due, g->now + (uint64_t)(ENTRIES_S * 1e6f / g->load.entries));
}

/* The answers of a round are in: was the host there to the end? */
static void wait_ends(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint32_t wait = dw_engine_host_timeout(g, h);

	dw_engine_pulse_settle(g, host);
	if (h->pulse_asked == 0 || h->pulse_heard > 0 || h->set > h->pulse_set) {
		if (h->left > 0 || h->left_after > 0)
			resume(g, h);
		else
			dw_engine_round_end(g, host);
		return;
	}
	h->state = DW_ENGINE_DOUBT;
	if (++h->doubts > DOUBTS_MAX) {
		h->gone = true;
		dw_engine_host_end(g, host);
		return;
	}
	dw_engine_pulse(g, host);
	h->until = g->now + DW_MIN(wait << DW_MIN(h->doubts, 7), TIMEOUT_MAX);
	h->due = h->until;
}

/*
 * Most of what the round asked for has come: when its answers are in, if none comes for three times as long as they
 * took. The estimate of the timeout is made while packets queue, and stays high long after. A straggler still counts
 * when it comes; it was asked once more, and makes the loss look greater.
 */
static uint64_t dries_at(const struct dw_engine *g, const struct dw_engine_host_run *h)
{
	if (h->state != DW_ENGINE_WAIT || h->heard_at < h->last ||
	    dw_engine_host_heard(h) * 2ULL < h->asked || h->left > 0 || h->left_after > 0)
		return h->until;
	return DW_MIN(h->until,
		      h->heard_at + DW_MAX(3 * (h->heard_at - h->last), g->load.timeout_min / 4));
}

static void wait(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint64_t passed, until = dries_at(g, h);

	if (g->now >= until) {
		wait_ends(g, host);
		return;
	}
	/* soon at first: where all has answered nothing need be waited for; then seldom */
	passed = g->now - DW_MIN(h->last, g->now);
	h->due = g->now + DW_MIN(until - g->now, DW_MAX(passed, 500));
}

static void gap(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	if (g->now < h->until) {
		h->due = h->until;
		return;
	}
	if (h->round < UINT8_MAX)
		h->round++;
	begin_round(g, host);
	h->due = g->now;
}

/*
 * How long a pulse is waited for. Where none is answered any more, the network or one of the two machines may have
 * stopped for a moment: all tries of a few milliseconds each would be over before it goes on.
 */
static uint32_t pulse_wait(const struct dw_engine *g, const struct dw_engine_host_run *h)
{
	uint32_t wait = dw_engine_host_timeout(g, h);
	uint64_t more = (uint64_t)wait << DW_MIN(h->unheard, 10);

	return DW_MAX(wait, (uint32_t)DW_MIN(more, PULSE_WAIT_MAX));
}

static void confirm(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint32_t wait = pulse_wait(g, h);

	/* look often, ask seldom */
	if (g->now >= h->pulsed_at + wait || dw_engine_pulse_is_answered(g, h))
		dw_engine_pulse_settle(g, host);
	if (!h->confirming) {
		h->confirming = true;
		h->until = g->now + DW_MAX(40ULL * wait, CONFIRM_MIN);
	}
	/* A bit is seen before its answer, which may still wait in the wire and want to be confirmed. */
	if (h->confirmations == 0 && h->grown_at == g->drains) {
		h->due = g->now;
		return;
	}
	/* whoever forges without end does not hold up the end */
	if (h->confirmations == 0 || g->now >= h->until) {
		dw_engine_host_end(g, host);
		return;
	}
	h->due = g->now + DW_MAX(wait / 8, 250u);
}

/* UDP: one walk after another, as fast as proofs come. */
static void prove(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint64_t us = g->now - h->window_at;
	uint32_t n;

	if (g->now >= h->until) {
		h->state = DW_ENGINE_CONFIRM;
		h->due = g->now;
		return;
	}
	if (us >= 1000000 && h->proof_sent >= 8) {
		float got = (float)(h->icmp - h->proof_icmp), share = got / (float)h->proof_sent;

		if (share > 0.9f)
			h->rate = DW_MIN(h->rate * 2, g->load.cap);
		else if (share < 0.7f)
			h->rate = DW_MAX(1.2f * got * 1e6f / (float)us, 0.5f);
		h->proof_sent = 0;
		h->proof_icmp = h->icmp;
		h->window_at = g->now;
	}
	n = dw_engine_walk(g, host, allowance(g, h));
	h->proof_sent += n;
	h->asked += n;
	if (h->left == 0 && h->left_after == 0) {
		if (h->round < UINT8_MAX)
			h->round++;
		dw_engine_walk_begin(g, host);
		h->last = g->now;
	}
	h->due = DW_MAX(h->last + (uint64_t)(DW_MAX(h->rate / 1000, 1.0f) * 1e6f / h->rate),
			g->now + 500);
}

static bool wants_pulse(const struct dw_engine *g, const struct dw_engine_host_run *h)
{
	if (g->now < h->pulse_at || h->state == DW_ENGINE_GAP || h->state == DW_ENGINE_DOUBT)
		return false;
	if (h->confirmations > 0)
		return true;
	if (h->state == DW_ENGINE_CONFIRM || h->state == DW_ENGINE_PROOF)
		return false;
	return h->set > h->before && h->set < h->n && (h->round > 0 || h->asked > 256);
}

/* ICMP messages at length: between a second after the first and the last. */
static void measure_icmp(struct dw_engine *g, struct dw_engine_host_run *h)
{
	if (h->icmp == 0)
		return;
	if (h->icmp_since == 0)
		h->icmp_since = g->now;
	if (g->now < h->icmp_since + 1000000)
		h->icmp_first = h->icmp;
}

static bool is_tarpit(const struct dw_engine *g, const struct dw_engine_host_run *h)
{
	/* datagrams are easily forged */
	uint32_t open = g->block->protocol == DW_PROTOCOL_UDP ? h->confirmed : h->open;

	return g->block->n_ports > 1 && open >= TARPIT_OPEN &&
	       (uint64_t)open * 20 >= (uint64_t)(h->set - h->before) * 19;
}

/* The sample's answer does not come: another is taken, with more patience each time while nothing is known. */
static bool is_lost(struct dw_engine *g, struct dw_engine_host_run *h)
{
	uint64_t us = h->rtt > 0 ? 2 * dw_engine_host_timeout(g, h) : h->patience;

	if (g->now <= h->sample_at + us)
		return false;
	h->patience = DW_MIN(2 * h->patience, TIMEOUT_MAX);
	return true;
}

static void look(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	dw_engine_host_count(g, host);
	measure_icmp(g, h);
	if (h->sample != DW_ENGINE_NONE) {
		/* among what is forged a bit says too little: by the answer, if it is no open one */
		if (dw_engine_bit(g, h->sample) && !h->forged)
			dw_engine_host_rtt(g, h, g->now - h->sample_at);
		if (dw_engine_bit(g, h->sample) || is_lost(g, h))
			h->sample = DW_ENGINE_NONE;
	}
	h->tarpit = h->tarpit || is_tarpit(g, h);
	if (h->tarpit && h->open >= TARPIT_SURE) {
		dw_engine_host_end(g, host);
		return;
	}
	if (h->set == h->n && h->state != DW_ENGINE_CONFIRM) {
		h->state = DW_ENGINE_CONFIRM;
		dw_engine_round_tally(g, h);
	}
}

void dw_engine_host_visit(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	static void (*const does[])(struct dw_engine *, uint32_t) = {
		[DW_ENGINE_ASK] = ask,    [DW_ENGINE_WAIT] = wait,   [DW_ENGINE_GAP] = gap,
		[DW_ENGINE_DOUBT] = wait, [DW_ENGINE_PROOF] = prove, [DW_ENGINE_CONFIRM] = confirm,
	};

	if (h->state == DW_ENGINE_NEW)
		begin(g, host);
	/* counting costs a fraction of a microsecond for each 4,096 ports */
	if (h->state != DW_ENGINE_ASK || g->now >= h->counted_at + 1000)
		look(g, host);
	if (h->state == DW_ENGINE_DONE)
		return;
	if (wants_pulse(g, h)) {
		dw_engine_pulse(g, host);
		h->pulse_at = g->now + pulse_wait(g, h);
	}
	does[h->state](g, host);
	if (h->state != DW_ENGINE_DONE)
		dw_engine_wheel_add(g, host);
}
