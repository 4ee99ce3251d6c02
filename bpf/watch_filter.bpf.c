// SPDX-License-Identifier: GPL-2.0-only
/* A filter is put on a packet or raw socket: such a sniffer waits for something. Told as one more opening. */
#include "watch.h"

INLINE int filtered(__u64 *context)
{
	struct sock *sk = (struct sock *)context[1];
	__u64 failed = 0;

	if (bpf_get_func_ret(context, &failed) || (int)failed)
		return 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_PACKET &&
	    BPF_CORE_READ(sk, sk_type) != SOCK_RAW)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}

SEC("fexit/sk_attach_filter")
int dw_filter(__u64 *context)
{
	return filtered(context);
}

SEC("fexit/sk_attach_bpf")
int dw_filter_bpf(__u64 *context)
{
	return filtered(context);
}
