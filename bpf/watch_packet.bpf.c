// SPDX-License-Identifier: GPL-2.0-only
/* Packet sockets: made, and bound to an interface or another ethertype (told again, the cookie is the same). */
#include "watch.h"

INLINE int told(__u64 *context, unsigned argument)
{
	struct socket *socket = (struct socket *)context[argument];
	struct sock *sk;
	__u64 failed = 0;

	if (bpf_get_func_ret(context, &failed) || (int)failed)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}

SEC("fexit/packet_create")
int dw_packet(__u64 *context)
{
	return told(context, 1);
}

SEC("fexit/packet_bind")
int dw_packet_bind(__u64 *context)
{
	return told(context, 0);
}

SEC("fexit/packet_bind_spkt")
int dw_packet_bind_spkt(__u64 *context)
{
	return told(context, 0);
}
