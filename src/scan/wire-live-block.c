/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A block as the BPF program wants it: headers of each host's packets, and tables of addresses and ports. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "wire-live.h"

#define SEEDS     64  /* tried until no chain in the table of addresses is too long */
#define SYN_BYTES 24u /* with the option MSS */
#define IP4_AT    14u
#define TCP_BASE  (0x6002u + 64240u + 0x0204u + 1460u) /* words of each SYN: see write_tcp() */

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

int dw_live_check_block(const struct dw_wire_block *b, struct dw_error *e)
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

int dw_live_write_block(const struct dw_xdp_view *v, const struct dw_wire_block *b,
			struct dw_error *e)
{
	uint64_t n_slots = (uint64_t)b->n_hosts * b->n_ports;
	int r;

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
	return 0;
}
