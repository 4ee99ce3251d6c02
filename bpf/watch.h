/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the watching programs share. Each hook is an object of its own, so that one that this kernel refuses costs us
 * that one alone; all of them write to one ring, which the loader makes and puts into dw_ring.
 */
#ifndef DW_BPF_WATCH_COMMON_H
#define DW_BPF_WATCH_COMMON_H

#include "watch_kernel.h"

#include "dw_bpf_watch.h"

/* Of the inner map, only the kind counts. */
struct dw_ring_like {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct dw_ring_like);
} dw_ring SEC(".maps");

/*
 * Events that found the ring full. Exact: one place for all processors, and nobody contends for it until one is lost.
 */
__u64 dw_lost = 0;

/* The pid namespace of who reads, by its inode; 0: the first one, which has all processes by the kernel's numbers. */
const volatile __u32 dw_pidns = 0;

#define LEVELS 32 /* MAX_PID_NS_LEVEL: namespaces in one another */

/* Its number there; 0: it has none. */
INLINE __u32 number_of(const struct task_struct *task)
{
	const struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	__u64 at = (__u64)pid + bpf_core_field_offset(struct pid, numbers);

	for (__u32 i = 0; i <= LEVELS; i++, at += bpf_core_type_size(struct upid)) {
		const struct upid *upid = (const struct upid *)at;

		if (i > level)
			return 0;
		if (BPF_CORE_READ(upid, ns, ns.inum) == dw_pidns)
			return (__u32)BPF_CORE_READ(upid, nr);
	}
	return 0;
}

INLINE void fill_task(struct dw_bpf_watch *ev)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	ev->tgid = (__u32)BPF_CORE_READ(task, tgid);
	ev->tid = (__u32)BPF_CORE_READ(task, pid);
	if (dw_pidns) {
		ev->tgid = number_of(leader);
		ev->tid = number_of(task);
		if (!ev->tgid)
			ev->flags |= DW_BPF_WATCH_F_OUTSIDE;
	}
	ev->uid = BPF_CORE_READ(task, cred, uid.val);
	ev->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	ev->started = BPF_CORE_READ(leader, start_boottime);
	/* the leader's: a thread may call itself what it likes, io_uring's workers do */
	BPF_CORE_READ_INTO(&ev->comm, leader, comm);
}

/*
 * Who opens a door made its socket a moment ago: below the lowest descriptor that is free, mostly. Looked for no
 * further, for user space can search the others, and looks at this one too.
 */
INLINE void fill_descriptor(struct dw_bpf_watch *ev, const struct sock *sk)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct files_struct *open = BPF_CORE_READ(task, files);
	__u32 max = BPF_CORE_READ(open, fdt, max_fds), next = BPF_CORE_READ(open, next_fd);
	struct file **files = BPF_CORE_READ(open, fdt, fd);

#pragma unroll
	for (__u32 back = 1; back <= 4; back++) {
		struct file *file = NULL;
		struct socket *socket;

		if (ev->fd || next < back || next - back >= max)
			continue;
		bpf_probe_read_kernel(&file, sizeof(file), files + (next - back));
		socket = BPF_CORE_READ(file, private_data);
		if (BPF_CORE_READ(socket, sk) == sk)
			ev->fd = next - back + 1;
	}
}

INLINE void fill_inet(struct dw_bpf_watch *ev, const struct sock *sk)
{
	ev->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	/* a listener that shuts may have given its number back already */
	if (!ev->port)
		ev->port =
			__builtin_bswap16(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
	address_of(ev->address, sk);
	if (ev->protocol == IPPROTO_TCP && bpf_core_field_exists(struct tcp_sock, is_mptcp) &&
	    BPF_CORE_READ((const struct tcp_sock *)sk, is_mptcp))
		ev->flags |= DW_BPF_WATCH_F_MPTCP;
	/* SCTP does not keep who named the port */
	if (ev->type != SOCK_RAW && ev->protocol != IPPROTO_SCTP &&
	    ev->what == DW_BPF_WATCH_CLOSED && !named_its_port(sk))
		ev->flags |= DW_BPF_WATCH_F_AUTOBIND;
}

INLINE void fill_packet(struct dw_bpf_watch *ev, const struct sock *sk)
{
	if (!bpf_core_field_exists(struct packet_sock, num))
		return;
	ev->port = __builtin_bswap16(BPF_CORE_READ((const struct packet_sock *)sk, num));
	ev->ifindex = (__u32)BPF_CORE_READ((const struct packet_sock *)sk, ifindex);
}

/*
 * The module may be loaded after us, so that its types are not known: then by what has been so since Linux 5.5, an
 * address behind the socket and a pointer. Its family tells whether it still is.
 */
INLINE void fill_vsock(struct dw_bpf_watch *ev, const struct sock *sk)
{
	struct {
		__u16 family, reserved;
		__u32 port, cid;
	} at = { 0 };
	__u64 offset = bpf_core_type_size(struct sock) + sizeof(void *);

	if (bpf_core_field_exists(struct vsock_sock, local_addr))
		offset = bpf_core_field_offset(struct vsock_sock, local_addr);
	bpf_probe_read_kernel(&at, sizeof(at), (const char *)sk + offset);
	if (at.family != AF_VSOCK)
		return;
	ev->port = at.port;
	__builtin_memcpy(ev->address, &at.cid, sizeof(at.cid));
}

INLINE void fill_socket(struct dw_bpf_watch *ev, const struct sock *sk)
{
	ev->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	ev->type = BPF_CORE_READ(sk, sk_type);
	ev->protocol = BPF_CORE_READ(sk, sk_protocol);
	ev->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	ev->ifindex = (__u32)BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
	ev->cookie = (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	if (BPF_CORE_READ(sk, sk_filter))
		ev->flags |= DW_BPF_WATCH_F_FILTER;
	if (ev->family == AF_INET || ev->family == AF_INET6)
		fill_inet(ev, sk);
	else if (ev->family == AF_PACKET)
		fill_packet(ev, sk);
	else if (ev->family == AF_VSOCK)
		fill_vsock(ev, sk);
}

/*
 * One event, of which the caller says what only it knows. The cookie of a socket is made when somebody asks for the
 * first time: the caller does, where it has the helper for it.
 */
INLINE void tell(const struct sock *sk, __u16 what, __u16 hook, __u16 flags)
{
	__u32 zero = 0;
	void *ring = bpf_map_lookup_elem(&dw_ring, &zero);
	struct dw_bpf_watch *ev;

	if (!ring)
		return;
	ev = bpf_ringbuf_reserve(ring, sizeof(*ev), 0);
	if (!ev) {
		__sync_fetch_and_add(&dw_lost, 1);
		return;
	}
	__builtin_memset(ev, 0, sizeof(*ev));
	ev->time = bpf_ktime_get_ns();
	ev->what = what;
	ev->hook = hook;
	ev->flags = flags;
	fill_task(ev);
	fill_socket(ev, sk);
	if (what == DW_BPF_WATCH_OPENED)
		fill_descriptor(ev, sk);
	bpf_ringbuf_submit(ev, 0);
}

#endif
