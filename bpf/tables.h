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

/* The state of a walk over lists: plain numbers, as struct scan. */
struct walk {
	__u64 seq;
	__u64 at;     /* address of the next node of the list that is being followed */
	__u64 end;    /* where the list of namespaces began */
	__u64 table;  /* address of the first bucket */
	__u32 stride; /* bytes from one bucket to the next */
	__u32 node;   /* offset of the list node within the socket */
	__u32 kind;
	__u32 next, last;    /* bucket to be opened next, bucket to stop before */
	__u32 bucket, index; /* of the node at `at` */
	__u32 from, skip;
	__u32 full;
};

struct walker {
	struct seq_file *seq;
	struct walk w;
};

INLINE bool is_end(__u64 node)
{
	return !node || (node & 1);
}

/* A socket of a table; 0: it is none any more, or no door. */
INLINE bool look_listed(struct dw_bpf_socket *r, __u64 sk)
{
	bool door = dw_look_door(r, sk);

	r->flags |= DW_BPF_F_TABLE;
	return door && r->netns != 0;
}

/* One step along the lists of the table: to the next node, or to the next list. */
GLOBAL int dw_next_listed(struct walk *w, struct dw_bpf_socket *r)
{
	__u64 node;

	if (!w || !r)
		return STEP_END;
	node = w->at;
	if (is_end(node)) {
		if (w->next == w->last)
			return STEP_END;
		w->at = read_64(w->table + (__u64)w->next * w->stride);
		w->bucket = w->next++;
		w->index = 0;
		return STEP_ON;
	}
	if (w->bucket == w->from && w->index < w->skip) {
		w->at = read_64(node);
		w->index++;
		return STEP_ON;
	}
	if (!room_for(w->seq, sizeof(*r))) {
		w->full = 1;
		return STEP_END;
	}
	w->at = read_64(node);
	w->index++;
	return look_listed(r, node - w->node) ? STEP_LOOK : STEP_ON;
}

static long one_listed(__u32 i __attribute__((unused)), struct walker *c)
{
	struct dw_bpf_socket r = { 0 };
	__u32 step = (__u32)dw_next_listed(&c->w, &r);

	if (step == STEP_LOOK)
		bpf_seq_write(c->seq, &r, sizeof(r));
	return step == STEP_END;
}

/* The head of the list is no namespace: there no socket of rtnetlink points back to it. */
INLINE bool look_netns(struct dw_bpf_netns *r, __u64 net)
{
	if (!HAS(SK_NET) || P(P(net, NET_RTNL), SK_NET) != net)
		return false;
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
	return true;
}

/* One step along the list of namespaces. */
GLOBAL int dw_next_netns(struct walk *w, struct dw_bpf_netns *r)
{
	__u64 net;

	if (!w || !r || !w->at || (w->index > 0 && w->at == w->end))
		return STEP_END;
	if (w->index >= w->skip && !room_for(w->seq, sizeof(*r))) {
		w->full = 1;
		return STEP_END;
	}
	net = w->at - AT(NET_LIST);
	w->at = read_64(w->at);
	if (w->index++ < w->skip)
		return STEP_ON;
	return look_netns(r, net) ? STEP_LOOK : STEP_ON;
}

static long one_namespace(__u32 i __attribute__((unused)), struct walker *c)
{
	struct dw_bpf_netns r = { .head = { .type = DW_BPF_NETNS, .size = sizeof(r) } };
	__u32 step = (__u32)dw_next_netns(&c->w, &r);

	if (step == STEP_LOOK)
		bpf_seq_write(c->seq, &r, sizeof(r));
	return step == STEP_END;
}

INLINE void walk_namespaces(struct walker *c)
{
	c->w.at = P(P(bpf_get_current_task(), TASK_NSPROXY), NSPROXY_NET) + AT(NET_LIST);
	c->w.end = c->w.at;
	bpf_loop(STEPS_MAX, one_namespace, c, 0);
}

/* Where the tables of a protocol are: a socket of it, which the reader made, knows. */
NOINLINE int tell_anchor(struct seq_file *seq, __u32 fd)
{
	struct dw_bpf_table r = { .head = { .type = DW_BPF_TABLE, .size = sizeof(r) } };
	__u64 files = P(P(bpf_get_current_task(), TASK_FILES), FILES_FDT);
	__u64 sk = P(P(file_at(P(files, FDT_FD), fd), FILE_PRIVATE), SOCKET_SK);
	__u64 table = P(P(sk, SK_PROT), PROTO_TABLES);

	if (!seq)
		return 0;
	r.family = U16(sk, SK_FAMILY);
	r.protocol = U16(sk, SK_PROTOCOL);
	r.table = table;
	if (!table)
		return 0;
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
	return 0;
}

