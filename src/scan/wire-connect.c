/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire that needs no privileges: ordinary sockets. It is slower than the others (some 30,000 ports a second) and
 * finishes a connection with each open port, which that port's program may log; and it is the one for this host's own
 * addresses, for packets to these do not pass a link.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_connects.h"
#include "dw_macros.h"
#include "dw_wire.h"

/* Events are fetched in parts of this many. */
#define PART 64u

struct connect_wire {
	struct dw_wire wire;
	struct dw_connects *connects;
	const struct dw_wire_block *block;
	enum dw_connect_protocol protocol;
};

static struct connect_wire *of(struct dw_wire *w)
{
	return (struct connect_wire *)w;
}

/* --- blocks ------------------------------------------------------------------------------------- */

static enum dw_connect_protocol protocol_of(enum dw_protocol p)
{
	if (p == DW_PROTOCOL_TCP)
		return DW_CONNECT_TCP;
	if (p == DW_PROTOCOL_UDP)
		return DW_CONNECT_UDP;
	if (p == DW_PROTOCOL_SCTP)
		return DW_CONNECT_SCTP;
	return p == DW_WIRE_ICMP ? DW_CONNECT_ECHO : DW_CONNECT_UNKNOWN;
}

static int begin(struct dw_wire *w, const struct dw_wire_block *b, struct dw_error *e)
{
	struct connect_wire *c = of(w);
	uint64_t slots = (uint64_t)b->n_hosts * b->n_ports;

	c->protocol = protocol_of(b->protocol);
	if (c->protocol == DW_CONNECT_UNKNOWN)
		return dw_error_set(e, -ENOTSUP, "%s: ordinary sockets do not ask that",
				    dw_protocol_name(b->protocol));
	c->block = b;
	w->answered = calloc((size_t)(slots / 64 + 1), sizeof(uint64_t));
	if (!w->answered)
		dw_oom();
	return 0;
}

static void end(struct dw_wire *w)
{
	dw_connects_forget(of(w)->connects);
	free((void *)(uintptr_t)w->answered);
	w->answered = NULL;
	of(w)->block = NULL;
}

/* --- asking ------------------------------------------------------------------------------------- */

static struct dw_connect_question question(const struct connect_wire *c, uint32_t slot,
					   unsigned round)
{
	const struct dw_wire_block *b = c->block;
	const struct dw_wire_host *h = &b->hosts[slot / b->n_ports];
	uint32_t at = slot % b->n_ports;
	struct dw_connect_question q = { .protocol = c->protocol,
					 .port = b->ports[at],
					 .tag = (uint64_t)round << 32 | slot };

	q.to.family = h->address.family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6;
	memcpy(q.to.bytes, h->address.bytes, sizeof(q.to.bytes));
	q.to.scope = h->address.scope;
	if (b->payloads && b->payloads[at].n > 0) {
		const struct dw_wire_payload *p = &b->payloads[at].list[round % b->payloads[at].n];

		q.payload = p->bytes;
		q.n = p->n;
	}
	return q;
}

static int send_probes(struct dw_wire *w, const uint32_t *slots, size_t n, unsigned round,
		       size_t *ret_sent, struct dw_error *e)
{
	struct connect_wire *c = of(w);
	size_t i = 0;

	for (; i < n; i++) {
		struct dw_connect_question q = question(c, slots[i], round);
		int r = dw_connects_ask(c->connects, &q, e);

		if (r == -EAGAIN)
			break;
		if (r == -ENOTSUP)
			return r;
		if (r < 0)
			w->counts.failed++;
		else
			w->counts.sent++;
	}
	*ret_sent = i;
	return 0;
}

/* --- answers ------------------------------------------------------------------------------------ */

static enum dw_scan_why why_open(enum dw_connect_protocol p)
{
	static const enum dw_scan_why whys[] = {
		[DW_CONNECT_TCP] = DW_SCAN_WHY_CONNECTED,
		[DW_CONNECT_UDP] = DW_SCAN_WHY_REPLY,
		[DW_CONNECT_SCTP] = DW_SCAN_WHY_CONNECTED,
		[DW_CONNECT_ECHO] = DW_SCAN_WHY_ECHO,
	};

	return whys[p];
}

