/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rates. A host's order is random, so the share of its ports that answers stays the same through the first round: it is
 * learned at a low rate, the rate doubles while the share holds, and falls to what was answered when it doesn't. In
 * later rounds, which ask what was silent, controls tell. The sum of all is steered the same way.
 */
#include "engine.h"

static const struct dw_engine_load loads[] = {
	[DW_SCAN_LOAD_POLITE] = { 50, 500, 100, 200, 5000, 16384, 10, 200000, 200000, 1000000,
				  1000000 },
	[DW_SCAN_LOAD_NORMAL] = { 500, 5000, 1000, 5000, 150000, 49152, 50, 100000, 100000, 1000000,
				  500000 },
	[DW_SCAN_LOAD_LAB] = { 20000, 1e7f, 200000, 200000, 1e8f, 0, 50, 10000, 10000, 250000,
			       100000 },
};

void dw_engine_load_get(const struct dw_engine_options *o, struct dw_engine_load *ret)
{
	enum dw_scan_load load = o->load == DW_SCAN_LOAD_UNKNOWN ? DW_SCAN_LOAD_NORMAL : o->load;

	*ret = loads[load];
	if (o->host_rate > 0) {
		ret->cap = (float)o->host_rate;
		ret->entries = 0; /* who names a rate knows the way */
	}
	if (o->rate > 0)
		ret->all_cap = (float)o->rate;
	ret->all_begin = DW_MIN(ret->all_begin, ret->all_cap);
	ret->cap = DW_MIN(ret->cap, ret->all_cap);
	ret->begin = DW_MIN(ret->begin, ret->cap);
	ret->blind = DW_MIN(ret->blind, ret->cap);
	ret->follow = DW_MIN(ret->follow, ret->begin);
}

float dw_engine_rate_cap(const struct dw_engine *g, const struct dw_engine_host_run *h)
{
	return h->set > h->before ? g->load.cap : g->load.blind;
}

/* Is this fewer than `due`, by more than chance makes it? Three standard deviations of a count. */
static bool is_fewer(float heard, float due)
{
	float off = due - heard;

	return off > 4 && off * off > 9 * due;
}

/* The window is over: were as many answers heard as the share says? */
static void judge(struct dw_engine *g, struct dw_engine_host_run *h, float due, float heard,
		  uint64_t us)
{
	float share = DW_MIN(heard / due, 1.0f), cap = dw_engine_rate_cap(g, h);
	bool limited = h->icmp > 8 && h->icmp * 2 > h->set - h->before;

	if (h->share < 0) {
		h->share = share;
		h->rate = DW_MIN(h->rate * 2, cap);
		return;
	}
	/* ICMP answers may be few by a rule of the host: no sign of loss (their own rate is followed in the end) */
	if (limited && share < 0.9f) {
		h->rate = DW_MIN(h->rate, DW_MAX(g->load.blind, g->load.begin));
		return;
	}
	if (heard <= 0 && is_fewer(heard, h->share * due)) {
		h->deaf = true;
		return;
	}
	if (!is_fewer(heard, 0.85f * h->share * due)) {
		h->share = DW_MAX(h->share, 0.8f * h->share + 0.2f * share);
		h->rate = DW_MIN(h->rate * (h->grows_slowly ? 1.15f : 2), cap);
		return;
	}
	if (!is_fewer(heard, 0.75f * h->share * due))
		return;
	h->grows_slowly = true;
	h->rate = DW_MAX(0.9f * heard * 1e6f / (float)us / h->share, h->rate / 8);
	h->rate = DW_MIN(DW_MAX(h->rate, g->load.begin), cap);
	/* what is still under way belongs to the old rate: the next window begins later */
	h->window_at += DW_MAX(2 * h->rtt, g->load.window / 2);
}

void dw_engine_rate_host(struct dw_engine *g, struct dw_engine_host_run *h)
{
	uint64_t us = g->now - h->window_at, length = DW_MAX(g->load.window, 4 * h->rtt);
	float rate, due;

	if (g->now < h->window_at) {
		h->window_sent = 0;
		h->window_set = h->set;
		return;
	}
	if (g->now < h->window_at + length || h->window_sent < 32)
		return;
	rate = (float)h->window_sent * 1e6f / (float)us;
	/* answers heard in the window are to probes of one round trip before */
	due = ((float)us - (float)DW_MIN(h->rtt, us)) * rate / 1e6f +
	      (float)DW_MIN(h->rtt, us) * h->window_rate / 1e6f;
	h->window_at = g->now;
	h->window_rate = rate;
	h->window_sent = 0;
	judge(g, h, DW_MAX(due, 1), (float)(h->set - DW_MIN(h->window_set, h->set)), us);
	h->window_set = h->set;
}

/* What it was really asked with in this round: others may have had their turn. */
float dw_engine_rate_real(const struct dw_engine_host_run *h, uint64_t now)
{
	float us = (float)(now - DW_MIN(h->round_at, now)) + 1000;

	return (float)h->asked * 1e6f / us;
}

