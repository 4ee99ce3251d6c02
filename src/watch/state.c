/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of the numbers: writer and reader go by it. */
#include "dw_watch_state.h"

#include <errno.h>

#include "dw_json.h"
#include "dw_str.h"

#define NUMBER(member)                                                                             \
	{                                                                                          \
#member, offsetof(struct dw_watch_state, member)                                   \
	}

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
	NUMBER(since),       NUMBER(time),          NUMBER(events),         NUMBER(lost),
	NUMBER(ring),        NUMBER(waiting),       NUMBER(clients),        NUMBER(looks),
	NUMBER(looks_us),    NUMBER(whole_looks),   NUMBER(whole_looks_us), NUMBER(doors),
	NUMBER(news),        NUMBER(enforced),      NUMBER(latency_n),      NUMBER(latency_p50),
	NUMBER(latency_p99), NUMBER(latency_p999),  NUMBER(latency_max),    NUMBER(cpu_us),
	NUMBER(resident),    NUMBER(resident_peak), NUMBER(unsaved),        NUMBER(last_time),
};

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	NUMBER(version), NUMBER(host), NUMBER(source), NUMBER(why), NUMBER(disk), NUMBER(last),
};

static void put_kinds(struct dw_json *j, const struct dw_watch_state *s)
{
	dw_json_array(j, "kinds");
	for (size_t i = 0; i < s->n_kinds; i++) {
		dw_json_object(j, NULL);
		dw_json_string(j, "kind", s->kinds[i].kind);
		dw_json_string(j, "hook", s->kinds[i].hook);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
}

static void put_sinks(struct dw_json *j, const struct dw_watch_state *s)
{
	dw_json_array(j, "sinks");
	for (size_t i = 0; i < s->n_sinks; i++) {
		const struct dw_watch_state_sink *k = &s->sinks[i];

		dw_json_object(j, NULL);
		dw_json_string(j, "name", k->name);
		dw_json_uint(j, "told", k->told);
		dw_json_uint(j, "waiting", k->waiting);
		dw_json_uint(j, "lost", k->lost);
		dw_json_uint(j, "failures", k->failures);
		dw_json_bool(j, "failing", k->failing);
		dw_json_string(j, "words", k->words);
		dw_json_end_object(j);
	}
	dw_json_end_array(j);
}

const char *dw_watch_state_json(struct dw_arena *a, const struct dw_watch_state *s, bool pretty)
{
	char *text = NULL, *copy;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct dw_json *j;

	if (!out)
		dw_oom();
	j = dw_json_new(out, pretty);
	dw_json_object(j, NULL);
	dw_json_bool(j, "running", s->running);
	dw_json_uint(j, "pid", (uint64_t)s->pid);
	for (size_t i = 0; i < DW_ARRAY_SIZE(texts); i++)
		dw_json_string(j, texts[i].name,
			       *(const char *const *)((const char *)s + texts[i].offset));
	dw_json_uint(j, "poll_ms", s->poll_ms);
	for (size_t i = 0; i < DW_ARRAY_SIZE(numbers); i++)
		dw_json_uint(j, numbers[i].name,
			     *(const uint64_t *)((const char *)s + numbers[i].offset));
	put_kinds(j, s);
	put_sinks(j, s);
	dw_json_end_object(j);
	dw_json_line(j);
	if (dw_json_close(j, NULL) < 0 || fclose(out) != 0)
		dw_oom();
	copy = dw_arena_strndup(a, text, size);
	free(text);
	return copy;
}

static uint64_t number(const struct dw_json_value *v, const char *name)
{
	uint64_t n = 0;

	(void)dw_json_unsigned(dw_json_get(v, name, NULL), &n);
	return n;
}

static const char *text_of(struct dw_arena *a, const struct dw_json_value *v, const char *name)
{
	const char *text = dw_json_text(dw_json_get(v, name, NULL));

	return text ? dw_arena_strdup(a, text) : NULL;
}

static void read_lists(struct dw_arena *a, const struct dw_json_value *v,
		       struct dw_watch_state *ret)
{
	const struct dw_json_value *kinds = dw_json_get(v, "kinds", NULL),
				   *sinks = dw_json_get(v, "sinks", NULL);

	ret->n_kinds = DW_MIN(dw_json_count(kinds), (size_t)DW_WATCH_STATE_KINDS);
	for (size_t i = 0; i < ret->n_kinds; i++) {
		const struct dw_json_value *k = dw_json_at(kinds, i, NULL);

		ret->kinds[i].kind = text_of(a, k, "kind");
		ret->kinds[i].hook = text_of(a, k, "hook");
	}
	ret->n_sinks = DW_MIN(dw_json_count(sinks), (size_t)DW_WATCH_STATE_SINKS);
	for (size_t i = 0; i < ret->n_sinks; i++) {
		const struct dw_json_value *k = dw_json_at(sinks, i, NULL);

		ret->sinks[i] = (struct dw_watch_state_sink){
			.name = text_of(a, k, "name"),
			.told = number(k, "told"),
			.waiting = number(k, "waiting"),
			.lost = number(k, "lost"),
			.failures = number(k, "failures"),
			.failing = dw_json_true(dw_json_get(k, "failing", NULL)),
			.words = text_of(a, k, "words"),
		};
	}
}

int dw_watch_state_read(struct dw_arena *a, const char *text, size_t n, struct dw_watch_state *ret,
			struct dw_error *e)
{
	struct dw_json_value *v = NULL;
	struct dw_watch_state s = { 0 };
	int r = dw_json_parse(text, n, &v, e);

	if (r < 0)
		return -EBADMSG;
	if (!dw_json_is_object(v)) {
		dw_json_free(v);
		(void)dw_error_set(e, -EBADMSG, "the status of the watch is no object");
		return -EBADMSG;
	}
	s.pid = (int)DW_MIN(number(v, "pid"), (uint64_t)INT32_MAX);
	s.poll_ms = (unsigned)DW_MIN(number(v, "poll_ms"), (uint64_t)UINT32_MAX);
	for (size_t i = 0; i < DW_ARRAY_SIZE(texts); i++)
		*(const char **)((char *)&s + texts[i].offset) = text_of(a, v, texts[i].name);
	for (size_t i = 0; i < DW_ARRAY_SIZE(numbers); i++)
		*(uint64_t *)((char *)&s + numbers[i].offset) = number(v, numbers[i].name);
	read_lists(a, v, &s);
	dw_json_free(v);
	*ret = s;
	return 0;
}

/* --- for people ----------------------------------------------------------------------------------- */

static const char *ago(struct dw_arena *a, uint64_t then, uint64_t now)
{
	uint64_t s = now > then ? now - then : 0;

	if (s < 120)
		return dw_arena_printf(a, "%llu s", (unsigned long long)s);
	if (s < 2 * 3600)
		return dw_arena_printf(a, "%llu min", (unsigned long long)(s / 60));
	if (s < 48 * 3600)
		return dw_arena_printf(a, "%llu h", (unsigned long long)(s / 3600));
	return dw_arena_printf(a, "%llu days", (unsigned long long)(s / 86400));
}

static const char *safe(struct dw_arena *a, const char *s)
{
	return s ? dw_escape_terminal(a, s, strlen(s)) : "unknown";
}

static void tell_source(struct dw_arena *a, struct dw_str *b, const struct dw_watch_state *s)
{
	dw_str_addf(b, "  source    %s%s%s", safe(a, s->source), s->why ? ": " : "",
		    s->why ? safe(a, s->why) : "");
	for (size_t i = 0; i < s->n_kinds; i++)
		dw_str_addf(b, "%s%s %s", i ? ", " : " (", safe(a, s->kinds[i].kind),
			    s->kinds[i].hook ? safe(a, s->kinds[i].hook) : "polled");
	dw_str_add(b, s->n_kinds ? ")\n" : "\n");
	if (s->poll_ms)
		dw_str_addf(
			b,
			"  polling   every %u ms: what is polled and lives shorter is not seen\n",
			s->poll_ms);
}

static void tell_numbers(struct dw_arena *a, struct dw_str *b, const struct dw_watch_state *s,
			 uint64_t now)
{
	uint64_t s_up = now > s->since ? now - s->since : 0;
	double share = s_up ? (double)s->cpu_us / 10000.0 / (double)s_up : 0;

	dw_str_addf(b,
		    "  events    %llu, %llu lost (ring %llu KiB), %llu clients passed over, %llu "
		    "wait\n",
		    (unsigned long long)s->events, (unsigned long long)s->lost,
		    (unsigned long long)(s->ring / 1024), (unsigned long long)s->clients,
		    (unsigned long long)s->waiting);
	dw_str_addf(b, "  doors     %llu known, %llu news%s%s\n", (unsigned long long)s->doors,
		    (unsigned long long)s->news, s->last ? "; last: " : "",
		    s->last ? safe(a, s->last) : "");
	if (s->latency_n)
		dw_str_addf(b,
			    "  latency   p50 %llu us, p99 %llu us, p99.9 %llu us, at most %llu us, "
			    "from event to line\n",
			    (unsigned long long)s->latency_p50, (unsigned long long)s->latency_p99,
			    (unsigned long long)s->latency_p999,
			    (unsigned long long)s->latency_max);
	dw_str_addf(b, "  cost      %.2f %% of a CPU, %llu MiB of memory (at most %llu)\n", share,
		    (unsigned long long)(s->resident >> 20),
		    (unsigned long long)(s->resident_peak >> 20));
	if (s->disk)
		dw_str_addf(b, "  disk      %s: %llu news are kept in memory\n", safe(a, s->disk),
			    (unsigned long long)s->unsaved);
	if (s->enforced)
		dw_str_addf(b, "  enforced  %llu doors were closed\n",
			    (unsigned long long)s->enforced);
}

const char *dw_watch_state_text(struct dw_arena *a, const struct dw_watch_state *s, uint64_t now)
{
	struct dw_str b = { .arena = a };

	if (!s->running) {
		dw_str_add(&b, "doorward watch does not run");
		if (s->time)
			dw_str_addf(&b,
				    "; what it told of itself last, %s ago:", ago(a, s->time, now));
		dw_str_addc(&b, '\n');
		if (!s->time)
			return b.s;
	} else {
		dw_str_addf(&b, "doorward watch runs (pid %d) for %s\n", s->pid,
			    ago(a, s->since, now));
	}
	tell_source(a, &b, s);
	tell_numbers(a, &b, s, s->running ? now : s->time);
	for (size_t i = 0; i < s->n_sinks; i++) {
		const struct dw_watch_state_sink *k = &s->sinks[i];

		dw_str_addf(&b, "  sink      %s: %llu told, %llu wait, %llu lost%s%s\n",
			    safe(a, k->name), (unsigned long long)k->told,
			    (unsigned long long)k->waiting, (unsigned long long)k->lost,
			    k->failing ? "; failing: " : "", k->failing ? safe(a, k->words) : "");
	}
	return b.s;
}
