/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the program share: reading the kernel, writing records, and making one of a struct sock. */
#ifndef DW_COMMON_H
#define DW_COMMON_H

#include <linux/bpf.h>

#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include "dw_bpf_fields.h"
#include "dw_bpf_records.h"

#define AF_INET         2
#define AF_INET6        10
#define AF_PACKET       17
#define AF_BLUETOOTH    31
#define AF_VSOCK        40
#define AF_SMC          43
#define SOCK_STREAM     1
#define SOCK_DGRAM      2
#define SOCK_RAW        3
#define IPPROTO_UDP     17
#define IPPROTO_L2TP    115
#define IPPROTO_LITE    136
#define IPPROTO_MPTCP   262
#define TCP_ESTABLISHED 1
#define TCP_LISTEN      10
#define BT_LISTEN       4
#define BTPROTO_L2CAP   0
#define BTPROTO_RFCOMM  3
#define BPF_RECORDS_ROOM                                                                           \
	1024 /* of the buffer, kept for the records that close a task or a piece of work */

#define NOINLINE static __attribute__((noinline))
/*
 * A function that the verifier looks at once by itself, not once for each path that leads to it: half of the
 * time that loading takes. Its arguments are numbers (addresses for probe_read) and plain memory. Each function
 * costs the loading as much as a hundred instructions that the verifier looks at.
 */
#define GLOBAL __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

/*
 * Addresses are plain numbers. What one points to may be gone: then the read fails, and the value is 0. P() is a
 * pointer, U64() ... U8() are numbers of that size.
 */
const volatile __u32 at[DW_K_COUNT] = { 0 };

/*
 * Most of the time of a walk was the helper that reads, which costs some sixty instructions a read, so that the
 * processor did not get as far as the next file while it waited for the memory of this one. From 6.2 on a number
 * can be taken for a pointer to a struct (here one that begins with 64 plain bits): a read is one load then, and
 * gives 0 as well where nothing is. Where the kernel has no such function doors.bpf.c is loaded as it is compiled
 * without DW_DIRECT.
 */
#ifdef DW_DIRECT
extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym;

#define READER(bits)                                                                               \
	INLINE __u##bits read_##bits(__u64 address)                                                \
	{                                                                                          \
		return *(const volatile __u##bits *)bpf_rdonly_cast((void *)address,               \
								    at[DW_K_WORDS]);               \
	}
#else
#define READER(bits)                                                                               \
	INLINE __u##bits read_##bits(__u64 address)                                                \
	{                                                                                          \
		__u##bits v; /* 0 when the read fails: the helper clears it */                     \
                                                                                                   \
		bpf_probe_read_kernel(&v, sizeof(v), (void *)address);                             \
		return v;                                                                          \
	}
#endif

READER(64)
READER(32)
READER(16)
READER(8)

/* A pointer that the verifier knows, as the plain number that functions of their own take. */
INLINE __u64 address_of(const void *p)
{
	__u64 v;

	bpf_probe_read_kernel(&v, sizeof(v), &p);
	return v;
}

#define AT(field)        at[DW_K_##field]
#define HAS(field)       (AT(field) != DW_BPF_ABSENT)
#define P(base, field)   read_64((base) + AT(field))
#define U64(base, field) read_64((base) + AT(field))
#define U32(base, field) read_32((base) + AT(field))
#define U16(base, field) read_16((base) + AT(field))
#define U8(base, field)  read_8((base) + AT(field))

INLINE bool bit_at(__u64 base, __u32 bit)
{
	return bit != DW_BPF_ABSENT && read_8(base + bit / 8) >> (bit & 7) & 1;
}

/* True when n more bytes and the closing records fit into what the reader gets at once. */
INLINE bool room_for(__u64 seq, unsigned long n)
{
	return U64(seq, SEQ_COUNT) + n + BPF_RECORDS_ROOM <= U64(seq, SEQ_SIZE);
}

INLINE bool door_of_inet(__u64 sk, __u16 type, __u8 state)
{
	__u16 protocol;

	if (type == SOCK_RAW)
		return true;
	if (type != SOCK_DGRAM)
		return state == TCP_LISTEN;
	protocol = U16(sk, SK_PROTOCOL);
	if (protocol == IPPROTO_L2TP)
		return true;
	if (protocol != IPPROTO_UDP && protocol != IPPROTO_LITE)
		return false;
	if (U16(sk, SK_NUM) == 0)
		return false;
	/* A connected one is a door only when the kernel itself takes what comes (L2TP). */
	return state != TCP_ESTABLISHED || P(sk, UDP_ENCAP) != 0;
}

INLINE bool door_of_vsock(__u64 sk, __u16 type, __u8 state)
{
	if (type != SOCK_DGRAM)
		return state == TCP_LISTEN;
	return HAS(VSOCK_PORT) && U32(sk, VSOCK_PORT) != (__u32)-1;
}