/* RFC 792, 1812 (5.2.7.1), 4443. */
static enum dw_scan_why why_icmp(const struct dw_connect_event *v, bool six, bool from_host)
{
	if (!v->has_icmp)
		return v->unreachable ? DW_SCAN_WHY_UNREACHABLE : DW_SCAN_WHY_PORT_UNREACHABLE;
	if (v->type != (six ? 1 : 3))
		return DW_SCAN_WHY_UNKNOWN;
	if (six && v->code == 4)
		return from_host ? DW_SCAN_WHY_PORT_UNREACHABLE : DW_SCAN_WHY_PROHIBITED;
	if (six)
		return v->code == 1 || v->code == 5 || v->code == 6 ? DW_SCAN_WHY_PROHIBITED
								    : DW_SCAN_WHY_UNREACHABLE;
	if (v->code == 3)
		return from_host ? DW_SCAN_WHY_PORT_UNREACHABLE : DW_SCAN_WHY_PROHIBITED;
	return v->code == 9 || v->code == 10 || v->code == 13 ? DW_SCAN_WHY_PROHIBITED
							      : DW_SCAN_WHY_UNREACHABLE;
}

static struct dw_address address_of(const struct dw_sys_address *a)
{
	struct dw_address out = { .family = a->family == AF_INET ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6,
				  .scope = a->scope };

	memcpy(out.bytes, a->bytes, sizeof(out.bytes));
	return out;
}

static enum dw_scan_why why_of(const struct connect_wire *c, const struct dw_connect_event *v,
			       const struct dw_wire_host *h, struct dw_address *ret_from)
{
	struct dw_address from = v->has_from ? address_of(&v->from) : (struct dw_address){ 0 };
	bool from_host = !v->has_from || dw_address_compare(&from, &h->address) == 0;

	switch (v->result) {
	case DW_CONNECT_OPEN:
		return why_open(c->protocol);
	case DW_CONNECT_REFUSED:
		return c->protocol == DW_CONNECT_SCTP ? DW_SCAN_WHY_ABORT : DW_SCAN_WHY_RESET;
	case DW_CONNECT_BLOCKED:
		return DW_SCAN_WHY_PROHIBITED;
	case DW_CONNECT_ICMP:
		if (!from_host)
			*ret_from = from;
		return why_icmp(v, h->address.family == DW_FAMILY_IPV6, from_host);
	case DW_CONNECT_NOTHING:
		break;
	}
	return DW_SCAN_WHY_UNKNOWN;
}

/* False: it is no more than a reset, and its bit says all. */
static bool take(struct connect_wire *c, const struct dw_connect_event *v,
		 struct dw_wire_answer *ret)
{
	uint32_t slot = (uint32_t)v->tag;
	uint64_t bit = (uint64_t)1 << slot % 64;
	bool again = (c->wire.answered[slot / 64] & bit) != 0;
	struct dw_wire_answer a = { .slot = slot,
				    .round = (uint8_t)(v->tag >> 32),
				    .ttl = v->ttl,
				    .flags = again ? DW_WIRE_AGAIN : 0 };
	enum dw_scan_why why = why_of(c, v, &c->block->hosts[slot / c->block->n_ports], &a.from);

	if (why == DW_SCAN_WHY_UNKNOWN)
		return false;
	c->wire.counts.answers++;
	c->wire.answered[slot / 64] |= bit;
	a.why = (uint8_t)why;
	*ret = a;
	return why != DW_SCAN_WHY_RESET;
}

static int receive(struct dw_wire *w, unsigned wait_us, struct dw_wire_answer *answers, size_t max,
		   size_t *ret_n, struct dw_error *e)
{
	struct connect_wire *c = of(w);
	struct dw_connect_event events[PART];
	size_t n = 0;
	int got;

	do {
		got = dw_connects_wait(c->connects, wait_us, events, DW_MIN(max - n, (size_t)PART),
				       e);
		if (got < 0)
			return got;
		for (int i = 0; i < got; i++)
			n += take(c, &events[i], &answers[n]);
		wait_us = 0;
	} while (got == (int)PART && n < max);
	*ret_n = n;
	return 0;
}

static void free_wire(struct dw_wire *w)
{
	if (w->answered)
		end(w);
	dw_connects_free(of(w)->connects);
	free(w);
}

static uint64_t now(dw_unused struct dw_wire *w)
{
	return dw_connects_now();
}

int dw_wire_connect_open(struct dw_sys *s, struct dw_wire **ret, struct dw_error *e)
{
	static const struct dw_wire_ops ops = { .name = "connect",
						.receiver = "connect",
						.begin = begin,
						.send = send_probes,
						.receive = receive,
						.end = end,
						.free = free_wire,
						.now = now };
	struct dw_connects *connects = NULL;
	struct connect_wire *c;
	int r = dw_connects_open(s, &connects, e);

	if (r < 0)
		return r;
	c = calloc(1, sizeof(*c));
	if (!c)
		dw_oom();
	c->wire.ops = &ops;
	c->wire.batch = 1;
	c->connects = connects;
	*ret = &c->wire;
	return 0;
}
