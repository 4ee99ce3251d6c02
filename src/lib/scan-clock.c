/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens while the engine runs: progress, the window, saving where we are. */
#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "dw_wait.h"
#include "scan-private.h"

/* Between two savings, at first and at last; and from the picture of the bits to its writing, milliseconds. */
#define SAVE_FIRST_MS 5000u
#define SAVE_EVERY_MS 60000u
#define SETTLE_MS     3000u
/* Pictures of more than this would hold up the engine: such a block is saved when it ends. Words. */
#define PICTURE_MAX ((size_t)4 * 1024 * 1024 / 8)

bool dw_scanning_stopped(const struct dw_scanning *s)
{
	return s->o.stop && *s->o.stop;
}

/* --- the window ----------------------------------------------------------------------------------- */

static bool parse_minute(const char *text, size_t n, int *ret)
{
	const char *colon = memchr(text, ':', n);
	uint64_t hour = 0, minute = 0;

	if (!colon || !dw_parse_u64n(text, (size_t)(colon - text), 10, 24, &hour) ||
	    !dw_parse_u64n(colon + 1, n - (size_t)(colon - text) - 1, 10, 59, &minute) ||
	    hour * 60 + minute > 1440)
		return false;
	*ret = (int)(hour * 60 + minute) % 1440;
	return true;
}

int dw_scanning_parse_window(struct dw_scanning *s, const char *text, struct dw_error *e)
{
	const char *dash = text ? strchr(text, '-') : NULL;

	s->window_begin = s->window_end = -1;
	if (!text)
		return 0;
	if (!dash || !parse_minute(text, (size_t)(dash - text), &s->window_begin) ||
	    !parse_minute(dash + 1, strlen(dash + 1), &s->window_end) ||
	    s->window_begin == s->window_end)
		return dw_error_set(e, -EINVAL,
				    "\"%.60s\": a window is two times of the day: 22:00-05:00",
				    text);
	return 0;
}

bool dw_scanning_in_window(const struct dw_scanning *s)
{
	int now = s->window_begin < 0 ? 0 : (int)dw_sys_minute(s->sys);

	if (s->window_begin < 0)
		return true;
	if (s->window_begin < s->window_end)
		return now >= s->window_begin && now < s->window_end;
	return now >= s->window_begin || now < s->window_end;
}

bool dw_scanning_await_window(struct dw_scanning *s)
{
	bool told = false;

	while (!dw_scanning_in_window(s) && !dw_scanning_stopped(s)) {
		if (!told)
			dw_scanning_notice(s, "outside of the window: it goes on at %02d:%02d",
					   s->window_begin / 60, s->window_begin % 60);
		told = true;
		dw_sys_pause(s->sys, 1000);
	}
	s->paused = false;
	s->stop = dw_scanning_stopped(s);
	return !s->stop;
}

/* --- saving --------------------------------------------------------------------------------------- */

/*
 * A bit may be set while its answer still waits in the wire: saved without it, the port would be taken for closed. So
 * the bits that are saved are those of some seconds ago, whose answers have long been told.
 */
static void save_at_times(struct dw_scanning *s, uint64_t now)
{
	size_t n = dw_scanning_words((uint64_t)s->block->n_hosts * s->block->n_ports);

	if (!s->o.state_file || !s->telling || n > PICTURE_MAX || s->others.n >= DW_SCAN_OTHERS_MAX)
		return;
	if (s->saved == 0) {
		s->saved = now;
		s->save_every = SAVE_FIRST_MS;
	}
	if (!s->seen_bits && now - s->saved > s->save_every - SETTLE_MS) {
		s->seen_bits = calloc(n, sizeof(*s->seen_bits));
		if (!s->seen_bits)
			dw_oom();
		for (size_t i = 0; i < n; i++)
			s->seen_bits[i] =
				__atomic_load_n(&s->block_wire->answered[i], __ATOMIC_RELAXED);
		s->seen_at = now;
	} else if (s->seen_bits && now - s->seen_at >= SETTLE_MS) {
		dw_scanning_save(s, s->seen_bits);
		free(s->seen_bits);
		s->seen_bits = NULL;
		s->saved = now;
		s->save_every = DW_MIN(s->save_every * 2, SAVE_EVERY_MS);
	}
}

/* --- a turn --------------------------------------------------------------------------------------- */

static void tell_progress(const struct dw_scanning *s, const struct dw_engine_progress *p)
{
	struct doorward_scan_progress out = {
		.part = s->part,
		.slots = p->slots,
		.done = p->done,
		.sent = s->sent_before + p->sent,
		.open = s->open_before,
		.rate = p->rate,
		.seconds_left = p->left_us == UINT64_MAX ? -1 : (long long)(p->left_us / 1000000),
		.hosts = p->hosts,
		.hosts_done = p->hosts_done,
	};

	if (s->o.progress)
		s->o.progress(s->o.data, &out);
}

void dw_scanning_turn(void *data, const struct dw_engine_progress *p)
{
	struct dw_scanning *s = data;
	uint64_t now = dw_sys_now_ms(s->sys);

	if (dw_scanning_stopped(s))
		s->stop = 1;
	else if (!dw_scanning_in_window(s))
		s->stop = s->paused = 1;
	dw_scanning_identify(s, 0);
	save_at_times(s, now);
	tell_progress(s, p);
}
