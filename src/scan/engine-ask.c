/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which slot is next, and the list of slots that goes to the wire. */
#include <errno.h>
#include <string.h>

#include "engine.h"

/* The finaliser of MurmurHash3. */
uint64_t dw_engine_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

bool dw_engine_bit(const struct dw_engine *g, uint32_t slot)
{
	return __atomic_load_n(&g->wire->answered[slot / 64], __ATOMIC_RELAXED) >> slot % 64 & 1;
}

void dw_engine_bit_set(struct dw_engine *g, uint32_t slot)
{
	__atomic_fetch_or(&g->wire->answered[slot / 64], 1ULL << slot % 64, __ATOMIC_RELAXED);
}

void dw_engine_bit_clear(struct dw_engine *g, uint32_t slot)
{
	__atomic_fetch_and(&g->wire->answered[slot / 64], ~(1ULL << slot % 64), __ATOMIC_RELAXED);
}

bool dw_engine_payload(const struct dw_wire_block *b, uint32_t port)
{
	return b->payloads != NULL && b->payloads[port].n > 0 && b->payloads[port].list[0].n > 0;
}

/* Of our i-th slot of the host, in the order of ranks. */
uint32_t dw_engine_slot(const struct dw_engine *g, uint32_t host, uint32_t i)
{
	uint32_t rank = g->hosts[host].first + g->o.shards * i;

	return host * g->block->n_ports + g->ranks[rank];
}

static uint32_t divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* A part of the walk: from any place in it, with a step that has no common divisor with its length, all are met
   once. */
static void part(struct dw_engine *g, uint32_t host, uint32_t low, uint32_t length)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint64_t r = dw_engine_mix(g->o.seed ^
				   dw_engine_mix((uint64_t)host << 32 | h->round << 1 | (low > 0)));

	h->low = low;
	h->length = length;
	h->left = length;
	h->pos = length > 0 ? (uint32_t)(r % length) : 0;
	h->step = length > 1 ? 1 + (uint32_t)((r >> 32) % (length - 1)) : 1;
	while (divisor(h->step, DW_MAX(length, 1)) != 1)
		h->step = h->step + 1 < length ? h->step + 1 : 1;
}

void dw_engine_walk_begin(struct dw_engine *g, uint32_t host)
{
	struct dw_engine_host_run *h = &g->hosts[host];

	h->left_after = h->n_said > 0 ? h->n - h->n_said : 0;
	part(g, host, 0, h->n_said > 0 ? h->n_said : h->n);
}

/*
 * Nothing but its ports vouches for a datagram, so in which order they are used is a secret, too, one for each host:
 * source -> a * source + b mod 32, a odd.
 */
static uint64_t secret_of(const struct dw_engine *g, uint32_t host)
{
	return dw_engine_mix(dw_engine_mix(g->o.seed ^ 0x2545f4914f6cdd1dULL) ^ host);
}

static uint8_t wire_port(const struct dw_engine *g, uint32_t host, unsigned source)
{
	uint64_t r;

	if (g->block->protocol != DW_PROTOCOL_UDP)
		return (uint8_t)source;
	r = secret_of(g, host);
	return (uint8_t)((((unsigned)r | 1) * source + (unsigned)(r >> 32)) % DW_WIRE_ROUNDS);
}

unsigned dw_engine_source(const struct dw_engine *g, uint32_t host, unsigned port)
{
	unsigned a, inverse;
	uint64_t r;

	if (g->block->protocol != DW_PROTOCOL_UDP)
		return port;
	r = secret_of(g, host);
	a = inverse = (unsigned)r | 1;
	for (unsigned i = 0; i < 4; i++) /* Newton's: twice the bits that are right, each time */
		inverse *= 2 - a * inverse;
	return inverse * (port - (unsigned)(r >> 32)) % DW_WIRE_ROUNDS;
}

