/* SPDX-License-Identifier: GPL-2.0-only */
/* The half of the scanning program that knows answers. Included by scan.bpf.c alone. */
#ifndef DW_SCAN_RECEIVE_H
#define DW_SCAN_RECEIVE_H

#include "scan.h"

#define PROTO_ICMP     1
#define PROTO_ICMP6    58
#define PROTO_HOP      0 /* IPv6: hop-by-hop options, routing, destination options */
#define PROTO_ROUTING  43
#define PROTO_OPTIONS  60
#define MORE_OR_OFFSET 0x3fff /* of the fragment field */
#define UNREACHABLE    3      /* ICMP types; RFC 792 */
#define TOO_BIG        4      /* a code of UNREACHABLE: not about the port */
#define EXCEEDED       11
#define UNREACHABLE6   1 /* ICMPv6, RFC 4443 */
#define EXCEEDED6      3
#define FLAGS_AT       13 /* byte of the TCP header */

struct packet {
	void *data, *end;
	void *at; /* behind the IP header */
	__u32 source[4];
	__u8 protocol, ttl;
	bool plain; /* no options in the IP header, so a reset can be made in place */
};

INLINE __u32 hash_of(const struct dw_bpf_scan *s, const __u32 *a)
{
	__u64 x = ((__u64)a[0] << 32 | a[1]) ^ s->seed;

	x *= 0x9e3779b97f4a7c15ULL;
	x ^= x >> 29;
	x += (__u64)a[2] << 32 | a[3];
	x *= 0xbf58476d1ce4e5b9ULL;
	return x >> 32;
}

/* The host's number + 1, 0: not of this block. */
INLINE __u32 find_host(const struct dw_bpf_scan *s, const __u32 *a)
{
	__u32 hash = hash_of(s, a);

	for (__u32 i = 0; i < DW_BPF_SCAN_PROBES; i++) {
		__u32 at = (hash + i) & s->mask, host;
		const struct dw_bpf_scan_place *p = bpf_map_lookup_elem(&dw_places, &at);
		const struct dw_bpf_scan_host *h;

		if (!p || p->host1 == 0)
			return 0;
		if (p->hash != hash)
			continue;
		host = p->host1 - 1;
		h = bpf_map_lookup_elem(&dw_hosts, &host);
		if (h && h->address[0] == a[0] && h->address[1] == a[1] && h->address[2] == a[2] &&
		    h->address[3] == a[3])
			return p->host1;
	}
	return 0;
}

INLINE bool is_ours(const struct dw_bpf_scan *s, __be16 port)
{
	return (__u16)(bpf_ntohs(port) - s->first) < s->n_rounds;
}

/* What an answer says of the probe that it answers: all as in the packet. */
struct claim {
	__u32 address[4];
	__u32 cookie;
	__be16 ours, port;
};

/* Slot + 1 of the probe; 0: not ours. */
GLOBAL __u64 dw_find_slot(const struct claim *c)
{
	const struct dw_bpf_scan *s = state();
	__u32 host1, index1;

	if (!s || !c)
		return 0;
	host1 = find_host(s, c->address);
	index1 = s->index1[c->port];
	if (host1 == 0 || index1 == 0 || c->cookie != cookie_of(s, c->address, c->ours, c->port))
		return 0;
	return (__u64)(host1 - 1) * s->n_ports + index1;
}

/*
 * Sets the bit, after the record of what is more than a reset was handed over: whoever sees the bit finds the
 * record. 0: the record did not fit, and the bit stays as it is.
 */
GLOBAL int dw_take(const struct dw_bpf_scan_answer *answer)
{
	struct dw_bpf_scan *s = state();
	struct dw_bpf_scan_answer *r;
	volatile __u64 *bits;
	__u32 word;
	__u64 bit;

	if (!s || !answer)
		return 0;
	word = answer->slot >> 6;
	bit = 1ULL << (answer->slot & 63);
	bits = bpf_map_lookup_elem(&dw_bits, &word);
	if (!bits)
		return 0;
	if (answer->kind != DW_BPF_SCAN_RESET) {
		r = bpf_ringbuf_reserve(&dw_ring, sizeof(*r), 0);
		if (!r) {
			__sync_fetch_and_add(&s->lost, 1);
			return 0;
		}
		__builtin_memcpy(r, answer, sizeof(*r));
		r->again = (*bits & bit) != 0;
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	}
	if (!(*bits & bit))
		__sync_fetch_and_or(bits, bit);
	__sync_fetch_and_add(&s->answers, 1);
	return 1;
}

