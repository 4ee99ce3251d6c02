/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching, of this host or a recorded one. A fake handle replays watch/events.bin, records of struct dw_bpf_watch; one
 * whose `what` is 0 stands for events that were lost (`port` of them). watch/usage.bin: keys, each with its counters.
 */
#include "dw_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys_private.h"
#include "watch_private.h"

struct dw_watch {
	struct dw_sys *sys;
	struct dw_watch_live *live; /* NULL: recorded */
	struct dw_arena *arena;
	const char *record;
	size_t n, at; /* records; the next one */
	uint64_t events, lost;
	int fd; /* readable as long as records are left */
};

static int replay(struct dw_watch *w, struct dw_error *e)
{
	_cleanup_fd_ int file = dw_fake_open(w->sys, "watch/events.bin", NULL);
	struct dw_bytes all = { 0 };
	int r;

	if (file < 0) {
		(void)dw_error_errno(e, -ENOTSUP, "no events were recorded");
		return -ENOTSUP;
	}
	r = dw_fd_read_all(file, DW_FILE_MAX, w->arena, &all);
	if (r < 0)
		return dw_error_errno(e, r, "recorded events");
	if (all.n % sizeof(struct dw_bpf_watch)) {
		(void)dw_error_set(e, -EBADMSG, "recorded events are cut short");
		return -EBADMSG;
	}
	w->record = all.data;
	w->n = all.n / sizeof(struct dw_bpf_watch);
	w->fd = eventfd(w->n ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->fd < 0 ? dw_error_errno(e, -errno, "the bell of a watch (eventfd)") : 0;
}

int dw_watch_open(struct dw_sys *s, const struct dw_watch_options *o, struct dw_watch **ret,
		  struct dw_error *e)
{
	static const struct dw_watch_options usual = { 0 };
	struct dw_watch *w;
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind == DW_SYS_OFFLINE) {
		r = r < 0 ? r : -ENOTSUP;
		(void)dw_error_errno(e, r, "watching");
		return r;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		dw_oom();
	w->sys = s;
	w->fd = -1;
	w->arena = dw_arena_new();
	r = s->kind == DW_SYS_FAKE ? replay(w, e) : dw_watch_live_open(o ? o : &usual, &w->live, e);
	if (r < 0) {
		dw_watch_close(w);
		return r;
	}
	*ret = w;
	return 0;
}

void dw_watch_close(struct dw_watch *w)
{
	if (!w)
		return;
	if (w->live)
		dw_watch_live_close(w->live);
	if (w->fd >= 0)
		close(w->fd);
	dw_arena_free(w->arena);
	free(w);
}

int dw_watch_fd(const struct dw_watch *w)
{
	return w->live ? dw_watch_live_fd(w->live) : w->fd;
}

static int replay_read(struct dw_watch *w, struct dw_bpf_watch *ret, size_t n, struct dw_error *e)
{
	int got = 0;
	uint64_t drained;

	for (; w->at < w->n && (size_t)got < n; w->at++, got++) {
		struct dw_bpf_watch *one = &ret[got];

		memcpy(one, w->record + w->at * sizeof(*one), sizeof(*one));
		one->comm[sizeof(one->comm) - 1] = '\0';
		if (one->what)
			continue;
		if (got)
			break; /* first what came before */
		w->at++;
		w->lost += one->port;
		(void)dw_error_set(e, -EOVERFLOW, "%u events were lost: the ring was full",
				   one->port);
		return -EOVERFLOW;
	}
	if (w->at == w->n)
		(void)!read(w->fd, &drained, sizeof(drained));
	w->events += (uint64_t)got;
	return got;
}

int dw_watch_read(struct dw_watch *w, struct dw_bpf_watch *ret, size_t n, struct dw_error *e)
{
	int r = dw_sys_fault(w->sys);

	if (r < 0) {
		(void)dw_error_errno(e, r, "reading events");
		return r;
	}
	return w->live ? dw_watch_live_read(w->live, ret, n, e) : replay_read(w, ret, n, e);
}

void dw_watch_status(const struct dw_watch *w, struct dw_watch_status *ret)
{
	struct dw_watch_status s = { .events = w->events, .lost = w->lost, .closes = ~0u };

	if (w->live) {
		dw_watch_live_status(w->live, ret);
		return;
	}
	for (size_t i = 0; i < DW_WATCH_KINDS; i++)
		s.hooks[i] = "recorded";
	s.closes = (1u << DW_WATCH_CLOSES) - 1;
	*ret = s;
}
