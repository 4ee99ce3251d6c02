// SPDX-License-Identifier: GPL-2.0-only
/* A UDP socket that is connected is no door any more; disconnected, it is one again when its port was named. */
#include "watch.h"

INLINE int connected(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	__u64 failed = 0;

	if (bpf_get_func_ret(context, &failed) || (int)failed || !speaks_udp(sk))
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_CLOSED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}

SEC("fexit/__ip4_datagram_connect")
int dw_connect4(__u64 *context)
{
	return connected(context);
}

SEC("fexit/__ip6_datagram_connect")
int dw_connect6(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];

	/* to an IPv4 address: the function above was called from this one */
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6 &&
	    BPF_CORE_READ(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8[10]) == 0xff &&
	    BPF_CORE_READ(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8[0]) == 0)
		return 0;
	return connected(context);
}

SEC("fexit/__udp_disconnect")
int dw_disconnect(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];

	if (!speaks_udp(sk) || !BPF_CORE_READ(sk, __sk_common.skc_num) || !named_its_port(sk))
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}
