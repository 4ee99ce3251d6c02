// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsock that listens. Its code is mostly a module, which may come after us; so it is seen where the kernel asks its
 * security modules, a moment before it happens. A listen that fails after that is told all the same.
 */
#include "watch.h"

SEC("fentry/security_socket_listen")
int dw_vsock(__u64 *context)
{
	struct socket *socket = (struct socket *)context[0];
	struct sock *sk = socket->sk;

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_VSOCK)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}

/* Datagrams come to one that is bound; its port is not known before. */
SEC("fentry/security_socket_bind")
int dw_vsock_bind(__u64 *context)
{
	struct socket *socket = (struct socket *)context[0];
	struct sock *sk = socket->sk;

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_VSOCK ||
	    BPF_CORE_READ(sk, sk_type) != SOCK_DGRAM)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}
