// SPDX-License-Identifier: GPL-2.0-only
/* The last descriptor of a packet or vsock socket is gone (closed, or its process ended). */
#include "watch.h"

SEC("fentry/sock_close")
int dw_release(__u64 *context)
{
	/* an argument's members are read without the call of a helper; each socket that is closed comes by */
	struct socket *socket = ((struct file *)context[1])->private_data;
	struct sock *sk = BPF_CORE_READ(socket, sk);
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (family != AF_PACKET && family != AF_VSOCK)
		return 0;
	if (family == AF_VSOCK && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN &&
	    BPF_CORE_READ(sk, sk_type) != SOCK_DGRAM)
		return 0;
	tell(sk, DW_BPF_WATCH_CLOSED, DW_BPF_WATCH_HOOK_FEXIT, 0);
	return 0;
}
