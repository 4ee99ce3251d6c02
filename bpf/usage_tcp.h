/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections that are established from outside, and the bytes that came by them once they have ended. */
#ifndef DW_BPF_USAGE_TCP_H
#define DW_BPF_USAGE_TCP_H

#include "usage.h"

/* The argument of this hook is known to the verifier: its members are read without the call of a helper each. */
INLINE void copy_address(__u8 *ret, const struct in6_addr *from)
{
	__u32 *word = (__u32 *)ret;

	word[0] = from->in6_u.u6_addr32[0];
	word[1] = from->in6_u.u6_addr32[1];
	word[2] = from->in6_u.u6_addr32[2];
	word[3] = from->in6_u.u6_addr32[3];
}

INLINE void key_of_connection(struct use *u, const struct sock *sk)
{
	u->key.netns = sk->__sk_common.skc_net.net->ns.inum;
	u->key.port = sk->__sk_common.skc_num;
	u->key.protocol = IPPROTO_TCP;
	u->key.family = (__u8)sk->__sk_common.skc_family;
	/* at the end its number may have been given back */
	if (!u->key.port)
		u->key.port =
			__builtin_bswap16(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	if (u->key.family == AF_INET6)
		copy_address(u->key.address, &sk->__sk_common.skc_v6_rcv_saddr);
	else
		*(__u32 *)u->key.address = sk->__sk_common.skc_rcv_saddr;
	u->key.family = unmapped(u->key.address, u->key.family);
}

INLINE void accepted(const struct sock *sk)
{
	const struct dst_entry *route;
	struct use u;

	__builtin_memset(&u, 0, sizeof(u));
	key_of_connection(&u, sk);
	u.peer_family = u.key.family;
	if (sk->__sk_common.skc_family == AF_INET6) {
		copy_address(u.peer, &sk->__sk_common.skc_v6_daddr);
		(void)unmapped(u.peer, AF_INET6);
	} else {
		*(__u32 *)u.peer = sk->__sk_common.skc_daddr;
	}
	/* the way back to one of our own addresses is the loopback */
	route = sk->sk_dst_cache;
	u.local = route && (route->dev->flags & IFF_LOOPBACK);
	u.accepted = 1;
	put_down(&u);
}

INLINE void ended(const struct sock *sk)
{
	struct dw_bpf_usage *v;
	struct use u;
	void *map = doors();

	if (!map)
		return;
	__builtin_memset(&u, 0, sizeof(u));
	key_of_connection(&u, sk);
	v = bpf_map_lookup_elem(map, &u.key);
	if (v)
		__sync_fetch_and_add(&v->bytes,
				     BPF_CORE_READ((const struct tcp_sock *)sk, bytes_received));
}

#endif
