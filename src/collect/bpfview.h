/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of a BPF walk, put together by what they are about. Private to this room, and for its tests. */
#ifndef DW_BPFVIEW_H
#define DW_BPFVIEW_H

#include <uthash.h>

#include "dw_bpf_records.h"
#include "dw_facts.h"
#include "dw_parse.h"

struct dw_view_socket {
	uint64_t key;           /* the struct sock; of a subflow: its MPTCP socket */
	struct dw_bpf_socket k; /* as it was told first */
	unsigned seen;          /* DW_SEEN_BPF_FD, _HASH, _IO_URING */
	const struct dw_bpf_instruction *filter;
	size_t n_filter;
	const char *kernel; /* subsystem; NULL: its symbols do not tell */
	bool has_symbol;
	bool gone;   /* closed since */
	size_t fact; /* index into facts->sockets, DW_NONE: not taken */
	UT_hash_handle hh;
};

struct dw_view_hold {
	size_t socket;
	uint32_t tgid, tid, fd, slot;
	bool ring;
};

struct dw_view_process {
	uint32_t tgid; /* key */
	struct dw_bpf_process k;
	const char *exe;     /* NULL: not told */
	const char *command; /* arguments, a NUL behind each; NULL: not told */
	size_t n_command;
	size_t owner; /* index into facts->processes, DW_NONE: not added yet */
	UT_hash_handle hh;
};

struct dw_view {
	struct dw_arena *arena;
	DW_VEC(struct dw_view_socket *) sockets;
	DW_VEC(struct dw_view_hold) holds;
	DW_VEC(struct dw_bpf_netns) netns;
	DW_VEC(struct dw_bpf_nsfd) nsfds;
	struct dw_view_socket *by_key;
	struct dw_view_process *by_tgid;
	unsigned tables; /* DW_PROTOCOL bits of the protocols whose tables were walked */
	size_t bad;      /* records that are none */
};

/* Takes the records in; to be called for each stream of a walk. A stream that breaks off counts in bad. */
void dw_view_add(struct dw_view *v, const struct dw_bytes *records);
/*
 * Of the sockets that processes hold the tables must show some. Where they show none the walk went astray (the
 * tables of this kernel are laid out in another way than we know), and its silence means nothing.
 */
bool dw_view_tables_agree(const struct dw_view *v);
/* A walk that did not come by TCP's and UDP's tables has seen nothing of what the kernel itself holds open. */
bool dw_view_knows_tables(const struct dw_view *v);
void dw_view_close(struct dw_view *v); /* the hash tables; all else is the arena's */
struct dw_view_socket *dw_view_find(const struct dw_view *v, uint64_t key);
struct dw_view_process *dw_view_process(const struct dw_view *v, uint32_t tgid);

/* DW_PROTOCOL_UNKNOWN: no door that we know. */
enum dw_protocol dw_view_protocol(const struct dw_bpf_socket *k);

/* bpfsettle.c: sockets that only one of the two views of a look shows. */
struct dw_view_difference {
	size_t unheld;   /* in the tables, with a file, but held by nobody */
	size_t unlisted; /* held, but not in the tables where they should be */
};

struct dw_collect;
struct dw_view_difference dw_view_difference(const struct dw_collect *c, const struct dw_view *v);
/* Asks for the sockets without a holder once more and marks those that were closed; how many are left. */
size_t dw_view_drop_closed(struct dw_collect *c, struct dw_view *v);
bool dw_view_has_closed_process(struct dw_collect *c, struct dw_arena *scratch);

/*
 * The subsystem of a socket that the kernel made, from the names of the functions that take what comes
 * ("svc_tcp_listen_data_ready [sunrpc]") and of the kernel thread that waits. In the arena, or NULL.
 */
const char *dw_bpf_subsystem(struct dw_arena *a, const struct dw_bpf_symbol *s);

#endif
