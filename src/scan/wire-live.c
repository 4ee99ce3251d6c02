/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire "live-frames": TCP SYNs made in the kernel, answers known by XDP (dw_xdp.h). Other protocols, and links that
 * need more than an Ethernet header, are left to the packet wire: -ENOTSUP from begin().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "dw_wire.h"
#include "dw_xdp.h"

#define SEEDS      64   /* tried until no chain in the table of addresses is too long */
#define LOT_MIN    256u /* frames of one run, while the driver can't keep up */
#define LOT_MAX    DW_BPF_SCAN_SLOTS
#define BATCH      1024u /* from here on a call of the kernel costs little beside its frames */
#define NAP_US     50u   /* for the driver to empty its ring */
#define NAPS_MAX   400u  /* in a row without one frame taken: 20 ms and more */
#define DRY_FRAMES 8192u
#define READ_MAX   256u
#define SYN_BYTES  24u /* with the option MSS */
#define IP4_AT     14u
#define TCP_BASE   (0x6002u + 64240u + 0x0204u + 1460u) /* words of each SYN: see write_tcp() */

struct live {
	struct dw_wire w; /* first */
	struct dw_xdp *xdp;
	const struct dw_wire_block *block; /* NULL: none */
	uint64_t n_slots;
	uint64_t heard; /* state->answers + lost at the last receive() */
	uint32_t lot;
	uint32_t again[LOT_MAX]; /* slots that the driver did not take */
};

static volatile struct dw_bpf_scan *state_of(const struct live *l)
{
	return dw_xdp_look(l->xdp)->state;
}

/* As the BPF program reckons it, over words as they lie in the packet. */
static uint32_t hash_of(uint32_t seed, const uint32_t *a)
{
	uint64_t x = ((uint64_t)a[0] << 32 | a[1]) ^ seed;

	x *= 0x9e3779b97f4a7c15ULL;
	x ^= x >> 29;
	x += (uint64_t)a[2] << 32 | a[3];
	x *= 0xbf58476d1ce4e5b9ULL;
	return (uint32_t)(x >> 32);
}

/* Words of 16 bits, in network order. */
static uint32_t sum_of(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void write_ip4(uint8_t *ip, const struct dw_wire_host *h)
{
	ip[0] = 0x45;
	put16(ip + 2, 20 + SYN_BYTES);
	ip[6] = 0x40; /* don't fragment; so the identification may be 0 (RFC 6864) */
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, h->source.bytes, 4);
	memcpy(ip + 16, h->address.bytes, 4);
	put16(ip + 10, (uint16_t)~fold(sum_of(ip, 20)));
}

static void write_ip6(uint8_t *ip, const struct dw_wire_host *h)
{
	ip[0] = 0x60;
	put16(ip + 4, SYN_BYTES);
	ip[6] = IPPROTO_TCP;
	ip[7] = 64;
	memcpy(ip + 8, h->source.bytes, 16);
	memcpy(ip + 24, h->address.bytes, 16);
}

static void write_host(const struct dw_wire_host *h, const uint8_t *mac,
		       struct dw_bpf_scan_host *ret)
{
	bool v6 = h->address.family == DW_FAMILY_IPV6;
	struct dw_bpf_scan_host k = { .unused = 0 };

	memcpy(k.head, h->mac, 6);
	memcpy(k.head + 6, mac, 6);
	put16(k.head + 12, v6 ? 0x86dd : 0x0800);
	if (v6)
		write_ip6(k.head + IP4_AT, h);
	else
		write_ip4(k.head + IP4_AT, h);
	memcpy(k.address, h->address.bytes, v6 ? 16 : 4);
	k.sum = htons(fold(sum_of(h->address.bytes, v6 ? 16 : 4) +
			   sum_of(h->source.bytes, v6 ? 16 : 4) + IPPROTO_TCP + SYN_BYTES +
			   TCP_BASE));
	*ret = k;
}

/* False: a chain is too long with this seed. -EEXIST by *ret_twice: the host is there already. */
static bool place_host(const struct dw_xdp_view *v, uint32_t seed, uint32_t host, bool *ret_twice)
{
	const uint32_t *address = v->hosts[host].address;
	uint32_t hash = hash_of(seed, address);

	for (uint32_t i = 0; i < DW_BPF_SCAN_PROBES; i++) {
		struct dw_bpf_scan_place *p = &v->places[(hash + i) & (v->n_places - 1)];

		if (p->host1 == 0) {
			*p = (struct dw_bpf_scan_place){ .host1 = host + 1, .hash = hash };
			return true;
		}
		if (p->hash == hash &&
		    memcmp(v->hosts[p->host1 - 1].address, address, 4 * sizeof(*address)) == 0)
			*ret_twice = true;
	}
	return false;
}

