// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fastest wire of a scan (docs/scan.md): TCP SYNs made in the kernel, and their answers known before the kernel's own
 * network code sees them.
 *
 * dw_scan is one program with two lives. Run by BPF_PROG_RUN with BPF_F_TEST_XDP_LIVE_FRAMES (Linux 5.18) it writes the
 * next probe into the frame and redirects that to the interface. Attached to the interface it looks for answers. One program
 * and not two, because a program that is attached is known to the kernel's XDP dispatcher already: else each
 * BPF_PROG_RUN patches the dispatcher, twice, and waits for all CPUs.
 *
 * dw_taken counts what the driver did with the frames, at the tracepoint xdp:xdp_devmap_xmit: BPF_PROG_RUN does not tell.
 *
 * Old kernels (6.1 is the oldest tried) must take it: no kfuncs, no open-coded iterators, bounded loops.
 */
#include <linux/types.h>
#include <stdbool.h>

typedef __u64 uint64_t;
typedef __u32 uint32_t;
typedef __u16 uint16_t;

#include "dw_bpf_scan.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "dw_cookie.h"

#define INLINE static inline __attribute__((always_inline))
/* The verifier looks at such a function once by itself, not on each path that leads to it: loading takes a tenth of the time. */
#define GLOBAL __attribute__((noinline))

#define PROTO_ICMP     1
#define PROTO_TCP      6
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
#define TAKEN_AT_ONCE                                                                              \
	64          /* frames that one flush gives to the driver: 16 (DEV_MAP_BULK_SIZE) so far */
#define FLAGS_AT 13 /* byte of the TCP header */
#define FLAG_RST 0x04
#define FLAG_SYN 0x02
#define FLAG_ACK 0x10

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net_device {
	int ifindex;
};

#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dw_bpf_scan);
} dw_state SEC(".maps");

/* The sizes of the next three are set when the program is loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dw_bpf_scan_host);
} dw_hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dw_bpf_scan_place);
} dw_places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dw_bits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, DW_BPF_SCAN_RING);
} dw_ring SEC(".maps");

INLINE struct dw_bpf_scan *state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&dw_state, &zero);
}

INLINE __u32 cookie_of(const struct dw_bpf_scan *s, const __u32 *address, __be16 ours, __be16 port)
{
	struct dw_cookie_key key = { .a = s->key_a, .b = s->key_b };

	return dw_cookie(&key, address[0], address[1], address[2], address[3], ours, port);
}

INLINE __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* --- sending ------------------------------------------------------------------------------------ */

/* Writes a whole SYN: of a frame that went out before, nothing can be trusted, its receiver may have written into it. */
INLINE void write_tcp(const struct dw_bpf_scan *s, const struct dw_bpf_scan_host *h, void *t,
		      __be16 port)
{
	__u32 seq = cookie_of(s, h->address, s->source, port);
	__u32 *w = t;

	*(__u16 *)t = s->source;
	*(__u16 *)(t + 2) = port;
	w[1] = seq;
	w[2] = 0;
	w[3] = bpf_htonl(6u << 28 | (__u32)FLAG_SYN << 16 |
			 64240); /* 6 words; the window of Linux */
	*(__u16 *)(t + 16) = fold((__u64)h->sum + s->source + port + (seq & 0xffff) + (seq >> 16));
	*(__u16 *)(t + 18) = 0;
	w[5] = bpf_htonl(0x020405b4); /* MSS 1460 */
}

INLINE int send_next(struct xdp_md *context, struct dw_bpf_scan *s)
{
	void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	__u64 at = __sync_fetch_and_add(&s->next, 1);
	const struct dw_bpf_scan_host *h;
	__u32 slot, host, index;
	__be16 port;

	if (at >= s->n_send || s->n_ports == 0)
		return XDP_DROP;
	if (s->way == DW_BPF_SCAN_AS_IS)
		return (int)bpf_redirect(s->ifindex, 0);
	slot = s->slots[at & (DW_BPF_SCAN_SLOTS - 1)];
	host = slot / s->n_ports;
	index = slot - host * s->n_ports;
	h = bpf_map_lookup_elem(&dw_hosts, &host);
	if (!h)
		return XDP_DROP;
	port = s->ports[index & 0xffff];
	if (s->v6) {
		if (data + DW_BPF_SCAN_FRAME6 > end)
			return XDP_DROP;
		__builtin_memcpy(data, h->head, DW_BPF_SCAN_HEAD);
		write_tcp(s, h, data + 54, port);
	} else {
		if (data + DW_BPF_SCAN_FRAME4 > end)
			return XDP_DROP;
		__builtin_memcpy(data, h->head, DW_BPF_SCAN_HEAD);
		write_tcp(s, h, data + 34, port);
		*(__u16 *)(data + 58) = 0;
	}
	return s->way == DW_BPF_SCAN_DRY ? XDP_DROP : (int)bpf_redirect(s->ifindex, 0);
}

/* --- receiving ---------------------------------------------------------------------------------- */

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

SEC("xdp.frags")
int dw_scan(struct xdp_md *context)
{
	struct dw_bpf_scan *s = state();

	if (!s)
		return XDP_PASS;
	if (context->ingress_ifindex == DW_BPF_SCAN_LO)
		return send_next(context, s);
	return s->on ? receive(context, s) : XDP_PASS;
}

/* --- what became of the frames ------------------------------------------------------------------ */

/*
 * xdp:xdp_devmap_xmit(from, to, sent, drops, err). Frames are given to the driver in the order they were made, and of
 * each lot it takes the first ones.
 */
SEC("raw_tp/xdp_devmap_xmit")
int dw_taken(struct bpf_raw_tracepoint_args *context)
{
	const struct net_device *from = (void *)context->args[0], *to = (void *)context->args[1];
	int sent = (int)context->args[2], drops = (int)context->args[3];
	struct dw_bpf_scan *s = state();
	__u64 at, n;

	if (!s || BPF_CORE_READ(from, ifindex) != DW_BPF_SCAN_LO ||
	    (__u32)BPF_CORE_READ(to, ifindex) != s->ifindex)
		return 0;
	at = s->given;
	s->given = at + (__u64)(sent + drops);
	at += (__u64)sent;
	for (int i = 0; i < TAKEN_AT_ONCE && i < drops; i++) {
		n = s->n_missed;
		s->missed[n & (DW_BPF_SCAN_SLOTS - 1)] = at + i;
		s->n_missed = n + 1;
	}
	return 0;
}
