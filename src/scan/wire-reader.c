/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of packets: runs in a sandbox (dw_sandbox.h), touches nothing but its copy of the block and shared
   memory. */
#include <string.h>
#include <sys/socket.h>

#include "wire-packet.h"

#define TURN_MS 200

int dw_wire_af(enum dw_family f)
{
	return f == DW_FAMILY_IPV4 ? AF_INET : AF_INET6;
}

/* Headers of IPv6 and UDP. Links say no less than 1280 for IPv6, and 68 for IPv4 (RFC 791). */
size_t dw_wire_payload_room(uint32_t mtu)
{
	size_t room = mtu > 48 ? mtu - 48 : 0;

	return DW_MIN(room, (size_t)DW_PACKET_PAYLOAD_MAX);
}

/* --- which slot --------------------------------------------------------------------------------- */

/* Only we put hosts in, and only packets with the right cookie are looked up: nobody chooses collisions. */
static uint32_t hash_of(const struct dw_address *a)
{
	uint64_t w[2], h;

	memcpy(w, a->bytes, sizeof(w));
	h = (w[0] ^ w[1] * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
	return (uint32_t)(h >> 32);
}

void dw_wire_reader_index(struct wire_reader *r, bool ethernet)
{
	const struct dw_wire_block *b = r->block;
	uint32_t size = 4;

	r->asked = (struct dw_packet_asked){ .ethernet = ethernet,
					     .protocol = b->protocol,
					     .family = b->hosts[0].address.family,
					     .key = b->key,
					     .source_port = b->source_port };
	while (size < 2 * b->n_hosts)
		size *= 2;
	r->mask = size - 1;
	r->hosts = calloc(size, sizeof(*r->hosts));
	r->ports = calloc(65536, sizeof(*r->ports));
	if (!r->hosts || !r->ports)
		dw_oom();
	for (uint32_t i = 0; i < b->n_hosts; i++) {
		uint32_t at = hash_of(&b->hosts[i].address) & r->mask;

		while (r->hosts[at] != 0)
			at = (at + 1) & r->mask;
		r->hosts[at] = i + 1;
	}
	for (uint32_t i = 0; i < b->n_ports; i++)
		r->ports[b->protocol == DW_WIRE_ICMP ? 0 : b->ports[i]] = i + 1;
}

void dw_wire_reader_forget(struct wire_reader *r)
{
	free(r->hosts);
	free(r->ports);
	r->hosts = r->ports = NULL;
}

static bool slot_of(const struct wire_reader *r, const struct dw_packet_seen *seen,
		    uint32_t *ret_port, uint32_t *ret)
{
	const struct dw_wire_block *b = r->block;
	uint32_t at = hash_of(&seen->host) & r->mask, port = r->ports[seen->port];

	for (; r->hosts[at] != 0; at = (at + 1) & r->mask) {
		uint32_t host = r->hosts[at] - 1;

		if (memcmp(b->hosts[host].address.bytes, seen->host.bytes, 16) != 0)
			continue;
		*ret_port = port - 1;
		*ret = host * b->n_ports + port - 1;
		return port != 0;
	}
	return false;
}

/*
 * A reply repeats the two bytes of its probe's payload. Which payload that was, the round tells; beyond 32 rounds not
 * always, then any of the port's may be it.
 */
static bool repeats_id(const struct wire_reader *r, const struct dw_packet_seen *seen,
		       uint32_t port)
{
	const struct dw_wire_payloads *p = r->block->payloads ? &r->block->payloads[port] : NULL;

	if (seen->why != DW_SCAN_WHY_REPLY || !p || p->n == 0)
		return true;
	if (DW_WIRE_ROUNDS % p->n == 0)
		return dw_packet_repeats_id(&r->asked, seen, p->list[seen->round % p->n].id_at);
	for (size_t i = 0; i < p->n; i++)
		if (dw_packet_repeats_id(&r->asked, seen, p->list[i].id_at))
			return true;
	return false;
}

/* --- handing over ------------------------------------------------------------------------------- */

static void set_scope(const struct wire_reader *r, struct dw_address *a)
{
	/* RFC 4291 2.5.6: fe80::/10 */
	if (a->family == DW_FAMILY_IPV6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80)
		a->scope = r->ifindex;
}

/* The bit of an answer that has no room stays unset: its slot is asked again. */
static void hand_over(struct wire_reader *r, const struct dw_packet_seen *seen, uint32_t slot)
{
	struct wire_shared *h = r->shared;
	uint64_t bit = 1ULL << slot % 64;
	uint64_t *word = &h->answered[slot / 64];
	struct dw_wire_answer *a;
	uint64_t before;

	if (seen->why == DW_SCAN_WHY_RESET) {
		(void)__atomic_fetch_or(word, bit, __ATOMIC_RELEASE);
		return;
	}
	if (h->head - dw_shared_get(&h->tail) >= WIRE_ANSWERS) {
		dw_shared_set(&h->n_full, h->n_full + 1);
		return;
	}
	/* the answer first: who sees the bit finds it */
	before = dw_shared_get(word) & bit;
	a = &h->answers[h->head % WIRE_ANSWERS];
	*a = (struct dw_wire_answer){ .slot = slot,
				      .why = (uint8_t)seen->why,
				      .round = seen->round,
				      .ttl = seen->ttl,
				      .from = seen->from };
	a->flags =
		(uint8_t)((seen->is_bare ? DW_WIRE_BARE : 0) | (before != 0 ? DW_WIRE_AGAIN : 0));
	set_scope(r, &a->from);
	dw_shared_set(&h->head, h->head + 1);
	(void)__atomic_fetch_or(word, bit, __ATOMIC_RELEASE);
}

void dw_wire_reader_frame(void *reader, const uint8_t *frame, size_t n)
{
	struct wire_reader *r = reader;
	struct dw_packet_seen seen;
	uint32_t slot, port;
	int is_answer = dw_packet_read(&r->asked, frame, n, &seen);

	if (is_answer == 0)
		return;
	r->brought = true;
	if (is_answer < 0 || !slot_of(r, &seen, &port, &slot) || !repeats_id(r, &seen, port)) {
		dw_shared_set(&r->shared->n_foreign, r->shared->n_foreign + 1);
		return;
	}
	dw_shared_set(&r->shared->n_answers, r->shared->n_answers + 1);
	hand_over(r, &seen, slot);
}

int dw_wire_reader_run(void *reader, const int *fds)
{
	struct wire_reader *r = reader;

	while (r->receiver) { /* until the parent kills it */
		r->brought = false;
		(void)dw_packet_receiver_read(r->receiver, fds[0], TURN_MS, dw_wire_reader_frame,
					      r);
		if (r->brought)
			dw_shared_wake(&r->shared->news);
	}
	return 0;
}
