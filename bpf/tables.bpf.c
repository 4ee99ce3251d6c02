// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pieces of work, struct dw_bpf_work, that lie in the reader's memory; dw_requests says where. What does not fit
 * into the reader's buffer is handed back as a DW_BPF_MORE, which the reader puts into its next request. Each reader
 * has a request of its own, so several may share the program when it is pinned.
 *
 * An iterator over the members of a map would be the natural driver, but its context has a buffer, and there are
 * kernels that take no such program (EPERM). So iter/task drives: each task that it comes by is a tick, which does
 * one piece. Where there are fewer tasks than pieces the reader runs it again.
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
	__u64 at;     /* address of the next node of the list that is being followed */
	__u64 end;    /* where the list of namespaces began */
	__u64 table;  /* address of the first bucket */
	__u32 stride; /* bytes from one bucket to the next */
	__u32 node;   /* offset of the list node within the socket */
	__u32 kind;
	__u32 next, last;    /* bucket to be opened next, bucket to stop before */
	__u32 bucket, index; /* of the node at `at` */
	__u32 from, skip, zero;
	__u32 full;
};

INLINE bool is_end(__u64 node)
{
	return !node || (node & 1);
}

INLINE bool tell_listed(struct walk *w, __u64 address)
{
	struct dw_bpf_socket r = { 0 };

	if (!dw_is_door(address))
		return true;
	if (!room_for(w->seq, sizeof(r)))
		return false;
	dw_fill_socket(&r, address);
	r.flags |= DW_BPF_F_TABLE;
	if (r.netns) /* else it is no socket any more */
		bpf_seq_write(w->seq, &r, sizeof(r));
	return true;
}

/* One step along the lists of the table: to the next node, or to the next list. */
static long one_step(__u32 i __attribute__((unused)), struct walk *w)
{
	__u64 node = w->at, next = 0;

	if (is_end(node)) {
		if (w->next == w->last)
			return 1;
		bpf_probe_read_kernel(&next, sizeof(next),
				      (void *)(w->table + (__u64)w->next * w->stride));
		w->at = next;
		w->bucket = w->next++;
		w->index = w->zero;
		return 0;
	}
	if ((w->bucket != w->from || w->index >= w->skip) && !tell_listed(w, node - w->node)) {
		w->full = 1;
		return 1;
	}
	bpf_probe_read_kernel(&next, sizeof(next), (void *)node);
	w->at = next;
	w->index++;
	return 0;
}