void dw_engine_rate_controls(struct dw_engine *g, struct dw_engine_host_run *h)
{
	double heard = h->recent.heard, lost = h->recent.lost;
	float floor = DW_MIN(h->rate, g->load.begin), real;

	if (heard + lost < 16)
		return;
	real = h->state == DW_ENGINE_ASK && !h->interrupted ? dw_engine_rate_real(h, g->now)
							    : h->rate;
	h->recent = (struct dw_engine_tally){ 0 };
	if (dw_engine_loss_low(heard, lost) > 0.3)
		h->rate = DW_MAX(0.7f * DW_MIN(h->rate, real), floor);
	else if (h->round > 0 && !h->followed && dw_engine_loss_bound(heard, lost) < 0.4)
		h->rate = DW_MIN(h->rate * 1.25f, dw_engine_rate_cap(g, h));
}

/*
 * At the end of a later round: many new answers from what was silent are the sign of a limit (of resets, of a
 * queue). Then the next round asks as fast as was answered. If that did not help it was plain loss.
 */
void dw_engine_rate_round(struct dw_engine *g, struct dw_engine_host_run *h, uint32_t heard)
{
	float us = (float)(h->last - h->round_at) + 1, share;

	if (h->interrupted)
		return;
	/* No rate was tried but the real one. */
	if (h->asked >= 64)
		h->rate =
			DW_MIN(h->rate, DW_MAX(1.5f * (float)h->asked * 1e6f / us, g->load.begin));
	if (h->round == 0 || h->asked == 0)
		return;
	share = (float)heard / (float)h->asked;
	if (h->followed && share < 1.2f * h->share_round) {
		h->no_follow = true;
		h->followed = false;
		h->rate = h->rate_before;
	}
	if (h->no_follow || heard < 16 || share >= 0.7f ||
	    (float)h->first_round.lost < 0.3f * (float)dw_engine_host_natural(h))
		return;
	h->rate_before = h->rate;
	h->share_round = share;
	h->followed = true;
	h->grows_slowly = true;
	h->rate = DW_MIN(h->rate, DW_MAX(0.9f * (float)heard * 1e6f / us, g->load.follow));
}

static bool is_strained(struct dw_engine *g, uint64_t sent, uint64_t answers)
{
	uint64_t lost = g->wire->counts.lost - g->window_lost;
	uint64_t failed = g->wire->counts.failed - g->window_failed;

	g->window_lost = g->wire->counts.lost;
	g->window_failed = g->wire->counts.failed;
	return lost * 50 > answers + 50 || failed * 50 > sent + 50;
}

/* Probes of the window that first asked hosts of which nothing is known: their share is that of all such hosts. */
static double due_of_new(struct dw_engine *g, double heard)
{
	double n = g->window_new, share;

	g->window_new = 0;
	if (n < 100)
		return 0;
	share = DW_MAX(heard - g->window_due, 0.0) / n;
	if (g->share < 0)
		g->share = share;
	else if (share > 0.85 * g->share)
		g->share = 0.8 * g->share + 0.2 * share;
	return n * g->share;
}

void dw_engine_rate_all(struct dw_engine *g)
{
	uint64_t length = DW_MAX(2 * g->load.window, 4 * (uint64_t)g->pool_rtt);
	uint64_t answers = g->wire->counts.answers - g->window_answers;
	uint64_t sent = g->sent - g->window_sent0, us = g->now - g->window_at;
	double heard = (double)answers, cap = g->load.all_cap;

	if (us < length)
		return;
	g->window_due += due_of_new(g, heard);
	if (g->wire->rate_max > 0)
		cap = DW_MIN(cap, 1.2 * (double)g->wire->rate_max);
	if (is_strained(g, sent, answers)) {
		g->rate = DW_MAX(g->rate * 0.7, g->load.begin);
		g->grows_slowly = true;
	} else if (g->active >= 16 && g->window_due > 100 && heard < 0.7 * g->window_due) {
		g->rate =
			DW_MAX(DW_MAX(0.9 * heard / g->window_due, 0.25) * g->rate, g->load.begin);
		g->grows_slowly = true;
	} else if (dw_engine_loss_low(g->recent.heard, g->recent.lost) > 0.3) {
		g->rate = DW_MIN(g->rate, (double)sent * 1e6 / (double)us);
		g->rate = DW_MAX(g->rate * 0.7, g->load.all_begin / 4);
		g->grows_slowly = true;
	} else if ((double)sent * 1e6 / (double)us > 0.5 * g->rate) {
		/* it only grows where it is what holds the hosts back */
		g->rate = g->rate * (g->grows_slowly ? 1.15 : 2);
	}
	g->recent = (struct dw_engine_tally){ 0 };
	g->rate = DW_MIN(g->rate, cap);
	g->window_at = g->now;
	g->window_answers = g->wire->counts.answers;
	g->window_sent0 = g->sent;
	g->window_due = 0;
}
