/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up network: packets under way lie in a heap by the time that they arrive. */
#include <stdlib.h>
#include <string.h>

#include "network.h"

#define FORGET_US   500000u /* tcp_invalid_ratelimit */
#define HALF_OPEN   65536u  /* places for half-open requests, by hash */
#define RING        4096u
#define BEGUN_US    1000000u
#define TOGETHER_US 20u /* answers that come within that time wake the reader once */

struct packet {
	uint64_t at;
	uint32_t slot;
	uint8_t why, round, flags;
};

struct bucket {
	double tokens;
	uint64_t at;
};

struct made_state {
	const struct dw_wire_block *block;
	uint64_t random;
	struct packet *heap;
	size_t n, room;
	struct bucket *queue, *reset, *icmp, link, ring;
	struct {
		uint64_t key, at;
	} * half;
	struct dw_wire_answer out[RING];
	size_t n_out, out_first;
	uint64_t *bits;
	double send_rest;
	uint64_t forged_at;
	uint32_t rounds; /* bits: asked from so far */
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static uint64_t any(struct made_state *s)
{
	s->random += 0x9e3779b97f4a7c15ULL;
	return mix(s->random);
}

static bool chance(struct made_state *s, double p)
{
	return p > 0 && (double)(any(s) >> 11) * 0x1p-53 < p;
}

static bool take(struct bucket *b, uint64_t now, double rate, double burst)
{
	if (rate <= 0)
		return true;
	b->tokens += (double)(now - b->at) * rate / 1e6;
	b->at = now;
	if (b->tokens > burst)
		b->tokens = burst;
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}

static void push(struct made_state *s, struct packet p)
{
	size_t i = s->n++;

	if (s->n > s->room) {
		s->room = s->room * 2 + 1024;
		s->heap = realloc(s->heap, s->room * sizeof(*s->heap));
		if (s->heap == NULL)
			abort();
	}
	for (; i > 0 && s->heap[(i - 1) / 2].at > p.at; i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = p;
}

static struct packet pop(struct made_state *s)
{
	struct packet first = s->heap[0], last = s->heap[--s->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= s->n)
			break;
		if (child + 1 < s->n && s->heap[child + 1].at < s->heap[child].at)
			child++;
		if (s->heap[child].at >= last.at)
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

enum made_port made_network_port(const struct made_network *n, const struct dw_wire_block *b,
				 uint32_t slot)
{
	uint32_t host = slot / b->n_ports, port = slot % b->n_ports;
	const struct made_host *h = &n->hosts[host];
	uint64_t r = mix(n->seed ^ mix(slot + 1));

	/* Exactly n_open: every k-th from a place that the seed chooses. */
	if (h->n_open > 0) {
		uint32_t every = b->n_ports / h->n_open,
			 from = (uint32_t)(mix(n->seed + host) % b->n_ports);
		uint32_t at = (port + b->n_ports - from) % b->n_ports;

		if (every > 0 && at % every == 0 && at / every < h->n_open)
			return MADE_OPEN;
	}
	if (h->rest == MADE_CLOSED && r % 100 < h->drop_share)
		return MADE_DROP;
	return h->rest;
}

bool made_network_is_open(const struct made_network *n, const struct dw_wire_block *b,
			  uint32_t slot)
{
	const struct made_host *h = &n->hosts[slot / b->n_ports];

	if (made_network_port(n, b, slot) != MADE_OPEN)
		return false;
	return h->replies_first == 0 || mix(slot ^ n->seed << 7) % 100 < h->replies_first;
}

static bool is_away(const struct made_host *h, uint64_t now)
{
	if (h->burst_every_us > 0 && now % h->burst_every_us < h->burst_us)
		return true;
	return h->vanish_us > 0 && now >= h->vanish_us && (h->return_us == 0 || now < h->return_us);
}

static uint8_t open_why(const struct dw_wire_block *b)
{
	if (b->protocol == DW_PROTOCOL_UDP)
		return DW_SCAN_WHY_REPLY;
	if (b->protocol == DW_PROTOCOL_SCTP)
		return DW_SCAN_WHY_INIT_ACK;
	return b->protocol == DW_WIRE_ICMP ? DW_SCAN_WHY_ECHO : DW_SCAN_WHY_SYN_ACK;
}

/* What the host makes of a probe: 0: nothing. */
static uint8_t reaction(struct made_network *n, uint32_t slot, uint64_t at)
{
	struct made_state *s = n->state;
	uint32_t host = slot / s->block->n_ports;
	const struct made_host *h = &n->hosts[host];
	enum made_port port = made_network_port(n, s->block, slot);
	bool udp = s->block->protocol == DW_PROTOCOL_UDP;

	if (h->tarpit || h->proxy)
		return open_why(s->block);
	if (port == MADE_OPEN)
		return made_network_is_open(n, s->block, slot) ? open_why(s->block) : 0;
	if (port == MADE_DROP)
		return 0;
	if (port == MADE_CLOSED && !udp) {
		if (!take(&s->reset[host], at, h->reset_rate, h->reset_rate / 10 + 1))
			return 0;
		return s->block->protocol == DW_PROTOCOL_SCTP ? DW_SCAN_WHY_ABORT
							      : DW_SCAN_WHY_RESET;
	}
	if (!take(&s->icmp[host], at, h->icmp_rate, h->icmp_burst > 0 ? h->icmp_burst : 1))
		return 0;
	return port == MADE_CLOSED ? DW_SCAN_WHY_PORT_UNREACHABLE : DW_SCAN_WHY_PROHIBITED;
}

static void note_unanswered(struct made_network *n)
{
	uint64_t second = (n->now - BEGUN_US) / 1000000;

	if (n->unanswered_in == NULL)
		return;
	if (second >= n->n_seconds)
		abort();
	n->unanswered_in[second]++;
}

static void probe(struct made_network *n, uint32_t slot, uint8_t round)
{
	struct made_state *s = n->state;
	uint32_t host = slot / s->block->n_ports;
	const struct made_host *h = &n->hosts[host];
	uint64_t at = n->now + h->rtt_us / 2, key = (uint64_t)slot * 32 + round + 1, back;
	struct packet p = { .slot = slot, .round = round };
	size_t place = mix(key) % HALF_OPEN;
	bool lost;

	if (!take(&s->link, n->now, n->link_rate, n->link_rate / 200 + 100) ||
	    !take(&s->queue[host], at, h->queue_rate, h->queue_burst > 0 ? h->queue_burst : 200)) {
		n->dropped++;
		return;
	}
	if (is_away(h, at) || chance(s, h->lost_to))
		return;
	p.why = reaction(n, slot, at);
	if (p.why == 0) {
		note_unanswered(n);
		return;
	}
	if (h->half_open_rule && p.why == DW_SCAN_WHY_SYN_ACK && s->half[place].key == key &&
	    at < s->half[place].at + FORGET_US)
		return;
	lost = chance(s, h->lost_back);
	/* An answer that arrives is met with a reset, which ends the half-open request. */
	s->half[place].key = lost ? key : 0;
	s->half[place].at = at;
	if (lost)
		return;
	back = h->jitter_us > 0 ? any(s) % h->jitter_us : 0;
	p.at = n->now + h->rtt_us + back;
	p.flags = h->proxy ? DW_WIRE_BARE : 0;
	push(s, p);
	if (chance(s, h->twice)) {
		p.at += 50;
		push(s, p);
	}
}

static void forge(struct made_network *n)
{
	struct made_state *s = n->state;
	uint64_t slots = (uint64_t)s->block->n_hosts * s->block->n_ports, every;

	if (n->forged_rate <= 0 || s->rounds == 0)
		return;
	every = (uint64_t)(1e6 / n->forged_rate);
	for (; s->forged_at <= n->now; s->forged_at += every + 1) {
		struct packet p = { .at = n->now,
				    .slot = (uint32_t)(any(s) % slots),
				    .why = open_why(s->block),
				    .round = (uint8_t)(any(s) % DW_WIRE_ROUNDS) };

		if (n->forged_in_order)
			p.round = (uint8_t)(__builtin_popcount(s->rounds & 0xfffff) - 1);
		push(s, p);
	}
}

static void arrive(struct made_network *n, const struct packet *p)
{
	struct made_state *s = n->state;
	uint64_t bit = 1ULL << p->slot % 64;
	bool again = (s->bits[p->slot / 64] & bit) != 0;
	struct dw_wire_answer *a;

	n->wire.counts.answers++;
	if (p->why != DW_SCAN_WHY_RESET) {
		if (s->n_out == RING || !take(&s->ring, n->now, n->ring_rate, n->ring_rate / 100)) {
			n->wire.counts.lost++;
			return;
		}
		a = &s->out[(s->out_first + s->n_out++) % RING];
		memset(a, 0, sizeof(*a));
		a->slot = p->slot;
		a->why = p->why;
		a->round = p->round;
		a->ttl = 64;
		a->flags = p->flags | (again ? DW_WIRE_AGAIN : 0);
		if (p->why == DW_SCAN_WHY_PROHIBITED &&
		    n->hosts[p->slot / s->block->n_ports].reject_by_other) {
			a->from.family = DW_FAMILY_IPV4;
			a->from.bytes[0] = 192;
		}
	}
	s->bits[p->slot / 64] |= bit;
}

static void deliver(struct made_network *n)
{
	struct made_state *s = n->state;

	forge(n);
	while (s->n > 0 && s->heap[0].at <= n->now) {
		struct packet p = pop(s);

		arrive(n, &p);
	}
}

static int made_begin(struct dw_wire *w, const struct dw_wire_block *b, struct dw_error *e)
{
	struct made_network *n = (struct made_network *)w;
	struct made_state *s = calloc(1, sizeof(*s));

	(void)e;
	if (s == NULL)
		abort();
	s->block = b;
	s->random = mix(n->seed);
	s->queue = calloc(b->n_hosts, sizeof(*s->queue));
	s->reset = calloc(b->n_hosts, sizeof(*s->reset));
	s->icmp = calloc(b->n_hosts, sizeof(*s->icmp));
	s->half = calloc(HALF_OPEN, sizeof(*s->half));
	s->bits = calloc(((size_t)b->n_hosts * b->n_ports + 63) / 64, 8);
	if (s->queue == NULL || s->reset == NULL || s->icmp == NULL || s->half == NULL ||
	    s->bits == NULL)
		abort();
	for (uint32_t i = 0; i < b->n_hosts; i++) {
		s->icmp[i].tokens = n->hosts[i].icmp_burst;
		s->queue[i].tokens = 200;
	}
	s->link.tokens = 100;
	s->forged_at = n->now;
	n->state = s;
	w->answered = s->bits;
	return 0;
}

static int made_send(struct dw_wire *w, const uint32_t *slots, size_t n_slots, unsigned round,
		     size_t *ret_sent, struct dw_error *e)
{
	struct made_network *n = (struct made_network *)w;
	double rate = n->rate > 0 ? n->rate : 3e6;

	(void)e;
	n->state->rounds |= 1u << round;
	for (size_t i = 0; i < n_slots; i++) {
		n->state->send_rest += 1e6 / rate;
		if (n->state->send_rest >= 1) {
			n->now += (uint64_t)n->state->send_rest;
			n->state->send_rest -= (double)(uint64_t)n->state->send_rest;
		}
		probe(n, slots[i], (uint8_t)round);
	}
	w->counts.sent += n_slots;
	*ret_sent = n_slots;
	deliver(n);
	return 0;
}

static int made_receive(struct dw_wire *w, unsigned wait_us, struct dw_wire_answer *answers,
			size_t max, size_t *ret_n, struct dw_error *e)
{
	struct made_network *n = (struct made_network *)w;
	struct made_state *s = n->state;
	uint64_t end = n->now + wait_us;
	size_t count = 0;

	(void)e;
	deliver(n);
	if (s->n_out == 0 && wait_us > 0) {
		if (s->n > 0 && s->heap[0].at + TOGETHER_US < end)
			end = DW_MAX(s->heap[0].at, n->now) + TOGETHER_US;
		n->now = end;
		deliver(n);
	} else {
		n->now++;
	}
	for (; count < max && s->n_out > 0; s->n_out--) {
		answers[count++] = s->out[s->out_first];
		s->out_first = (s->out_first + 1) % RING;
	}
	*ret_n = count;
	return 0;
}

static void made_end(struct dw_wire *w)
{
	struct made_network *n = (struct made_network *)w;

	free(n->state->heap);
	free(n->state->queue);
	free(n->state->reset);
	free(n->state->icmp);
	free(n->state->half);
	free(n->state->bits);
	free(n->state);
	n->state = NULL;
	w->answered = NULL;
}

static void made_free(struct dw_wire *w)
{
	(void)w;
}

static uint64_t made_now(struct dw_wire *w)
{
	return ((struct made_network *)w)->now;
}

void made_network_init(struct made_network *n, struct made_host *hosts, uint64_t seed)
{
	static const struct dw_wire_ops ops = {
		.name = "made-up",
		.receiver = "made-up",
		.begin = made_begin,
		.send = made_send,
		.receive = made_receive,
		.end = made_end,
		.free = made_free,
		.now = made_now,
	};

	memset(n, 0, sizeof(*n));
	n->wire.ops = &ops;
	n->hosts = hosts;
	n->seed = seed;
	n->now = BEGUN_US;
}
