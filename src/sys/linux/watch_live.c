/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching this host: which of the BPF programs of bpf/watch_*.bpf.c run here, and what they tell. For each kind of
 * door the best hook is tried first: the kernel's functions themselves (fexit, fentry; not everywhere allowed), then
 * tracepoints and the root of the cgroups.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "watch_private.h"

#define RING_DEFAULT ((size_t)4 * 1024 * 1024) /* some 37,000 events */

struct dw_watch_live {
	struct dw_watch_ring ring;
	struct dw_watch_object objects[DW_WATCH_OBJECTS];
	unsigned without;
	int refusal; /* what the kernel said last when it took a program not */
	const char *hooks[DW_WATCH_KINDS];
	unsigned closes; /* 1 << kind */
	uint64_t events, lost_told;
};

static const char fexit_hook[] = "fexit", tracepoint_hook[] = "tracepoint",
		  cgroup_hook[] = "cgroup";

/* One step of the ladder. */
struct rung {
	enum dw_watch_object_id object;
	unsigned hook;        /* DW_WATCH_HOOK_* */
	const char *name;     /* in the status */
	unsigned kinds;       /* of which it tells openings */
	unsigned closes;      /* of which it tells closings */
	unsigned needs_kinds; /* makes sense only when one of these is seen, by fexit; 0: always */
};

#define KIND(k) (1u << DW_WATCH_##k)

static const struct rung ladder[] = {
	{ DW_WATCH_O_TCP, DW_WATCH_HOOK_FEXIT, fexit_hook, KIND(TCP), 0, 0 },
	{ DW_WATCH_O_UDP, DW_WATCH_HOOK_FEXIT, fexit_hook, KIND(UDP), KIND(UDP), 0 },
	{ DW_WATCH_O_RAW, DW_WATCH_HOOK_FEXIT, fexit_hook, KIND(RAW), KIND(RAW), 0 },
	{ DW_WATCH_O_PACKET, DW_WATCH_HOOK_FEXIT, fexit_hook, KIND(PACKET), 0, 0 },
	{ DW_WATCH_O_VSOCK, DW_WATCH_HOOK_FEXIT, fexit_hook, KIND(VSOCK), 0, 0 },
	{ DW_WATCH_O_CONNECT, DW_WATCH_HOOK_FEXIT, NULL, 0, 0, KIND(UDP) },
	{ DW_WATCH_O_FILTER, DW_WATCH_HOOK_FEXIT, NULL, 0, 0, KIND(PACKET) | KIND(RAW) },
	{ DW_WATCH_O_RELEASE, DW_WATCH_HOOK_FEXIT, fexit_hook, 0, KIND(PACKET) | KIND(VSOCK), 0 },
	{ DW_WATCH_O_STATE, DW_WATCH_HOOK_TRACEPOINT, tracepoint_hook, KIND(TCP) | KIND(SCTP),
	  KIND(TCP) | KIND(SCTP), 0 },
	{ DW_WATCH_O_CGROUP, DW_WATCH_HOOK_CGROUP, cgroup_hook, KIND(UDP) | KIND(RAW),
	  KIND(UDP) | KIND(RAW), 0 },
	{ DW_WATCH_O_SYSCALLS, DW_WATCH_HOOK_TRACEPOINT, tracepoint_hook,
	  KIND(PACKET) | KIND(VSOCK), 0, 0 },
};

static unsigned seen(const struct dw_watch_live *w)
{
	unsigned kinds = 0;

	for (unsigned i = 0; i < DW_WATCH_CLOSES; i++)
		if (w->hooks[i])
			kinds |= 1u << i;
	return kinds;
}

static void climb(struct dw_watch_live *w, const struct rung *at)
{
	unsigned opens = at->kinds & ~seen(w), closes = at->closes & ~w->closes;
	int r;

	if (w->without & at->hook || (at->needs_kinds && !(at->needs_kinds & seen(w))))
		return;
	if (!opens && !closes && !at->needs_kinds)
		return;
	r = dw_watch_object_load(at->object, w->ring.fd, opens, &w->objects[at->object]);
	if (r < 0) {
		w->refusal = r;
		/* where one function may not be hooked, none may: spares some 40 ms each */
		if (r == -EPERM || r == -EACCES)
			w->without |= at->hook & DW_WATCH_HOOK_FEXIT;
		return;
	}
	for (unsigned i = 0; i < DW_WATCH_CLOSES; i++)
		if (opens >> i & 1)
			w->hooks[i] = at->name;
	w->closes |= closes;
	if (closes && !w->hooks[DW_WATCH_CLOSES])
		w->hooks[DW_WATCH_CLOSES] = at->name;
}

static int refused(const struct dw_watch_live *w, struct dw_error *e)
{
	int code = w->refusal == -EPERM || w->refusal == -EACCES ? -EPERM : -ENOTSUP;

	(void)dw_error_errno(e, code,
			     "the kernel did not take the BPF programs that see doors open (%d)",
			     w->refusal);
	return code;
}

int dw_watch_live_open(const struct dw_watch_options *o, struct dw_watch_live **ret,
		       struct dw_error *e)
{
	struct dw_watch_live *w;
	int r = dw_watch_types(o->without, e);

	if (r < 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		dw_oom();
	w->without = o->without;
	w->ring.fd = -1;
	r = dw_watch_ring_open(o->ring ? o->ring : RING_DEFAULT, &w->ring);
	if (r == 0)
		for (size_t i = 0; i < DW_ARRAY_SIZE(ladder); i++)
			climb(w, &ladder[i]);
	if (r == 0 && seen(w)) {
		*ret = w;
		return 0;
	}
	if (r == -EINVAL)
		(void)dw_error_set(
			e, r, "the size of the ring is no power of two, or too small or large");
	else {
		w->refusal = r < 0 ? r : w->refusal;
		r = refused(w, e);
	}
	dw_watch_live_close(w);
	return r;
}

void dw_watch_live_close(struct dw_watch_live *w)
{
	for (size_t i = 0; i < DW_WATCH_OBJECTS; i++)
		dw_watch_object_close(&w->objects[i]);
	dw_watch_ring_close(&w->ring);
	free(w);
}

int dw_watch_live_fd(const struct dw_watch_live *w)
{
	return w->ring.fd;
}

static uint64_t lost(const struct dw_watch_live *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < DW_WATCH_OBJECTS; i++)
		if (w->objects[i].lost)
			n += __atomic_load_n(w->objects[i].lost, __ATOMIC_RELAXED);
	return n;
}

int dw_watch_live_read(struct dw_watch_live *w, struct dw_bpf_watch *ret, size_t n,
		       struct dw_error *e)
{
	uint64_t gone = lost(w);
	int got = 0;

	if (gone > w->lost_told) {
		(void)dw_error_set(e, -EOVERFLOW, "%llu events were lost: the ring was full",
				   (unsigned long long)(gone - w->lost_told));
		w->lost_told = gone;
		return -EOVERFLOW;
	}
	while ((size_t)got < n && dw_watch_ring_next(&w->ring, &ret[got]) > 0)
		got++;
	w->events += (uint64_t)got;
	return got;
}

void dw_watch_live_status(const struct dw_watch_live *w, struct dw_watch_status *ret)
{
	*ret = (struct dw_watch_status){ .events = w->events,
					 .lost = lost(w),
					 .ring = w->ring.size,
					 .closes = w->closes,
					 .inside = dw_watch_pidns() != 0 };
	memcpy(ret->hooks, w->hooks, sizeof(ret->hooks));
}
