/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "made-scan.h"

struct watch {
	volatile int stop;
	uint32_t turns, stop_after;
	uint64_t told;
};

static void on_turn(void *data, const struct dw_engine_progress *p)
{
	struct watch *w = data;

	(void)p;
	if (w->stop_after > 0 && ++w->turns >= w->stop_after)
		w->stop = 1;
}

static void on_answer(void *data, const struct dw_wire_answer *a)
{
	struct watch *w = data;

	w->told += dw_scan_state_of(a->why, false) == DW_SCAN_OPEN;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool is_told_open(const struct made_outcome *o, size_t i)
{
	const struct dw_wire_answer *a = &o->result.answers[i];

	if (dw_scan_state_of(a->why, false) != DW_SCAN_OPEN)
		return false;
	return o->result.times_open[i] >= 2 || a->why == DW_SCAN_WHY_ECHO;
}

static void compare(const struct made_network *n, const struct dw_wire_block *b,
		    struct made_outcome *o)
{
	uint64_t slots = (uint64_t)b->n_hosts * b->n_ports;
	size_t at = 0;

	for (uint64_t i = 0; i < slots; i++) {
		bool open = made_network_is_open(n, b, (uint32_t)i), listed = false, told = false;
		bool bit = o->result.answered[i / 64] >> i % 64 & 1;
		bool closed = made_network_port(n, b, (uint32_t)i) == MADE_CLOSED;

		if (at < o->result.n_answers && o->result.answers[at].slot == i) {
			listed = true;
			told = is_told_open(o, at);
			o->doubtful += !told && dw_scan_state_of(o->result.answers[at].why,
								 false) == DW_SCAN_OPEN;
			at++;
		}
		listed |= dw_engine_is_refused(&o->result, i);
		o->open += open;
		o->found += open && told;
		o->missed += open && !told;
		o->wrong += !open && told && !o->result.hosts[i / b->n_ports].tarpit;
		o->closed += closed;
		o->closed_found += closed && bit && !listed;
		o->closed_wrong += !closed && bit && !listed;
	}
}

static void sum(struct made_outcome *o, uint32_t n_hosts)
{
	for (uint32_t i = 0; i < n_hosts; i++) {
		const struct dw_engine_host *h = &o->result.hosts[i];

		o->up += h->up == DW_SCAN_UP_YES;
		o->gone += h->up == DW_SCAN_UP_GONE;
		o->no += h->up == DW_SCAN_UP_NO;
		o->unreachable += h->up == DW_SCAN_UP_UNREACHABLE;
		o->tarpit += h->tarpit;
		o->proxy += h->proxy;
		o->worst_missed = DW_MAX(o->worst_missed, (double)h->missed);
	}
}

static uint64_t in_two_minutes(const struct made_network *n)
{
	uint64_t sum = 0, most = 0;

	for (size_t i = 0; i < n->n_seconds; i++) {
		sum += n->unanswered_in[i];
		if (i >= 120)
			sum -= n->unanswered_in[i - 120];
		most = DW_MAX(most, sum);
	}
	return most;
}

static void make_block(const struct made_scan *s, struct dw_arena *a, struct dw_wire_block *b,
		       struct made_host *hosts)
{
	static const struct dw_wire_payload hello = { (const uint8_t *)"hello", 5, 0 };
	struct dw_wire_host *wire_hosts = dw_arena_array(a, s->n_hosts, sizeof(*wire_hosts));
	uint16_t *ports = dw_arena_array(a, s->n_ports, sizeof(*ports));
	struct dw_wire_payloads *payloads = dw_arena_array(a, s->n_ports, sizeof(*payloads));

	for (uint32_t i = 0; i < s->n_hosts; i++) {
		hosts[i] = s->host;
		if (s->change != NULL)
			s->change(&hosts[i], i);
		wire_hosts[i].address.family = DW_FAMILY_IPV4;
		wire_hosts[i].address.bytes[0] = 10;
		wire_hosts[i].address.bytes[2] = (uint8_t)(i >> 8);
		wire_hosts[i].address.bytes[3] = (uint8_t)i;
	}
	for (uint32_t i = 0; i < s->n_ports; i++)
		ports[i] = (uint16_t)(i + 1);
	for (uint32_t i = 0; i < s->n_payloads && i < s->n_ports; i++)
		payloads[i] = (struct dw_wire_payloads){ &hello, 1 };
	b->protocol = s->protocol == 0 ? DW_PROTOCOL_TCP : s->protocol;
	b->hosts = wire_hosts;
	b->n_hosts = s->n_hosts;
	b->ports = ports;
	b->n_ports = s->n_ports;
	b->payloads = s->n_payloads > 0 ? payloads : NULL;
	b->source_port = 40000;
}

void made_scan_run(const struct made_scan *s, struct made_outcome *ret)
{
	struct made_outcome o = { .arena = dw_arena_new() };
	struct made_network n = { 0 };
	struct dw_wire_block b = { 0 };
	struct made_host *hosts = dw_arena_array(o.arena, s->n_hosts, sizeof(*hosts));
	struct dw_engine_options options = s->options;
	struct watch watch = { .stop_after = s->stop_after_turns };
	struct dw_engine_sink sink = { .data = &watch, .answer = on_answer, .turn = on_turn };
	struct dw_error e = { 0 };
	uint64_t begun, cpu = cpu_ns();

	make_block(s, o.arena, &b, hosts);
	made_network_init(&n, hosts, s->seed);
	n.link_rate = s->link_rate;
	n.forged_rate = s->forged_rate;
	n.forged_in_order = s->forged_in_order;
	n.ring_rate = s->ring_rate;
	n.rate = s->rate;
	n.n_seconds = s->n_seconds;
	if (s->n_seconds > 0)
		n.unanswered_in = dw_arena_array(o.arena, s->n_seconds, sizeof(*n.unanswered_in));
	options.seed = s->seed;
	options.stop = &watch.stop;
	begun = n.now;
	o.r = dw_engine_run(&n.wire, &b, &options, s->before, NULL, &sink, o.arena, &o.result, &e);
	o.cpu_ns = cpu_ns() - cpu;
	o.us = n.now - begun;
	o.sent = o.result.sent;
	o.told = watch.told;
	o.two_minutes = in_two_minutes(&n);
	if (o.r == 0) {
		compare(&n, &b, &o);
		sum(&o, s->n_hosts);
	}
	*ret = o;
}
