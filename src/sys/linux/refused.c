/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refused connections: the BPF program of bpf/refused.bpf.c, loaded and attached while the handle is open. */
#include "dw_refused.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "bpf_private.h"
#include "dw_bpf_refused.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "refused.lskel.h"
#pragma GCC diagnostic pop

struct dw_refusals {
	struct dw_sys *sys;
	struct dw_refused *skeleton;
};

int dw_refusals_open(struct dw_sys *s, struct dw_refusals **ret, struct dw_error *e)
{
	int r = dw_sys_fault(s);
	struct dw_refusals *w;

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "refused connections");
	w = calloc(1, sizeof(*w));
	if (!w)
		dw_oom();
	w->sys = s;
	w->skeleton = dw_refused__open();
	r = w->skeleton ? dw_refused__load(w->skeleton) : -ENOMEM;
	if (r >= 0)
		r = dw_refused__attach(w->skeleton);
	if (r >= 0) {
		*ret = w;
		return 0;
	}
	dw_refusals_close(w);
	return dw_error_errno(
		e, r == -EPERM || r == -EACCES ? -EPERM : -ENOTSUP,
		"the kernel did not take the BPF program that sees refused connections (%d)", r);
}

void dw_refusals_close(struct dw_refusals *r)
{
	if (!r)
		return;
	dw_refused__destroy(r->skeleton);
	free(r);
}

static int element(int command, int map, const struct dw_bpf_refused_key *key, void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = (uint64_t)(uintptr_t)key;
	attr.value = (uint64_t)(uintptr_t)value; /* next_key is the same member */
	return dw_bpf_call(command, &attr);
}

int dw_refusals_read(struct dw_refusals *r, struct dw_arena *a, struct dw_refusal_seen **ret,
		     size_t *ret_n, struct dw_error *e)
{
	DW_VEC(struct dw_refusal_seen) seen = { 0 };
	int map = r->skeleton->maps.dw_seen.map_fd, code = dw_sys_fault(r->sys);
	struct dw_bpf_refused_key key, next;
	const struct dw_bpf_refused_key *at = NULL;

	/* one that is added meanwhile may be missed or come twice: it is there the next time */
	while (code == 0 && seen.n < DW_BPF_REFUSED_MAX) {
		struct dw_bpf_refused value;

		code = element(BPF_MAP_GET_NEXT_KEY, map, at, &next);
		if (code < 0)
			break;
		key = next;
		at = &key;
		if (element(BPF_MAP_LOOKUP_ELEM, map, &key, &value) < 0)
			continue;
		*dw_vec_add(a, &seen) = (struct dw_refusal_seen){
			.family = key.family,
			.port = key.port,
			.times = value.times,
			.comm = dw_arena_strndup(a, value.comm,
						 strnlen(value.comm, sizeof(value.comm))),
		};
		memcpy(seen.v[seen.n - 1].address, key.address, sizeof(key.address));
	}
	if (code < 0 && code != -ENOENT)
		return dw_error_errno(e, code, "refused connections");
	*ret = seen.v;
	*ret_n = seen.n;
	return 0;
}
