/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* After a round: what it tells of the loss, and whether the silence that is left can be trusted. */
#include "engine.h"

#define FAR_US 2000000u

/* Of the round that runs: answers so far, of which later ones must be counted by nobody else. */
uint32_t dw_engine_round_tally(struct dw_engine *g, struct dw_engine_host_run *h)
{
	uint32_t heard = dw_engine_host_heard(h);

	h->natural = dw_engine_host_natural(h);
	if (h->round == 0) {
		h->first_round.heard += heard;
		g->pool.heard += heard;
		return heard;
	}
	/* Asked in vain in the first round and each after it, heard in this one. */
	h->first_round.lost += heard;
	h->later.heard += heard;
	h->later.lost += heard * (h->round - 1u);
	g->pool.heard += heard;
	g->pool.lost += heard * h->round;
	return heard;
}

static bool is_enough(const struct dw_engine *g, const struct dw_engine_host_run *h, uint32_t heard)
{
	unsigned least =
		dw_engine_host_natural(h) > 0 ? DW_MIN(g->o.rounds_min, 2u) : g->o.rounds_min;

	/* The most is for silence: a host that still tells news is asked on. */
	if ((h->round + 1u >= g->o.rounds_max && heard == 0) || h->round == UINT8_MAX || h->tarpit)
		return true;
	return h->good >= least && dw_engine_loss_missed(g, h, h->good) <= g->o.missed;
}

static void proof_begin(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	float seconds = (float)(g->now - h->icmp_since) / 1e6f;

	h->state = DW_ENGINE_PROOF;
	h->until = g->now + g->o.udp_seconds * 1000000ULL;
	h->rate = seconds > 1 ? 1.2f * (float)(h->icmp - h->icmp_first) / seconds : h->rate;
	h->rate = DW_MIN(DW_MAX(h->rate, 0.5f), g->load.cap);
	h->window_at = g->now;
	h->last = g->now;
	h->proof_sent = 0;
	h->proof_icmp = h->icmp;
	h->round++;
	dw_engine_walk_begin(g, host);
	h->due = g->now;
}

/*
 * How long after its begin the next round begins. Pauses grow, so that one burst of loss does not hit all probes to a
 * port: but only from where silence begins to be taken for an answer. A round that brings most of what it asked for
 * was hit by no burst, and the next may follow at once.
 */
static uint64_t pause_after(const struct dw_engine *g, struct dw_engine_host_run *h, uint32_t heard,
			    uint32_t wait)
{
	if (heard * 2ULL >= h->asked)
		return 0;
	if (h->round > 0 && h->dry < UINT8_MAX)
		h->dry++;
	return DW_MIN((uint64_t)wait << DW_MIN(h->dry, 10), g->load.gap_max);
}

void dw_engine_round_end(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint32_t wait = dw_engine_host_timeout(g, h);
	uint32_t heard = dw_engine_round_tally(g, h);

	dw_engine_rate_round(g, h, heard);
	/* A round at whose end even controls were silent for long may have been asked of nobody. */
	if (h->doubts <= 2 && h->good < UINT8_MAX)
		h->good++;
	if (!is_enough(g, h, heard)) {
		uint64_t pause = pause_after(g, h, heard, wait);

		h->state = DW_ENGINE_GAP;
		h->until = DW_MAX(h->round_at + pause, g->now);
		h->due = h->until;
		return;
	}
	/* Nothing heard at all: it may be far away. */
	if (h->rtt == 0 && !h->waited) {
		h->waited = true;
		h->state = DW_ENGINE_WAIT;
		h->until = g->now + FAR_US;
		h->due = g->now + FAR_US / 16;
		return;
	}
	if (g->block->protocol == DW_PROTOCOL_UDP && g->o.udp_seconds > 0 && h->icmp > 0 &&
	    h->set < h->n) {
		proof_begin(g, host);
		return;
	}
	h->state = DW_ENGINE_CONFIRM;
	h->due = g->now;
}
