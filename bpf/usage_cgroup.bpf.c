// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams and refused connections at the root of the cgroups, where nothing better is allowed: every packet that comes
 * to a socket passes here. The context of this hook is the packet itself, which is read as memory.
 */
#include "usage.h"

SEC("cgroup_skb/ingress")
int dw_packet(struct __sk_buff *context)
{
	const struct sk_buff *skb = (const void *)context;
	const struct sock *sk;
	__u16 protocol;

	if (!context->sk)
		return 1;
	/* the socket that receives; one that is a mere request for a connection is given as its listener */
	sk = BPF_CORE_READ(skb, sk);
	protocol = BPF_CORE_READ(sk, sk_protocol);
	if (protocol == IPPROTO_UDP || protocol == IPPROTO_LITE)
		count_datagram(sk, skb);
	else if (protocol == IPPROTO_TCP && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN)
		count_refused(sk, skb);
	return 1;
}
