/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the BPF rung; private to src/sys. */
#ifndef DW_BPF_PRIVATE_H
#define DW_BPF_PRIVATE_H

#include "dw_bpf.h"
#include "dw_offsets.h"
#include "sys_private.h"

/* bpfinfo.c: bpf(2); a descriptor, 0, or -errno. */
union bpf_attr;
int dw_bpf_call(int command, union bpf_attr *attr);

/* bpf_live.c, or bpf_none.c where the build has no BPF. */
bool dw_bpf_live_begin(struct dw_sys *s);
void dw_bpf_live_load(struct dw_sys *s);
/* Takes what was loaded, if anything was. */
void dw_bpf_live_take(struct dw_sys *s, struct dw_error *e);
int dw_bpf_live_run(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
		    struct dw_error *e);
int dw_bpf_live_look_again(struct dw_sys *s, const struct dw_bpf_seen *v, size_t n,
			   struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e);
bool dw_bpf_live_is_pinned(void);
int dw_bpf_live_pin(struct dw_sys *s, struct dw_error *e);
int dw_bpf_live_unpin(struct dw_sys *s, struct dw_error *e);

/* bpf_fields.c. The kernel's modules that the table was made of, one bit each. */
unsigned dw_bpf_modules(void);

const char *dw_bpf_module_name(unsigned i);
/* Changes with the list of members. */
uint64_t dw_bpf_fields_sum(void);

/* bpf_load.c: a descriptor of the program, loaded now. -EPERM, -ENOTSUP: this kernel or we may not. */
int dw_bpf_load(enum dw_bpf_reads how, bool paths, struct dw_error *e);
/* What the object was made from, to name its pin. */
const char *dw_bpf_digest(void);

/* bpf_pin.c: a descriptor of the pinned program of this very build, -ENOENT when there is none to be trusted. */
int dw_bpf_pinned(struct dw_error *e);

/* bpf_iter.c: bytes that grow in the arena. */
struct dw_bpf_stream {
	struct dw_arena *arena;
	struct dw_bytes bytes;
	size_t cap;
};

/* bpf_command.c */
struct dw_bpf_head;
/* The head of the record at `at`, checked; false at the end or when the rest is no record. */
bool dw_bpf_head_at(const struct dw_bytes *b, size_t at, struct dw_bpf_head *ret);
void dw_bpf_add_bytes(struct dw_bpf_stream *to, const void *p, size_t n);
/* Adds the command lines of the processes in the stream; proc: /proc. Where two threads walk, they share this, too. */
void dw_bpf_add_commands(struct dw_bpf_stream *to, int proc);

/*
 * bpf_iter.c. Runs the program over all tasks (half 0), or over one half of the processes (1, 2), and adds what it
 * tells.
 */
int dw_bpf_iterate_tasks(struct dw_sys *s, int program, uint32_t half, struct dw_bpf_stream *to,
			 struct dw_error *e);
/* The same over n pieces of work (struct dw_bpf_work). */
struct dw_bpf_work;
int dw_bpf_iterate_work(struct dw_sys *s, int program, const struct dw_bpf_work *work, size_t n,
			struct dw_bpf_stream *to, struct dw_error *e);

#endif
