// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams and refused connections at the root of the cgroups, where nothing better is allowed: every packet that
 * comes to a socket passes here. The context of this hook is the packet itself, which is read as memory.
 */
#include "usage.h"

#define TCP_NEW_SYN_RECV 12

SEC("cgroup_skb/ingress")
int dw_packet(struct __sk_buff *context)
{
	const struct sk_buff *skb = (const void *)context;
	struct bpf_sock *door = context->sk;
	__u32 protocol, state;

	/* the socket that receives; one that is a mere request for a connection is given as its listener */
	if (!door)
		return 1;
	/* most packets are of connections, and end here: that word needs no call of a helper, whatever socket it is */
	state = door->state;
	if (state != TCP_LISTEN && state != TCP_CLOSE && state != TCP_NEW_SYN_RECV)
		return 1;
	door = bpf_sk_fullsock(door);
	if (!door)
		return 1;
	protocol = door->protocol;
	if (protocol == IPPROTO_TCP && door->state == TCP_LISTEN)
		count_refused(BPF_CORE_READ(skb, sk), skb);
	else if (protocol == IPPROTO_UDP || protocol == IPPROTO_LITE)
		count_datagram(BPF_CORE_READ(skb, sk), skb);
	return 1;
}
