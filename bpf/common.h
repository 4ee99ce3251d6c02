/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs share: writing records, and making one of a struct sock. */
#ifndef DW_COMMON_H
#define DW_COMMON_H

#include <linux/bpf.h>

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

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
 * time that loading takes. Its arguments are numbers (addresses for probe_read) and plain memory.
 */
#define GLOBAL     __attribute__((noinline))
#define INLINE     static inline __attribute__((always_inline))
#define SAME(a, b) ((unsigned long)(a) == (unsigned long)(b))

/*
 * One field through probe_read: what p points to may be gone, and then the read fails and the field is 0. p
 * must be a plain variable: a member of a struct of ours in it would be fitted to the kernel, too, and fail.
 */
#define GET(p, ...) BPF_CORE_READ(p, __VA_ARGS__)

/* True when n more bytes and the closing records fit into what the reader gets at once. */
INLINE bool room_for(struct seq_file *seq, unsigned long n)
{
	/* not seq->count: every member read directly costs the verifier a walk over all types, too */
	return GET(seq, count) + n + BPF_RECORDS_ROOM <= GET(seq, size);
}

INLINE bool door_of_inet(struct sock *sk, __u16 type, __u8 state)
{
	__u16 protocol;

	if (type == SOCK_RAW)
		return true;
	if (type != SOCK_DGRAM)
		return state == TCP_LISTEN;
	protocol = GET(sk, sk_protocol);
	if (protocol == IPPROTO_L2TP)
		return true;
	if (protocol != IPPROTO_UDP && protocol != IPPROTO_LITE)
		return false;
	if (GET(sk, __sk_common.skc_num) == 0)
		return false;
	/* A connected one is a door only when the kernel itself takes what comes (L2TP). */
	return state != TCP_ESTABLISHED || GET((struct udp_sock *)sk, encap_rcv) != 0;
}

INLINE bool door_of_vsock(struct sock *sk, __u16 type, __u8 state)
{
	if (!bpf_core_type_exists(struct vsock_sock))
		return false;
	if (type != SOCK_DGRAM)
		return state == TCP_LISTEN;
	return GET((struct vsock_sock *)sk, local_addr.svm_port) != (__u32)-1;
}

/* Can the network reach the host through this socket? */
GLOBAL int dw_is_door(__u64 address)
{
	struct sock *sk = (struct sock *)address;
	__u16 family = GET(sk, __sk_common.skc_family), type;
	__u8 state;

	if (family != AF_INET && family != AF_INET6 && family != AF_PACKET && family != AF_VSOCK &&
	    family != AF_BLUETOOTH)
		return false;
	if (family == AF_PACKET)
		return true;
	type = GET(sk, sk_type);
	state = GET(sk, __sk_common.skc_state);
	if (family == AF_VSOCK)
		return door_of_vsock(sk, type, state);
	if (family == AF_BLUETOOTH)
		return state == BT_LISTEN;
	return door_of_inet(sk, type, state);
}

/* An SMC socket listens through a TCP socket of its own, which is the door. */
GLOBAL __u64 dw_door_behind(__u64 address)
{
	struct sock *sk = (struct sock *)address;

	if (!bpf_core_type_exists(struct smc_sock))
		return address;
	if (GET(sk, __sk_common.skc_family) != AF_SMC ||
	    GET(sk, __sk_common.skc_state) != TCP_LISTEN)
		return address;
	return (__u64)GET((struct smc_sock *)sk, clcsock, sk);
}

INLINE void fill_inet(struct dw_bpf_socket *r, struct sock *sk)
{
	r->port = GET(sk, __sk_common.skc_num);
	if (r->family == AF_INET6)
		bpf_core_read(r->address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	else
		bpf_core_read(r->address, 4, &sk->__sk_common.skc_rcv_saddr);
	if (BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only))
		r->flags |= DW_BPF_F_V6ONLY;
	if (BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_reuseport))
		r->flags |= DW_BPF_F_REUSEPORT;
	if (r->protocol == IPPROTO_MPTCP)
		r->flags |= DW_BPF_F_MPTCP;
	if ((r->protocol == IPPROTO_UDP || r->protocol == IPPROTO_LITE) && r->type == SOCK_DGRAM &&
	    GET((struct udp_sock *)sk, encap_rcv))
		r->flags |= DW_BPF_F_ENCAP;
	if (r->type == SOCK_STREAM && r->protocol == 6 &&
	    bpf_core_field_exists(struct tcp_sock, is_mptcp) &&
	    bpf_core_type_exists(struct mptcp_subflow_context) &&
	    GET((struct tcp_sock *)sk, is_mptcp)) {
		struct mptcp_subflow_context *c =
			GET((struct inet_connection_sock *)sk, icsk_ulp_data);

		r->flags |= DW_BPF_F_MPTCP;
		r->msk = (__u64)GET(c, conn);
	}
}

INLINE void fill_packet(struct dw_bpf_socket *r, struct sock *sk)
{
	if (!bpf_core_type_exists(struct packet_sock))
		return;
	r->ifindex = GET((struct packet_sock *)sk, ifindex);
	r->port = __builtin_bswap16(GET((struct packet_sock *)sk, num));
}

INLINE void fill_vsock(struct dw_bpf_socket *r, struct sock *sk)
{
	if (!bpf_core_type_exists(struct vsock_sock))
		return;
	bpf_core_read(r->address, 4, &((struct vsock_sock *)sk)->local_addr.svm_cid);
	r->port = GET((struct vsock_sock *)sk, local_addr.svm_port);
}

INLINE void fill_bluetooth(struct dw_bpf_socket *r, struct sock *sk)
{
	if (r->protocol == BTPROTO_L2CAP && bpf_core_type_exists(struct l2cap_pinfo))
		r->port = GET((struct l2cap_pinfo *)sk, chan, psm);
	else if (r->protocol == BTPROTO_RFCOMM && bpf_core_type_exists(struct rfcomm_pinfo))
		r->port = GET((struct rfcomm_pinfo *)sk, channel);
}

GLOBAL int dw_fill_socket(struct dw_bpf_socket *r, __u64 address)
{
	struct sock *sk = (struct sock *)address;
	struct socket *owner;

	if (!r)
		return 0;
	owner = GET(sk, sk_socket);
	r->head.type = DW_BPF_SOCKET;
	r->head.size = sizeof(*r);
	r->sk = (__u64)sk;
	r->family = GET(sk, __sk_common.skc_family);
	r->type = GET(sk, sk_type);
	r->protocol = GET(sk, sk_protocol);
	r->state = GET(sk, __sk_common.skc_state);
	r->netns = GET(sk, __sk_common.skc_net.net, ns.inum);
	r->uid = GET(sk, sk_uid.val);
	r->cookie = GET(sk, __sk_common.skc_cookie.counter);
	r->ifindex = GET(sk, __sk_common.skc_bound_dev_if);
	if (GET(sk, sk_filter))
		r->flags |= DW_BPF_F_FILTER;
	if (owner)
		r->inode = GET((struct socket_alloc *)owner, vfs_inode.i_ino);
	if (!owner || !GET(owner, file))
		r->flags |= DW_BPF_F_NO_FILE;
	if (r->family == AF_INET || r->family == AF_INET6)
		fill_inet(r, sk);
	else if (r->family == AF_PACKET)
		fill_packet(r, sk);
	else if (r->family == AF_VSOCK)
		fill_vsock(r, sk);
	else
		fill_bluetooth(r, sk);
	return 0;
}

#endif
