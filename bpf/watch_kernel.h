/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The members of kernel structs that the watching and counting programs read. Where they lie is put in when a program
 * is loaded (CO-RE); a member that a kernel may lack is asked for by bpf_core_field_exists().
 */
#ifndef DW_WATCH_KERNEL_H
#define DW_WATCH_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

typedef _Bool bool;
#define true 1
#define false 0

#define AF_INET         2
#define AF_INET6        10
#define AF_PACKET       17
#define AF_VSOCK        40
#define SOCK_DGRAM      2
#define SOCK_RAW        3
#define IPPROTO_TCP     6
#define IPPROTO_UDP     17
#define IPPROTO_DCCP    33
#define IPPROTO_SCTP    132
#define IPPROTO_LITE    136
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT    2
#define TCP_SYN_RECV    3
#define TCP_CLOSE       7
#define TCP_LISTEN      10
#define PORT_LOCK       8 /* SOCK_BINDPORT_LOCK: the program named the port itself */
#define IFF_LOOPBACK    8
#define VSOCK_ANY       0xffffffffU

#define INLINE static inline __attribute__((always_inline))

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct net_device {
	unsigned int flags;
};

struct dst_entry {
	struct net_device *dev;
};

struct sk_filter;

struct sock {
	struct sock_common __sk_common;
	struct sk_filter *sk_filter;
	struct dst_entry *sk_dst_cache;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	__u16 sk_type;
	__u16 sk_protocol;
	/* bits or, in newer kernels, whole bytes: read as bit fields, they are either */
	unsigned int sk_kern_sock : 1;
	unsigned int sk_userlocks : 4;
};

struct inet_sock {
	__be16 inet_sport;
};

struct tcp_sock {
	__u64 bytes_received;
	bool is_mptcp;
};

struct packet_sock {
	int ifindex;
	__be16 num;
};

struct sockaddr_vm {
	__u16 svm_family;
	__u32 svm_port;
	__u32 svm_cid;
};

struct vsock_sock {
	struct sockaddr_vm local_addr;
};

struct sk_buff {
	struct sock *sk;
	unsigned int len;
	__u16 transport_header, network_header;
	unsigned int end;
	unsigned char *head, *data;
	int skb_iif;
};

struct skb_shared_info {
	unsigned short gso_segs;
};

struct socket {
	struct sock *sk;
};

struct file {
	void *private_data;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
	unsigned int next_fd;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* one for each namespace, the first one's first */
};

struct task_struct {
	int pid, tgid;
	struct pid *thread_pid;
	struct task_struct *group_leader;
	const struct cred *cred;
	struct css_set *cgroups;
	struct files_struct *files;
	__u64 start_boottime;
	char comm[16];
};

#pragma clang attribute pop

/* Of a socket of the families IPv4 and IPv6. */
INLINE void address_of(__u8 *ret, const struct sock *sk)
{
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6)
		bpf_core_read(ret, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	else
		bpf_core_read(ret, 4, &sk->__sk_common.skc_rcv_saddr);
}

INLINE bool named_its_port(const struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & PORT_LOCK;
}

INLINE bool speaks_udp(const struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	return BPF_CORE_READ(sk, sk_type) == SOCK_DGRAM &&
	       (protocol == IPPROTO_UDP || protocol == IPPROTO_LITE);
}

#endif