static int place_hosts(const struct dw_xdp_view *v, uint32_t n, struct dw_error *e)
{
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		bool fits = true, twice = false;

		memset(v->places, 0, v->n_places * sizeof(*v->places));
		for (uint32_t i = 0; i < n && fits; i++)
			fits = place_host(v, seed, i, &twice);
		if (twice)
			return dw_error_set(e, -EINVAL, "a host comes twice");
		if (fits) {
			v->state->seed = seed;
			v->state->mask = v->n_places - 1;
			return 0;
		}
	}
	return dw_error_set(e, -ENOTSUP, "the addresses can't be told apart");
}

static int check_block(const struct dw_wire_block *b, struct dw_error *e)
{
	static const uint8_t none[6];

	if (b->protocol != DW_PROTOCOL_TCP)
		return dw_error_set(e, -ENOTSUP, "live frames are for TCP only");
	if (b->n_hosts == 0 || b->n_ports == 0 || b->n_hosts > DW_WIRE_HOSTS_MAX ||
	    b->n_ports > 65536 || (uint64_t)b->n_hosts * b->n_ports > UINT32_MAX ||
	    b->source_port + DW_WIRE_ROUNDS > 65536)
		return dw_error_set(e, -EINVAL, "a block of %u hosts and %u ports", b->n_hosts,
				    b->n_ports);
	for (uint32_t i = 0; i < b->n_hosts; i++) {
		const struct dw_wire_host *h = &b->hosts[i];

		if (h->address.family != b->hosts[0].address.family ||
		    h->source.family != h->address.family)
			return dw_error_set(e, -EINVAL, "hosts of two families in a block");
		if (memcmp(h->mac, none, sizeof(none)) == 0)
			return dw_error_set(e, -ENOTSUP,
					    "live frames need the link address of each host");
	}
	return 0;
}

static void write_ports(volatile struct dw_bpf_scan *s, const struct dw_wire_block *b)
{
	memset((void *)s->index1, 0, sizeof(s->index1));
	for (uint32_t i = 0; i < b->n_ports; i++) {
		s->ports[i] = htons(b->ports[i]);
		s->index1[htons(b->ports[i])] = i + 1;
	}
	s->n_ports = b->n_ports;
	s->first = b->source_port;
	s->n_rounds = DW_WIRE_ROUNDS;
}

static uint32_t frame_bytes(const struct live *l)
{
	return state_of(l)->v6 ? DW_BPF_SCAN_FRAME6 : DW_BPF_SCAN_FRAME4;
}

/* How many a second the processor can make, the driver left out: most that can be hoped for. */
static int measure(struct live *l, struct dw_error *e)
{
	volatile struct dw_bpf_scan *s = state_of(l);
	uint64_t begun, took;
	int r;

	for (uint32_t i = 0; i < DRY_FRAMES; i++)
		s->slots[i] = (uint32_t)(i % l->n_slots);
	s->next = 0;
	s->n_send = DRY_FRAMES;
	s->way = DW_BPF_SCAN_DRY;
	begun = dw_xdp_clock();
	r = dw_xdp_run(l->xdp, frame_bytes(l), DRY_FRAMES, e);
	took = dw_xdp_clock() - begun;
	s->way = DW_BPF_SCAN_PROBES_OUT;
	if (r < 0)
		return r;
	l->w.rate_max = s->next * 1000000 / DW_MAX(took, 1);
	return 0;
}

static int live_begin(struct dw_wire *w, const struct dw_wire_block *b, struct dw_error *e)
{
	struct live *l = (struct live *)w;
	uint64_t n_slots = (uint64_t)b->n_hosts * b->n_ports;
	const struct dw_xdp_view *v;
	int r = check_block(b, e);

	if (r == 0)
		r = dw_xdp_make_room(l->xdp, b->n_hosts, n_slots, e);
	if (r < 0)
		return r;
	v = dw_xdp_look(l->xdp);
	for (uint32_t i = 0; i < b->n_hosts; i++)
		write_host(&b->hosts[i], v->mac, &v->hosts[i]);
	r = place_hosts(v, b->n_hosts, e);
	if (r < 0)
		return r;
	memset((void *)v->bits, 0, (n_slots + 63) / 64 * sizeof(*v->bits));
	write_ports(v->state, b);
	v->state->key_a = b->key.a;
	v->state->key_b = b->key.b;
	v->state->v6 = b->hosts[0].address.family == DW_FAMILY_IPV6;
	v->state->reset = v->native;
	l->n_slots = n_slots;
	r = w->rate_max == 0 ? measure(l, e) : 0;
	if (r < 0)
		return r;
	l->heard = v->state->answers + v->state->lost;
	l->block = b;
	w->answered = v->bits;
	__atomic_store_n(&v->state->on, 1, __ATOMIC_RELEASE);
	return 0;
}