static uint32_t walk_part(struct dw_engine *g, uint32_t host, uint32_t most)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	const volatile uint64_t *bits = g->wire->answered;
	uint32_t base = host * g->block->n_ports, n = 0, shards = g->o.shards, pos = h->pos;
	const uint16_t *ranks = g->ranks + h->first + (size_t)shards * h->low;
	uint32_t length = h->length, step = h->step, left = h->left, at = g->n_turn;
	uint8_t source = wire_port(g, host, h->round % DW_ENGINE_ROUND_PORTS);

	for (; left > 0 && n < most; left--) {
		uint32_t slot = base + ranks[(size_t)shards * pos];

		pos = pos + step >= length ? pos + step - length : pos + step;
		if (__atomic_load_n(&bits[slot / 64], __ATOMIC_RELAXED) >> slot % 64 & 1)
			continue;
		g->slots[at] = slot;
		g->sources[at++] = source;
		n++;
	}
	g->n_turn = at;
	h->pos = pos;
	h->left = left;
	return n;
}

uint32_t dw_engine_walk(struct dw_engine *g, uint32_t host, uint32_t most)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint32_t n;

	most = DW_MIN(most, DW_ENGINE_TURN - g->n_turn);
	n = walk_part(g, host, most);
	if (n < most && h->left_after > 0) {
		uint32_t after = h->left_after;

		h->left_after = 0;
		part(g, host, h->n - after, after);
		n += walk_part(g, host, most - n);
	}
	return n;
}

void dw_engine_put(struct dw_engine *g, uint32_t slot, unsigned source)
{
	if (g->n_turn == DW_ENGINE_TURN)
		return;
	g->slots[g->n_turn] = slot;
	g->sources[g->n_turn++] = wire_port(g, slot / g->block->n_ports, source);
}

/* The wire wants one source port a call: sorted by it, otherwise in the order that they came in. */
static void sort(struct dw_engine *g, uint32_t starts[DW_WIRE_ROUNDS + 1])
{
	uint32_t at[DW_WIRE_ROUNDS];

	memset(starts, 0, (DW_WIRE_ROUNDS + 1) * sizeof(*starts));
	for (uint32_t i = 0; i < g->n_turn; i++)
		starts[g->sources[i] + 1]++;
	for (unsigned i = 0; i < DW_WIRE_ROUNDS; i++) {
		starts[i + 1] += starts[i];
		at[i] = starts[i];
	}
	for (uint32_t i = 0; i < g->n_turn; i++)
		g->sorted[at[g->sources[i]]++] = g->slots[i];
}

static int send_all(struct dw_engine *g, const uint32_t *slots, size_t n, unsigned source)
{
	unsigned refused = 0;

	while (n > 0) {
		size_t sent = 0;
		int r = g->wire->ops->send(g->wire, slots, n, source, &sent, g->e);

		if (r < 0)
			return r;
		slots += sent;
		n -= sent;
		g->sent += sent;
		refused = sent > 0 ? 0 : refused + 1;
		if (n == 0)
			break;
		if (refused > 20000)
			return dw_error_set(
				g->e, -EIO,
				"sending probes: the interface takes no packets any more");
		r = dw_engine_drain(g, refused > 0 ? 100 : 0);
		if (r < 0)
			return r;
	}
	return 0;
}

int dw_engine_turn_send(struct dw_engine *g)
{
	uint32_t starts[DW_WIRE_ROUNDS + 1];

	if (g->n_turn == 0)
		return 0;
	sort(g, starts);
	for (unsigned i = 0; i < DW_WIRE_ROUNDS; i++) {
		int r = 0;

		if (starts[i] < starts[i + 1])
			r = send_all(g, g->sorted + starts[i], starts[i + 1] - starts[i], i);
		if (r < 0)
			return r;
	}
	g->n_turn = 0;
	return 0;
}

int dw_engine_drain(struct dw_engine *g, unsigned wait_us)
{
	struct dw_wire_answer answers[256];
	size_t n = 0;

	do {
		int r = g->wire->ops->receive(g->wire, wait_us, answers, DW_ARRAY_SIZE(answers), &n,
					      g->e);

		if (r < 0)
			return r;
		g->now = g->wire->ops->now(g->wire);
		for (size_t i = 0; i < n; i++)
			dw_engine_answer_take(g, &answers[i]);
		wait_us = 0;
	} while (n == DW_ARRAY_SIZE(answers));
	g->drains++;
	return 0;
}
