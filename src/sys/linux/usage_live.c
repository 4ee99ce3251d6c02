/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counting the uses of this host's doors: the BPF programs of bpf/usage_*.bpf.c, which share one map. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_private.h"
#include "watch_private.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "usage_cgroup.lskel.h"
#include "usage_fentry.lskel.h"
#pragma GCC diagnostic pop

#define DOORS_MAX                                                                                  \
	16384 /* counters; some 3.5 MB in the kernel, taken at once: a program cannot wait for memory */

struct dw_usage_live {
	int map, link;
	struct dw_watch_states *tcp; /* the program of who watches, when this process does */
	const uint64_t *tcp_missed;
	struct dw_usage_fentry *fentry;
	struct dw_usage_cgroup *cgroup;
};

static int make_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_HASH;
	attr.key_size = sizeof(struct dw_bpf_usage_key);
	attr.value_size = sizeof(struct dw_bpf_usage);
	attr.max_entries = DOORS_MAX;
	memcpy(attr.map_name, "dw_usage", sizeof("dw_usage"));
	return dw_bpf_call(BPF_MAP_CREATE, &attr);
}

static int load_fentry(struct dw_usage_live *u)
{
	struct dw_usage_fentry *k = dw_usage_fentry__open();
	int r = k ? dw_usage_fentry__load(k) : -ENOMEM;

	if (r >= 0)
		r = dw_watch_map_put(k->maps.dw_doors.map_fd, u->map);
	if (r >= 0)
		r = dw_usage_fentry__attach(k);
	if (r >= 0)
		u->fentry = k;
	else
		dw_usage_fentry__destroy(k);
	return r;
}

static int load_cgroup(struct dw_usage_live *u)
{
	struct dw_usage_cgroup *k = dw_usage_cgroup__open();
	int r = k ? dw_usage_cgroup__load(k) : -ENOMEM;

	if (r >= 0)
		r = dw_watch_map_put(k->maps.dw_doors.map_fd, u->map);
	if (r >= 0)
		r = u->link =
			dw_watch_attach_cgroup(k->progs.dw_packet.prog_fd, BPF_CGROUP_INET_INGRESS);
	if (r >= 0)
		u->cgroup = k;
	else
		dw_usage_cgroup__destroy(k);
	return r;
}

/* The last refusal of the kernel, when it took nothing; 0. */
static int load(struct dw_usage_live *u, unsigned without)
{
	int r = -ENOTSUP;

	u->map = make_map();
	if (u->map < 0)
		return u->map;
	if (!(without & DW_WATCH_HOOK_FEXIT))
		r = load_fentry(u);
	if (!u->fentry && !(without & DW_WATCH_HOOK_CGROUP))
		r = load_cgroup(u);
	if (!(without & DW_WATCH_HOOK_TRACEPOINT))
		r = dw_watch_states_join(DW_WATCH_STATES_COUNT, u->map, false, &u->tcp,
					 &u->tcp_missed);
	return u->tcp || u->fentry || u->cgroup ? 0 : r;
}

int dw_usage_live_open(unsigned without, struct dw_usage_live **ret, struct dw_error *e)
{
	struct dw_usage_live *u;
	int r = dw_watch_types(without, e);

	if (r < 0)
		return r;
	u = calloc(1, sizeof(*u));
	if (!u)
		dw_oom();
	u->link = -1;
	r = load(u, without);
	if (r == 0) {
		*ret = u;
		return 0;
	}
	dw_usage_live_close(u);
	(void)dw_error_set(e, r, "the kernel did not take the BPF programs that count uses (%d)",
			   r);
	return r == -EPERM || r == -EACCES ? -EPERM : -ENOTSUP;
}

void dw_usage_live_close(struct dw_usage_live *u)
{
	dw_watch_states_leave(u->tcp, DW_WATCH_STATES_COUNT);
	dw_usage_fentry__destroy(u->fentry);
	if (u->link >= 0)
		close(u->link);
	dw_usage_cgroup__destroy(u->cgroup);
	if (u->map >= 0)
		close(u->map);
	free(u);
}

static int element(int command, int map, const struct dw_bpf_usage_key *key, void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = (uint64_t)(uintptr_t)key;
	attr.value = (uint64_t)(uintptr_t)value; /* next_key is the same member */
	return dw_bpf_call(command, &attr);
}

/* All keys first: one that fn forgets while we walk would send the walk back to the beginning. */
static size_t keys_of(const struct dw_usage_live *u, struct dw_bpf_usage_key *ret)
{
	const struct dw_bpf_usage_key *at = NULL;
	size_t n = 0;

	while (n < DOORS_MAX && element(BPF_MAP_GET_NEXT_KEY, u->map, at, &ret[n]) == 0)
		at = &ret[n++];
	return n;
}

int dw_usage_live_read(struct dw_usage_live *u,
		       int (*fn)(void *data, const struct dw_bpf_usage_key *k,
				 const struct dw_bpf_usage *v),
		       void *data, struct dw_error *e)
{
	struct dw_bpf_usage_key *keys = calloc(DOORS_MAX, sizeof(*keys));
	size_t n;
	int r = 0;

	if (!keys)
		dw_oom();
	n = keys_of(u, keys);
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct dw_bpf_usage value;

		if (element(BPF_MAP_LOOKUP_ELEM, u->map, &keys[i], &value) == 0)
			r = fn(data, &keys[i], &value);
	}
	free(keys);
	return r < 0 ? r : 0;
}

void dw_usage_live_forget(struct dw_usage_live *u, const struct dw_bpf_usage_key *k)
{
	(void)element(BPF_MAP_DELETE_ELEM, u->map, k, NULL);
}

static int one_more(void *data, const struct dw_bpf_usage_key *k, const struct dw_bpf_usage *v)
{
	*(size_t *)data += 1;
	return 0;
}

void dw_usage_live_status(struct dw_usage_live *u, struct dw_usage_status *ret)
{
	struct dw_usage_status s = { .doors_max = DOORS_MAX };

	s.tcp = u->tcp;
	s.udp = s.refused = u->fentry || u->cgroup;
	s.bytes = s.tcp || s.udp;
	(void)dw_usage_live_read(u, one_more, &s.doors, NULL);
	if (u->tcp)
		s.missed += __atomic_load_n(u->tcp_missed, __ATOMIC_RELAXED);
	if (u->fentry)
		s.missed += __atomic_load_n(&u->fentry->bss->dw_missed, __ATOMIC_RELAXED);
	if (u->cgroup)
		s.missed += __atomic_load_n(&u->cgroup->bss->dw_missed, __ATOMIC_RELAXED);
	*ret = s;
}