/*
 * One run over the first n of state->slots. What the driver did not take is left in l->again, *ret_again of them;
 * *ret_begun: frames that were made (fewer than n: a signal came).
 */
static int run(struct live *l, uint32_t n, uint32_t *ret_begun, uint32_t *ret_again,
	       struct dw_error *e)
{
	volatile struct dw_bpf_scan *s = state_of(l);
	uint64_t begun, missed;
	int r;

	s->next = s->given = s->n_missed = 0;
	s->n_send = n;
	r = dw_xdp_run(l->xdp, frame_bytes(l), n, e);
	if (r < 0)
		return r;
	begun = DW_MIN(s->next, n);
	if (s->given != begun) /* the interface went down, or has another driver all of a sudden */
		return dw_error_set(e, -ENETDOWN, "the interface does not take frames any more");
	missed = DW_MIN(s->n_missed, begun);
	for (uint64_t i = 0; i < missed; i++)
		l->again[i] = s->slots[s->missed[i] & (DW_BPF_SCAN_SLOTS - 1)];
	l->w.counts.sent += begun - missed;
	*ret_begun = (uint32_t)begun;
	*ret_again = (uint32_t)missed;
	return 0;
}

/* Sends what the driver did not take, until it has all, or takes none for a while: what is left then has failed. */
static int run_rest(struct live *l, uint32_t n, struct dw_error *e)
{
	for (unsigned naps = 0; n > 0 && naps < NAPS_MAX; naps++) {
		uint32_t begun = 0, again = 0;
		int r;

		dw_xdp_nap(NAP_US);
		memcpy((void *)state_of(l)->slots, l->again, n * sizeof(*l->again));
		r = run(l, n, &begun, &again, e);
		if (r < 0)
			return r;
		if (again < begun)
			naps = 0;
		/* those that a signal kept from being tried */
		for (uint32_t i = begun; i < n; i++)
			l->again[again++] = state_of(l)->slots[i];
		n = again;
	}
	l->w.counts.failed += n;
	return 0;
}

static void look_at_counts(struct live *l)
{
	const volatile struct dw_bpf_scan *s = state_of(l);

	l->w.counts.answers = s->answers;
	l->w.counts.foreign = s->foreign;
	l->w.counts.lost = s->lost;
}

static int send_lot(struct live *l, const uint32_t *slots, uint32_t n, uint32_t *ret_begun,
		    struct dw_error *e)
{
	uint32_t begun = 0, again = 0;
	int r;

	for (uint32_t i = 0; i < n; i++)
		if (slots[i] >= l->n_slots)
			return dw_error_set(e, -EINVAL, "slot %u of %llu", slots[i],
					    (unsigned long long)l->n_slots);
	memcpy((void *)state_of(l)->slots, slots, n * sizeof(*slots));
	r = run(l, n, &begun, &again, e);
	if (r < 0)
		return r;
	/* fewer at once while the driver drops some, so that less work is in vain */
	l->lot = again > 0 ? DW_MAX(l->lot / 2, LOT_MIN) : DW_MIN(l->lot * 2, LOT_MAX);
	*ret_begun = begun;
	return run_rest(l, again, e);
}

static int live_send(struct dw_wire *w, const uint32_t *slots, size_t n, unsigned round,
		     size_t *ret_sent, struct dw_error *e)
{
	struct live *l = (struct live *)w;
	size_t at = 0;

	if (!l->block)
		return dw_error_set(e, -EINVAL, "no block was begun");
	state_of(l)->source = htons((uint16_t)(l->block->source_port + round % DW_WIRE_ROUNDS));
	while (at < n) {
		uint32_t lot = (uint32_t)DW_MIN(n - at, l->lot), begun = 0;
		int r = send_lot(l, slots + at, lot, &begun, e);

		look_at_counts(l);
		if (r < 0)
			return r;
		at += begun;
		if (begun < lot)
			break;
	}
	*ret_sent = at;
	return 0;
}

/* What the message proves; RFC 792 and 4443. From the host itself only "port unreachable" is an answer of the port. */
static uint8_t why_of(const struct dw_bpf_scan_answer *k, bool itself)
{
	static const struct {
		uint8_t kind, type, code, why;
	} known[] = {
		{ DW_BPF_SCAN_ICMP, 3, 9, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP, 3, 10, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP, 3, 13, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP, 3, 3, DW_SCAN_WHY_PORT_UNREACHABLE },
		{ DW_BPF_SCAN_ICMP6, 1, 1, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP6, 1, 5, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP6, 1, 6, DW_SCAN_WHY_PROHIBITED },
		{ DW_BPF_SCAN_ICMP6, 1, 4, DW_SCAN_WHY_PORT_UNREACHABLE },
	};

	if (k->kind == DW_BPF_SCAN_SYN_ACK)
		return DW_SCAN_WHY_SYN_ACK;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (known[i].kind == k->kind && known[i].type == k->type &&
		    known[i].code == k->code)
			return known[i].why == DW_SCAN_WHY_PORT_UNREACHABLE && !itself
				       ? (uint8_t)DW_SCAN_WHY_PROHIBITED
				       : known[i].why;
	return DW_SCAN_WHY_UNREACHABLE;
}