static long one_namespace(__u32 i, struct walk *w)
{
	struct net *net = (struct net *)(w->at - bpf_core_field_offset(struct net, list));
	struct dw_bpf_netns r = { .head = { .type = DW_BPF_NETNS, .size = sizeof(r) } };
	struct list_head *node = (struct list_head *)w->at;

	w->at = (__u64)BPF_PROBE_READ(node, next);
	if (!w->at)
		return 1;
	/* The head of the list is no namespace: there no socket of rtnetlink points back to it. */
	if (i >= w->skip && SAME(GET(net, rtnl, __sk_common.skc_net.net), net)) {
		struct inet_hashinfo *tcp = 0;
		struct udp_table *udp = 0;

		if (!room_for(w->seq, sizeof(r))) {
			w->full = 1;
			w->index = i;
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
	struct udp_table *udp = GET(proto, h.udp_table);
	struct inet_hashinfo *tcp = GET(proto, h.hashinfo);

	r.family = GET(sk, __sk_common.skc_family);
	r.protocol = GET(sk, sk_protocol);
	r.table = (__u64)udp; /* a union */
	if (!r.table)
		return;
	if (GET(sk, sk_type) == SOCK_RAW) {
		r.kind = DW_BPF_W_RAW;
		r.buckets = 256;
	} else if (r.protocol == IPPROTO_UDP || r.protocol == IPPROTO_LITE) {
		r.kind = DW_BPF_W_UDP;
		r.buckets = GET(udp, mask) + 1;
	} else {
		r.kind = DW_BPF_W_LISTEN;
		r.buckets = GET(tcp, lhash2_mask) + 1;
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
	if (!file || class_of((struct file *)file) != CLASS_SOCKET)
		return 0;
	owner = (__u64)GET((struct file *)file, private_data);
	sk = (struct sock *)dw_door_behind((__u64)GET((struct socket *)owner, sk));
	if (!dw_is_door((__u64)sk))
		return 0;
	if (!room_for(s->seq, sizeof(r))) {
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
	return 0;
}

/* The ring is still that of its file: the context was not freed since. */
INLINE void scan_ring(struct scan *s, __u64 file, __u64 context, __u32 most)
{
	__u32 n = 0;

	if (!bpf_core_type_exists(struct io_ring_ctx) ||
	    !SAME(GET((struct file *)file, private_data), context))
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

/* Hands back what is left of a piece of work. A frame of its own: all nested calls share 512 bytes. */
NOINLINE int tell_more(struct seq_file *seq, const struct dw_bpf_work *k, __u32 from, __u32 n,
		       __u32 skip)
{
	struct dw_bpf_more more = { .head = { .type = DW_BPF_MORE, .size = sizeof(more) } };

	if (!seq)
		return 0;
	more.work = *k;
	more.work.from = from;
	more.work.n = n;
	more.work.skip = skip;
	bpf_seq_write(seq, &more, sizeof(more));
	return 0;
}

INLINE int do_descriptors(struct seq_file *seq, const struct dw_bpf_work *k, unsigned long start)
{
	struct scan s = {
		.seq = seq, .files = k->files, .from = k->from, .tgid = k->tgid, .tid = k->tid
	};
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
	return tell_more(seq, k, s.stopped, k->n, 0);
}

INLINE int do_lists(struct seq_file *seq, const struct dw_bpf_work *k, unsigned long start)
{
	struct walk w = {
		.seq = seq,
		.kind = k->kind,
		.from = k->from,
		.next = k->from,
		.last = k->from + k->n,
		.skip = k->skip,
		.zero = k->zero,
	};

	if (k->kind == DW_BPF_W_NETNS) {
		walk_namespaces(&w);
	} else {
		find_buckets(&w, k->table);
		bpf_loop(k->n + STEPS_MAX, one_step, &w, 0);
	}
	if (!w.full)
		return 0;
	if (start)
		return 1;
	if (k->kind == DW_BPF_W_NETNS)
		return tell_more(seq, k, 0, 0, w.index);
	return tell_more(seq, k, w.bucket, w.last - w.bucket, w.index);
}

#define FILTER_CHUNK 8U /* instructions at a time */

/* The classic filter of a packet or raw socket: how backdoors without a port listen. */
INLINE void write_filter(struct seq_file *seq, struct sock *sk)
{
	struct sock_fprog_kern *original = GET(sk, sk_filter, prog, orig_prog);
	struct dw_bpf_filter r = { .head = { .type = DW_BPF_FILTER }, .sk = (__u64)sk };
	struct dw_bpf_instruction chunk[FILTER_CHUNK];
	__u32 n = BPF_PROBE_READ(original, len), told, left;
	char *from = BPF_PROBE_READ(original, filter);

	if (!original || !n)
		return;
	told = n < DW_BPF_FILTER_MAX ? n : DW_BPF_FILTER_MAX;
	/* whole chunks; the reader counts by head.n */
	told = (told + FILTER_CHUNK - 1) & ~(FILTER_CHUNK - 1);
	r.head.size = sizeof(r) + told * sizeof(*chunk);
	r.head.n = n;
	bpf_seq_write(seq, &r, sizeof(r));
	for (unsigned i = 0; i < DW_BPF_FILTER_MAX / FILTER_CHUNK; i++) {
		if (i * FILTER_CHUNK >= told)
			break;
		left = n - i * FILTER_CHUNK;
		if (left > FILTER_CHUNK)
			left = FILTER_CHUNK;
		__builtin_memset(chunk, 0, sizeof(chunk));
		bpf_probe_read_kernel(chunk, (left & 15) * sizeof(*chunk),
				      from + i * sizeof(chunk));
		bpf_seq_write(seq, chunk, sizeof(chunk));
	}
}

static const char format_symbol[] = "%ps";

INLINE void name_symbol(char *ret, void *function)
{
	__u64 argument = (__u64)function;

	if (argument)
		bpf_snprintf(ret, SYMBOL_SIZE, format_symbol, &argument, sizeof(argument));
}

INLINE void write_symbol(struct seq_file *seq, struct sock *sk)
{
	struct dw_bpf_symbol r = { .head = { .type = DW_BPF_SYMBOL, .size = sizeof(r) },
				   .sk = (__u64)sk };
	struct list_head *first = GET(sk, sk_wq, wait.head.next);
	struct wait_queue_entry *entry;
	struct task_struct *task;

	name_symbol(r.data_ready, GET(sk, sk_data_ready));
	if (GET(sk, sk_type) == SOCK_DGRAM && GET(sk, __sk_common.skc_family) != AF_PACKET)
		name_symbol(r.encap_rcv, GET((struct udp_sock *)sk, encap_rcv));
	/* ksmbd, iSCSI: a kernel thread sleeps in accept(), and its name tells whose the socket is */
	entry = (struct wait_queue_entry *)((char *)first -
					    bpf_core_field_offset(struct wait_queue_entry, entry));
	task = GET(entry, private);
	if (GET(task, flags) & PF_KTHREAD)
		bpf_core_read(r.waiter, sizeof(r.waiter), &task->comm);
	bpf_seq_write(seq, &r, sizeof(r));
}

NOINLINE int do_socket(struct seq_file *seq, const struct dw_bpf_work *k)
{
	struct sock *sk = (struct sock *)k->table;
	struct socket *owner = GET(sk, sk_socket);
	struct socket_alloc *alloc = (struct socket_alloc *)owner;

	if (!seq)
		return 0;
	if (GET(alloc, vfs_inode.i_ino) != k->files)
		return 0;
	write_filter(seq, sk);
	if (!GET(owner, file) || GET(sk, sk_type) == SOCK_DGRAM)
		write_symbol(seq, sk);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DW_BPF_READERS_MAX);
	__type(key, __u64);
	__type(value, struct dw_bpf_request);
} dw_requests SEC(".maps");

INLINE struct dw_bpf_request *request_of_reader(void)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct pid *pid = GET(reader, thread_pid);
	__u64 key = dw_bpf_reader(pidns_of(pid, GET(pid, level)), number_of(pid));

	return bpf_map_lookup_elem(&dw_requests, &key);
}

/* 1: another time, with the whole buffer. */
INLINE int do_work(struct seq_file *seq, const struct dw_bpf_work *k, unsigned long start)
{
	if (k->kind == DW_BPF_W_NONE)
		return 0;
	if (start && !room_for(seq, 0))
		return 1;
	if (k->kind == DW_BPF_W_ANCHOR) {
		tell_anchor(seq, k->from);
		return 0;
	}
	if (k->kind == DW_BPF_W_FDS || k->kind == DW_BPF_W_RING)
		return do_descriptors(seq, k, start);
	if (k->kind == DW_BPF_W_SOCKET)
		return do_socket(seq, k);
	return do_lists(seq, k, start);
}

SEC("iter/task")
int dw_tables(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct dw_bpf_request *request = request_of_reader();
	struct dw_bpf_work k;

	if (!request || request->next >= request->n)
		return 0;
	if (bpf_probe_read_user(&k, sizeof(k),
				(void *)(request->work + (__u64)request->next * sizeof(k))) < 0)
		return 1; /* not in memory: the reader touches it */
	if (do_work(seq, &k, GET(seq, count)) != 0)
		return 1;
	request->next++;
	return 0;
}