INLINE __u64 sum_words(const __u32 *w, int n)
{
	__u64 sum = 0;

	for (int i = 0; i < n; i++)
		sum += w[i];
	return sum;
}

/* Turns the SYN-ACK round: a reset goes back, in a frame of the same size (what is behind the packet is padding). */
INLINE int answer_reset(const struct packet *p)
{
	struct ethhdr *eth = p->data;
	struct tcphdr *t = p->at;
	__u8 mac[ETH_ALEN];
	__be16 port;
	__u64 sum;

	if ((void *)(eth + 1) > p->end || (void *)(t + 1) > p->end)
		return XDP_DROP;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);
		__be32 address;

		if ((void *)(ip + 1) > p->end)
			return XDP_DROP;
		address = ip->saddr;
		ip->saddr = ip->daddr;
		ip->daddr = address;
		ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(*t));
		ip->id = 0;
		ip->frag_off = bpf_htons(0x4000); /* don't fragment */
		ip->tos = 0;
		ip->ttl = 64;
		ip->check = 0;
		ip->check = fold(sum_words((void *)ip, 5));
		sum = (__u64)ip->saddr + ip->daddr;
	} else {
		struct ipv6hdr *ip = (void *)(eth + 1);
		struct in6_addr address;

		if ((void *)(ip + 1) > p->end)
			return XDP_DROP;
		address = ip->saddr;
		ip->saddr = ip->daddr;
		ip->daddr = address;
		ip->payload_len = bpf_htons(sizeof(*t));
		ip->hop_limit = 64;
		sum = sum_words((void *)&ip->saddr, 8);
	}
	port = t->source;
	t->source = t->dest;
	t->dest = port;
	t->seq = t->ack_seq;
	t->ack_seq = 0;
	((__u32 *)t)[3] = bpf_htonl(5u << 28 | (__u32)FLAG_RST << 16);
	((__u32 *)t)[4] = 0;
	sum += sum_words((void *)t, 5) + bpf_htons(PROTO_TCP) + bpf_htons(sizeof(*t));
	t->check = fold(sum);
	return XDP_TX;
}

/*
 * Not by an initialiser: that would be a constant struct, and clang 14, where it replaces loads from one by what they
 * load (BPFDAGToDAGISel::PreprocessLoad), loses stores beside them.
 */
INLINE void clear(struct dw_bpf_scan_answer *answer, __u8 kind, __u32 slot)
{
	__builtin_memset(answer, 0, sizeof(*answer));
	answer->kind = kind;
	answer->slot = slot;
}

INLINE int foreign(struct dw_bpf_scan *s)
{
	__sync_fetch_and_add(&s->foreign, 1);
	return XDP_PASS;
}

INLINE int receive_tcp(struct dw_bpf_scan *s, struct packet *p)
{
	struct dw_bpf_scan_answer answer;
	struct tcphdr *t = p->at;
	struct claim c;
	__u64 slot1;
	__u8 flags;

	if ((void *)(t + 1) > p->end || !is_ours(s, t->dest))
		return XDP_PASS;
	flags = ((__u8 *)t)[FLAGS_AT];
	if (!(flags & FLAG_ACK) || !(flags & (FLAG_RST | FLAG_SYN)))
		return XDP_PASS;
	__builtin_memcpy(c.address, p->source, sizeof(c.address));
	c.ours = t->dest;
	c.port = t->source;
	c.cookie = bpf_htonl(bpf_ntohl(t->ack_seq) - 1);
	slot1 = dw_find_slot(&c);
	if (slot1 == 0)
		return foreign(s);
	clear(&answer, flags & FLAG_RST ? DW_BPF_SCAN_RESET : DW_BPF_SCAN_SYN_ACK, slot1 - 1);
	answer.port = bpf_ntohs(t->dest);
	answer.ttl = p->ttl;
	answer.bare = t->window == 0 || t->doff <= 5;
	/* Not handed over: no reset either. The host sends its SYN-ACK again, and there may be room then. */
	if (!dw_take(&answer) || flags & FLAG_RST)
		return XDP_DROP;
	if (!s->reset || !p->plain)
		return XDP_PASS;
	return answer_reset(p);
}

