/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chunks of targets, blocks of hosts and ports, one after the other; each block is the engine's. */
#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "scan-private.h"

/* Bits of one block: 32 MiB. */
#define BLOCK_SLOTS ((uint64_t)32 * 1024 * 1024 * 8)

static const char *const parts[] = { "tcp", "udp", "sctp" };

static void copy_hosts(const struct dw_scan_round *r, struct dw_wire_host *hosts,
		       struct dw_engine_host *known)
{
	for (uint32_t i = 0; i < r->n; i++) {
		hosts[i] = r->targets[i]->at;
		known[i].rtt_us = r->targets[i]->rtt_us;
	}
}

int dw_scanning_ask(struct dw_scanning *s, const struct dw_scan_round *r, struct dw_arena *a,
		    struct dw_engine_result *ret, struct dw_error *e)
{
	struct dw_wire_host *hosts = dw_arena_array(a, r->n, sizeof(*hosts));
	struct dw_engine_host *known = dw_arena_array(a, r->n, sizeof(*known));
	const struct dw_engine_sink sink = { .data = s,
					     .answer = dw_scanning_answer,
					     .turn = dw_scanning_turn };
	struct dw_wire_block block = { .protocol = r->protocol,
				       .hosts = hosts,
				       .n_hosts = r->n,
				       .ports = r->ports,
				       .n_ports = r->n_ports,
				       .payloads = r->payloads,
				       .key = s->key,
				       .source_port = s->source_port };
	int code = dw_scanning_wire(s, r->targets[0]->wire, r->protocol, &s->block_wire, e);

	if (code < 0)
		return code;
	if (r->telling && s->ports[DW_SCAN_TCP].n == 0) {
		s->scan->sender = s->block_wire->ops->name;
		s->scan->receiver = s->block_wire->ops->receiver;
	}
	copy_hosts(r, hosts, known);
	if (r->protocol == DW_PROTOCOL_UDP)
		block.spares = dw_scanning_spares(s, s->wires.v[r->targets[0]->wire].ifindex,
						  hosts[0].address.family);
	s->block_slots = (uint64_t)r->n * r->n_ports;
	s->block = &block;
	s->round = r;
	s->telling = r->telling;
	s->part = r->part;
	code = dw_engine_run(s->block_wire, &block, &r->engine, r->before, known, &sink, a, ret, e);
	s->block = NULL;
	free(s->seen_bits);
	s->seen_bits = NULL;
	if (code < 0)
		return code;
	s->sent_before += ret->sent;
	s->scan->sent += ret->sent;
	s->scan->answered += ret->answers_all;
	s->scan->lost += ret->lost;
	return 0;
}

/* --- blocks --------------------------------------------------------------------------------------- */

/*
 * What need not be asked again: what is open was found, what is closed has its bit. All else is asked again, for its
 * answer is known to the engine alone.
 */
static uint64_t *bits_to_keep(const struct dw_scan_round *r, const struct dw_engine_result *result,
			      struct dw_arena *a)
{
	size_t n = dw_scanning_words((uint64_t)r->n * r->n_ports);
	uint64_t *bits = dw_arena_memdup(a, result->answered, n * sizeof(*bits));

	for (size_t i = 0; i < result->n_answers; i++) {
		uint32_t slot = result->answers[i].slot;

		if (dw_scan_state_of(result->answers[i].why, r->protocol == DW_PROTOCOL_UDP) !=
		    DW_SCAN_OPEN)
			bits[slot / 64] &= ~((uint64_t)1 << slot % 64);
	}
	for (size_t i = 0; result->refused && i < n; i++)
		bits[i] &= ~result->refused[i];
	return bits;
}

/* Hosts of a stopped scan that are not there any more are not asked: their bits are all set. */
static const uint64_t *bits_before(const struct dw_scanning *s, const struct dw_scan_round *r,
				   struct dw_arena *a)
{
	size_t n = dw_scanning_words((uint64_t)r->n * r->n_ports);
	uint64_t *bits = NULL;

	for (uint64_t host = 0; host < r->n; host++) {
		if (!dw_scanning_is_gone(r->targets[host]))
			continue;
		if (!bits) {
			bits = dw_arena_array(a, n, sizeof(*bits));
			if (s->place.before)
				memcpy(bits, s->place.before, n * sizeof(*bits));
		}
		for (uint64_t i = host * r->n_ports; i < (host + 1) * r->n_ports; i++)
			bits[i / 64] |= (uint64_t)1 << i % 64;
	}
	return bits ? bits : s->place.before;
}

