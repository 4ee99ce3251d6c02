/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the watch tells of itself: written to a file every few seconds, read by `watch --status`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change-private.h"
#include "dw_daemon.h"
#include "dw_names.h"
#include "dw_str.h"
#include "watch-private.h"

#define RUN_DIRECTORY "/run/doorward"
#define EVERY_US      (2 * 1000 * 1000ULL)
#define STATE_MAX     ((size_t)1024 * 1024)

/* In memory, where a full disk does not reach it, unless the state lies elsewhere than is usual. */
static const char *file_of(const struct doorward *d, struct dw_arena *a)
{
	const char *state = dw_change_state(d);

	return dw_streq(state, DW_STORE_DIRECTORY) ? RUN_DIRECTORY "/watch.json"
						   : dw_arena_printf(a, "%s/watch.json", state);
}

static const char *const kinds[DW_WATCH_KINDS] = {
	[DW_WATCH_TCP] = "tcp",       [DW_WATCH_UDP] = "udp",     [DW_WATCH_RAW] = "raw",
	[DW_WATCH_PACKET] = "packet", [DW_WATCH_VSOCK] = "vsock", [DW_WATCH_SCTP] = "sctp",
	[DW_WATCH_CLOSES] = "closes",
};

static void take_kernel(struct watching *w, struct dw_watch_state *s)
{
	struct dw_watch_status k = { 0 };

	if (w->kernel) {
		dw_watch_status(w->kernel, &k);
		s->lost += k.lost;
		s->ring = k.ring;
	}
	s->n_kinds = DW_MIN((size_t)DW_WATCH_KINDS, (size_t)DW_WATCH_STATE_KINDS);
	for (size_t i = 0; i < s->n_kinds; i++) {
		s->kinds[i].kind = kinds[i];
		s->kinds[i].hook = k.hooks[i];
	}
	s->source = w->kernel ? "bpf" : "polling";
	s->why = w->why;
	s->poll_ms = w->polls ? w->poll_ms : 0;
}

static void take_sinks(struct watching *w, struct dw_watch_state *s, struct dw_arena *a)
{
	const struct dw_teller *both[] = { w->exec, w->webhook };
	struct dw_watch_sink *sinks = NULL;
	size_t n = 0;

	if (dw_watch_store_state(w->store, a, &sinks, &n, NULL) < 0)
		n = 0;
	s->n_sinks = DW_MIN(n, (size_t)DW_WATCH_STATE_SINKS);
	for (size_t i = 0; i < s->n_sinks; i++) {
		struct dw_watch_state_sink *to = &s->sinks[i];

		*to = (struct dw_watch_state_sink){ .name = sinks[i].name,
						    .waiting = sinks[i].waiting,
						    .lost = sinks[i].lost };
		for (size_t k = 0; k < w->n_sinks; k++) {
			const struct watch_sink *from = &w->sinks[k];

			if (!dw_streq(from->name, to->name))
				continue;
			to->told = from->told;
			to->failures = from->failures;
			/* without words it has not been tried yet: what the one before us left */
			to->failing = from->failing && *from->words;
			to->words = from->words;
		}
		for (size_t k = 0; k < DW_ARRAY_SIZE(both); k++) {
			struct dw_teller_state t = { 0 };

			if (!both[k] || !dw_starts_with(to->name, k ? "webhook " : "exec "))
				continue;
			dw_teller_look((struct dw_teller *)both[k], &t);
			to->told = t.told;
			to->failures = t.failures;
			to->failing = t.failing;
			to->words = dw_arena_strdup(a, t.words);
		}
	}
}

static void take_numbers(struct watching *w, struct dw_watch_state *s)
{
	struct dw_daemon_use use = { 0 };

	dw_daemon_use(w->sys, &use);
	s->cpu_us = use.cpu_us;
	s->resident = use.resident;
	s->resident_peak = use.resident_peak;
	s->time = dw_sys_now(w->sys);
	s->doors = dw_known_count(w->known);
	s->waiting = dw_due_count(w->due) + dw_due_count(w->later);
	s->unsaved = w->n_unsaved;
	s->disk = *w->disk ? w->disk : NULL;
	s->enforced = dw_watch_enforced(w);
	s->latency_n = w->latency.n;
	s->latency_p50 = dw_latency_share(&w->latency, 0.5);
	s->latency_p99 = dw_latency_share(&w->latency, 0.99);
	s->latency_p999 = dw_latency_share(&w->latency, 0.999);
	s->latency_max = w->latency.max;
}

/* What nobody could tell of: a whole look has found, or will, what of it is open still. */
static void say_lost(struct watching *w, uint64_t lost)
{
	if (lost <= w->lost_said)
		return;
	dw_watch_notice(
		w,
		"%llu events were lost, there were too many at once%s%s: all doors are looked at "
		"anew, but what opened and shut meanwhile is not told",
		(unsigned long long)(lost - w->lost_said),
		*w->lost_of ? ", what waited was mostly of processes named " : "", w->lost_of);
	w->lost_said = lost;
	*w->lost_of = '\0';
}

void dw_watch_state_write(struct watching *w, bool ended)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_state s = w->s;
	const char *file = file_of(w->d, a), *text;
	struct dw_error e = { 0 };

	w->state_at = dw_watch_now(w) + EVERY_US;
	take_kernel(w, &s);
	take_sinks(w, &s, a);
	take_numbers(w, &s);
	s.running = !ended;
	say_lost(w, s.lost);
	text = dw_watch_state_json(a, &s, false);
	if (dw_starts_with(file, RUN_DIRECTORY "/"))
		(void)dw_sys_dir_make(w->sys, RUN_DIRECTORY, 0755, NULL);
	/* a full disk is told by the news that it does not take */
	(void)dw_sys_given_renew(w->sys, file, text, strlen(text), &e);
	text = dw_arena_printf(a, "STATUS=%llu doors known, %llu news, %s",
			       (unsigned long long)s.doors, (unsigned long long)s.news, s.source);
	(void)dw_daemon_notify(w->sys, text, NULL);
}

int doorward_watch_status(struct doorward *d, enum doorward_format format, FILE *out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_error *e = dw_facade_begin(d);
	struct dw_watch_state s = { 0 };
	struct dw_bytes text = { 0 };
	const char *told;
	int locked, r = dw_sys_open(NULL, &sys, e);

	if (r < 0)
		return r;
	locked = dw_watch_store_is_locked(dw_change_state(d));
	if (locked < 0 && locked != -ENOENT)
		return dw_error_errno(e, locked, "%s", dw_change_state(d));
	r = dw_sys_given_read(sys, file_of(d, a), STATE_MAX, a, &text, e);
	if (r == 0)
		r = dw_watch_state_read(a, text.data, text.n, &s, e);
	if (r < 0 && r != -ENOENT)
		return r;
	s.running = locked > 0;
	told = format == DOORWARD_TEXT
		       ? dw_watch_state_text(a, &s, dw_sys_now(sys))
		       : dw_watch_state_json(a, &s, format == DOORWARD_JSON_INDENTED);
	if (fputs(told, out) < 0 || fflush(out) != 0)
		return dw_error_errno(e, -errno, "the status could not be written");
	return s.running ? 1 : 0;
}
