/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers and times as a few characters. */
#include "dw_diff_report.h"
#include "dw_fields.h"
#include "dw_macros.h"
#include "dw_str.h"

const char *dw_report_span(struct dw_arena *a, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };

	for (size_t i = 0; i + 1 < DW_ARRAY_SIZE(units); i++)
		if (seconds / units[i].seconds >= 2)
			return dw_arena_printf(a, "%llu %ss",
					       (unsigned long long)(seconds / units[i].seconds),
					       units[i].name);
	return dw_arena_printf(a, "%llu second%s", (unsigned long long)seconds,
			       seconds == 1 ? "" : "s");
}

const char *dw_report_minute(struct dw_arena *a, uint64_t seconds)
{
	const char *t = dw_field_time(a, seconds); /* 2026-01-31T12:00:00Z */

	return dw_arena_printf(a, "%.10s %.5s UTC", t, t + 11);
}

/* The steps are of the power of two: a door with one caller an hour and one with a thousand are both seen. */
static unsigned step_of(uint64_t n, uint64_t most, unsigned steps)
{
	unsigned log = 0, top = 0;

	for (; n > 1; n >>= 1)
		log++;
	for (; most > 1; most >>= 1)
		top++;
	return top < steps ? (steps - 1 - top) + log : log * (steps - 1) / top;
}

const char *dw_report_spark(struct dw_arena *a, const uint64_t *v, size_t n, bool utf8)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const letters[] = { "_", ",", "-", "~", "+", "=", "*", "#" };
	struct dw_str text = { .arena = a };
	uint64_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = DW_MAX(most, v[i]);
	for (size_t i = 0; i < n; i++) {
		unsigned step = v[i] ? step_of(v[i], most, DW_ARRAY_SIZE(blocks)) : 0;

		dw_str_add(&text, !v[i] ? "." : utf8 ? blocks[step] : letters[step]);
	}
	return text.s ? text.s : "";
}

static void add_count(struct dw_str *text, uint64_t n, const char *what)
{
	if (n)
		dw_str_addf(text, "%s%llu %s%s", text->n ? ", " : "", (unsigned long long)n, what,
			    n == 1 ? "" : "s");
}

const char *dw_report_used_words(struct dw_arena *a, const struct dw_used *u, uint64_t now)
{
	const char *watched = dw_report_span(a, u->counted);
	struct dw_str counts = { .arena = a };

	if (!u->last)
		return dw_arena_printf(a, "never used while it was watched (for %s)", watched);
	add_count(&counts, u->accepted, "connection");
	add_count(&counts, u->datagrams, "datagram");
	add_count(&counts, u->refused, "refusal");
	return dw_arena_printf(a, "last used %s ago%s%s: %s from %s%u address%s (watched for %s)",
			       dw_report_span(a, now > u->last ? now - u->last : 0),
			       u->peer ? " by " : "", u->peer ? u->peer : "",
			       counts.s ? counts.s : "nothing", u->peers > 8 ? "about " : "",
			       u->peers, u->peers == 1 ? "" : "es", watched);
}
