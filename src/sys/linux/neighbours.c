/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking a link's neighbours: ARP (RFC 826) and neighbour solicitation (RFC 4861). The parent sends; a child in a
 * sandbox reads what comes back and writes MACs into shared memory.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "dw_sandbox.h"
#include "dw_wait.h"
#include "packet_private.h"
#include "route_private.h"

#define TARGETS_MAX ((size_t)1 << 20)
#define RING_BYTES  ((size_t)4 << 20)
#define ROUNDS      3U
#define ROUNDS_MAX  8U
#define RATE        20000U
#define WAIT_MS     200U
#define WAIT_TIMES  5U
#define MISSED      1e-4F
#define IDLE_MS     20
#define SETTLE_US   10000000ULL

enum { ETHER = 14, ARP_SIZE = 28, IP6 = 40, SOLICITATION = 135, ADVERTISEMENT = 136 };

/* No bool: the child may write any byte. */
struct heard {
	uint8_t is_there;
	uint8_t mac[6];
};

struct shared {
	uint32_t news;
	uint32_t n_there;
	uint32_t idle; /* turns of the child that found nothing to read */
	struct heard answers[];
};

struct reader {
	const struct dw_neighbours_question *q;
	struct dw_packet_receiver *receiver;
	struct shared *shared;
	uint32_t *index; /* open addressing: target + 1, 0: free */
	uint32_t mask;
	bool brought;
};

/* --- in the child ------------------------------------------------------------------------------- */

static uint32_t hash_of(const uint8_t *bytes)
{
	uint64_t w[2];

	memcpy(w, bytes, sizeof(w));
	return (uint32_t)((w[0] ^ w[1] * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL >> 32);
}

static void take(struct reader *r, const uint8_t *address, size_t n, const uint8_t *mac)
{
	uint8_t bytes[16] = { 0 };
	struct heard *a;
	uint32_t at;

	memcpy(bytes, address, n);
	for (at = hash_of(bytes) & r->mask; r->index[at] != 0; at = (at + 1) & r->mask)
		if (memcmp(r->q->targets[r->index[at] - 1].bytes, bytes, 16) == 0)
			break;
	/* nobody asked for it, or for a MAC that is a group's */
	if (r->index[at] == 0 || (mac[0] & 1) != 0)
		return;
	a = &r->shared->answers[r->index[at] - 1];
	if (a->is_there) /* the first that answers */
		return;
	memcpy(a->mac, mac, sizeof(a->mac));
	dw_shared_set(&a->is_there, 1);
	dw_shared_set(&r->shared->n_there, r->shared->n_there + 1);
	r->brought = true;
}

static void see_arp(struct reader *r, const uint8_t *p, size_t n)
{
	/* Ethernet, IPv4, their lengths, a reply: the sender's addresses */
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 2 };

	if (n < ETHER + ARP_SIZE || memcmp(p + ETHER, head, sizeof(head)) != 0)
		return;
	take(r, p + ETHER + 14, 4, p + ETHER + 8);
}

/* RFC 4861 7.1.2: hop limit 255 says that it comes from this link. */
static void see_advertisement(struct reader *r, const uint8_t *p, size_t n)
{
	const uint8_t *icmp = p + ETHER + IP6, *mac = p + 6;

	if (n < ETHER + IP6 + 24 || p[ETHER + 6] != IPPROTO_ICMPV6 || p[ETHER + 7] != 255 ||
	    icmp[0] != ADVERTISEMENT || icmp[1] != 0)
		return;
	/* the option with the target's link-layer address comes first, where it is there; else the frame's sender */
	if (n >= ETHER + IP6 + 32 && icmp[24] == 2 && icmp[25] == 1)
		mac = icmp + 26;
	take(r, icmp + 8, 16, mac);
}

static void see_frame(void *data, const uint8_t *p, size_t n)
{
	struct reader *r = data;

	if (r->q->source.family == AF_INET)
		see_arp(r, p, n);
	else
		see_advertisement(r, p, n);
}

static int read_on(void *data, const int *fds)
{
	struct reader *r = data;

	while (r->receiver) { /* until the parent kills it */
		r->brought = false;
		if (dw_packet_receiver_read(r->receiver, fds[0], IDLE_MS, see_frame, r) == 0)
			dw_shared_wake(&r->shared->idle);
		if (r->brought)
			dw_shared_wake(&r->shared->news);
	}
	return 0;
}

/* --- questions ---------------------------------------------------------------------------------- */

