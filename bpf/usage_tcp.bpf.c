// SPDX-License-Identifier: GPL-2.0-only
/* Connections that are established from outside, and the bytes that came by them once they have ended. */
#include "usage.h"

#define TCP_SYN_SENT 2

/* The argument of this hook is known to the verifier: its members are read without the call of a helper each. */
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
		bpf_core_read(u->key.address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	else
		*(__u32 *)u->key.address = sk->__sk_common.skc_rcv_saddr;
	u->key.family = unmapped(u->key.address, u->key.family);
}

INLINE void accepted(const struct sock *sk)
{
	struct use u;

	__builtin_memset(&u, 0, sizeof(u));
	key_of_connection(&u, sk);
	u.peer_family = u.key.family;
	if (sk->__sk_common.skc_family == AF_INET6) {
		bpf_core_read(u.peer, 16, &sk->__sk_common.skc_v6_daddr);
		(void)unmapped(u.peer, AF_INET6);
	} else {
		*(__u32 *)u.peer = sk->__sk_common.skc_daddr;
	}
	/* the way back to one of our own addresses is the loopback */
	u.local = BPF_CORE_READ(sk, sk_dst_cache, dev, flags) & IFF_LOOPBACK;
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

SEC("tp_btf/inet_sock_set_state")
int dw_tcp(__u64 *context)
{
	const struct sock *sk = (const struct sock *)context[0];
	int from = (int)context[1], to = (int)context[2];
	bool established = from == TCP_SYN_RECV && to == TCP_ESTABLISHED;

	if (!established && (to != TCP_CLOSE || from == TCP_LISTEN || from == TCP_SYN_SENT))
		return 0;
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (established)
		accepted(sk);
	else
		ended(sk);
	return 0;
}
