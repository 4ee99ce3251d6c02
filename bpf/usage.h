/* SPDX-License-Identifier: GPL-2.0-only */
/* What the counting programs share: the counters of doors, and how a use is put down. No packet leaves the kernel. */
#ifndef DW_BPF_USAGE_H
#define DW_BPF_USAGE_H

#include "watch_kernel.h"

#include "dw_bpf_watch.h"

#define LOOPBACK_INTERFACE 1 /* its number in every namespace */

/* All objects count in one map, which the loader makes: of the inner one here only the kind counts. */
struct dw_doors_like {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct dw_bpf_usage_key));
	__uint(value_size, sizeof(struct dw_bpf_usage));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct dw_doors_like);
} dw_doors SEC(".maps");

__u64 dw_missed = 0; /* uses that found no counter free */

struct use {
	struct dw_bpf_usage_key key;
	__u8 peer[16];
	__u32 peer_family;
	bool local;
	__u64 accepted, refused, datagrams, bytes;
};

INLINE void *doors(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&dw_doors, &zero);
}

INLINE struct dw_bpf_usage *counters(const struct dw_bpf_usage_key *key)
{
	void *map = doors();
	struct dw_bpf_usage *v, fresh;

	if (!map)
		return NULL;
	v = bpf_map_lookup_elem(map, key);
	if (v)
		return v;
	__builtin_memset(&fresh, 0, sizeof(fresh));
	(void)bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
	v = bpf_map_lookup_elem(map, key); /* also when another processor was first */
	if (!v)
		__sync_fetch_and_add(&dw_missed, 1);
	return v;
}

/* A number of DW_BPF_USAGE_SKETCH for the address: linear counting, Whang and others, 1990. */
INLINE __u32 slot_of(const __u8 *address)
{
	const __u64 *half = (const __u64 *)address;
	__u64 h = (half[0] ^ half[1] * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;

	h = (h ^ h >> 31) * 0x94d049bb133111ebULL;
	return (__u32)(h >> 40) % DW_BPF_USAGE_SKETCH;
}

/* The last peer may be a mixture when two processors write it at once. */
INLINE void put_down(const struct use *u)
{
	struct dw_bpf_usage *v = counters(&u->key);
	__u64 now = bpf_ktime_get_boot_ns(), bit;
	__u32 slot;

	if (!v)
		return;
	if (u->refused) {
		__sync_fetch_and_add(&v->refused, u->refused);
		return; /* nobody was let in: not used by anybody */
	}
	if (u->accepted)
		__sync_fetch_and_add(&v->accepted, u->accepted);
	if (u->datagrams)
		__sync_fetch_and_add(&v->datagrams, u->datagrams);
	if (u->bytes)
		__sync_fetch_and_add(&v->bytes, u->bytes);
	if (u->local)
		__sync_fetch_and_add(&v->local, u->accepted + u->datagrams);
	if (!v->first)
		v->first = now;
	v->last = now;
	slot = slot_of(u->peer) & (DW_BPF_USAGE_SKETCH - 1);
	bit = 1ULL << (slot & 63);
	if (!(v->sketch[slot >> 6 & 1] & bit))
		__sync_fetch_and_or(&v->sketch[slot >> 6 & 1], bit);
	__builtin_memcpy(v->peer, u->peer, sizeof(v->peer));
	v->peer_family = u->peer_family;
}

INLINE bool is_mapped(const __u8 *address)
{
	const __u32 *word = (const __u32 *)address;

	return word[0] == 0 && word[1] == 0 && word[2] == __builtin_bswap32(0xffff);
}

/* An IPv4 address that an IPv6 socket shows as ::ffff:a.b.c.d is an IPv4 address. */
INLINE __u8 unmapped(__u8 *address, __u8 family)
{
	__u32 *word = (__u32 *)address;

	if (family != AF_INET6 || !is_mapped(address))
		return family;
	word[0] = word[3];
	word[2] = word[3] = 0;
	return AF_INET;
}

INLINE void key_of_socket(struct dw_bpf_usage_key *key, const struct sock *sk)
{
	key->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	key->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	key->protocol = (__u8)BPF_CORE_READ(sk, sk_protocol);
}

/* Addresses of the packet, its peer's and ours. */
INLINE bool fill_addresses(struct use *u, const struct sk_buff *skb)
{
	const unsigned char *at = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	__u8 version = 0;

	bpf_probe_read_kernel(&version, 1, at);
	if (version >> 4 == 4) {
		u->key.family = AF_INET;
		bpf_probe_read_kernel(u->peer, 4, at + 12);
		bpf_probe_read_kernel(u->key.address, 4, at + 16);
	} else if (version >> 4 == 6) {
		u->key.family = AF_INET6;
		bpf_probe_read_kernel(u->peer, 16, at + 8);
		bpf_probe_read_kernel(u->key.address, 16, at + 24);
	} else {
		return false;
	}
	u->peer_family = u->key.family;
	u->local = BPF_CORE_READ(skb, skb_iif) == LOOPBACK_INTERFACE;
	return true;
}

/* Payload of a UDP packet: from behind its header to its end, wherever `data` stands now. */
INLINE __u64 payload(const struct sk_buff *skb)
{
	const unsigned char *start =
		BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header) + 8;
	const unsigned char *end = BPF_CORE_READ(skb, data) + BPF_CORE_READ(skb, len);

	return end > start ? (__u64)(end - start) : 0;
}

/* Datagrams that were put together on their way in (UDP_GRO). */
INLINE __u64 pieces(const struct sk_buff *skb)
{
	const struct skb_shared_info *shared =
		(const void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	__u64 n = BPF_CORE_READ(shared, gso_segs);

	return n ? n : 1;
}

/* A datagram for a socket that anybody may send to. One that finds no room in the socket counts as well. */
INLINE void count_datagram(const struct sock *sk, const struct sk_buff *skb)
{
	struct use u;

	if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_ESTABLISHED)
		return;
	__builtin_memset(&u, 0, sizeof(u));
	key_of_socket(&u.key, sk);
	if (!u.key.port || !fill_addresses(&u, skb))
		return;
	u.datagrams = pieces(skb);
	u.bytes = payload(skb);
	put_down(&u);
}

/* What comes to a TCP socket that listens, when as many wait as it lets wait: the kernel drops it. */
INLINE void count_refused(const struct sock *sk, const struct sk_buff *skb)
{
	struct use u;

	if (BPF_CORE_READ(sk, sk_ack_backlog) <= BPF_CORE_READ(sk, sk_max_ack_backlog))
		return;
	__builtin_memset(&u, 0, sizeof(u));
	key_of_socket(&u.key, sk);
	if (!fill_addresses(&u, skb))
		return;
	u.refused = 1;
	put_down(&u);
}

#endif
