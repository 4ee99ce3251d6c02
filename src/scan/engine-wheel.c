/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is due: a wheel of a second with a place for each quarter millisecond, hosts hang in lists. Who is due later than
 * that waits in the last place and is hung up again. And the queue of hosts that may ask now.
 */
#include "engine.h"

#define PLACES  4096u
#define TICK_US 250u

void dw_engine_wheel_add(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint64_t at = h->due / TICK_US;
	uint32_t place;

	if (at <= g->tick)
		at = g->tick + 1;
	if (at >= g->tick + PLACES)
		at = g->tick + PLACES - 1;
	place = at % PLACES;
	h->next = g->wheel[place];
	g->wheel[place] = host;
	g->busy[place / 64] |= 1ULL << place % 64;
}

static void empty(struct dw_engine *g, uint32_t place)
{
	uint32_t host = g->wheel[place];

	g->wheel[place] = DW_ENGINE_NONE;
	g->busy[place / 64] &= ~(1ULL << place % 64);
	while (host != DW_ENGINE_NONE) {
		uint32_t next = g->hosts[host].next;

		if (g->hosts[host].due / TICK_US > g->tick)
			dw_engine_wheel_add(g, host);
		else
			dw_engine_ready_add(g, host);
		host = next;
	}
}

/* Ticks to the next place that is not empty; 0: all are. */
static uint32_t ahead(const struct dw_engine *g)
{
	for (uint32_t i = 1; i < PLACES;) {
		uint32_t place = (uint32_t)((g->tick + i) % PLACES);
		uint64_t word = g->busy[place / 64] >> place % 64;

		if (word != 0)
			return i + (uint32_t)__builtin_ctzll(word);
		i += 64 - place % 64;
	}
	return 0;
}

void dw_engine_wheel_turn(struct dw_engine *g)
{
	uint64_t end = g->now / TICK_US;

	while (g->tick < end) {
		uint32_t step = ahead(g);

		if (step == 0 || step >= PLACES || g->tick + step > end) {
			g->tick = end;
			return;
		}
		g->tick += step;
		empty(g, (uint32_t)(g->tick % PLACES));
	}
}

uint64_t dw_engine_wheel_next(const struct dw_engine *g)
{
	uint32_t step = ahead(g);

	return step == 0 ? UINT64_MAX : (g->tick + step) * TICK_US;
}

void dw_engine_ready_add(struct dw_engine *g, uint32_t host)
{
	g->hosts[host].next = DW_ENGINE_NONE;
	if (g->ready == DW_ENGINE_NONE)
		g->ready = host;
	else
		g->hosts[g->ready_last].next = host;
	g->ready_last = host;
}

uint32_t dw_engine_ready_take(struct dw_engine *g)
{
	uint32_t host = g->ready;

	if (host != DW_ENGINE_NONE)
		g->ready = g->hosts[host].next;
	return host;
}
