// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter/bpf_map_elem over a map of struct dw_bpf_work: each member is one piece of work. What does not fit into
 * the reader's buffer is handed back as a DW_BPF_MORE, which the reader puts into the next map. No state is
 * kept here, so several readers may share the program when it is pinned.
 *
 * Lists are followed without their locks: a socket that moves to another list leads the walk astray, so the
 * number of steps is bounded, and what is no socket of the table is found out by its namespace pointer.
 */
#include "descriptors.h"

char LICENSE[] SEC("license") = "GPL";

#define STEPS_MAX   (1U << 20) /* of one list */
#define PF_KTHREAD  0x00200000U
#define SYMBOL_SIZE 64

struct walk {
	struct seq_file *seq;
	__u64 at;     /* address of what comes next */
	__u64 end;    /* where the list of namespaces began */
	__u64 table;  /* address of the first bucket */
	__u32 stride; /* bytes from one bucket to the next */
	__u32 node;   /* offset of the list node within the socket */
	__u32 kind;
	__u32 bucket, from;
	__u32 skip, n;
	__u32 full, stopped;
};

INLINE bool is_end(__u64 node)
{
	return !node || (node & 1);
}

static const char format_symbol[] = "%ps";

NOINLINE int write_symbol(struct seq_file *seq, __u64 address)
{
	struct sock *sk = (struct sock *)address;
	struct dw_bpf_head head = { .type = DW_BPF_SYMBOL, .size = sizeof(struct dw_bpf_symbol) };
	char name[SYMBOL_SIZE] = { 0 };
	struct list_head *first;
	struct task_struct *task;
	__u64 argument;

	if (!seq)
		return 0;
	bpf_seq_write(seq, &head, sizeof(head));
	bpf_seq_write(seq, &address, sizeof(address));
	argument = (__u64)GET(sk, sk_data_ready);
	bpf_snprintf(name, sizeof(name), format_symbol, &argument, sizeof(argument));
	bpf_seq_write(seq, name, sizeof(name));
	__builtin_memset(name, 0, sizeof(name));
	if (GET(sk, sk_type) == SOCK_DGRAM && GET(sk, __sk_common.skc_family) != AF_PACKET) {
		argument = (__u64)GET((struct udp_sock *)sk, encap_rcv);
		if (argument)
			bpf_snprintf(name, sizeof(name), format_symbol, &argument, sizeof(argument));
	}
	bpf_seq_write(seq, name, sizeof(name));
	__builtin_memset(name, 0, sizeof(name));
	/* ksmbd, iSCSI: a kernel thread sleeps in accept(), and its name tells whose the socket is */
	first = GET(sk, sk_wq, wait.head.next);
	task = GET((struct wait_queue_entry *)((char *)first -
					       bpf_core_field_offset(struct wait_queue_entry, entry)),
		   private);
	if (GET(task, flags) & PF_KTHREAD)
		bpf_core_read(name, 16, &task->comm);
	bpf_seq_write(seq, name, 16);
	return 0;
}

/* Returns false when the buffer is full. */
NOINLINE int tell_listed(struct walk *w, __u64 address)
{
	struct sock *sk = (struct sock *)address;
	struct dw_bpf_socket r = { 0 };

	if (!dw_is_door(address))
		return true;
	if (!room_for(w->seq, sizeof(r) + FILTER_BYTES + sizeof(struct dw_bpf_symbol)))
		return false;
	dw_fill_socket(&r, address);
	if (!r.netns)
		return true; /* no socket any more */
	r.flags |= DW_BPF_F_TABLE;
	bpf_seq_write(w->seq, &r, sizeof(r));
	if (wants_filter(&r))
		write_filter(w->seq, sk);
	if (r.flags & (DW_BPF_F_NO_FILE | DW_BPF_F_ENCAP))
		write_symbol(w->seq, address);
	return true;
}

static long one_node(__u32 i, struct walk *w)
{
	__u64 node = w->at, next = 0;

	if (is_end(node))
		return 1;
	if (bpf_probe_read_kernel(&next, sizeof(next), (void *)node))
		return 1;
	w->at = next;
	if (w->bucket == w->from && i < w->skip)
		return 0;
	if (tell_listed(w, node - w->node))
		return 0;
	w->stopped = i;
	w->full = 1;
	return 1;
}

static long one_bucket(__u32 i, struct walk *w)
{
	__u64 first = 0;

	w->bucket = w->from + i;
	bpf_probe_read_kernel(&first, sizeof(first), (void *)(w->table + (__u64)w->bucket * w->stride));
	if (is_end(first))
		return 0;
	w->at = first;
	bpf_loop(STEPS_MAX, one_node, w, 0);
	return w->full != 0;
}