/* What an ICMP message quotes, behind its IP header: ports and sequence number of the probe. */
INLINE int receive_quoted(struct dw_bpf_scan *s, const struct packet *p, struct claim *c,
			  const void *quoted, __u8 kind, const __u8 *icmp)
{
	struct dw_bpf_scan_answer answer;
	const __u16 *ports = quoted;
	__u64 slot1;

	if (quoted + 8 > p->end || !is_ours(s, ports[0]))
		return XDP_PASS;
	c->ours = ports[0];
	c->port = ports[1];
	c->cookie = *(const __u32 *)(quoted + 4);
	slot1 = dw_find_slot(c);
	if (slot1 == 0)
		return foreign(s);
	clear(&answer, kind, slot1 - 1);
	answer.port = bpf_ntohs(ports[0]);
	answer.ttl = p->ttl;
	answer.type = icmp[0];
	answer.code = icmp[1];
	__builtin_memcpy(answer.from, p->source, sizeof(answer.from));
	(void)dw_take(&answer);
	return XDP_DROP;
}

INLINE int receive_icmp(struct dw_bpf_scan *s, const struct packet *p)
{
	const __u8 *icmp = p->at;
	const struct iphdr *ip = p->at + 8;
	struct claim c = { 0 };

	if ((void *)(ip + 1) > p->end)
		return XDP_PASS;
	if ((icmp[0] != UNREACHABLE || icmp[1] == TOO_BIG) && icmp[0] != EXCEEDED)
		return XDP_PASS;
	if (ip->version != 4 || ip->ihl < 5 || ip->protocol != PROTO_TCP)
		return XDP_PASS;
	c.address[0] = ip->daddr;
	return receive_quoted(s, p, &c, (const void *)ip + ip->ihl * 4, DW_BPF_SCAN_ICMP, icmp);
}

INLINE int receive_icmp6(struct dw_bpf_scan *s, const struct packet *p)
{
	const __u8 *icmp = p->at;
	const struct ipv6hdr *ip = p->at + 8;
	struct claim c = { 0 };

	if ((void *)(ip + 1) > p->end)
		return XDP_PASS;
	if ((icmp[0] != UNREACHABLE6 && icmp[0] != EXCEEDED6) || ip->nexthdr != PROTO_TCP)
		return XDP_PASS;
	__builtin_memcpy(c.address, &ip->daddr, sizeof(c.address));
	return receive_quoted(s, p, &c, ip + 1, DW_BPF_SCAN_ICMP6, icmp);
}

INLINE bool parse_ip(struct packet *p)
{
	const struct iphdr *ip = p->at;

	if ((void *)(ip + 1) > p->end || ip->version != 4 || ip->ihl < 5 ||
	    (ip->frag_off & bpf_htons(MORE_OR_OFFSET)))
		return false;
	p->source[0] = ip->saddr;
	p->protocol = ip->protocol;
	p->ttl = ip->ttl;
	p->plain = ip->ihl == 5;
	p->at += ip->ihl * 4;
	return true;
}

/* Steps over a few extension headers; fragments are left to the kernel. */
INLINE bool parse_ip6(struct packet *p)
{
	const struct ipv6hdr *ip = p->at;

	if ((void *)(ip + 1) > p->end || ip->version != 6)
		return false;
	__builtin_memcpy(p->source, &ip->saddr, sizeof(p->source));
	p->protocol = ip->nexthdr;
	p->ttl = ip->hop_limit;
	p->plain = true;
	p->at = (void *)(ip + 1);
	for (int i = 0; i < 3; i++) {
		const __u8 *h = p->at;

		if (p->protocol != PROTO_HOP && p->protocol != PROTO_ROUTING &&
		    p->protocol != PROTO_OPTIONS)
			break;
		if ((void *)(h + 8) > p->end)
			return false;
		p->plain = false;
		p->protocol = h[0];
		p->at += 8 + h[1] * 8;
	}
	return true;
}

INLINE int receive(struct xdp_md *context, struct dw_bpf_scan *s)
{
	struct packet p = {
		.data = (void *)(long)context->data,
		.end = (void *)(long)context->data_end,
	};
	const struct ethhdr *eth = p.data;

	p.at = (void *)(eth + 1);
	if (p.at > p.end)
		return XDP_PASS;
	if (eth->h_proto == (s->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)) &&
	    (s->v6 ? parse_ip6(&p) : parse_ip(&p))) {
		if (p.protocol == PROTO_TCP)
			return receive_tcp(s, &p);
		if (p.protocol == PROTO_ICMP && !s->v6)
			return receive_icmp(s, &p);
		if (p.protocol == PROTO_ICMP6 && s->v6)
			return receive_icmp6(s, &p);
	}
	return XDP_PASS;
}

#endif
