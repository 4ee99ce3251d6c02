// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP that is bound and raw sockets that are made, at the root of the cgroups, where nothing better is allowed. The
 * context of these hooks is the socket itself, which is read as memory. Not seen: a port that is taken because
 * something is sent (a client's, mostly), sockets of the kernel itself, one that is connected after it was bound.
 */
#include "watch.h"

const volatile bool udp = true, raw = true; /* not what a better hook tells */

/* Threads that asked for any port, between the two hooks of one bind(2). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} dw_any SEC(".maps");

INLINE __u32 thread(void)
{
	return (__u32)BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), pid);
}

INLINE int asked(struct bpf_sock_addr *context)
{
	__u32 tid;
	__u8 one = 1;

	if (context->type != SOCK_DGRAM)
		return 1;
	tid = thread();
	if (context->user_port)
		bpf_map_delete_elem(&dw_any, &tid);
	else
		bpf_map_update_elem(&dw_any, &tid, &one, 0 /* BPF_ANY */);
	return 1;
}

INLINE int bound(struct bpf_sock *context)
{
	const struct sock *sk = (const void *)context;
	__u16 flags = 0;
	__u32 tid;

	if (!udp || context->type != SOCK_DGRAM || !speaks_udp(sk))
		return 1;
	tid = thread();
	if (bpf_map_lookup_elem(&dw_any, &tid)) {
		flags = DW_BPF_WATCH_F_AUTOBIND;
		bpf_map_delete_elem(&dw_any, &tid);
	}
	(void)bpf_get_socket_cookie(context);
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_CGROUP, flags);
	return 1;
}

SEC("cgroup/bind4")
int dw_bind4(struct bpf_sock_addr *context)
{
	return asked(context);
}

SEC("cgroup/bind6")
int dw_bind6(struct bpf_sock_addr *context)
{
	return asked(context);
}

SEC("cgroup/post_bind4")
int dw_bound4(struct bpf_sock *context)
{
	return bound(context);
}

SEC("cgroup/post_bind6")
int dw_bound6(struct bpf_sock *context)
{
	return bound(context);
}

SEC("cgroup/sock_create")
int dw_made(struct bpf_sock *context)
{
	if (!raw || context->type != SOCK_RAW)
		return 1;
	(void)bpf_get_socket_cookie(context);
	tell((const void *)context, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_CGROUP, 0);
	return 1;
}

SEC("cgroup/sock_release")
int dw_released(struct bpf_sock *context)
{
	const struct sock *sk = (const void *)context;

	if (context->type == SOCK_RAW) {
		if (!raw)
			return 1;
	} else {
		if (!udp || context->type != SOCK_DGRAM || !speaks_udp(sk) ||
		    !BPF_CORE_READ(sk, __sk_common.skc_num))
			return 1;
		/* a client's, which was never told */
		if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_ESTABLISHED &&
		    !named_its_port(sk))
			return 1;
	}
	(void)bpf_get_socket_cookie(context);
	tell(sk, DW_BPF_WATCH_CLOSED, DW_BPF_WATCH_HOOK_CGROUP, 0);
	return 1;
}
