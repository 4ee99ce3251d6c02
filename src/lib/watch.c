/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The watch: opening all that it needs, and the loop. */
#include "doorward/watch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "change-private.h"
#include "dw_collect.h"
#include "dw_daemon.h"
#include "dw_str.h"
#include "watch-private.h"

#define READ_MAX     256  /* events that are taken in one go */
#define DRAIN_MAX    64   /* such goes, before what they told is looked at */
#define DEFAULT_POLL 1000 /* ms */
#define POLL_BESIDE  5000 /* ms, where the kernel tells of most kinds */
#define IDLE_US      (60 * 1000 * 1000ULL)

void dw_watch_notice(const struct watching *w, const char *fmt, ...)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text;
	va_list ap;

	if (!w->o.notice)
		return;
	va_start(ap, fmt);
	text = dw_arena_vprintf(a, fmt, ap);
	va_end(ap);
	w->o.notice(w->o.data, dw_escape_terminal(a, text, strlen(text)));
}

/* --- opening -------------------------------------------------------------------------------------- */

static int open_store(struct watching *w, struct dw_error *e)
{
	int r = dw_watch_store_open(w->state, true, &w->store, e);
	bool used = false;

	if (r == -EBADMSG) {
		dw_watch_notice(w, "what was known is damaged, and begun anew: %s", e->message);
		r = dw_watch_store_set_aside(w->state, e);
		if (r == 0)
			r = dw_watch_store_open(w->state, true, &w->store, e);
	}
	if (r == 0 && w->d->hooks.spool)
		w->d->hooks.spool(w->d->hooks.data, w->store);
	if (r == 0)
		r = dw_watch_store_lock(w->store, e);
	if (r == 0)
		r = dw_watch_store_is_used(w->store, &used, e);
	if (r == 0)
		r = dw_watch_store_next_id(w->store, &w->next_id, e);
	w->first = !used;
	return r;
}

static int load_known(struct watching *w, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_known *v = NULL;
	size_t n = 0;
	int r = dw_watch_store_known(w->store, a, &v, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		size_t place = strlen(v[i].place);
		struct dw_known_door d = {
			.key = v[i].key,
			.place = v[i].place,
			.holder = strlen(v[i].key) > place ? v[i].key + place + 1 : "",
			.summary = v[i].summary,
			.json = v[i].door,
			.ephemeral = v[i].ephemeral,
			.since = v[i].since,
			.seen = v[i].seen,
		};

		dw_known_load(w->known, &d);
	}
	return r;
}

/* "32768\t60999" */
static void read_port_range(struct watching *w)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { 0 };
	uint64_t low, high;
	char *p, *first, *second;

	w->port_low = 32768;
	w->port_high = 60999;
	if (dw_sys_file_read(w->sys, "/proc/sys/net/ipv4/ip_local_port_range", 4096, a, &text,
			     NULL) < 0 ||
	    !text.data)
		return;
	p = dw_trim(text.data);
	first = dw_word_next(&p);
	second = dw_word_next(&p);
	if (first && second && dw_parse_u64(first, 10, 65535, &low) &&
	    dw_parse_u64(second, 10, 65535, &high)) {
		w->port_low = (uint32_t)low;
		w->port_high = (uint32_t)high;
	}
}

