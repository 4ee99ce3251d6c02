/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the records of a BPF walk. A recorded walk may come from anywhere: nothing in it is trusted. */
#include "bpfview.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_str.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define IPPROTO_LITE 136
#define HOLDS_MAX    ((size_t)16 * 1024 * 1024)

enum dw_protocol dw_view_protocol(const struct dw_bpf_socket *k)
{
	static const struct {
		uint16_t family, type, protocol;
		enum dw_protocol is;
	} kinds[] = {
		{ AF_INET, SOCK_STREAM, IPPROTO_TCP, DW_PROTOCOL_TCP },
		{ AF_INET, SOCK_STREAM, IPPROTO_MPTCP, DW_PROTOCOL_TCP },
		{ AF_INET, SOCK_STREAM, IPPROTO_SCTP, DW_PROTOCOL_SCTP },
		{ AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, DW_PROTOCOL_SCTP },
		{ AF_INET, SOCK_DCCP, IPPROTO_DCCP, DW_PROTOCOL_DCCP },
		{ AF_INET, SOCK_DGRAM, IPPROTO_UDP, DW_PROTOCOL_UDP },
		{ AF_INET, SOCK_DGRAM, IPPROTO_LITE, DW_PROTOCOL_UDPLITE },
		{ AF_INET, SOCK_DGRAM, 115, DW_PROTOCOL_RAW }, /* L2TP straight over IP */
	};
	uint16_t family = k->family == AF_INET6 ? AF_INET : k->family;

	if (family == AF_PACKET)
		return DW_PROTOCOL_PACKET;
	if (family == AF_VSOCK)
		return DW_PROTOCOL_VSOCK;
	if (family == AF_BLUETOOTH)
		return DW_PROTOCOL_BLUETOOTH;
	if (family == AF_INET && k->type == SOCK_RAW)
		return DW_PROTOCOL_RAW;
	for (size_t i = 0; i < DW_ARRAY_SIZE(kinds); i++)
		if (kinds[i].family == family && kinds[i].type == k->type &&
		    kinds[i].protocol == k->protocol)
			return kinds[i].is;
	return DW_PROTOCOL_UNKNOWN;
}

struct dw_view_socket *dw_view_find(const struct dw_view *v, uint64_t key)
{
	struct dw_view_socket *found;

	HASH_FIND(hh, v->by_key, &key, sizeof(key), found);
	return found;
}

struct dw_view_process *dw_view_process(const struct dw_view *v, uint32_t tgid)
{
	struct dw_view_process *found;

	HASH_FIND(hh, v->by_tgid, &tgid, sizeof(tgid), found);
	return found;
}

static void add_hold(struct dw_view *v, size_t socket, const struct dw_bpf_socket *k)
{
	/* A process has one hold a socket, the first: its descriptors come one after the other. */
	if (v->holds.n > HOLDS_MAX)
		return;
	dw_vec_push(v->arena, &v->holds,
		    ((struct dw_view_hold){ .socket = socket,
					    .tgid = k->tgid,
					    .tid = k->tid,
					    .fd = k->fd,
					    .slot = k->slot,
					    .ring = (k->flags & DW_BPF_F_RING) != 0 }));
}

static void add_socket(struct dw_view *v, const struct dw_bpf_socket *k)
{
	uint64_t key = k->msk ? k->msk : k->sk;
	struct dw_view_socket *s = dw_view_find(v, key);

	if (!s) {
		s = dw_new(v->arena, struct dw_view_socket);
		s->key = key;
		s->k = *k;
		s->fact = v->sockets.n; /* until it is committed: its own index */
		dw_vec_push(v->arena, &v->sockets, s);
		HASH_ADD(hh, v->by_key, key, sizeof(s->key), s);
	}
	s->k.flags |= k->flags & (DW_BPF_F_MPTCP | DW_BPF_F_REUSEPORT | DW_BPF_F_FILTER);
	if (k->flags & DW_BPF_F_TABLE) {
		s->seen |= DW_SEEN_BPF_HASH;
		return;
	}
	/* whoever holds it gave it a file */
	s->k.flags &= ~(unsigned)DW_BPF_F_NO_FILE;
	s->seen |= k->flags & DW_BPF_F_RING ? DW_SEEN_IO_URING : DW_SEEN_BPF_FD;
	add_hold(v, s->fact, k);
}

