/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop: who is due asks, the list goes to the wire, answers are drained. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define PLACES     4096u /* of the wheel */
#define ACTIVE_MIN 64u   /* hosts that are asked side by side, if there are as many */
#define VISITS_MAX 8192u /* in one turn */
#define WAIT_MAX   20000u

static void order_hosts(struct dw_engine *g)
{
	dw_order_init(&g->order, g->block->n_hosts, g->o.seed, 1);
}

/* Ports with a payload first, each part in the order of the seed: all hosts and shards have the same ranks. */
static void order_ports(struct dw_engine *g)
{
	uint32_t n = g->block->n_ports, said = 0, at = 0;
	struct dw_order order = { 0 };

	dw_order_init(&order, n, g->o.seed, 2);
	for (uint32_t i = 0; i < n; i++)
		said += dw_engine_payload(g->block, i);
	g->n_said = said;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t port = (uint16_t)dw_order_at(&order, i);

		if (dw_engine_payload(g->block, port))
			g->ranks[at++] = port;
		else
			g->ranks[said++] = port;
	}
}

static uint64_t hash_of(const struct dw_address *a)
{
	uint64_t parts[2];

	memcpy(parts, a->bytes, sizeof(parts));
	return dw_engine_mix(parts[0] ^
			     dw_engine_mix(parts[1] ^ (uint64_t)a->scope << 8 ^ a->family));
}

/* How many of ranks below n are ours. */
static uint32_t ours(const struct dw_engine *g, uint32_t first, uint32_t n)
{
	return first < n ? (n - first - 1) / g->o.shards + 1 : 0;
}

static void prepare_host(struct dw_engine *g, uint32_t host, const struct dw_engine_host *known)
{
	struct dw_engine_host_run *h = &g->hosts[host];
	uint64_t hash = hash_of(&g->block->hosts[host].address);
	uint32_t zero = dw_order_shard(g->o.seed, hash, 0, g->o.shards) - 1, base;

	h->first = (g->o.shard - 1 + g->o.shards - zero) % g->o.shards;
	h->n = ours(g, h->first, g->block->n_ports);
	h->n_said = DW_MIN(ours(g, h->first, g->n_said), h->n);
	h->sample = DW_ENGINE_NONE;
	h->doubtful = DW_ENGINE_NONE;
	h->next = DW_ENGINE_NONE;
	h->rtt = known != NULL ? known[host].rtt_us : 0;
	h->deviation = h->rtt / 2;
	g->slots_all += h->n;
	if (g->before == NULL)
		return;
	for (uint32_t i = 0; i < h->n; i++)
		h->before += dw_engine_bit(g, dw_engine_slot(g, host, i));
	base = host * g->block->n_ports;
	for (uint32_t i = 0; i < g->block->n_ports; i++)
		h->foreign += dw_engine_bit(g, base + i);
	h->foreign -= h->before;
	h->set = h->before;
	g->known += h->before;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(DW_MAX(n, 1), size);

	if (p == NULL)
		dw_oom();
	return p;
}

static void allocate(struct dw_engine *g)
{
	g->hosts = zeroed(g->block->n_hosts, sizeof(*g->hosts));
	g->ranks = zeroed(g->block->n_ports, sizeof(*g->ranks));
	g->slots = zeroed(DW_ENGINE_TURN, sizeof(*g->slots));
	g->sorted = zeroed(DW_ENGINE_TURN, sizeof(*g->sorted));
	g->sources = zeroed(DW_ENGINE_TURN, sizeof(*g->sources));
	g->wheel = zeroed(PLACES, sizeof(*g->wheel));
	g->busy = zeroed(PLACES / 64, sizeof(*g->busy));
	g->room = 256;
	g->table_size = 512;
	g->answers = zeroed(g->room, sizeof(*g->answers));
	g->table = zeroed(g->table_size, sizeof(*g->table));
	memset(g->wheel, 0xff, PLACES * sizeof(*g->wheel));
	memset(g->table, 0xff, g->table_size * sizeof(*g->table));
	g->ready = DW_ENGINE_NONE;
}

