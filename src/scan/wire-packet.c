/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire of packet sockets. The parent sends; a child in a sandbox reads the ring, knows the answers, sets their
 * bits in shared memory and hands the rest over in a ring of its own (wire-reader.c). A block has its child: it
 * inherits what it must know (hosts, ports, key), and when it was broken by a packet, the next one is not.
 */
#include <errno.h>
#include <string.h>

#include "dw_packet.h"
#include "dw_route.h"
#include "dw_wait.h"
#include "wire-packet.h"

#define RING_BYTES ((size_t)8 << 20)
#define WAIT_MAX   50000U /* microseconds, then looks whether the child lives */

struct wire {
	struct dw_wire wire; /* first */
	struct dw_sys *sys;
	struct dw_link link;
	struct dw_packet_sender *sender;
	const struct dw_wire_block *block; /* NULL: none begun */
	struct dw_packet_receiver *receiver;
	struct dw_sandbox *child;
	struct wire_shared *shared;
	size_t shared_size;
	uint32_t seen;            /* of shared->news */
	uint32_t *turns;          /* of each host: of its spare addresses; NULL: none */
	struct dw_wire_counts at; /* when the block began */
};

static struct wire *of(struct dw_wire *w)
{
	return (struct wire *)w;
}

static bool is_bare(const struct wire *w)
{
	return w->link.type == DW_LINK_BARE;
}

/* --- a block ------------------------------------------------------------------------------------ */

static int check_block(const struct wire *w, const struct dw_wire_block *b, struct dw_error *e)
{
	if (b->n_hosts == 0 || b->n_hosts > DW_WIRE_HOSTS_MAX || b->n_ports == 0 ||
	    b->n_ports > 65536 || (uint64_t)b->n_hosts * b->n_ports > UINT32_MAX)
		return dw_error_set(e, -E2BIG, "a block of %u hosts and %u ports", b->n_hosts,
				    b->n_ports);
	for (uint32_t i = 0; i < b->n_hosts; i++)
		if (b->hosts[i].address.family != b->hosts[0].address.family ||
		    b->hosts[i].source.family != b->hosts[0].address.family ||
		    b->hosts[i].ifindex != w->link.ifindex)
			return dw_error_set(e, -EINVAL,
					    "a block's hosts go out on %s, and are of one family",
					    w->link.name);
	return 0;
}

static void end(struct dw_wire *dw)
{
	struct wire *w = of(dw);

	dw_sandbox_free(dw_steal_ptr(w->child));
	dw_packet_receiver_free(dw_steal_ptr(w->receiver));
	dw_shared_unmap(w->shared, w->shared_size);
	w->shared = NULL;
	free(w->turns);
	w->turns = NULL;
	w->block = NULL;
	w->wire.answered = NULL;
}

static int open_receiver(struct wire *w, const struct dw_wire_block *b, struct dw_error *e)
{
	struct dw_packet_filter f = {
		.family = dw_wire_af(b->hosts[0].address.family),
		.protocol = dw_packet_protocol(b->protocol, b->hosts[0].address.family),
		.first = b->source_port,
		.n = DW_WIRE_ROUNDS,
		.ethernet = !is_bare(w),
	};

	return dw_packet_receiver_open(w->sys, w->link.ifindex, &f, RING_BYTES, &w->receiver, e);
}

static int start_reader(struct wire *w, const struct dw_wire_block *b, struct dw_error *e)
{
	struct wire_reader reader = {
		.block = b, .shared = w->shared, .receiver = w->receiver, .ifindex = w->link.ifindex
	};
	int fd = dw_packet_receiver_fd(w->receiver);
	const struct dw_sandbox_options o = {
		.name = "the reader of packets",
		.run = dw_wire_reader_run,
		.data = &reader,
		.fds = &fd,
		.n_fds = 1,
		.calls = DW_SANDBOX_POLL | DW_SANDBOX_FUTEX,
	};
	int r;

	dw_wire_reader_index(&reader, !is_bare(w));
	r = dw_sandbox_start(w->sys, &o, &w->child, e);
	dw_wire_reader_forget(&reader); /* the child has its copy */
	return r;
}

static int begin(struct dw_wire *dw, const struct dw_wire_block *b, struct dw_error *e)
{
	struct wire *w = of(dw);
	int r = check_block(w, b, e);
	size_t words;
	void *p = NULL;

	if (r < 0)
		return r;
	words = ((size_t)b->n_hosts * b->n_ports + 63) / 64;
	w->shared_size = sizeof(struct wire_shared) + words * sizeof(uint64_t);
	r = dw_shared_map(w->sys, "a scan", w->shared_size, &p, e);
	if (r < 0)
		return r;
	w->shared = p;
	w->seen = 0;
	w->at = w->wire.counts;
	r = open_receiver(w, b, e);
	if (r == 0)
		r = start_reader(w, b, e);
	if (r < 0) {
		end(dw);
		return r;
	}
	w->block = b;
	w->wire.answered = w->shared->answered;
	if (b->protocol == DW_PROTOCOL_UDP && b->spares && b->spares->n > 0) {
		w->turns = calloc(b->n_hosts, sizeof(*w->turns));
		if (!w->turns)
			dw_oom();
	}
	return 0;
}

