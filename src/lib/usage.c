/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What doorward watch counted: put beside the doors of an audit, and told by itself. */
#include <errno.h>
#include <string.h>

#include "audit-private.h"
#include "change-private.h"
#include "dw_diff.h"
#include "dw_diff_report.h"
#include "dw_door_key.h"
#include "dw_store_usage.h"
#include "dw_str.h"
#include "usage-private.h"

#define DAY ((uint64_t)86400)

static struct dw_used used_of(const struct dw_usage_door *u)
{
	return (struct dw_used){
		.since = u->since,
		.until = u->until,
		.counted = u->counted,
		.first = u->first,
		.last = u->last,
		.accepted = u->total.accepted,
		.refused = u->total.refused,
		.datagrams = u->total.datagrams,
		.bytes = u->total.bytes,
		.local = u->total.local,
		.peers = dw_usage_peers(&u->total),
		.peer = u->peer,
	};
}

static int by_key(const void *x, const void *y)
{
	return strcmp(x, ((const struct dw_usage_door *)y)->key);
}

static const char *key_of(struct dw_arena *a, const struct dw_door *d)
{
	return dw_door_key(a, d, dw_door_seems_ephemeral(d));
}

void dw_lib_used_begin(struct auditing *a)
{
	const struct dw_audit_options *o = a->options;

	if (!o->state || dw_usage_store_open(o->state, false, &a->usage, NULL) < 0)
		return;
	dw_usage_store_fail_at(a->usage, o->store_fail_at, o->fail_code);
}

/* A record that cannot be read says nothing of the doors; doorward usage tells why. */
void dw_lib_used(const struct auditing *a, struct dw_snapshot *s)
{
	struct dw_usage_door *all = NULL;
	size_t n = 0;

	if (!a->usage || dw_usage_store_doors(a->usage, s->arena, &all, &n, NULL) < 0)
		return;
	for (size_t i = 0; n && i < s->n_doors; i++) {
		const struct dw_usage_door *u =
			bsearch(key_of(s->arena, &s->doors[i]), all, n, sizeof(*all), by_key);
		struct dw_used *used;

		if (!u)
			continue;
		used = dw_new(s->arena, struct dw_used);
		*used = used_of(u);
		s->doors[i].used = used;
	}
}

/* --- doorward usage ------------------------------------------------------------------------------------- */

struct telling {
	struct dw_arena *a;
	struct dw_usage_store *store;
	struct dw_usage_door *all; /* by key */
	size_t n;
	struct dw_report_usage report;
	DW_VEC(struct dw_report_used) rows;
	struct dw_strings told; /* keys of doors that are open */
	size_t idle;            /* that were found, and watched for long enough */
};

static int fill_buckets(struct telling *t, struct dw_report_used *u, struct dw_error *e)
{
	uint64_t span = DW_MAX((t->report.now - t->report.since) / DW_USAGE_BUCKETS, (uint64_t)1);
	struct dw_usage_row *rows = NULL;
	size_t n = 0;
	int r = dw_usage_store_hours(t->store, u->key, t->report.since, t->a, &rows, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		/* the middle of the hour or day decides */
		uint64_t at = DW_MIN(rows[i].time + rows[i].span / 2, t->report.now);
		size_t bucket = at > t->report.since ? (size_t)((at - t->report.since) / span) : 0;
		const struct dw_usage_counts *c = &rows[i].counts;

		u->buckets[DW_MIN(bucket, (size_t)DW_USAGE_BUCKETS - 1)] +=
			c->accepted + c->refused + c->datagrams;
	}
	return r;
}

/*
 * How much of the time that was asked about somebody watched, at least: what was not watched in all may have been in
 * it.
 */
static uint64_t watched_in(const struct dw_used *u, uint64_t now, uint64_t idle)
{
	uint64_t known = now > u->since ? now - u->since : 0;
	uint64_t missed = known > u->counted ? known - u->counted : 0;
	uint64_t most = DW_MIN(known, idle);

	return most > missed ? most - missed : 0;
}

/* False: it was used in that time. A minute at the end is not counted yet; gaps of a hundredth are forgiven. */
static bool is_idle(const struct telling *t, struct dw_report_used *u)
{
	const struct dw_report_usage *r = &t->report;

	if (u->used && u->used->last && r->now < u->used->last + r->idle)
		return false;
	u->watched_enough =
		u->used && watched_in(u->used, r->now, r->idle) + r->idle / 100 >= r->idle;
	return true;
}

