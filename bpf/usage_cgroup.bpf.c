// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams and refused connections at the root of the cgroups, where nothing better is allowed: every packet that comes
 * to a socket passes here. The context of this hook is the packet itself, which is read as memory.
 */
#include "usage.h"

SEC("cgroup_skb/ingress")
int dw_packet(struct __sk_buff *context)
{
	struct bpf_sock *door = context->sk;

	if (!door)
		return 1;
	door = bpf_sk_fullsock(door);
	if (!door)
		return 1;
	if (door->protocol == IPPROTO_UDP || door->protocol == IPPROTO_LITE)
		count_datagram((const struct sock *)door, (const struct sk_buff *)context);
	else if (door->protocol == IPPROTO_TCP && door->state == TCP_LISTEN)
		count_refused((const struct sock *)door, (const struct sk_buff *)context);
	return 1;
}