static long one_namespace(__u32 i, struct walk *w)
{
	struct net *net = (struct net *)(w->at - bpf_core_field_offset(struct net, list));
	struct dw_bpf_netns r = { .head = { .type = DW_BPF_NETNS, .size = sizeof(r) } };
	struct list_head *node = (struct list_head *)w->at;

	w->at = (__u64)GET(node, next);
	if (!w->at)
		return 1;
	/* The head of the list is no namespace: there no socket of rtnetlink points back to it. */
	if (i >= w->skip && SAME(GET(net, rtnl, __sk_common.skc_net.net), net)) {
		struct inet_hashinfo *tcp = 0;
		struct udp_table *udp = 0;

		if (!room_for(w->seq, sizeof(r))) {
			w->full = 1;
			w->stopped = i;
			return 1;
		}
		r.net = (__u64)net;
		r.inode = GET(net, ns.inum);
		if (bpf_core_field_exists(struct inet_timewait_death_row, hashinfo) &&
		    bpf_core_field_size(struct netns_ipv4, tcp_death_row) > sizeof(void *))
			tcp = GET(net, ipv4.tcp_death_row.hashinfo);
		if (bpf_core_field_exists(struct netns_ipv4, udp_table))
			udp = GET(net, ipv4.udp_table);
		r.tcp = (__u64)tcp;
		r.udp = (__u64)udp;
		if (tcp)
			r.tcp_buckets = GET(tcp, lhash2_mask) + 1;
		if (udp)
			r.udp_buckets = GET(udp, mask) + 1;
		if (bpf_core_field_exists(struct net, packet))
			r.packets = GET(net, packet.sklist.first) != 0;
		bpf_seq_write(w->seq, &r, sizeof(r));
	}
	return w->at == w->end;
}

INLINE void walk_namespaces(struct walk *w)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct net *net = GET(reader, nsproxy, net_ns);

	w->at = w->end = (__u64)net + bpf_core_field_offset(struct net, list);
	bpf_loop(STEPS_MAX, one_namespace, w, 0);
}

/* Where the tables of a protocol are: a socket of it, which the reader made, knows. */
INLINE void tell_anchor(struct seq_file *seq, __u32 fd)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = GET(reader, files, fdt);
	struct dw_bpf_table r = { .head = { .type = DW_BPF_TABLE, .size = sizeof(r) } };
	struct file *file = file_at((__u64)GET(table, fd), fd);
	struct socket *owner = GET(file, private_data);
	struct sock *sk = GET(owner, sk);
	struct proto *proto = GET(sk, __sk_common.skc_prot);

	r.family = GET(sk, __sk_common.skc_family);
	r.protocol = GET(sk, sk_protocol);
	r.table = (__u64)GET(proto, h.raw_hash);
	if (!r.table)
		return;
	if (GET(sk, sk_type) == SOCK_RAW) {
		r.kind = DW_BPF_W_RAW;
		r.buckets = 256;
	} else if (r.protocol == IPPROTO_UDP || r.protocol == IPPROTO_LITE) {
		r.kind = DW_BPF_W_UDP;
		r.buckets = GET((struct udp_table *)r.table, mask) + 1;
	} else {
		r.kind = DW_BPF_W_LISTEN;
		r.buckets = GET((struct inet_hashinfo *)r.table, lhash2_mask) + 1;
	}
	bpf_seq_write(seq, &r, sizeof(r));
}

/* Sets table, stride and node for the table that `address` is. */
INLINE void find_buckets(struct walk *w, __u64 address)
{
	w->node = bpf_core_field_offset(struct sock_common, skc_node);
	if (w->kind == DW_BPF_W_LISTEN) {
		w->table = (__u64)GET((struct inet_hashinfo *)address, lhash2) +
			   bpf_core_field_offset(struct inet_listen_hashbucket, nulls_head);
		w->stride = bpf_core_type_size(struct inet_listen_hashbucket);
		if (bpf_core_field_exists(struct inet_connection_sock, icsk_listen_portaddr_node))
			w->node = bpf_core_field_offset(struct inet_connection_sock,
							icsk_listen_portaddr_node);
	} else if (w->kind == DW_BPF_W_UDP) {
		w->table = (__u64)GET((struct udp_table *)address, hash) +
			   bpf_core_field_offset(struct udp_hslot, head);
		w->stride = bpf_core_type_size(struct udp_hslot);
	} else if (w->kind == DW_BPF_W_RAW) {
		w->table = address + bpf_core_field_offset(struct raw_hashinfo, ht);
		w->stride = sizeof(void *);
	} else {
		w->table = address + bpf_core_field_offset(struct net, packet.sklist);
		w->stride = sizeof(void *);
	}
}

