// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoint sock:inet_sock_set_state: what listens (TCP, SCTP, DCCP), and when it stops, by whatever way it was
 * asked for: io_uring and the kernel's own sockets as well, modules that are not loaded yet too. For an MPTCP door it
 * comes three times; the TCP socket below is the one that the kernel's tables show.
 */
#include "watch.h"

const volatile bool tcp_opens = true; /* not when a better hook tells them */

SEC("tp_btf/inet_sock_set_state")
int dw_state(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	int from = (int)context[1], to = (int)context[2];
	__u16 protocol;

	if ((from == TCP_LISTEN) == (to == TCP_LISTEN))
		return 0;
	protocol = BPF_CORE_READ(sk, sk_protocol);
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_SCTP && protocol != IPPROTO_DCCP)
		return 0;
	if (to == TCP_LISTEN && protocol == IPPROTO_TCP && !tcp_opens)
		return 0;
	/* a connection is made as a copy of its listener; SCTP, which makes none, closes by another state */
	if (from == TCP_LISTEN && to != TCP_CLOSE && protocol != IPPROTO_SCTP)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	if (to == TCP_LISTEN)
		tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_TRACEPOINT,
		     BPF_CORE_READ(sk, __sk_common.skc_num) ? 0 : DW_BPF_WATCH_F_AUTOBIND);
	else
		tell(sk, DW_BPF_WATCH_CLOSED, DW_BPF_WATCH_HOOK_TRACEPOINT, 0);
	return 0;
}