/* --- sending ------------------------------------------------------------------------------------ */

/*
 * A host limits its ICMP messages for each address that it tells: the probe goes out from the next one of ours. The
 * last turn is that of the host's own source; so is each turn of an address that was given up.
 */
static void take_turn(struct wire *w, uint32_t host, struct dw_packet_probe *p)
{
	const struct dw_wire_spares *s = w->block->spares;
	uint32_t turn = w->turns[host];

	w->turns[host] = turn < s->n ? turn + 1 : 0;
	if (turn == s->n || s->taken[turn] != 0)
		return;
	p->source = &s->list[turn];
	memcpy(p->mac_from, s->mac, sizeof(p->mac_from));
}

static void set_probe(struct wire *w, uint32_t slot, unsigned round, struct dw_packet_probe *p)
{
	const struct dw_wire_block *b = w->block;
	const struct dw_wire_host *h = &b->hosts[slot / b->n_ports];
	uint32_t port = slot % b->n_ports;

	*p = (struct dw_packet_probe){
		.ethernet = !is_bare(w),
		.protocol = b->protocol,
		.source = &h->source,
		.target = &h->address,
		.sport = (uint16_t)(b->source_port + round % DW_WIRE_ROUNDS),
		.dport = b->protocol == DW_WIRE_ICMP ? 0 : b->ports[port],
	};
	memcpy(p->mac_from, w->link.mac, sizeof(p->mac_from));
	memcpy(p->mac_to, h->mac, sizeof(p->mac_to));
	if (w->turns)
		take_turn(w, slot / b->n_ports, p);
	p->cookie = dw_packet_cookie(&b->key, &h->address, p->sport, p->dport);
	if (b->protocol == DW_PROTOCOL_UDP && b->payloads && b->payloads[port].n > 0) {
		const struct dw_wire_payload *one =
			&b->payloads[port].list[round % b->payloads[port].n];

		p->payload = one->bytes;
		/* what does not fit is cut: a probe that cannot leave would be asked for ever */
		p->n_payload = (uint16_t)DW_MIN((size_t)one->n, dw_wire_payload_room(w->link.mtu));
		p->id_at = one->id_at;
	}
}

static int send_batch(struct wire *w, const uint32_t *slots, size_t n, unsigned round,
		      size_t *ret_sent, bool *ret_full, struct dw_error *e)
{
	uint64_t all = (uint64_t)w->block->n_hosts * w->block->n_ports;

	for (size_t i = 0; i < n; i++) {
		struct dw_packet_probe p;

		if (slots[i] >= all)
			return dw_error_set(e, -EINVAL, "slot %u is in no block", slots[i]);
		set_probe(w, slots[i], round, &p);
		dw_packet_sender_length(w->sender, i,
					dw_packet_make(&p, dw_packet_sender_frame(w->sender, i)));
	}
	return dw_packet_sender_send(w->sender, n, ret_sent, ret_full, e);
}

static int send_probes(struct dw_wire *dw, const uint32_t *slots, size_t n, unsigned round,
		       size_t *ret_sent, struct dw_error *e)
{
	struct wire *w = of(dw);
	size_t sent = 0;
	int r = w->block ? 0 : -EINVAL;

	while (r == 0 && sent < n) {
		size_t batch = DW_MIN(n - sent, (size_t)DW_PACKET_BATCH), done = 0;
		bool full = false;

		r = send_batch(w, slots + sent, batch, round, &done, &full, e);
		sent += done;
		if (full) {
			w->wire.counts.failed++;
			break;
		}
	}
	w->wire.counts.sent += sent;
	if (r < 0)
		return r;
	*ret_sent = sent;
	return 0;
}

/* --- receiving ---------------------------------------------------------------------------------- */

/* The child read hostile bytes: what it says may be anything. */
static bool is_sane(const struct wire *w, const struct dw_wire_answer *a)
{
	const struct dw_wire_block *b = w->block;
	enum dw_family f = b->hosts[0].address.family;

	return a->slot < (uint64_t)b->n_hosts * b->n_ports && a->why < DW_SCAN_WHY_COUNT &&
	       a->round < DW_WIRE_ROUNDS && (a->flags & ~(DW_WIRE_BARE | DW_WIRE_AGAIN)) == 0 &&
	       (a->from.family == DW_FAMILY_UNKNOWN || a->from.family == f);
}

static int take_answers(struct wire *w, struct dw_wire_answer *answers, size_t max, size_t *ret_n,
			struct dw_error *e)
{
	struct wire_shared *h = w->shared;
	uint32_t tail = h->tail, head = dw_shared_get(&h->head);
	size_t n = 0;

