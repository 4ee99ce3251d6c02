// SPDX-License-Identifier: GPL-2.0-only
/* TCP that listens, MPTCP's TCP sockets among it: after it was put into the tables, so that who looks finds it. */
#include "watch.h"

SEC("fexit/inet_csk_listen_start")
int dw_tcp(__u64 *context)
{
	struct sock *sk = (struct sock *)context[0];
	__u64 failed = 0;

	/* its number of arguments differs from kernel to kernel, so where its result lies, too */
	if (bpf_get_func_ret(context, &failed) || (int)failed)
		return 0;
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	(void)bpf_get_socket_cookie(sk);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_FEXIT,
	     named_its_port(sk) ? 0 : DW_BPF_WATCH_F_AUTOBIND);
	return 0;
}
