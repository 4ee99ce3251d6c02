/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pulses: every now and then a few slots of a host that have answered are asked again, from source ports that no round
 * uses. Open ports, until each has answered twice; and controls, which tell what share is lost now, and whether the
 * host is still there, where all else is silent. A reset leaves no more than a bit: for a control among closed
 * ports the bit is taken back, and set again if it stays away.
 */
#include "engine.h"

#define TRIES_MAX    12u /* of a confirmation: at 20 % loss, one in 10^8 stays without */
#define TRIES_FORGED 24u /* where somebody forges, it takes more replies */
#define TRIES_SILENT 6u  /* of one that was forged and has never replied itself */

/* The last pulse's controls; those whose answer was a reset. */
static void settle_controls(struct dw_engine *g, struct dw_engine_host_run *h)
{
	for (unsigned i = 0; i < h->n_controls; i++) {
		const struct dw_engine_answer *r = dw_engine_answer_of(g, h->controls[i]);

		h->pulse_asked++;
		h->pulse_heard += r != NULL && r->fresh;
	}
	for (unsigned i = 0; i < h->n_cleared; i++) {
		uint32_t slot = h->controls[DW_ENGINE_CONTROLS / 2 + i];

		h->pulse_asked++;
		if (dw_engine_bit(g, slot))
			h->pulse_heard++;
		else
			dw_engine_bit_set(g, slot);
	}
	h->n_cleared = 0;
}

static unsigned tries_max(const struct dw_engine_host_run *h)
{
	return h->forged ? TRIES_FORGED : TRIES_MAX;
}

static bool is_hopeless(const struct dw_engine *g, const struct dw_engine_answer *r)
{
	return r->wrong > DW_ENGINE_WRONG_MAX ||
	       (r->wrong > 0 && r->tries >= TRIES_SILENT && dw_engine_answer_times(g, r) == 0);
}

/* Confirmations; those that have come leave the list. */
static void settle_open(struct dw_engine *g, struct dw_engine_host_run *h, uint32_t *asked,
			uint32_t *heard)
{
	uint32_t *at = &h->doubtful;

	while (*at != DW_ENGINE_NONE) {
		struct dw_engine_answer *r = &g->answers[*at];

		*asked += r->out;
		*heard += r->out && r->fresh;
		r->out = false;
		bool confirmed = dw_engine_answer_confirmed(g, r), hopeless = is_hopeless(g, r);

		/* Tries under load say little: the last ones come when the host has nothing else to do. */
		if (h->state == DW_ENGINE_CONFIRM && !h->quiet && !confirmed && !hopeless)
			r->tries = 0;
		if (!confirmed && !hopeless &&
		    (r->tries < tries_max(h) || h->state != DW_ENGINE_CONFIRM)) {
			at = &r->next;
			continue;
		}
		if (confirmed && h->n_controls < DW_ENGINE_CONTROLS / 2)
			h->controls[h->n_controls++] = r->slot;
		h->confirmed += confirmed;
		*at = r->next;
		r->waits = false;
		h->confirmations--;
	}
}

void dw_engine_pulse_settle(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	struct dw_engine_tally t = { 0 };
	uint32_t asked = 0, heard = 0;

	h->pulse_asked = 0;
	h->pulse_heard = 0;
	if (h->pulse_out)
		settle_controls(g, h);
	settle_open(g, h, &asked, &heard);
	h->quiet = h->state == DW_ENGINE_CONFIRM;
	h->pulse_out = false;
	t.heard = h->pulse_heard;
	t.lost = h->pulse_asked - h->pulse_heard;
	if (h->pulse_asked == 0) {
		h->pulse_asked = (uint16_t)DW_MIN(asked, UINT16_MAX);
		h->pulse_heard = (uint16_t)DW_MIN(heard, UINT16_MAX);
	}
	if (h->pulse_asked > 0 && h->state == DW_ENGINE_CONFIRM)
		h->unheard = h->pulse_heard > 0 ? 0 : h->unheard + (h->unheard < UINT8_MAX);
	if (h->pulse_asked > 0)
		h->deaf_pulses =
			h->pulse_heard > 0 || h->set > h->pulse_set ? 0 : h->deaf_pulses + 1;
	/* Nothing at all: the host is away, or its limit is reached. That is no loss that more rounds mend. */
	if (t.heard == 0 && h->set <= h->pulse_set)
		return;
	h->later.heard += t.heard;
	h->later.lost += t.lost;
	h->recent.heard += t.heard;
	h->recent.lost += t.lost;
	g->recent.heard += t.heard;
	g->recent.lost += t.lost;
	g->pool.heard += t.heard;
	g->pool.lost += t.lost;
}

