// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoint sock:inet_sock_set_state, for who watches and for who counts: it comes ten times for a connection
 * within this host, and each program on it costs each time. What listens (TCP, SCTP, DCCP), and when it stops, by
 * whatever way it was asked for: io_uring and the kernel's own sockets as well, modules that are not loaded yet too.
 * For an MPTCP door it comes three times; the TCP socket below is the one that the kernel's tables show. And what
 * connects. Who does not want the one or the other has put nothing into dw_ring or dw_doors.
 */
#include "usage_tcp.h"
#include "watch.h"

bool tcp_opens = true; /* not when a better hook tells them; may be set at any time */

INLINE bool may_listen(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP || sk->sk_protocol == IPPROTO_SCTP ||
	       sk->sk_protocol == IPPROTO_DCCP;
}

INLINE void listens(struct sock *sk)
{
	if (!may_listen(sk) || (sk->sk_protocol == IPPROTO_TCP && !tcp_opens))
		return;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_TRACEPOINT,
	     sk->__sk_common.skc_num ? 0 : DW_BPF_WATCH_F_AUTOBIND);
}

INLINE void listens_no_more(struct sock *sk, int to)
{
	/* a connection is made as a copy of its listener; SCTP, which makes none, closes by another state */
	if (!may_listen(sk) || (to != TCP_CLOSE && sk->sk_protocol != IPPROTO_SCTP))
		return;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_CLOSED, DW_BPF_WATCH_HOOK_TRACEPOINT, 0);
}

/* Most changes are neither's: they end after two comparisons, and nothing of the socket is read for them. */
SEC("tp_btf/inet_sock_set_state")
int dw_state(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	int from = (int)context[1], to = (int)context[2];

	if (to == TCP_SYN_RECV) /* a connection that is about to be, of its listener */
		return 0;
	if (to == TCP_ESTABLISHED && from == TCP_SYN_RECV) {
		if (sk->sk_protocol == IPPROTO_TCP)
			accepted(sk);
		return 0;
	}
	if (from == TCP_LISTEN) {
		if (to != TCP_LISTEN)
			listens_no_more(sk, to);
		return 0;
	}
	if (to == TCP_LISTEN)
		listens(sk);
	else if (to == TCP_CLOSE && from != TCP_SYN_SENT && sk->sk_protocol == IPPROTO_TCP)
		ended(sk);
	return 0;
}