/* Sets table, stride and node for the table that `address` is. */
GLOBAL int dw_open_buckets(struct walk *w, __u64 address)
{
	if (!w)
		return 0;
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
	return 0;
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

NOINLINE int do_descriptors(struct seq_file *seq, const struct dw_bpf_work *k, unsigned long start)
{
	struct scanner c = { .seq = seq,
			     .s = { .seq = (__u64)seq,
				    .files = k->files,
				    .from = k->from,
				    .tgid = k->tgid,
				    .tid = k->tid,
				    .fd = k->fd,
				    .ring = k->kind == DW_BPF_W_RING } };

	if (!seq || !k)
		return 0;
	if (k->kind == DW_BPF_W_RING ||
	    (P(k->table, TASK_FILES) == k->files && dw_number_of(P(k->table, TASK_PID)) == k->tid))
		scan_files(&c, k->table, k->n);
	if (!c.s.full)
		return 0;
	if (start)
		return 1;
	return tell_more(seq, k, c.s.stopped, k->n, 0);
}

NOINLINE int do_lists(struct seq_file *seq, const struct dw_bpf_work *k, unsigned long start)
{
	struct walker c = { .seq = seq,
			    .w = {
				    .seq = (__u64)seq,
				    .kind = k->kind,
				    .from = k->from,
				    .next = k->from,
				    .last = k->from + k->n,
				    .skip = k->skip,
			    } };

	if (!seq || !k)
		return 0;
	if (k->kind == DW_BPF_W_NETNS) {
		walk_namespaces(&c);
	} else {
		dw_open_buckets(&c.w, k->table);
		bpf_loop(k->n + STEPS_MAX, one_listed, &c, 0);
	}
	if (!c.w.full)
		return 0;
	if (start)
		return 1;
	if (k->kind == DW_BPF_W_NETNS)
		return tell_more(seq, k, 0, 0, c.w.index);
	return tell_more(seq, k, c.w.bucket, c.w.last - c.w.bucket, c.w.index);
}

#define FILTER_CHUNK 4U /* instructions at a time */

struct chunks {
	struct seq_file *seq;
	__u64 from;
	__u32 n; /* instructions */
};

static long one_chunk(__u32 i, struct chunks *c)
{
	struct dw_bpf_instruction chunk[FILTER_CHUNK] = { 0 };
	__u32 n = c->n - i * FILTER_CHUNK;

	n = n < FILTER_CHUNK ? n : FILTER_CHUNK;
	bpf_probe_read_kernel(chunk, (n & 7) * sizeof(*chunk),
			      (void *)(c->from + i * sizeof(chunk)));
	bpf_seq_write(c->seq, chunk, sizeof(chunk));
	return 0;
}

/* The classic filter of a packet or raw socket: how backdoors without a port listen. */
INLINE void write_filter(struct seq_file *seq, __u64 sk)
{
	__u64 original = P(P(P(sk, SK_FILTER), FILTER_PROG), PROG_ORIGINAL);
	struct dw_bpf_filter r = { .head = { .type = DW_BPF_FILTER }, .sk = sk };
	struct chunks c = { .seq = seq, .from = read_64(original + FPROG_FILTER) };
	__u32 chunks;

	c.n = read_16(original);
	if (!original || !c.n)
		return;
	r.head.n = c.n;
	if (c.n > DW_BPF_FILTER_MAX)
		c.n = DW_BPF_FILTER_MAX;
	/* whole chunks; the reader counts by head.n */
	chunks = (c.n + FILTER_CHUNK - 1) / FILTER_CHUNK;
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

GLOBAL int dw_look_symbol(struct dw_bpf_symbol *r, __u64 sk)
{
	__u64 entry = P(P(sk, SK_WQ), WQ_FIRST) - AT(WAIT_ENTRY), task = P(entry, WAIT_PRIVATE);

	if (!r)
		return 0;
	name_symbol(r->data_ready, P(sk, SK_DATA_READY));
	if (U16(sk, SK_TYPE) == SOCK_DGRAM && U16(sk, SK_FAMILY) != AF_PACKET)
		name_symbol(r->encap_rcv, P(sk, UDP_ENCAP));
	/* ksmbd, iSCSI: a kernel thread sleeps in accept(), and its name tells whose the socket is */
	if (U32(task, TASK_FLAGS) & PF_KTHREAD)
		bpf_probe_read_kernel(r->waiter, sizeof(r->waiter), (void *)(task + AT(TASK_COMM)));
	return 0;
}

INLINE void write_symbol(struct seq_file *seq, __u64 sk)
{
	struct dw_bpf_symbol r = { .head = { .type = DW_BPF_SYMBOL, .size = sizeof(r) }, .sk = sk };

	dw_look_symbol(&r, sk);
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
	if (U64(P(k->table, SK_SOCKET), SOCKET_INO) == k->files && look_listed(&r, k->table))
		bpf_seq_write(seq, &r, sizeof(r));
	return 0;
}

/* 1: another time, with the whole buffer. */
INLINE int do_work(struct seq_file *seq, const struct dw_bpf_work *k)
{
	unsigned long start = U64((__u64)seq, SEQ_COUNT);

	if (start && !room_for((__u64)seq, 0))
		return 1;
	if (k->kind == DW_BPF_W_ANCHOR)
		return tell_anchor(seq, k->from);
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
