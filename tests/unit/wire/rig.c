/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAKE 256

void rig_block(struct rig *r, const struct net *n, enum dw_protocol p, const char *source,
	       const char *target, uint32_t n_ports)
{
	*r = (struct rig){ 0 };
	r->host = (struct dw_wire_host){ .address = net_address(target),
					 .source = net_address(source),
					 .ifindex = n->a0 };
	memcpy(r->host.mac, net_mac_b, 6);
	for (uint32_t i = 0; i < RIG_PORTS; i++)
		r->ports[i] = (uint16_t)(i + 1);
	r->block = (struct dw_wire_block){ .protocol = p,
					   .hosts = &r->host,
					   .n_hosts = 1,
					   .ports = r->ports,
					   .n_ports = n_ports,
					   .key = { 0x0123456789abcdef, 0xfedcba9876543210 },
					   .source_port = 25000 };
	r->why = calloc(n_ports, 1);
	r->flags = calloc(n_ports, 1);
	r->ttl = calloc(n_ports, 1);
	r->from = calloc(n_ports, sizeof(*r->from));
}

void rig_free(struct rig *r)
{
	free(r->why);
	free(r->flags);
	free(r->ttl);
	free(r->from);
}

bool rig_answered(const struct dw_wire *w, uint32_t slot)
{
	return (__atomic_load_n(&w->answered[slot / 64], __ATOMIC_ACQUIRE) >> slot % 64 & 1) != 0;
}

/* -1: failed; else how many came. */
static long take(struct rig *r, struct dw_wire *w, unsigned wait_us)
{
	struct dw_wire_answer a[TAKE];
	struct dw_error e = { 0 };
	size_t n = 0;

	if (w->ops->receive(w, wait_us, a, TAKE, &n, &e) < 0) {
		printf("%s\n", e.message);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t s = a[i].slot;

		if (r->why[s] != 0)
			continue;
		r->why[s] = a[i].why;
		r->flags[s] = a[i].flags;
		r->ttl[s] = a[i].ttl;
		r->from[s] = a[i].from;
	}
	return (long)n;
}

/* All that has come. -1: failed. */
static long take_all(struct rig *r, struct dw_wire *w, unsigned wait_us)
{
	long n = take(r, w, wait_us);

	while (n == TAKE)
		n = take(r, w, 0);
	return n;
}

static uint32_t silent(const struct rig *r, const struct dw_wire *w, uint32_t *slots)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->block.n_ports * r->block.n_hosts; i++)
		if (!rig_answered(w, i))
			slots[n++] = i;
	return n;
}

/* Until nothing has come for 20 ms, or all are there. */
static bool settle(struct rig *r, struct dw_wire *w, uint64_t all)
{
	uint64_t quiet_from = w->ops->now(w), answers = w->counts.answers;

	while (answers < all && w->ops->now(w) - quiet_from < 20000) {
		if (take_all(r, w, 2000) < 0)
			return false;
		if (w->counts.answers != answers)
			quiet_from = w->ops->now(w);
		answers = w->counts.answers;
	}
	return true;
}

static bool send_all(struct rig *r, struct dw_wire *w, const uint32_t *slots, uint32_t n,
		     unsigned round)
{
	struct dw_error e = { 0 };

	for (uint32_t at = 0; at < n;) {
		size_t sent = 0, want = n - at < 1024 ? n - at : 1024;

		if (w->ops->send(w, slots + at, want, round, &sent, &e) < 0) {
			printf("%s\n", e.message);
			return false;
		}
		at += (uint32_t)sent;
		r->sent += sent;
		if (take_all(r, w, sent == 0 ? 1000 : 0) < 0)
			return false;
	}
	return true;
}

/*
 * The rounds pass in milliseconds; the wire's reader is a process of its own that a busy machine may keep from its turn
 * for longer. So who is still silent is asked on, and only what does not come in that time has failed.
 */
#define PATIENCE_US 60000000u

static bool is_over(const struct rig *r, struct dw_wire *w, uint32_t n, uint64_t begun)
{
	return n <= r->n_silent ||
	       (r->rounds >= r->rounds_most && w->ops->now(w) - begun > PATIENCE_US);
}

bool rig_run(struct rig *r, struct dw_wire *w, unsigned rounds)
{
	uint32_t *slots = calloc((size_t)r->block.n_ports * r->block.n_hosts, sizeof(*slots));
	uint64_t begun = w->ops->now(w), all = w->counts.answers +
					       (uint64_t)r->block.n_ports * r->block.n_hosts -
					       r->n_silent;
	bool ok = true;

	r->rounds_most = rounds;
	for (r->rounds = 0; ok; r->rounds++) {
		uint32_t n = silent(r, w, slots);

		if (is_over(r, w, n, begun))
			break;
		ok = send_all(r, w, slots, n, DW_MIN(r->rounds, rounds - 1)) && settle(r, w, all);
	}
	/* who sees the bits finds the answers: those that came since they were last read */
	ok = ok && take_all(r, w, 0) >= 0;
	r->us = w->ops->now(w) - begun;
	free(slots);
	return ok;
}