static void add_process(struct dw_view *v, const struct dw_bpf_process *k)
{
	struct dw_view_process *p = dw_view_process(v, k->tgid);

	if (p)
		return;
	p = dw_new(v->arena, struct dw_view_process);
	p->tgid = k->tgid;
	p->k = *k;
	p->owner = DW_NONE;
	HASH_ADD(hh, v->by_tgid, tgid, sizeof(p->tgid), p);
}

static void add_exe(struct dw_view *v, uint32_t tgid, const char *record,
		    const struct dw_bpf_head *head)
{
	struct dw_view_process *p = dw_view_process(v, tgid);
	size_t room = head->size - sizeof(*head);

	if (p && !p->exe && head->n > 0 && head->n <= room)
		p->exe = dw_arena_strndup(v->arena, record + sizeof(*head), head->n);
}

static void add_command(struct dw_view *v, const char *record, const struct dw_bpf_head *head)
{
	struct dw_bpf_command c;
	struct dw_view_process *p;

	memcpy(&c, record, sizeof(c));
	p = dw_view_process(v, c.tgid);
	if (!p || p->command || head->n == 0 || head->n > head->size - sizeof(c))
		return;
	p->command = dw_arena_memdup(v->arena, record + sizeof(c), head->n);
	p->n_command = head->n;
}

static void add_filter(struct dw_view *v, const char *record, const struct dw_bpf_head *head)
{
	struct dw_bpf_filter f;
	struct dw_view_socket *s;
	size_t n;

	memcpy(&f, record, sizeof(f));
	s = dw_view_find(v, f.sk);
	n = DW_MIN((head->size - sizeof(f)) / sizeof(*s->filter), (size_t)head->n);
	if (!s || s->filter || n == 0)
		return;
	s->filter = dw_arena_memdup(v->arena, record + sizeof(f), n * sizeof(*s->filter));
	s->n_filter = n;
}

static void add_symbol(struct dw_view *v, const char *record)
{
	struct dw_bpf_symbol k;
	struct dw_view_socket *s;

	memcpy(&k, record, sizeof(k));
	s = dw_view_find(v, k.sk);
	if (!s || s->has_symbol)
		return;
	s->has_symbol = true;
	s->kernel = dw_bpf_subsystem(v->arena, &k);
}

static void add_table(struct dw_view *v, const struct dw_bpf_table *t)
{
	if (t->kind == DW_BPF_W_UDP)
		v->tables |=
			1U << (t->protocol == IPPROTO_LITE ? DW_PROTOCOL_UDPLITE : DW_PROTOCOL_UDP);
	else if (t->kind == DW_BPF_W_RAW)
		v->tables |= 1U << DW_PROTOCOL_RAW;
	else if (t->kind == DW_BPF_W_LISTEN)
		v->tables |= 1U << DW_PROTOCOL_DCCP;
}

static void add_netns(struct dw_view *v, const struct dw_bpf_netns *n)
{
	dw_vec_push(v->arena, &v->netns, *n);
	v->tables |= 1U << DW_PROTOCOL_PACKET;
	if (n->tcp)
		v->tables |= 1U << DW_PROTOCOL_TCP;
}