static void release(struct dw_engine *g)
{
	free(g->hosts);
	free(g->ranks);
	free(g->slots);
	free(g->sorted);
	free(g->sources);
	free(g->wheel);
	free(g->busy);
	free(g->answers);
	free(g->table);
	free(g->froms);
	free(g->refused);
}

static void prepare(struct dw_engine *g, const struct dw_engine_host *known)
{
	uint64_t slots = (uint64_t)g->block->n_hosts * g->block->n_ports;

	g->now = g->wire->ops->now(g->wire);
	g->tick = g->now / 250;
	g->tokens_at = g->window_at = g->told_at = g->now;
	g->rate = g->load.all_begin;
	g->share = -1;
	g->sent0 = g->wire->counts.sent;
	g->answers0 = g->wire->counts.answers;
	g->window_answers = g->answers0;
	g->window_lost = g->wire->counts.lost;
	g->window_failed = g->wire->counts.failed;
	for (uint64_t i = 0; g->before != NULL && i < (slots + 63) / 64; i++)
		__atomic_fetch_or(&g->wire->answered[i], g->before[i], __ATOMIC_RELAXED);
	order_hosts(g);
	order_ports(g);
	for (uint32_t i = 0; i < g->block->n_hosts; i++)
		prepare_host(g, i, known);
}

/* The next host that was not begun; those with nothing to ask are done at once. */
static uint32_t admit(struct dw_engine *g)
{
	while (g->begun < g->block->n_hosts) {
		uint32_t host = (uint32_t)dw_order_at(&g->order, g->begun++);

		g->active++;
		if (g->hosts[host].set < g->hosts[host].n)
			return host;
		dw_engine_host_end(g, host);
	}
	return DW_ENGINE_NONE;
}

static void refill(struct dw_engine *g)
{
	double most = g->rate / 100 + 64;

	if (g->wire->batch > 0)
		most = DW_MAX(most, 2.0 * (double)DW_MIN(g->wire->batch, DW_ENGINE_TURN));
	g->tokens += g->rate * (double)(g->now - g->tokens_at) / 1e6;
	g->tokens = DW_MIN(g->tokens, most);
	g->tokens_at = g->now;
}

static void fill(struct dw_engine *g)
{
	for (unsigned visits = 0; visits < VISITS_MAX; visits++) {
		uint32_t host = DW_ENGINE_NONE, had = g->n_turn;

		if (g->n_turn + 1024 > DW_ENGINE_TURN || g->tokens < 1)
			return;
		if (g->active < DW_MIN(ACTIVE_MIN, g->block->n_hosts) || g->ready == DW_ENGINE_NONE)
			host = admit(g);
		if (host == DW_ENGINE_NONE)
			host = dw_engine_ready_take(g);
		if (host == DW_ENGINE_NONE)
			return;
		dw_engine_host_visit(g, host);
		g->tokens -= g->n_turn - had;
	}
}

static void tell(struct dw_engine *g, bool last)
{
	struct dw_engine_progress p = { 0 };
	uint64_t sent = g->wire->counts.sent - g->sent0;

	if (!last && g->now < g->told_at + 50000)
		return;
	p.slots = g->slots_all;
	p.done = g->known + g->given_up;
	p.sent = sent;
	p.open = g->open;
	p.hosts = g->block->n_hosts;
	p.hosts_done = g->done;
	p.left_us = UINT64_MAX;
	if (g->now > g->told_at)
		p.rate = (sent - g->told_sent) * 1000000 / (g->now - g->told_at);
	if (p.rate > 0 && p.slots >= p.done)
		p.left_us = (uint64_t)((double)(p.slots - p.done) * 1e6 / (double)p.rate);
	g->told_at = g->now;
	g->told_sent = sent;
	if (g->sink != NULL && g->sink->turn != NULL)
		g->sink->turn(g->sink->data, &p);
}