static int add(struct telling *t, const struct dw_report_door *door, const char *key,
	       const struct dw_usage_door *counted, struct dw_error *e)
{
	struct dw_report_used u = { .door = door, .key = key, .place = key };
	int r;

	if (door)
		u.place = dw_endpoint_text(t->a, &door->door->at);
	if (door && door->door->netns && !dw_streq(door->door->netns, "host"))
		u.place = dw_arena_printf(t->a, "%s in %s", u.place, door->door->netns);
	if (counted) {
		struct dw_used *used = dw_new(t->a, struct dw_used);

		*used = used_of(counted);
		u.used = used;
	}
	if (t->report.idle && !is_idle(t, &u))
		return 0;
	r = counted ? fill_buckets(t, &u, e) : 0;
	t->idle += t->report.idle && u.watched_enough;
	dw_vec_push(t->a, &t->rows, u);
	return r;
}

/* What has no uses to count: it is not open, or no packets come to it by a socket of its own. */
static bool can_be_counted(const struct dw_door *d)
{
	return (d->kind == DW_KIND_LISTENER || d->kind == DW_KIND_DATAGRAM) && d->at.has_port &&
	       (d->at.protocol == DW_PROTOCOL_TCP || d->at.protocol == DW_PROTOCOL_UDP);
}

static const struct dw_usage_door *counted_of(const struct telling *t, const char *key)
{
	return t->n ? bsearch(key, t->all, t->n, sizeof(*t->all), by_key) : NULL;
}

static int tell_open(struct telling *t, const struct dw_report_door *doors, size_t n,
		     struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *key = key_of(t->a, doors[i].door);

		if (!can_be_counted(doors[i].door) || dw_strings_has(&t->told, key))
			continue;
		dw_vec_push(t->a, &t->told, key);
		r = add(t, &doors[i], key, counted_of(t, key), e);
	}
	return r;
}

/* Doors that were used in the time that is told of, and are not open any more. */
static int tell_gone(struct telling *t, struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++)
		if (t->all[i].last > t->report.since && !dw_strings_has(&t->told, t->all[i].key))
			r = add(t, NULL, t->all[i].key, &t->all[i], e);
	return r;
}

static int by_last(const void *x, const void *y)
{
	const struct dw_report_used *a = x, *b = y;
	uint64_t one = a->used ? a->used->last + 1 : 0, two = b->used ? b->used->last + 1 : 0;

	if (one != two)
		return one > two ? -1 : 1;
	return strcmp(a->key, b->key);
}

static int tell(struct telling *t, const struct dw_report *audit, const char *word,
		struct dw_error *e)
{
	struct dw_found found = { 0 };
	int r = 0;

	if (word) {
		r = dw_report_find(audit, word, t->a, &found, e);
		if (r == 0)
			r = tell_open(t, found.doors, found.n, e);
	} else {
		r = tell_open(t, audit->doors, audit->n_doors, e);
		if (r == 0 && !t->report.idle)
			r = tell_gone(t, e);
	}
	return r;
}

static int open_record(struct doorward *d, struct telling *t, struct dw_error *e)
{
	int r = dw_usage_store_open(dw_change_state(d), false, &t->store, e);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = dw_usage_store_doors(t->store, t->a, &t->all, &t->n, e);
	t->report.recorded = r == 0;
	return r;
}

int dw_lib_usage(struct doorward *d, const struct dw_report *audit,
		 const struct doorward_usage_options *o, struct dw_arena *a,
		 struct dw_report_usage *ret, struct dw_error *e)
{
	uint64_t now = audit->snapshot->time;
	struct telling t = { .a = a };
	int r;

	t.report = (struct dw_report_usage){ .version = DW_VERSION,
					     .host = audit->snapshot->host,
					     .now = now,
					     .since = now - DW_MIN(now, o->since  ? o->since
									: o->idle ? o->idle
										  : DAY),
					     .idle = o->idle,
					     .asked = o->door,
					     .utf8 = o->utf8 != 0 };
	r = open_record(d, &t, e);
	if (r == 0 && t.report.recorded)
		r = tell(&t, audit, o->door, e);
	dw_usage_store_free(t.store);
	if (r < 0)
		return r;
	if (t.rows.n)
		qsort(t.rows.v, t.rows.n, sizeof(*t.rows.v), by_last);
	t.report.v = t.rows.v;
	t.report.n = t.rows.n;
	*ret = t.report;
	return (int)t.idle;
}

int doorward_usage_write(struct doorward *d, struct doorward_audit *audit,
			 const struct doorward_usage_options *given, enum doorward_format format,
			 FILE *out, const struct doorward_style *style)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_usage_options o = { 0 };
	struct dw_report_usage told = { 0 };
	struct dw_report_style s = { 0 };
	int idle, r = dw_facade_style(style, &s, e);

	memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	if (r < 0)
		return r;
	idle = dw_lib_usage(d, &audit->report, &o, a, &told, e);
	if (idle < 0)
		return idle;
	r = format == DOORWARD_TEXT
		    ? dw_report_usage_text(&told, out, &s, e)
		    : dw_report_usage_json(&told, out, format == DOORWARD_JSON_INDENTED, e);
	return r < 0 ? r : idle;
}
