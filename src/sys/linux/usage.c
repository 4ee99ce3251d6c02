/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counting the uses of doors, of this host or a recorded one: watch/usage.bin, keys, each with its counters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys_private.h"
#include "watch_private.h"

struct record {
	struct dw_bpf_usage_key key;
	struct dw_bpf_usage value;
};

struct dw_usage {
	struct dw_sys *sys;
	struct dw_usage_live *live; /* NULL: recorded */
	struct dw_arena *arena;
	struct dw_bytes record;
	bool *forgotten; /* of each record */
};

static int replay(struct dw_usage *u, struct dw_error *e)
{
	_cleanup_fd_ int file = dw_fake_open(u->sys, "watch/usage.bin", NULL);
	int r;

	if (file < 0) {
		(void)dw_error_errno(e, -ENOTSUP, "no uses were recorded");
		return -ENOTSUP;
	}
	r = dw_fd_read_all(file, DW_FILE_MAX, u->arena, &u->record);
	if (r < 0) {
		(void)dw_error_errno(e, r, "recorded uses");
		return r;
	}
	if (u->record.n % sizeof(struct record)) {
		(void)dw_error_set(e, -EBADMSG, "recorded uses are cut short");
		return -EBADMSG;
	}
	u->forgotten = dw_arena_alloc(u->arena, u->record.n / sizeof(struct record) + 1);
	return 0;
}

int dw_usage_open(struct dw_sys *s, struct dw_usage **ret, struct dw_error *e)
{
	struct dw_usage *u;
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind == DW_SYS_OFFLINE) {
		r = r < 0 ? r : -ENOTSUP;
		(void)dw_error_errno(e, r, "counting uses");
		return r;
	}
	u = calloc(1, sizeof(*u));
	if (!u)
		dw_oom();
	u->sys = s;
	u->arena = dw_arena_new();
	r = s->kind == DW_SYS_FAKE ? replay(u, e) : dw_usage_live_open(0, &u->live, e);
	if (r < 0) {
		dw_usage_close(u);
		return r;
	}
	*ret = u;
	return 0;
}

void dw_usage_close(struct dw_usage *u)
{
	if (!u)
		return;
	if (u->live)
		dw_usage_live_close(u->live);
	dw_arena_free(u->arena);
	free(u);
}

static struct record recorded(const struct dw_usage *u, size_t i)
{
	struct record one;

	memcpy(&one, u->record.data + i * sizeof(one), sizeof(one));
	return one;
}

int dw_usage_read(struct dw_usage *u,
		  int (*fn)(void *data, const struct dw_bpf_usage_key *k,
			    const struct dw_bpf_usage *v),
		  void *data, struct dw_error *e)
{
	int r = dw_sys_fault(u->sys);

	if (r < 0) {
		(void)dw_error_errno(e, r, "reading the counters of doors");
		return r;
	}
	if (u->live)
		return dw_usage_live_read(u->live, fn, data, e);
	for (size_t i = 0; i < u->record.n / sizeof(struct record) && r >= 0; i++) {
		const struct record one = recorded(u, i);

		if (!u->forgotten[i])
			r = fn(data, &one.key, &one.value);
	}
	return r < 0 ? r : 0;
}

void dw_usage_forget(struct dw_usage *u, const struct dw_bpf_usage_key *k)
{
	if (u->live) {
		dw_usage_live_forget(u->live, k);
		return;
	}
	for (size_t i = 0; i < u->record.n / sizeof(struct record); i++) {
		const struct record one = recorded(u, i);

		if (memcmp(&one.key, k, sizeof(*k)) == 0)
			u->forgotten[i] = true;
	}
}

void dw_usage_status(struct dw_usage *u, struct dw_usage_status *ret)
{
	struct dw_usage_status s = { .tcp = true, .refused = true, .udp = true, .bytes = true };

	if (u->live) {
		dw_usage_live_status(u->live, ret);
		return;
	}
	s.doors_max = u->record.n / sizeof(struct record);
	for (size_t i = 0; i < s.doors_max; i++)
		s.doors += !u->forgotten[i];
	*ret = s;
}