/* False: not a record that the program makes. */
static bool read_answer(const struct live *l, const struct dw_bpf_scan_answer *k,
			struct dw_wire_answer *ret)
{
	const struct dw_wire_block *b = l->block;
	struct dw_wire_answer a = { .slot = k->slot, .ttl = k->ttl };
	const struct dw_address *host;
	struct dw_address from = { 0 };

	if (k->slot >= l->n_slots || k->kind < DW_BPF_SCAN_SYN_ACK || k->kind > DW_BPF_SCAN_ICMP6 ||
	    (uint32_t)(k->port - b->source_port) >= DW_WIRE_ROUNDS)
		return false;
	host = &b->hosts[k->slot / b->n_ports].address;
	from.family = host->family;
	memcpy(from.bytes, k->from, sizeof(from.bytes));
	if (k->kind != DW_BPF_SCAN_SYN_ACK &&
	    memcmp(from.bytes, host->bytes, sizeof(from.bytes)) != 0)
		a.from = from;
	a.why = why_of(k, a.from.family == 0);
	a.round = (uint8_t)(k->port - b->source_port);
	a.flags = (uint8_t)((k->bare ? DW_WIRE_BARE : 0) | (k->again ? DW_WIRE_AGAIN : 0));
	*ret = a;
	return true;
}

static int live_receive(struct dw_wire *w, unsigned wait_us, struct dw_wire_answer *answers,
			size_t max, size_t *ret_n, struct dw_error *e)
{
	struct live *l = (struct live *)w;
	struct dw_bpf_scan_answer records[READ_MAX];
	uint64_t heard;
	size_t n = 0;
	int r;

	if (!l->block)
		return dw_error_set(e, -EINVAL, "no block was begun");
	if (wait_us > 0)
		dw_xdp_wait(l->xdp, l->heard, wait_us);
	heard = state_of(l)->answers + state_of(l)->lost;
	do {
		r = dw_xdp_read(l->xdp, records, DW_MIN(max - n, READ_MAX), e);
		if (r < 0)
			return r;
		for (int i = 0; i < r; i++)
			n += read_answer(l, &records[i], &answers[n]);
	} while (r > 0 && n < max);
	look_at_counts(l);
	/* more than fitted: do not sleep the next time */
	l->heard = n == max ? UINT64_MAX : heard;
	*ret_n = n;
	return 0;
}

static void live_end(struct dw_wire *w)
{
	struct live *l = (struct live *)w;
	struct dw_bpf_scan_answer records[READ_MAX];

	if (!l->block)
		return;
	__atomic_store_n(&state_of(l)->on, 0, __ATOMIC_RELEASE);
	look_at_counts(l);
	while (dw_xdp_read(l->xdp, records, READ_MAX, NULL) > 0)
		;
	l->block = NULL;
	w->answered = NULL;
}

static void live_free(struct dw_wire *w)
{
	struct live *l = (struct live *)w;

	dw_xdp_close(l->xdp);
	free(l);
}

static uint64_t live_now(struct dw_wire *w dw_unused)
{
	return dw_xdp_clock();
}

static const struct dw_wire_ops live_ops = {
	.name = "live-frames",
	.receiver = "xdp",
	.begin = live_begin,
	.send = live_send,
	.receive = live_receive,
	.end = live_end,
	.free = live_free,
	.now = live_now,
};

static const struct dw_wire_ops live_ops_generic = {
	.name = "live-frames",
	.receiver = "xdp-generic",
	.begin = live_begin,
	.send = live_send,
	.receive = live_receive,
	.end = live_end,
	.free = live_free,
	.now = live_now,
};

int dw_wire_live_open(struct dw_sys *s, uint32_t ifindex, struct dw_wire **ret, struct dw_error *e)
{
	struct live *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		dw_oom();
	r = dw_xdp_open(s, ifindex, &l->xdp, e);
	if (r < 0) {
		free(l);
		return r;
	}
	l->w.ops = dw_xdp_look(l->xdp)->native ? &live_ops : &live_ops_generic;
	l->w.batch = BATCH;
	l->lot = LOT_MAX;
	*ret = &l->w;
	return 0;
}