static int open_kernel(struct watching *w, struct dw_error *e)
{
	static const struct dw_watch_options plain;
	struct dw_watch_status s = { 0 };
	struct dw_error why = { 0 };
	int r = 0;

	w->poll_ms = w->o.poll_ms ? w->o.poll_ms : DEFAULT_POLL;
	w->polls = true;
	if (!(w->d->rungs & DW_RUNG_BPF)) {
		w->why = "asked for";
		return 0;
	}
	r = dw_watch_open(w->sys, &plain, &w->kernel, &why);
	if (r < 0 && w->d->rungs == DW_RUNG_BPF)
		return dw_error_set(e, r, "%s", why.message);
	if (r < 0) {
		w->kernel = NULL;
		w->why = dw_arena_strdup(w->arena, why.message);
		dw_watch_notice(w,
				"the kernel does not tell of new doors (%s): they are looked for "
				"every %u ms, and what lives shorter is not seen",
				why.message, w->poll_ms);
		return 0;
	}
	dw_watch_status(w->kernel, &s);
	if (s.inside)
		dw_watch_notice(w,
				"this is a pid namespace of its own (a container's): what opens in "
				"network namespaces that only others have is not told");
	w->polls = false;
	for (unsigned i = 0; i < DW_WATCH_KINDS; i++)
		w->polls |= !s.hooks[i];
	if (w->polls && !w->o.poll_ms)
		w->poll_ms = POLL_BESIDE;
	return 0;
}

static int open_all(struct watching *w, struct dw_error *e)
{
	int r = dw_sys_open(NULL, &w->sys, e);

	if (r < 0)
		return r;
	if (dw_sys_euid(w->sys) != 0) {
		(void)dw_error_set(e, -EPERM,
				   "watching takes root: sudo doorward watch (doorward watch "
				   "--status does not)");
		return -EPERM;
	}
	w->host = dw_sys_hostname(w->sys, w->arena);
	w->s.host = w->host;
	w->s.version = DW_VERSION;
	w->s.pid = (int)getpid();
	w->s.since = dw_sys_now(w->sys);
	read_port_range(w);
	w->bell = dw_daemon_bell(w->sys, e);
	if (w->bell < 0)
		return w->bell;
	r = open_store(w, e);
	if (r == 0)
		r = load_known(w, e);
	if (r == 0)
		r = dw_watch_sinks_open(w, e);
	/* before the first look: what opens meanwhile waits in the ring */
	if (r == 0)
		r = open_kernel(w, e);
	if (r == 0 && w->o.enforce)
		r = dw_watch_enforcer_start(w, e);
	return r;
}

static void close_all(struct watching *w)
{
	dw_watch_enforcer_stop(w);
	dw_watch_whole_end(w);
	dw_watch_usage_end(w);
	dw_watch_sinks_close(w);
	dw_watch_close(w->kernel);
	dw_watch_polled_free(w->polled);
	dw_watch_base_free(w->base);
	dw_audit_free(w->context);
	dw_due_free(w->due);
	dw_due_free(w->later);
	dw_known_free(w->known);
	dw_kin_free(w->kin);
	dw_watch_store_free(w->store);
	dw_cleanup_fd(&w->bell);
	dw_sys_free(w->sys);
	dw_arena_free(w->arena);
}

/* --- the loop ------------------------------------------------------------------------------------- */

static int first_look(struct watching *w, struct dw_error *e)
{
	int r;

	w->away = true;
	r = dw_watch_look_whole(w, e);
	w->away = false;
	if (r < 0)
		return r;
	if (w->first)
		r = dw_watch_store_use(w->store, dw_sys_now(w->sys), e);
	w->first = false;
	return r;
}

static void earlier(uint64_t *at, uint64_t other)
{
	if (other && other < *at)
		*at = other;
}

static uint64_t next_time(const struct watching *w, uint64_t now)
{
	uint64_t at = now + IDLE_US, shut = dw_known_next(w->known);

	earlier(&at, w->whole ? 0 : w->look_at);
	earlier(&at, w->save_at);
	earlier(&at, w->note_at);
	earlier(&at, w->state_at);
	earlier(&at, w->watchdog_at);
	earlier(&at, w->polls ? w->poll_at : 0);
	earlier(&at, dw_watch_usage_next(w));
	earlier(&at, dw_due_next(w->due));
	earlier(&at, dw_due_next(w->later));
	earlier(&at, shut == UINT64_MAX ? 0 : DW_MAX(shut * 1000, w->shut_at));
	for (size_t i = 0; i < w->n_sinks; i++)
		if (w->sinks[i].failing)
			earlier(&at, w->sinks[i].again_us ? w->sinks[i].again_us : now);
	return at > now ? at - now : 0;
}