	if (head - tail > WIRE_ANSWERS)
		return dw_error_set(e, -EPROTO,
				    "the process that reads packets says what cannot be: its "
				    "answers are not used");
	for (; n < max && tail != head; n++, tail++) {
		answers[n] = h->answers[tail % WIRE_ANSWERS];
		if (!is_sane(w, &answers[n]))
			return dw_error_set(e, -EPROTO,
					    "the process that reads packets says what cannot be: "
					    "its answers are not used");
	}
	dw_shared_set(&h->tail, tail);
	*ret_n = n;
	return 0;
}

/*
 * The host that answered holds half a connection until we reset it. Our kernel does so itself, unless a local firewall
 * keeps the answer from it, or its reset back; it knows no such connection.
 */
static int reset_open(struct wire *w, const struct dw_wire_answer *answers, size_t n,
		      struct dw_error *e)
{
	size_t batch = 0, sent;
	bool full;

	for (size_t i = 0; i <= n; i++) {
		struct dw_packet_probe p;

		if (batch == DW_PACKET_BATCH || (i == n && batch > 0)) {
			int r = dw_packet_sender_send(w->sender, batch, &sent, &full, e);

			if (r < 0)
				return r;
			batch = 0;
		}
		if (i == n || answers[i].why != DW_SCAN_WHY_SYN_ACK)
			continue;
		set_probe(w, answers[i].slot, answers[i].round, &p);
		p.reset = true;
		dw_packet_sender_length(
			w->sender, batch,
			dw_packet_make(&p, dw_packet_sender_frame(w->sender, batch)));
		batch++;
	}
	return 0;
}

static void count(struct wire *w)
{
	w->wire.counts.answers = w->at.answers + dw_shared_get(&w->shared->n_answers);
	w->wire.counts.foreign = w->at.foreign + dw_shared_get(&w->shared->n_foreign);
	w->wire.counts.lost = w->at.lost + dw_packet_receiver_lost(w->receiver) +
			      dw_shared_get(&w->shared->n_full);
}

static int receive(struct dw_wire *dw, unsigned wait_us, struct dw_wire_answer *answers, size_t max,
		   size_t *ret_n, struct dw_error *e)
{
	struct wire *w = of(dw);
	uint64_t until = dw_sys_clock_us(w->sys) + wait_us, now;
	size_t n = 0;
	int r;

	if (!w->block)
		return dw_error_set(e, -EINVAL, "no block was begun");
	for (;;) {
		uint32_t news = dw_shared_get(&w->shared->news);

		r = take_answers(w, answers, max, &n, e);
		if (r == 0)
			r = dw_sandbox_check(w->child, e);
		now = dw_sys_clock_us(w->sys);
		if (r < 0 || n > 0 || news != w->seen || now >= until) {
			w->seen = news;
			break;
		}
		dw_shared_wait(&w->shared->news, news,
			       (unsigned)DW_MIN(until - now, (uint64_t)WAIT_MAX));
	}
	count(w);
	if (r == 0)
		r = reset_open(w, answers, n, e);
	if (r < 0)
		return r;
	*ret_n = n;
	return 0;
}

/* --- opening ------------------------------------------------------------------------------------ */

static uint64_t now_us(struct dw_wire *dw)
{
	return dw_sys_clock_us(of(dw)->sys);
}

static void free_wire(struct dw_wire *dw)
{
	end(dw);
	dw_packet_sender_free(of(dw)->sender);
	free(dw);
}

static const struct dw_wire_ops packet_ops = {
	.name = "packet",
	.receiver = "packet",
	.begin = begin,
	.send = send_probes,
	.receive = receive,
	.end = end,
	.free = free_wire,
	.now = now_us,
};

static int open_wire(struct wire *w, uint32_t ifindex, struct dw_error *e)
{
	int r = dw_link_get(w->sys, ifindex, &w->link, e);

	if (r < 0)
		return r;
	if (w->link.type == DW_LINK_OTHER || w->link.type == DW_LINK_UNKNOWN)
		return dw_error_set(e, -ENOTSUP, "%s is no interface whose frames we can make",
				    w->link.name);
	if (!w->link.is_up)
		return dw_error_set(e, -ENETDOWN, "%s is down", w->link.name);
	return dw_packet_sender_open(w->sys, ifindex, &w->sender, e);
}

int dw_wire_packet_open(struct dw_sys *s, uint32_t ifindex, struct dw_wire **ret,
			struct dw_error *e)
{
	struct wire *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		dw_oom();
	w->wire.ops = &packet_ops;
	w->wire.batch = DW_PACKET_BATCH;
	w->sys = s;
	r = open_wire(w, ifindex, e);
	if (r < 0) {
		free_wire(&w->wire);
		return r;
	}
	*ret = &w->wire;
	return 0;
}