/* Until somebody is due, or the rate allows some more. */
static unsigned rest(const struct dw_engine *g)
{
	double least = DW_MAX(DW_MIN(g->rate / 2000, 1024.0), 1.0);
	bool more = g->ready != DW_ENGINE_NONE || g->begun < g->block->n_hosts;
	uint64_t next;

	if (g->wire->batch > 0)
		least = DW_MAX(least, DW_MIN((double)DW_MIN(g->wire->batch, 8192u), g->rate / 200));
	if (more)
		return g->tokens >= least
			       ? 0
			       : (unsigned)DW_MIN((least - g->tokens) * 1e6 / g->rate + 1, 1e4);
	next = dw_engine_wheel_next(g);
	if (next == UINT64_MAX || next > g->now + WAIT_MAX)
		return WAIT_MAX;
	return next > g->now ? (unsigned)(next - g->now) : 0;
}

static int turn(struct dw_engine *g)
{
	int r;

	g->now = g->wire->ops->now(g->wire);
	dw_engine_wheel_turn(g);
	refill(g);
	fill(g);
	r = dw_engine_turn_send(g);
	if (r < 0)
		return r;
	g->now = g->wire->ops->now(g->wire);
	dw_engine_rate_all(g);
	tell(g, false);
	if (g->done == g->block->n_hosts)
		return 0;
	return dw_engine_drain(g, rest(g));
}

static int work(struct dw_engine *g, bool *ret_stopped)
{
	while (g->done < g->block->n_hosts) {
		int r;

		if (g->o.stop != NULL && *g->o.stop) {
			*ret_stopped = true;
			/* what is under way may still come */
			return dw_engine_drain(g, 1000);
		}
		r = turn(g);
		if (r < 0)
			return r;
	}
	*ret_stopped = false;
	return dw_engine_drain(g, 0);
}

static int check(const struct dw_wire_block *b, struct dw_engine_options *o, struct dw_error *e)
{
	if (b->n_hosts == 0 || b->n_ports == 0 || b->n_hosts > DW_WIRE_HOSTS_MAX ||
	    b->n_ports > 65536)
		return dw_error_set(e, -EINVAL, "a scan of %u hosts and %u ports at once",
				    b->n_hosts, b->n_ports);
	if (o->shards == 0)
		o->shard = o->shards = 1;
	if (o->shard == 0 || o->shard > o->shards)
		return dw_error_set(e, -EINVAL, "there is no shard %u of %u", o->shard, o->shards);
	o->missed = o->missed > 0 ? o->missed : 1e-9;
	o->rounds_max = o->rounds_max > 0 ? o->rounds_max : 20;
	o->rounds_min = DW_MIN(o->rounds_min > 0 ? o->rounds_min : 3, o->rounds_max);
	return 0;
}

int dw_engine_run(struct dw_wire *w, const struct dw_wire_block *b,
		  const struct dw_engine_options *o, const uint64_t *before,
		  const struct dw_engine_host *known, const struct dw_engine_sink *sink,
		  struct dw_arena *a, struct dw_engine_result *ret, struct dw_error *e)
{
	struct dw_engine g = {
		.wire = w, .block = b, .sink = sink, .o = *o, .before = before, .e = e
	};
	bool stopped = false;
	int r = check(b, &g.o, e);

	if (r < 0)
		return r;
	dw_engine_load_get(&g.o, &g.load);
	r = w->ops->begin(w, b, e);
	if (r < 0)
		return r;
	allocate(&g);
	prepare(&g, known);
	r = work(&g, &stopped);
	if (r == 0) {
		tell(&g, true);
		r = dw_engine_result(&g, a, ret);
		ret->complete = !stopped;
	}
	w->ops->end(w);
	release(&g);
	return r;
}