/*
 * The wire broke: the file goes on from where this block began, as far as it was known then, and is left so. What is
 * asked after it is asked once more by whoever goes on. What a wire cannot ask at all it cannot ask later.
 */
static void save_broken(struct dw_scanning *s, const struct dw_scan_round *r, size_t founds,
			int code)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const uint64_t *bits = s->place.before;
	size_t all = s->founds.n;

	if (s->broken || code == -ENOTSUP)
		return;
	if (!bits)
		bits = dw_arena_array(a, dw_scanning_words((uint64_t)r->n * r->n_ports),
				      sizeof(*bits));
	s->others.n = 0;
	s->founds.n = founds;
	dw_scanning_save(s, bits);
	s->founds.n = all;
	s->broken = true;
}

/* Until it is whole, or the user stopped it; the window may close and open meanwhile. */
static int run_block(struct dw_scanning *s, struct dw_scan_round *r, struct dw_error *e)
{
	size_t n = dw_scanning_words((uint64_t)r->n * r->n_ports);
	int code = 0;

	/* of another block, by whatever the file says: all is asked again */
	if (s->place.n_before != n)
		s->place.before = NULL;
	s->block_first = s->place.before ? s->block_first : s->founds.n;
	for (;;) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_engine_result result = { 0 };
		size_t founds = s->founds.n;

		if (!dw_scanning_await_window(s))
			return 0;
		s->others.n = 0;
		r->before = bits_before(s, r, a);
		code = dw_scanning_ask(s, r, a, &result, e);
		if (code < 0) {
			save_broken(s, r, founds, code);
			return code;
		}
		if (s->paused && !result.complete) {
			s->place.before = bits_to_keep(r, &result, s->chunk_arena);
			s->place.n_before = n;
			dw_scanning_save(s, s->place.before);
			continue;
		}
		if (!result.complete)
			dw_scanning_save(s, bits_to_keep(r, &result, a));
		dw_scanning_take(s, r, &result);
		s->place.before = NULL;
		return 0;
	}
}

static struct dw_scan_round round_of(const struct dw_scanning *s, unsigned protocol)
{
	return (struct dw_scan_round){ .protocol = dw_scanning_protocol(protocol),
				       .ports = s->ports[protocol].list,
				       .n_ports = s->ports[protocol].n,
				       .payloads = protocol == DW_SCAN_UDP ? s->payloads : NULL,
				       .engine = s->engine,
				       .part = parts[protocol],
				       .telling = true };
}

/* The blocks of one wire, family and protocol; *step counts them all. */
static int run_group(struct dw_scanning *s, uint32_t wire, enum dw_family family, unsigned protocol,
		     uint32_t *step, struct dw_error *e)
{
	struct dw_scan_round r = round_of(s, protocol);
	uint64_t most = DW_MIN(BLOCK_SLOTS / DW_MAX(r.n_ports, 1U), (uint64_t)DW_WIRE_HOSTS_MAX);
	int code = 0;

	r.targets = dw_arena_array(s->chunk_arena, s->n_chunk, sizeof(*r.targets));
	for (size_t i = 0; i <= s->n_chunk && code == 0 && !s->stop; i++) {
		struct dw_scan_target *t = i < s->n_chunk ? &s->chunk[i] : NULL;

		if (t && t->wire == wire && t->at.address.family == family) {
			/* no network is pressed by what does not leave this host */
			r.engine.load = !t->own    ? s->engine.load
					: r.n == 0 ? DW_SCAN_LOAD_LAB
						   : r.engine.load;
			r.targets[r.n++] = t;
		}
		if (r.n == 0 || (t && r.n < most))
			continue;
		if ((*step)++ >= s->place.step) {
			code = run_block(s, &r, e);
			if (!s->stop)
				s->place.step = *step;
		}
		r.n = 0;
	}
	return code;
}

/* A protocol that this way cannot ask, or a wire that broke, is told; the others go on. */
static void excuse(struct dw_scanning *s, unsigned protocol, const struct dw_error *why)
{
	dw_scanning_note(s, "%s could not be asked: %s", parts[protocol], why->message);
	for (size_t i = 0; i < s->n_chunk; i++)
		s->hosts.v[s->chunk[i].host].complete = false;
}

