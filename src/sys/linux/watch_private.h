/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of watching; private to src/sys. */
#ifndef DW_WATCH_PRIVATE_H
#define DW_WATCH_PRIVATE_H

#include "dw_watch.h"

/* watch_live.c and usage_live.c, or watch_none.c where the build has no BPF: as the functions of dw_watch.h. */
struct dw_watch_live;
int dw_watch_live_open(const struct dw_watch_options *o, struct dw_watch_live **ret,
		       struct dw_error *e);
int dw_watch_live_fd(const struct dw_watch_live *w);
int dw_watch_live_read(struct dw_watch_live *w, struct dw_bpf_watch *ret, size_t n,
		       struct dw_error *e);
void dw_watch_live_status(const struct dw_watch_live *w, struct dw_watch_status *ret);
void dw_watch_live_close(struct dw_watch_live *w);

struct dw_usage_live;
int dw_usage_live_open(unsigned without, struct dw_usage_live **ret, struct dw_error *e);
int dw_usage_live_read(struct dw_usage_live *u,
		       int (*fn)(void *data, const struct dw_bpf_usage_key *k,
				 const struct dw_bpf_usage *v),
		       void *data, struct dw_error *e);
void dw_usage_live_forget(struct dw_usage_live *u, const struct dw_bpf_usage_key *k);
void dw_usage_live_status(struct dw_usage_live *u, struct dw_usage_status *ret);
void dw_usage_live_close(struct dw_usage_live *u);

/* watch_ring.c: a ring buffer of BPF programs, Documentation/bpf/ringbuf.rst. */
struct dw_watch_ring {
	int fd; /* of the map, to wait on */
	size_t size;
	uint64_t *consumer; /* bytes that were read: one page, ours to write */
	const uint64_t
		*producer; /* bytes that were written: one page, then the data twice in a row */
};
int dw_watch_ring_open(size_t size, struct dw_watch_ring *ret);
/* The next record, copied: 1. 0: there is none (yet). */
int dw_watch_ring_next(struct dw_watch_ring *r, struct dw_bpf_watch *ret);
void dw_watch_ring_close(struct dw_watch_ring *r);

/* watch_attach.c: what the light skeletons cannot attach by themselves. A descriptor that holds it, or -errno. */
int dw_watch_attach_cgroup(int program, unsigned type);
int dw_watch_attach_tracepoint(int program, const char *event);
/* Puts the map `inner` into the first place of the map of maps `outer`; takes it out again. */
int dw_watch_map_put(int outer, int inner);
int dw_watch_map_take(int outer);
/* 0; -ENOTSUP: this kernel shows no types (BTF), by which the programs find their way in it. */
int dw_watch_types(unsigned without, struct dw_error *e);

/* The inode of our own pid namespace; 0: it is the first, which has all processes. */
uint32_t dw_watch_pidns(void);

/* watch_objects.c: the programs, one object each. */
enum dw_watch_object_id {
	DW_WATCH_O_TCP,
	DW_WATCH_O_STATE,
	DW_WATCH_O_UDP,
	DW_WATCH_O_CONNECT,
	DW_WATCH_O_RAW,
	DW_WATCH_O_PACKET,
	DW_WATCH_O_FILTER,
	DW_WATCH_O_VSOCK,
	DW_WATCH_O_RELEASE,
	DW_WATCH_O_CGROUP,
	DW_WATCH_O_SYSCALLS,
	DW_WATCH_OBJECTS
};

struct dw_watch_object {
	void *skeleton; /* NULL: not loaded */
	void (*destroy)(void *skeleton);
	const uint64_t *lost; /* events that found the ring full; the kernel counts in it */
	int links[6];         /* that are closed with it; 0: none */
};

/* opens: the kinds of which openings are wanted from it, 1 << DW_WATCH_*, where it can tell of several. */
int dw_watch_object_load(enum dw_watch_object_id id, int ring, unsigned opens,
			 struct dw_watch_object *ret);
void dw_watch_object_close(struct dw_watch_object *o);

/* watch_states.c: the program of TCP's states, which who watches and who counts share. */
struct dw_watch_states;
enum dw_watch_states_use {
	DW_WATCH_STATES_WATCH, /* map: the ring */
	DW_WATCH_STATES_COUNT, /* map: the counters */
};

/*
 * Uses one that this process has loaded, or loads one. tcp_opens: of who watches, whether TCP that begins to listen is
 * told. ret_lost: events that found the ring full, or uses that found no counter, from now on; valid until left.
 */
int dw_watch_states_join(enum dw_watch_states_use use, int map, bool tcp_opens,
			 struct dw_watch_states **ret, const uint64_t **ret_lost);
void dw_watch_states_leave(struct dw_watch_states *s, enum dw_watch_states_use use); /* NULL allowed */

#endif
