/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pieces of work (struct dw_bpf_work): the kernel's socket tables above all. What does not fit into the reader's
 * buffer is handed back as a DW_BPF_MORE, which the reader makes a piece of work again.
 *
 * Lists are followed without their locks: a socket that moves to another list leads the walk astray, so the
 * number of steps is bounded, and what is no socket of the table is found out by its namespace pointer.
 */
#ifndef DW_TABLES_H
#define DW_TABLES_H

#include "descriptors.h"

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

GLOBAL int dw_look_listed(struct dw_bpf_socket *r, __u64 sk)
{
	if (!r || !dw_is_door(sk))
		return 0;
	dw_fill_socket(r, sk);
	r->flags |= DW_BPF_F_TABLE;
	return r->netns != 0; /* else it is no socket any more */
}

INLINE bool tell_listed(struct walk *w, __u64 address)
{
	struct dw_bpf_socket r = { 0 };

	if (!room_for(w->seq, sizeof(r)))
		return false;
	if (dw_look_listed(&r, address))
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

/* The head of the list is no namespace: there no socket of rtnetlink points back to it. */
GLOBAL int dw_look_netns(struct dw_bpf_netns *r, __u64 net)
{
	if (!r || !HAS(SK_NET) || P(P(net, NET_RTNL), SK_NET) != net)
		return 0;
	r->net = net;
	r->inode = U32(net, NET_INUM);
	if (HAS(NET_TCP))
		r->tcp = P(net, NET_TCP);
	if (HAS(NET_UDP))
		r->udp = P(net, NET_UDP);
	if (r->tcp)
		r->tcp_buckets = U32(r->tcp, LISTEN_MASK) + 1;
	if (r->udp)
		r->udp_buckets = U32(r->udp, UDP_MASK) + 1;
	if (HAS(NET_PACKETS))
		r->packets = P(net, NET_PACKETS) != 0;
	return 1;
}

static long one_namespace(__u32 i, struct walk *w)
{
	struct dw_bpf_netns r = { .head = { .type = DW_BPF_NETNS, .size = sizeof(r) } };
	__u64 net = w->at - AT(NET_LIST);

	w->at = read_64(w->at);
	if (!w->at)
		return 1;
	if (i >= w->skip) {
		if (!room_for(w->seq, sizeof(r))) {
			w->full = 1;
			w->index = i;
			return 1;
		}
		if (dw_look_netns(&r, net))
			bpf_seq_write(w->seq, &r, sizeof(r));
	}
	return w->at == w->end;
}

INLINE void walk_namespaces(struct walk *w)
{
	w->at = w->end = P(P(bpf_get_current_task(), TASK_NSPROXY), NSPROXY_NET) + AT(NET_LIST);
	bpf_loop(STEPS_MAX, one_namespace, w, 0);
}

/* Where the tables of a protocol are: a socket of it, which the reader made, knows. */
INLINE void tell_anchor(struct seq_file *seq, __u32 fd)
{
	struct dw_bpf_table r = { .head = { .type = DW_BPF_TABLE, .size = sizeof(r) } };
	__u64 files = P(P(bpf_get_current_task(), TASK_FILES), FILES_FDT);
	__u64 sk = P(P(file_at(P(files, FDT_FD), fd), FILE_PRIVATE), SOCKET_SK);
	__u64 table = P(P(sk, SK_PROT), PROTO_TABLES);

	r.family = U16(sk, SK_FAMILY);
	r.protocol = U16(sk, SK_PROTOCOL);
	r.table = table;
	if (!table)
		return;
	if (U16(sk, SK_TYPE) == SOCK_RAW) {
		r.kind = DW_BPF_W_RAW;
		r.buckets = 256;
	} else if (r.protocol == IPPROTO_UDP || r.protocol == IPPROTO_LITE) {
		r.kind = DW_BPF_W_UDP;
		r.buckets = U32(table, UDP_MASK) + 1;
	} else {
		r.kind = DW_BPF_W_LISTEN;
		r.buckets = U32(table, LISTEN_MASK) + 1;
	}
	bpf_seq_write(seq, &r, sizeof(r));
}

/* Sets table, stride and node for the table that `address` is. */
INLINE void find_buckets(struct walk *w, __u64 address)
{
	w->node = AT(SK_NODE);
	if (w->kind == DW_BPF_W_LISTEN) {
		w->table = P(address, LISTEN_BUCKETS) + AT(LISTEN_HEAD);
		w->stride = AT(LISTEN_SIZE);
		if (HAS(CONNECTION_NODE))
			w->node = AT(CONNECTION_NODE);
	} else if (w->kind == DW_BPF_W_UDP) {
		w->table = P(address, UDP_BUCKETS) + AT(UDP_HEAD);
		w->stride = AT(UDP_SIZE);
	} else if (w->kind == DW_BPF_W_RAW) {
		w->table = address + AT(RAW_HEADS);
		w->stride = sizeof(void *);
	} else {
		w->table = address + AT(NET_PACKETS);
		w->stride = sizeof(void *);
	}
}

GLOBAL int dw_look_slot(struct dw_bpf_socket *r, __u64 address)
{
	__u64 file = read_64(address);

	if (HAS(RING_NODE_FILE))
		file = P(file, RING_NODE_FILE);
	file &= ~7ULL;
	return r && file && class_of(file) == CLASS_SOCKET && dw_look_socket(r, file, 0);
}

static long one_slot(__u32 i, struct scan *s)
{
	struct dw_bpf_socket r = { 0 };
	__u32 slot = s->from + i;

	if (!room_for(s->seq, sizeof(r))) {
		s->full = 1;
		s->stopped = slot;
		return 1;
	}
	if (!dw_look_slot(&r, s->fds + slot * 8ULL))
		return 0;
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

	if (P(file, FILE_PRIVATE) != context)
		return;
	if (HAS(RING_NODE_FILE)) {
		if (HAS(RING_NR) && HAS(RING_NODES)) {
			n = U32(context, RING_NR);
			s->fds = P(context, RING_NODES);
		}
	} else if (HAS(RING_OLD_NR) && HAS(RING_OLD_FILES)) {
		n = U32(context, RING_OLD_NR);
		s->fds = P(context, RING_OLD_FILES);
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
	struct scan s = { .seq = seq,
			  .word = k->zero,
			  .at = k->zero,
			  .files = k->files,
			  .from = k->from,
			  .tgid = k->tgid,
			  .tid = k->tid };

	if (k->kind == DW_BPF_W_RING) {
		s.first = k->fd;
		scan_ring(&s, k->files, k->table, k->n);
	} else if (P(k->table, TASK_FILES) == k->files &&
		   number_of(P(k->table, TASK_PID)) == k->tid) {
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
		.at = k->zero,
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

#define FILTER_CHUNK 4U /* instructions at a time */

struct chunks {
	struct seq_file *seq;
	__u64 from;
	__u32 left;
};

static long one_chunk(__u32 i, struct chunks *c)
{
	struct dw_bpf_instruction chunk[FILTER_CHUNK] = { 0 };
	__u32 n = c->left < FILTER_CHUNK ? c->left : FILTER_CHUNK;

	bpf_probe_read_kernel(chunk, (n & 7) * sizeof(*chunk),
			      (void *)(c->from + i * sizeof(chunk)));
	bpf_seq_write(c->seq, chunk, sizeof(chunk));
	c->left -= n;
	return 0;
}

/* The classic filter of a packet or raw socket: how backdoors without a port listen. */
INLINE void write_filter(struct seq_file *seq, __u64 sk)
{
	__u64 original = P(P(P(sk, SK_FILTER), FILTER_PROG), PROG_ORIGINAL);
	struct dw_bpf_filter r = { .head = { .type = DW_BPF_FILTER }, .sk = sk };
	struct chunks c = { .seq = seq, .from = read_64(original + FPROG_FILTER) };
	__u32 chunks;

	c.left = read_16(original);
	if (!original || !c.left)
		return;
	r.head.n = c.left;
	if (c.left > DW_BPF_FILTER_MAX)
		c.left = DW_BPF_FILTER_MAX;
	/* whole chunks; the reader counts by head.n */
	chunks = (c.left + FILTER_CHUNK - 1) / FILTER_CHUNK;
	r.head.size = sizeof(r) + chunks * FILTER_CHUNK * sizeof(struct dw_bpf_instruction);
	bpf_seq_write(seq, &r, sizeof(r));
	bpf_loop(chunks, one_chunk, &c, 0);
}

static const char format_symbol[] = "%ps";

INLINE void name_symbol(char *ret, __u64 function)
{
	if (function)
		bpf_snprintf(ret, SYMBOL_SIZE, format_symbol, &function, sizeof(function));
}

INLINE void write_symbol(struct seq_file *seq, __u64 sk)
{
	struct dw_bpf_symbol r = { .head = { .type = DW_BPF_SYMBOL, .size = sizeof(r) }, .sk = sk };
	__u64 entry = P(P(sk, SK_WQ), WQ_FIRST) - AT(WAIT_ENTRY), task = P(entry, WAIT_PRIVATE);

	name_symbol(r.data_ready, P(sk, SK_DATA_READY));
	if (U16(sk, SK_TYPE) == SOCK_DGRAM && U16(sk, SK_FAMILY) != AF_PACKET)
		name_symbol(r.encap_rcv, P(sk, UDP_ENCAP));
	/* ksmbd, iSCSI: a kernel thread sleeps in accept(), and its name tells whose the socket is */
	if (U32(task, TASK_FLAGS) & PF_KTHREAD)
		bpf_probe_read_kernel(r.waiter, sizeof(r.waiter), (void *)(task + AT(TASK_COMM)));
	bpf_seq_write(seq, &r, sizeof(r));
}

NOINLINE int do_socket(struct seq_file *seq, const struct dw_bpf_work *k)
{
	__u64 sk = k->table, owner = P(sk, SK_SOCKET);

	if (!seq)
		return 0;
	if (U64(owner, SOCKET_INO) != k->files)
		return 0;
	write_filter(seq, sk);
	if (!P(owner, SOCKET_FILE) || U16(sk, SK_TYPE) == SOCK_DGRAM)
		write_symbol(seq, sk);
	return 0;
}

NOINLINE int tell_again(struct seq_file *seq, const struct dw_bpf_work *k)
{
	struct dw_bpf_socket r = { 0 };

	if (!seq)
		return 0;
	if (U64(P(k->table, SK_SOCKET), SOCKET_INO) == k->files && dw_look_listed(&r, k->table))
		bpf_seq_write(seq, &r, sizeof(r));
	return 0;
}

/* 1: another time, with the whole buffer. */
NOINLINE int do_work(struct seq_file *seq, const struct dw_bpf_work *k)
{
	unsigned long start = U64((__u64)seq, SEQ_COUNT);

	if (!seq || !k)
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
	if (k->kind == DW_BPF_W_AGAIN)
		return tell_again(seq, k);
	if (k->kind == DW_BPF_W_NONE)
		return 0;
	return do_lists(seq, k, start);
}

#endif
