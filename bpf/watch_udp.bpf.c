// SPDX-License-Identifier: GPL-2.0-only
/* UDP and UDP-Lite: a port is taken, by bind or because something is sent; and given back. The kernel's own too. */
#include "watch.h"

SEC("fexit/udp_lib_get_port")
int dw_udp(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	__u16 asked = (__u16)context[1];
	__u64 failed = 0;

	if (bpf_get_func_ret(context, &failed) || (int)failed)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT, asked ? 0 : DW_BPF_WATCH_F_AUTOBIND);
	return 0;
}

SEC("fentry/udp_lib_unhash")
int dw_udp_close(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];

	/* one that is connected was told when it was (watch_connect), or never was a door */
	if (!BPF_CORE_READ(sk, __sk_common.skc_num) ||
	    BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_ESTABLISHED)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_CLOSED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}