static size_t make_arp(const struct dw_neighbours_question *q, const struct dw_ip *to, uint8_t *f)
{
	static const uint8_t head[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	memset(f, 0xff, 6);
	memcpy(f + 6, q->link->mac, 6);
	memcpy(f + 12, head, sizeof(head));
	memcpy(f + 22, q->link->mac, 6);
	memcpy(f + 28, q->source.bytes, 4);
	memset(f + 32, 0, 6);
	memcpy(f + 38, to->bytes, 4);
	return ETHER + ARP_SIZE;
}

static uint16_t checksum6(const uint8_t *ip, const uint8_t *icmp, size_t n)
{
	uint32_t s = (uint32_t)n + IPPROTO_ICMPV6;

	for (size_t i = 8; i < 40; i += 2)
		s += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	for (size_t i = 0; i < n; i += 2)
		s += (uint32_t)(icmp[i] << 8 | icmp[i + 1]);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* To the target's solicited-node group ff02::1:ffXX:XXXX, RFC 4291 2.7.1; its MAC: RFC 2464 7. */
static size_t make_solicitation(const struct dw_neighbours_question *q, const struct dw_ip *to,
				uint8_t *f)
{
	static const uint8_t group[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };
	uint8_t *ip = f + ETHER, *icmp = ip + IP6;
	uint16_t check;

	memset(f, 0, ETHER + IP6 + 32);
	f[0] = f[1] = 0x33;
	f[2] = 0xff;
	memcpy(f + 3, to->bytes + 13, 3);
	memcpy(f + 6, q->link->mac, 6);
	f[12] = 0x86;
	f[13] = 0xdd;
	ip[0] = 0x60;
	ip[5] = 32;
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 255;
	memcpy(ip + 8, q->source.bytes, 16);
	memcpy(ip + 24, group, sizeof(group));
	memcpy(ip + 37, to->bytes + 13, 3);
	icmp[0] = SOLICITATION;
	memcpy(icmp + 8, to->bytes, 16);
	icmp[24] = 1; /* our link-layer address, 8 bytes */
	icmp[25] = 1;
	memcpy(icmp + 26, q->link->mac, 6);
	check = checksum6(ip, icmp, 32);
	icmp[2] = (uint8_t)(check >> 8);
	icmp[3] = (uint8_t)check;
	return ETHER + IP6 + 32;
}

struct asking {
	struct dw_sys *sys;
	const struct dw_neighbours_question *q;
	struct dw_packet_sender *sender;
	struct dw_packet_receiver *receiver;
	struct dw_sandbox *child;
	struct shared *shared;
	unsigned round, good; /* good: rounds after which all that came was read */
	uint32_t there;       /* after the last round */
	uint32_t lost;        /* questions in vain to those that answered a later one */
	uint64_t dropped;     /* frames */
	bool news;            /* the last round brought some */
};

static bool is_done(const struct asking *a)
{
	return (a->q->stop && *a->q->stop) || dw_shared_get(&a->shared->n_there) >= a->q->n;
}

/* Waits that long, or until all have answered. */
static int wait_for(const struct asking *a, uint64_t us, struct dw_error *e)
{
	uint64_t until = dw_sys_clock_us(a->sys) + us, now;

	while (!is_done(a) && (now = dw_sys_clock_us(a->sys)) < until) {
		uint32_t news = dw_shared_get(&a->shared->news);
		int r = dw_sandbox_check(a->child, e);

		if (r < 0)
			return r;
		dw_shared_wait(&a->shared->news, news,
			       (unsigned)DW_MIN(until - now, (uint64_t)20000));
	}
	return 0;
}

static int send_all(const struct asking *a, size_t n, struct dw_error *e)
{
	uint64_t rate = a->q->rate ? a->q->rate : RATE;
	bool full = false;
	size_t sent = 0;
	int r = dw_packet_sender_send(a->sender, n, &sent, &full, e);

	/* what did not leave is asked in the next round */
	return r < 0 ? r : wait_for(a, n * 1000000 / rate, e);
}

static int ask_round(const struct asking *a, struct dw_error *e)
{
	const struct dw_neighbours_question *q = a->q;
	size_t batch = 0;

	for (size_t i = 0; i < q->n && !is_done(a); i++) {
		uint8_t *f = dw_packet_sender_frame(a->sender, batch);
		int r = 0;

		if (dw_shared_get(&a->shared->answers[i].is_there) == 0) {
			dw_packet_sender_length(a->sender, batch,
						q->source.family == AF_INET
							? make_arp(q, &q->targets[i], f)
							: make_solicitation(q, &q->targets[i], f));
			batch++;
		}
		if (batch == DW_PACKET_BATCH || (i + 1 == q->n && batch > 0)) {
			r = send_all(a, batch, e);
			batch = 0;
		}
		if (r < 0)
			return r;
	}
	return wait_for(a,
			(uint64_t)(q->wait_ms ? q->wait_ms : WAIT_MS) * 1000 *
				DW_MIN(a->round + 1, WAIT_TIMES),
			e);
}

/*
 * On a busy machine the child may not have had its turn while we waited: until it found nothing more to read, twice (a
 * block of frames is handed over when it is a millisecond old), the round is not over. *ret_read: it did.
 */
static int settle(const struct asking *a, bool *ret_read, struct dw_error *e)
{
	uint64_t until = dw_sys_clock_us(a->sys) + SETTLE_US;
	uint32_t first = dw_shared_get(&a->shared->idle), now = first;

	while (!is_done(a) && now - first < 2 && dw_sys_clock_us(a->sys) < until) {
		int r = dw_sandbox_check(a->child, e);

		if (r < 0)
			return r;
		dw_shared_wait(&a->shared->idle, now, 20000);
		now = dw_shared_get(&a->shared->idle);
	}
	*ret_read = now - first >= 2;
	return 0;
}

/* What the round says of the loss. Who answers a later question was asked in vain before; which one it answers, nobody
   knows. */
static int count_round(struct asking *a, struct dw_error *e)
{
	uint64_t dropped;
	uint32_t there;
	bool read = false;
	int r = settle(a, &read, e);

	if (r < 0)
		return r;
	dropped = dw_packet_receiver_lost(a->receiver);
	there = (uint32_t)DW_MIN((size_t)dw_shared_get(&a->shared->n_there), a->q->n);
	a->news = there > a->there;
	if (a->news)
		a->lost += a->round * (there - a->there);
	a->good += read && dropped == a->dropped;
	a->there = there;
	a->dropped = dropped;
	a->round++;
	return 0;
}

/*
 * The loss was measured with few: 4 lost of 60 more stand for what is not known. That is three rounds on a link where
 * nothing is lost, four where nobody answers at all.
 */
static float missed(const struct asking *a)
{
	float loss = (float)(a->lost + 4) / (float)(a->there + a->lost + 60), all = 1;

	for (unsigned i = 0; i < a->good; i++)
		all *= loss;
	return all;
}

static bool is_enough(const struct asking *a)
{
	if (is_done(a) || a->round >= ROUNDS_MAX)
		return true;
	if (a->round < (a->q->rounds ? a->q->rounds : ROUNDS) || (a->news && a->round > 1))
		return false;
	return missed(a) <= MISSED;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static void make_index(struct reader *r)
{
	uint32_t size = 4;

	while (size < 2 * r->q->n)
		size *= 2;
	r->mask = size - 1;
	r->index = calloc(size, sizeof(*r->index));
	if (!r->index)
		dw_oom();
	for (uint32_t i = 0; i < r->q->n; i++) {
		uint32_t at = hash_of(r->q->targets[i].bytes) & r->mask;

		while (r->index[at] != 0)
			at = (at + 1) & r->mask;
		r->index[at] = i + 1;
	}
}

static int start_reader(struct asking *a, struct dw_error *e)
{
	struct reader reader = { .q = a->q, .receiver = a->receiver, .shared = a->shared };
	int fd = dw_packet_receiver_fd(a->receiver), r;
	const struct dw_sandbox_options o = {
		.name = "the reader of neighbours' answers",
		.run = read_on,
		.data = &reader,
		.fds = &fd,
		.n_fds = 1,
		.calls = DW_SANDBOX_POLL | DW_SANDBOX_FUTEX,
	};

	make_index(&reader);
	r = dw_sandbox_start(a->sys, &o, &a->child, e);
	free(reader.index); /* the child has its copy */
	return r;
}

static int ask(struct asking *a, struct dw_error *e)
{
	const struct dw_neighbours_question *q = a->q;
	bool v4 = q->source.family == AF_INET;
	struct packet_code code;
	int r;

	dw_packet_code_neighbours(q->source.family, &code);
	r = dw_packet_ring_open(a->sys, q->link->ifindex, v4 ? ETH_P_ARP : ETH_P_IPV6, &code,
				RING_BYTES, &a->receiver, e);
	if (r == 0)
		r = dw_packet_sender_open(a->sys, q->link->ifindex, &a->sender, e);
	if (r == 0)
		r = start_reader(a, e);
	while (r == 0 && !is_enough(a)) {
		r = ask_round(a, e);
		if (r == 0)
			r = count_round(a, e);
	}
	dw_sandbox_free(a->child);
	dw_packet_sender_free(a->sender);
	dw_packet_receiver_free(a->receiver);
	return r;
}

int dw_neighbours_ask(struct dw_sys *s, const struct dw_neighbours_question *q,
		      struct dw_neighbours_answer *ret, struct dw_error *e)
{
	struct asking a = { .sys = s, .q = q };
	size_t size = sizeof(struct shared) + q->n * sizeof(struct heard);
	void *p = NULL;
	int r;

	if (q->n == 0)
		return 0;
	if (q->n > TARGETS_MAX || dw_ip_size(q->source.family) == 0 ||
	    q->link->type != DW_LINK_ETHERNET || q->link->has_no_arp)
		return dw_error_set(e, -EINVAL, "%s: neighbours cannot be asked there",
				    q->link->name);
	r = dw_shared_map(s, "neighbours", size, &p, e);
	if (r < 0)
		return r;
	a.shared = p;
	r = ask(&a, e);
	for (size_t i = 0; r == 0 && i < q->n; i++) {
		ret[i].is_there = dw_shared_get(&a.shared->answers[i].is_there) != 0;
		memcpy(ret[i].mac, a.shared->answers[i].mac, sizeof(ret[i].mac));
		ret[i].missed = ret[i].is_there ? 0 : missed(&a);
	}
	dw_shared_unmap(p, size);
	return r;
}
