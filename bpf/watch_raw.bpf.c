// SPDX-License-Identifier: GPL-2.0-only
/*
 * Raw sockets, IPv4 and IPv6: they receive from the moment they are made. The kernel makes some for each network
 * namespace that only send, and takes them out of its tables at once: not told.
 */
#include "watch.h"

SEC("fexit/raw_hash_sk")
int dw_raw(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];

	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}

SEC("fentry/raw_unhash_sk")
int dw_raw_close(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];

	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_CLOSED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}