static void run_chunk(struct dw_scanning *s)
{
	uint32_t step = 0;

	for (unsigned p = 0; p < DW_SCAN_PROTOCOLS; p++)
		for (uint32_t w = 0; w < s->wires.n && s->ports[p].n > 0; w++)
			for (enum dw_family f = DW_FAMILY_IPV4; f <= DW_FAMILY_IPV6; f++) {
				struct dw_error why = { 0 };

				if (s->wires.v[w].wire && !s->stop &&
				    run_group(s, w, f, p, &step, &why) < 0)
					excuse(s, p, &why);
			}
}

/* --- chunks --------------------------------------------------------------------------------------- */

static void make_chunk(struct dw_scanning *s, uint64_t first)
{
	s->n_chunk = (size_t)DW_MIN(s->targets.hosts - first, (uint64_t)DW_SCAN_CHUNK);
	s->chunk = dw_arena_array(s->chunk_arena, s->n_chunk, sizeof(*s->chunk));
	for (size_t i = 0; i < s->n_chunk; i++)
		dw_spec_target_at(&s->targets, first + i, &s->chunk[i].at.address,
				  &s->chunk[i].name);
}

static void make_rows(struct dw_scanning *s)
{
	for (size_t i = 0; i < s->n_chunk; i++) {
		struct dw_scan_target *t = &s->chunk[i];
		struct dw_scan_host h = { .address = t->at.address,
					  .name = t->name,
					  .up = t->up,
					  .up_why = t->up_why,
					  .has_mac = t->has_mac,
					  .rtt_us = t->rtt_us,
					  .loss = -1,
					  .complete = true };

		memcpy(h.mac, t->at.mac, sizeof(h.mac));
		t->host = s->hosts.n;
		dw_vec_push(s->a, &s->hosts, h);
	}
}

/* Rows of what was stopped before their turn: nothing is known of their ports. */
static void mark_unfinished(struct dw_scanning *s)
{
	for (size_t i = 0; i < s->n_chunk; i++) {
		struct dw_scan_host *h = &s->hosts.v[s->chunk[i].host];
		struct dw_scan_counts *counts[] = { &h->tcp, &h->udp, &h->sctp };

		for (unsigned p = 0; p < DW_SCAN_PROTOCOLS; p++)
			if (s->ports[p].n > 0 && counts[p]->asked == 0) {
				counts[p]->asked = s->ports[p].n;
				h->complete = false;
			}
	}
}

/* The hosts of the state, in its order; their ways may be others by now, and who is there is asked of the link
   alone. */
static int resume_chunk(struct dw_scanning *s, struct dw_error *e)
{
	size_t n = s->n_chunk;
	int r;

	s->chunk = dw_arena_memdup(s->chunk_arena, s->chunk, n * sizeof(*s->chunk));
	r = dw_scanning_open_wires(s, e);
	if (r == 0)
		r = dw_scanning_resolve(s, e);
	for (size_t i = 0; i < s->founds.n && r == 0; i++)
		dw_scanning_ask_what(s, &s->founds.v[i]);
	for (size_t i = 0; i < n && r == 0; i++)
		s->gone += dw_scanning_is_gone(&s->chunk[i]);
	return r;
}

static int begin_chunk(struct dw_scanning *s, struct dw_error *e)
{
	int r;

	if (s->resumed && s->n_chunk > 0)
		return resume_chunk(s, e);
	make_chunk(s, s->place.chunk * DW_SCAN_CHUNK);
	r = dw_scanning_open_wires(s, e);
	if (r == 0 && dw_scanning_await_window(s))
		r = dw_scanning_discover(s, e);
	if (r == 0)
		make_rows(s);
	return r;
}

int dw_scanning_run(struct dw_scanning *s, struct dw_error *e)
{
	uint64_t chunks = (s->targets.hosts + DW_SCAN_CHUNK - 1) / DW_SCAN_CHUNK;
	int r = 0;

	for (; s->place.chunk < chunks && r == 0 && !dw_scanning_stopped(s); s->place.chunk++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();

		s->chunk_arena = a;
		s->others.v = NULL;
		s->others.n = s->others.cap = 0;
		r = begin_chunk(s, e);
		if (r < 0)
			break;
		run_chunk(s);
		mark_unfinished(s);
		if (s->stop) {
			s->ended_early = true;
			break;
		}
		dw_scanning_identify_rest(s);
		s->place.step = 0;
		s->n_chunk = 0;
	}
	s->ended_early |= s->broken || dw_scanning_stopped(s);
	dw_scanning_identify_rest(s);
	return r;
}