static long one_slot(__u32 i, struct scan *s)
{
	struct dw_bpf_socket r = { 0 };
	__u32 slot = s->from + i;
	__u64 file = 0, owner;
	struct sock *sk;

	if (bpf_core_type_exists(struct io_rsrc_node)) {
		bpf_probe_read_kernel(&file, sizeof(file), (void *)(s->fds + slot * 8ULL));
		file = GET((struct io_rsrc_node *)file, file_ptr);
	} else {
		bpf_probe_read_kernel(&file, sizeof(file), (void *)(s->fds + slot * 8ULL));
	}
	file &= ~7ULL;
	if (!file || dw_class_of(file) != CLASS_SOCKET)
		return 0;
	owner = (__u64)GET((struct file *)file, private_data);
	sk = (struct sock *)dw_door_behind((__u64)GET((struct socket *)owner, sk));
	if (!dw_is_door((__u64)sk))
		return 0;
	if (!room_for(s->seq, sizeof(r) + FILTER_BYTES)) {
		s->full = 1;
		s->stopped = slot;
		return 1;
	}
	dw_fill_socket(&r, (__u64)sk);
	r.flags |= DW_BPF_F_RING;
	r.tgid = s->tgid;
	r.tid = s->tid;
	r.fd = s->first;
	r.slot = slot;
	bpf_seq_write(s->seq, &r, sizeof(r));
	if (wants_filter(&r))
		write_filter(s->seq, sk);
	return 0;
}

/* The ring is still that of its file: the context was not freed since. */
INLINE void scan_ring(struct scan *s, __u64 file, __u64 context, __u32 most)
{
	__u32 n = 0;

	if (!bpf_core_type_exists(struct io_ring_ctx) || !SAME(GET((struct file *)file, private_data), context))
		return;
	if (bpf_core_type_exists(struct io_rsrc_node)) {
		if (bpf_core_field_exists(struct io_file_table, data)) {
			n = GET((struct io_ring_ctx *)context, file_table.data.nr);
			s->fds = (__u64)GET((struct io_ring_ctx *)context, file_table.data.nodes);
		}
	} else if (bpf_core_field_exists(struct io_ring_ctx___flat, nr_user_files) &&
		   bpf_core_field_exists(struct io_file_table___flat, files)) {
		n = GET((struct io_ring_ctx___flat *)context, nr_user_files);
		s->fds = (__u64)GET((struct io_ring_ctx___flat *)context, file_table.files);
	}
	if (!s->fds || n <= s->from)
		return;
	n -= s->from;
	bpf_loop(n < most ? n : most, one_slot, s, 0);
}

INLINE int do_descriptors(struct seq_file *seq, const struct dw_bpf_work *k, unsigned long start)
{
	struct scan s = { .seq = seq, .files = k->files, .from = k->from, .tgid = k->tgid, .tid = k->tid };
	struct dw_bpf_more more = { .head = { .type = DW_BPF_MORE, .size = sizeof(more) } };
	struct task_struct *task = (struct task_struct *)k->table;

	if (k->kind == DW_BPF_W_RING) {
		s.first = k->fd;
		scan_ring(&s, k->files, k->table, k->n);
	} else if (SAME(GET(task, files), k->files) && number_of(GET(task, thread_pid)) == k->tid) {
		scan_files(&s);
	}
	if (!s.full)
		return 0;
	if (start)
		return 1;
	more.work = *k;
	more.work.from = s.stopped;
	bpf_seq_write(seq, &more, sizeof(more));
	return 0;
}

INLINE int do_lists(struct seq_file *seq, const struct dw_bpf_work *k, unsigned long start)
{
	struct walk w = { .seq = seq, .kind = k->kind, .from = k->from, .skip = k->skip };
	struct dw_bpf_more more = { .head = { .type = DW_BPF_MORE, .size = sizeof(more) } };

	if (k->kind == DW_BPF_W_NETNS) {
		walk_namespaces(&w);
	} else {
		find_buckets(&w, k->table);
		bpf_loop(k->n, one_bucket, &w, 0);
	}
	if (!w.full)
		return 0;
	if (start)
		return 1;
	more.work = *k;
	more.work.skip = w.stopped;
	if (k->kind != DW_BPF_W_NETNS) {
		more.work.from = w.bucket;
		more.work.n = k->n - (w.bucket - k->from);
	}
	bpf_seq_write(seq, &more, sizeof(more));
	return 0;
}

SEC("iter/bpf_map_elem")
int dw_tables(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct dw_bpf_work *item = ctx->value;
	struct dw_bpf_work k;
	unsigned long start;

	if (!item)
		return 0;
	k = *item;
	start = seq->count;
	if (k.kind == DW_BPF_W_NONE)
		return 0;
	/* Another time, with the whole buffer. */
	if (start && !room_for(seq, 0))
		return 1;
	if (k.kind == DW_BPF_W_ANCHOR) {
		tell_anchor(seq, k.from);
		return 0;
	}
	if (k.kind == DW_BPF_W_FDS || k.kind == DW_BPF_W_RING)
		return do_descriptors(seq, &k, start);
	return do_lists(seq, &k, start);
}