static void take_events(struct watching *w)
{
	static struct dw_bpf_watch events[READ_MAX];

	for (unsigned round = 0; round < DRAIN_MAX; round++) {
		struct dw_error e = { 0 };
		int n = dw_watch_read(w->kernel, events, READ_MAX, &e);

		if (n < 0)
			dw_watch_want_whole(w, 0);
		if (n < 0 && n != -EOVERFLOW)
			dw_watch_notice(w, "events could not be read: %s", e.message);
		if (n <= 0)
			return;
		for (int i = 0; i < n; i++)
			dw_watch_event(w, &events[i]);
	}
}

/* What the clock says is to be done. */
static void take_turns(struct watching *w)
{
	dw_watch_look_due(w);
	dw_watch_look_shut(w);
	dw_watch_retry(w);
	if (w->polls && w->poll_at <= dw_watch_now(w)) {
		w->poll_at = dw_watch_now(w) + (uint64_t)w->poll_ms * 1000;
		dw_watch_poll(w);
	}
	if (!w->whole && w->look_at && w->look_at <= dw_watch_now(w))
		dw_watch_whole_begin(w);
	dw_watch_usage_turn(w);
	if (w->state_at <= dw_watch_now(w))
		dw_watch_state_write(w, false);
	if (w->watchdog_us && w->watchdog_at <= dw_watch_now(w)) {
		w->watchdog_at = dw_watch_now(w) + w->watchdog_us / 2;
		(void)dw_daemon_notify(w->sys, "WATCHDOG=1", NULL);
	}
}

static void loop(struct watching *w)
{
	int fds[3] = { w->kernel ? dw_watch_fd(w->kernel) : -1, w->o.wake_fd, w->bell };

	while (!w->ended) {
		unsigned ready = 0;
		struct dw_error why = { 0 };

		if (dw_daemon_wait(w->sys, fds, DW_ARRAY_SIZE(fds), next_time(w, dw_watch_now(w)),
				   &ready, &why) < 0)
			dw_watch_notice(w, "%s", why.message);
		if (ready & 2U && w->o.woken && w->o.woken(w->o.data))
			break;
		if (ready & 1U)
			take_events(w);
		if (ready & 4U)
			dw_watch_whole_take(w);
		take_turns(w);
	}
}

static int run(struct watching *w, struct dw_error *e)
{
	int r = open_all(w, e);

	if (r == 0)
		r = first_look(w, e);
	if (r < 0)
		return r;
	dw_watch_usage_start(w);
	dw_watch_state_write(w, false);
	w->watchdog_us = dw_daemon_watchdog_us(w->sys);
	(void)dw_daemon_notify(w->sys, "READY=1", NULL);
	if (w->d->hooks.watches)
		w->d->hooks.watches(w->d->hooks.data, w->sys);
	dw_watch_notice(w, "%zu doors are known; new ones are told from now on",
			dw_known_count(w->known));
	loop(w);
	(void)dw_daemon_notify(w->sys, "STOPPING=1", NULL);
	dw_watch_flush_last(w);
	dw_watch_state_write(w, true);
	return 0;
}

int doorward_watch_run(struct doorward *d, const struct doorward_watch_options *o)
{
	struct watching w = { .d = d, .bell = -1, .gate = PTHREAD_MUTEX_INITIALIZER };
	struct dw_error e = { 0 };
	int r;

	(void)dw_facade_begin(d);
	w.o.wake_fd = -1;
	memcpy(&w.o, o, DW_MIN(o->size, sizeof(w.o)));
	w.arena = dw_arena_new();
	w.unsaved_end = &w.unsaved;
	w.known = dw_known_new();
	w.kin = dw_kin_new();
	w.due = dw_due_new(dw_watch_dropped, &w);
	w.later = dw_due_new(dw_watch_dropped, &w);
	w.state = dw_change_state(d);
	r = run(&w, &e);
	close_all(&w);
	d->error = e;
	return r;
}
