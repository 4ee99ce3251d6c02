// SPDX-License-Identifier: GPL-2.0-only
/* Datagrams and refused connections where the kernel handles them, so that nothing else pays for it. */
#include "usage.h"

/* Before it is put into the socket: after that, it may be read and freed already. */
SEC("fentry/__udp_enqueue_schedule_skb")
int dw_datagram(__u64 *context)
{
	count_datagram((const struct sock *)context[0], (const struct sk_buff *)context[1]);
	return 0;
}

SEC("fentry/tcp_conn_request")
int dw_request(__u64 *context)
{
	const struct sock *sk = (const struct sock *)context[2];

	/* what an argument holds is read without the call of a helper: of each connection, few of which are refused */
	if (sk->sk_protocol == IPPROTO_TCP && sk->sk_ack_backlog > sk->sk_max_ack_backlog)
		count_refused(sk, (const struct sk_buff *)context[3]);
	return 0;
}
