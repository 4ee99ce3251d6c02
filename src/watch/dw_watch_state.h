/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the watch tells of itself: a small document that it writes every few seconds, and `watch --status` reads. */
#ifndef DW_WATCH_STATE_H
#define DW_WATCH_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dw_arena.h"
#include "dw_error.h"

#define DW_WATCH_STATE_SINKS 8
#define DW_WATCH_STATE_KINDS 8

struct dw_watch_state_sink {
	const char *name;
	uint64_t told, waiting, lost, failures;
	bool failing;
	const char *words; /* why; NULL */
};

struct dw_watch_state {
	bool running; /* of whoever reads it */
	int pid;
	const char *version, *host;
	uint64_t since, time; /* seconds since the epoch: begun, written */
	const char *source;   /* "bpf", "polling" */
	const char *why;      /* it is polling: why; NULL */
	struct {
		const char *kind, *hook; /* hook NULL: polled */
	} kinds[DW_WATCH_STATE_KINDS];
	size_t n_kinds;
	unsigned poll_ms; /* 0: nothing is polled */
	uint64_t events, lost, ring, waiting, clients;
	uint64_t looks, looks_us, whole_looks, whole_looks_us; /* and what they took, in all */
	uint64_t doors, news, enforced;
	uint64_t latency_n, latency_p50, latency_p99, latency_p999, latency_max; /* microseconds */
	uint64_t cpu_us, resident, resident_peak;
	uint64_t unsaved; /* news that the disk did not take yet */
	const char *disk; /* why; NULL: all is well */
	const char *last; /* the newest piece of news, a line; NULL */
	uint64_t last_time;
	struct dw_watch_state_sink sinks[DW_WATCH_STATE_SINKS];
	size_t n_sinks;
};

/* One JSON object and a newline, in the arena. */
const char *dw_watch_state_json(struct dw_arena *a, const struct dw_watch_state *s, bool pretty);
/* For people, fit for a terminal; in the arena. now: seconds since the epoch. */
const char *dw_watch_state_text(struct dw_arena *a, const struct dw_watch_state *s, uint64_t now);
/* -EBADMSG: it is none. Texts in the arena. */
int dw_watch_state_read(struct dw_arena *a, const char *text, size_t n, struct dw_watch_state *ret,
			struct dw_error *e);

#endif