/* Can the network reach the host through this socket? */
INLINE bool is_door(__u64 sk)
{
	__u16 family = U16(sk, SK_FAMILY), type;
	__u8 state;

	if (family != AF_INET && family != AF_INET6 && family != AF_PACKET && family != AF_VSOCK &&
	    family != AF_BLUETOOTH)
		return false;
	if (family == AF_PACKET)
		return true;
	type = U16(sk, SK_TYPE);
	state = U8(sk, SK_STATE);
	if (family == AF_VSOCK)
		return door_of_vsock(sk, type, state);
	if (family == AF_BLUETOOTH)
		return state == BT_LISTEN;
	return door_of_inet(sk, type, state);
}

/* An SMC socket listens through a TCP socket of its own, which is the door. */
INLINE __u64 door_behind(__u64 sk)
{
	if (!HAS(SMC_CLC) || U16(sk, SK_FAMILY) != AF_SMC || U8(sk, SK_STATE) != TCP_LISTEN)
		return sk;
	return P(P(sk, SMC_CLC), SOCKET_SK);
}

INLINE void fill_inet(struct dw_bpf_socket *r, __u64 sk)
{
	r->port = U16(sk, SK_NUM);
	if (r->family == AF_INET6 && HAS(SK_V6_RCV_SADDR))
		bpf_probe_read_kernel(r->address, 16, (void *)(sk + AT(SK_V6_RCV_SADDR)));
	else
		bpf_probe_read_kernel(r->address, 4, (void *)(sk + AT(SK_RCV_SADDR)));
	if (bit_at(sk, AT(SK_V6ONLY)))
		r->flags |= DW_BPF_F_V6ONLY;
	if (bit_at(sk, AT(SK_REUSEPORT)))
		r->flags |= DW_BPF_F_REUSEPORT;
	if (r->protocol == IPPROTO_MPTCP)
		r->flags |= DW_BPF_F_MPTCP;
	if ((r->protocol == IPPROTO_UDP || r->protocol == IPPROTO_LITE) && r->type == SOCK_DGRAM &&
	    P(sk, UDP_ENCAP))
		r->flags |= DW_BPF_F_ENCAP;
	if (r->type == SOCK_STREAM && r->protocol == 6 && HAS(TCP_MPTCP) && HAS(SUBFLOW_CONN) &&
	    U8(sk, TCP_MPTCP)) {
		r->flags |= DW_BPF_F_MPTCP;
		r->msk = P(P(sk, CONNECTION_ULP), SUBFLOW_CONN);
	}
}

INLINE void fill_packet(struct dw_bpf_socket *r, __u64 sk)
{
	if (!HAS(PACKET_IFINDEX) || !HAS(PACKET_NUM))
		return;
	r->ifindex = U32(sk, PACKET_IFINDEX);
	r->port = __builtin_bswap16(U16(sk, PACKET_NUM));
}

INLINE void fill_vsock(struct dw_bpf_socket *r, __u64 sk)
{
	if (!HAS(VSOCK_CID) || !HAS(VSOCK_PORT))
		return;
	bpf_probe_read_kernel(r->address, 4, (void *)(sk + AT(VSOCK_CID)));
	r->port = U32(sk, VSOCK_PORT);
}

INLINE void fill_bluetooth(struct dw_bpf_socket *r, __u64 sk)
{
	if (r->protocol == BTPROTO_L2CAP && HAS(L2CAP_CHAN) && HAS(L2CAP_PSM))
		r->port = U16(P(sk, L2CAP_CHAN), L2CAP_PSM);
	else if (r->protocol == BTPROTO_RFCOMM && HAS(RFCOMM_CHANNEL))
		r->port = U8(sk, RFCOMM_CHANNEL);
}

/* Tells what there is to tell of a socket that is a door; 0: it is none. */
GLOBAL int dw_look_door(struct dw_bpf_socket *r, __u64 sk)
{
	__u64 owner;

	if (!r || !is_door(sk))
		return 0;
	owner = P(sk, SK_SOCKET);
	r->head.type = DW_BPF_SOCKET;
	r->head.size = sizeof(*r);
	r->sk = sk;
	r->family = U16(sk, SK_FAMILY);
	r->type = U16(sk, SK_TYPE);
	r->protocol = U16(sk, SK_PROTOCOL);
	r->state = U8(sk, SK_STATE);
	if (HAS(SK_NET))
		r->netns = U32(P(sk, SK_NET), NET_INUM);
	r->uid = U32(sk, SK_UID);
	r->cookie = U64(sk, SK_COOKIE);
	r->ifindex = U32(sk, SK_BOUND_IF);
	if (HAS(SK_CGROUP) && HAS(CGROUP_NODE) && HAS(NODE_ID) && P(sk, SK_CGROUP))
		r->cgroup = U64(P(P(sk, SK_CGROUP), CGROUP_NODE), NODE_ID);
	if (P(sk, SK_FILTER))
		r->flags |= DW_BPF_F_FILTER;
	if (owner)
		r->inode = U64(owner, SOCKET_INO);
	if (!owner || !P(owner, SOCKET_FILE))
		r->flags |= DW_BPF_F_NO_FILE;
	if (r->family == AF_INET || r->family == AF_INET6)
		fill_inet(r, sk);
	else if (r->family == AF_PACKET)
		fill_packet(r, sk);
	else if (r->family == AF_VSOCK)
		fill_vsock(r, sk);
	else
		fill_bluetooth(r, sk);
	return 1;
}

#endif