/* Has each open port of the list what it needs? */
bool dw_engine_pulse_is_answered(const struct dw_engine *g, const struct dw_engine_host_run *h)
{
	for (uint32_t i = h->doubtful; i != DW_ENGINE_NONE; i = g->answers[i].next) {
		if (!dw_engine_answer_confirmed(g, &g->answers[i]))
			return false;
	}
	return true;
}

static void ask_open(struct dw_engine *g, struct dw_engine_host_run *h, unsigned source)
{
	float fits = h->rate * (float)dw_engine_host_timeout(g, h) / 4e6f;
	uint32_t most = 16 + (uint32_t)DW_MIN(fits, 900.0f);

	for (uint32_t i = h->doubtful; i != DW_ENGINE_NONE && most > 0;) {
		struct dw_engine_answer *r = &g->answers[i];

		i = r->next;
		if (r->tries >= tries_max(h))
			continue;
		most--;
		r->out = true;
		r->fresh = false;
		r->tries++;
		r->asked |= 1u << source;
		r->last = (uint8_t)source;
		dw_engine_put(g, r->slot, source);
	}
}

/* Closed ports, at random. */
static void pick(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	unsigned most = DW_ENGINE_CONTROLS / 2;
	uint64_t r = dw_engine_mix(g->o.seed + ((uint64_t)host << 16 | h->pulse));

	/* Where many are limited ICMP answers, one that stays away says nothing. */
	if (h->icmp > 0 || g->block->protocol == DW_PROTOCOL_UDP)
		return;
	for (unsigned i = 0; i < 64 && h->n_cleared < most; i++) {
		uint32_t slot = dw_engine_slot(g, host, (uint32_t)(r % h->n));

		r = dw_engine_mix(r + i);
		if (!dw_engine_bit(g, slot) || dw_engine_answer_of(g, slot) != NULL ||
		    dw_engine_answer_is_refused(g, slot))
			continue;
		if (g->before != NULL && g->before[slot / 64] >> slot % 64 & 1)
			continue;
		dw_engine_bit_clear(g, slot);
		h->controls[DW_ENGINE_CONTROLS / 2 + h->n_cleared++] = slot;
	}
}

static void ask_controls(struct dw_engine *g, uint32_t host, unsigned source)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	pick(g, host);
	for (unsigned i = 0; i < h->n_controls; i++) {
		struct dw_engine_answer *r = dw_engine_answer_of(g, h->controls[i]);

		if (r == NULL)
			continue;
		r->fresh = false;
		r->asked |= 1u << source;
		r->last = (uint8_t)source;
		dw_engine_put(g, r->slot, source);
	}
	for (unsigned i = 0; i < h->n_cleared; i++)
		dw_engine_put(g, h->controls[DW_ENGINE_CONTROLS / 2 + i], source);
	h->pulse_out = h->n_controls + h->n_cleared > 0;
}

void dw_engine_pulse(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint64_t from = dw_engine_mix(g->o.seed ^ 0x5851f42d4c957f2dULL ^ host);
	unsigned source =
		DW_ENGINE_ROUND_PORTS + (unsigned)((from + h->pulse) % DW_ENGINE_PULSE_PORTS);

	dw_engine_pulse_settle(g, host);
	dw_engine_rate_controls(g, h);
	/* all of it or nothing: what was not sent would count as lost */
	if (g->n_turn + 1024 > DW_ENGINE_TURN)
		return;
	h->pulse++;
	h->pulsed_at = g->now;
	h->pulse_set = h->set;
	ask_open(g, h, source);
	if (h->set < h->n && h->set > h->before)
		ask_controls(g, host, source);
}
