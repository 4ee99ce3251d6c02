/* SPDX-License-Identifier: GPL-2.0-only */
/* What both halves of the scanning program share: its maps, cookies and checksums. */
#ifndef DW_SCAN_COMMON_H
#define DW_SCAN_COMMON_H

#include <linux/types.h>
#include <stdbool.h>

typedef __u64 uint64_t;
typedef __u32 uint32_t;
typedef __u16 uint16_t;

#include "dw_bpf_scan.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "dw_cookie.h"

#define INLINE static inline __attribute__((always_inline))
/* The verifier looks at such a function once by itself, not on each path that leads to it: loading takes a tenth of
   the time. */
#define GLOBAL __attribute__((noinline))

#define PROTO_TCP 6
#define FLAG_RST  0x04
#define FLAG_SYN  0x02
#define FLAG_ACK  0x10

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dw_bpf_scan);
} dw_state SEC(".maps");

/* The sizes of the next three are set when the program is loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dw_bpf_scan_host);
} dw_hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dw_bpf_scan_place);
} dw_places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dw_bits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, DW_BPF_SCAN_RING);
} dw_ring SEC(".maps");

INLINE struct dw_bpf_scan *state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&dw_state, &zero);
}

INLINE __u32 cookie_of(const struct dw_bpf_scan *s, const __u32 *address, __be16 ours, __be16 port)
{
	struct dw_cookie_key key = { .a = s->key_a, .b = s->key_b };

	return dw_cookie(&key, address[0], address[1], address[2], address[3], ours, port);
}

INLINE __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

#endif