/* Least size of each record; 0: of no concern here. */
static size_t least_size(uint16_t type)
{
	static const size_t sizes[] = {
		[DW_BPF_SOCKET] = sizeof(struct dw_bpf_socket),
		[DW_BPF_PROCESS] = sizeof(struct dw_bpf_process),
		[DW_BPF_EXE] = sizeof(struct dw_bpf_exe),
		[DW_BPF_FILTER] = sizeof(struct dw_bpf_filter),
		[DW_BPF_SYMBOL] = sizeof(struct dw_bpf_symbol),
		[DW_BPF_NETNS] = sizeof(struct dw_bpf_netns),
		[DW_BPF_NSFD] = sizeof(struct dw_bpf_nsfd),
		[DW_BPF_TABLE] = sizeof(struct dw_bpf_table),
		[DW_BPF_COMMAND] = sizeof(struct dw_bpf_command),
	};

	return type < DW_ARRAY_SIZE(sizes) ? sizes[type] : 0;
}

union record {
	struct dw_bpf_socket socket;
	struct dw_bpf_process process;
	struct dw_bpf_netns netns;
	struct dw_bpf_nsfd nsfd;
	struct dw_bpf_table table;
};

static void add_record(struct dw_view *v, const char *record, const struct dw_bpf_head *head,
		       uint32_t *tgid)
{
	union record r;
	size_t least = least_size(head->type);

	if (least == 0)
		return; /* of a later version, or work that is done */
	if (head->size < least) {
		v->bad++;
		return;
	}
	memcpy(&r, record, DW_MIN(least, sizeof(r)));
	if (head->type == DW_BPF_SOCKET) {
		add_socket(v, &r.socket);
	} else if (head->type == DW_BPF_PROCESS) {
		r.process.comm[sizeof(r.process.comm) - 1] = '\0';
		*tgid = r.process.tgid;
		add_process(v, &r.process);
	} else if (head->type == DW_BPF_EXE) {
		add_exe(v, *tgid, record, head);
	} else if (head->type == DW_BPF_COMMAND) {
		add_command(v, record, head);
	} else if (head->type == DW_BPF_FILTER) {
		add_filter(v, record, head);
	} else if (head->type == DW_BPF_SYMBOL) {
		add_symbol(v, record);
	} else if (head->type == DW_BPF_NETNS) {
		add_netns(v, &r.netns);
	} else if (head->type == DW_BPF_NSFD) {
		dw_vec_push(v->arena, &v->nsfds, r.nsfd);
	} else if (head->type == DW_BPF_TABLE) {
		add_table(v, &r.table);
	}
}

void dw_view_add(struct dw_view *v, const struct dw_bytes *records)
{
	struct dw_bpf_head head;
	uint32_t tgid = 0;
	size_t at = 0;

	while (records->n - at >= sizeof(head)) {
		memcpy(&head, records->data + at, sizeof(head));
		if (head.size < sizeof(head) || head.size > records->n - at)
			break;
		add_record(v, records->data + at, &head, &tgid);
		at += head.size;
	}
	v->bad += at != records->n;
}

void dw_view_close(struct dw_view *v)
{
	HASH_CLEAR(hh, v->by_key);
	HASH_CLEAR(hh, v->by_tgid);
}

bool dw_view_tables_agree(const struct dw_view *v)
{
	bool held = false;

	for (size_t i = 0; i < v->sockets.n; i++) {
		const struct dw_view_socket *s = v->sockets.v[i];
		enum dw_protocol p = dw_view_protocol(&s->k);

		if (p != DW_PROTOCOL_TCP && p != DW_PROTOCOL_UDP)
			continue;
		if (s->seen & DW_SEEN_BPF_HASH)
			return true;
		held = true;
	}
	return !held;
}

bool dw_view_knows_tables(const struct dw_view *v)
{
	bool udp = (v->tables & 1U << DW_PROTOCOL_UDP) != 0;

	/* from 6.2 on it is the namespace that leads to its UDP table */
	for (size_t i = 0; i < v->netns.n && !udp && v->tables; i++)
		udp = v->netns.v[i].udp != 0;
	return udp && (v->tables & 1U << DW_PROTOCOL_TCP) != 0;
}
