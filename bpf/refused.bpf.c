// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections of this host that are refused: a TCP socket that goes from SYN-SENT to CLOSE by the tracepoint
 * sock:inet_sock_set_state (Linux 4.16). Counted by where it wanted to go; who did it is the last one seen. For a
 * connection within the host the answer comes while the caller is still in connect(2), so the current task is it.
 */
#include "dw_bpf_refused.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define AF_INET      2
#define AF_INET6     10
#define TCP_SYN_SENT 2
#define TCP_CLOSE    7

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};

#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DW_BPF_REFUSED_MAX);
	__type(key, struct dw_bpf_refused_key);
	__type(value, struct dw_bpf_refused);
} dw_seen SEC(".maps");

SEC("raw_tp/inet_sock_set_state")
int dw_refused(struct bpf_raw_tracepoint_args *context)
{
	struct sock *sk = (struct sock *)context->args[0];
	struct dw_bpf_refused_key key = { 0 };
	struct dw_bpf_refused fresh = { 0 }, *known;

	if ((int)context->args[1] != TCP_SYN_SENT || (int)context->args[2] != TCP_CLOSE)
		return 0;
	key.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	key.port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (key.family == AF_INET) {
		__be32 address = BPF_CORE_READ(sk, __sk_common.skc_daddr);

		__builtin_memcpy(key.address, &address, sizeof(address));
	}
	if (key.family == AF_INET6)
		BPF_CORE_READ_INTO(&key.address, sk, __sk_common.skc_v6_daddr);
	known = bpf_map_lookup_elem(&dw_seen, &key);
	if (known)
		fresh.times = known->times;
	fresh.times++;
	(void)bpf_get_current_comm(fresh.comm, sizeof(fresh.comm));
	(void)bpf_map_update_elem(&dw_seen, &key, &fresh, 0 /* BPF_ANY */);
	return 0;
}
