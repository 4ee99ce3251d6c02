/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what was used, and folding what is old. */
#include <errno.h>

#include "dw_str.h"
#include "usage.h"

static void read_counts(struct query *q, struct dw_usage_counts *c)
{
	c->accepted = (uint64_t)dw_column_int(q);
	c->refused = (uint64_t)dw_column_int(q);
	c->datagrams = (uint64_t)dw_column_int(q);
	c->bytes = (uint64_t)dw_column_int(q);
	c->local = (uint64_t)dw_column_int(q);
	c->sketch[0] = (uint64_t)dw_column_int(q);
	c->sketch[1] = (uint64_t)dw_column_int(q);
}

int dw_usage_store_doors(struct dw_usage_store *s, struct dw_arena *a, struct dw_usage_door **ret,
			 size_t *ret_n, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->db,
			 "SELECT key, since, until, counted, first, last, peer, accepted, refused, "
			 "datagrams, bytes, local, sketch0, sketch1 FROM door ORDER BY key",
			 e);
	DW_VEC(struct dw_usage_door) all = { 0 };
	int r;

	while ((r = dw_query_step(&q)) > 0) {
		struct dw_usage_door *d = dw_vec_add(a, &all);

		d->key = dw_column_text(&q, a);
		d->since = (uint64_t)dw_column_int(&q);
		d->until = (uint64_t)dw_column_int(&q);
		d->counted = (uint64_t)dw_column_int(&q);
		d->first = (uint64_t)dw_column_int(&q);
		d->last = (uint64_t)dw_column_int(&q);
		d->peer = dw_column_text(&q, a);
		read_counts(&q, &d->total);
	}
	if (r < 0)
		return r;
	*ret = all.v;
	*ret_n = all.n;
	return 0;
}

int dw_usage_store_hours(struct dw_usage_store *s, const char *key, uint64_t from,
			 struct dw_arena *a, struct dw_usage_row **ret, size_t *ret_n,
			 struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->db,
			 "SELECT time, span, used.first, used.last, used.accepted, used.refused, "
			 "used.datagrams, used.bytes, used.local, used.sketch0, used.sketch1 "
			 "FROM used JOIN door ON door = id WHERE key = ?1 AND time + span > ?2 "
			 "ORDER BY time, span",
			 e);
	DW_VEC(struct dw_usage_row) all = { 0 };
	int r;

	dw_query_text(&q, key);
	dw_query_int(&q, (int64_t)DW_MIN(from, (uint64_t)INT64_MAX));
	while ((r = dw_query_step(&q)) > 0) {
		struct dw_usage_row *row = dw_vec_add(a, &all);

		row->key = key;
		row->time = (uint64_t)dw_column_int(&q);
		row->span = (uint32_t)dw_column_int(&q);
		row->first = (uint64_t)dw_column_int(&q);
		row->last = (uint64_t)dw_column_int(&q);
		read_counts(&q, &row->counts);
	}
	if (r < 0)
		return r;
	*ret = all.v;
	*ret_n = all.n;
	return 0;
}

unsigned dw_usage_peers(const struct dw_usage_counts *c)
{
	unsigned bits =
		(unsigned)(__builtin_popcountll(c->sketch[0]) + __builtin_popcountll(c->sketch[1]));
	double peers = 0;

	/* the k-th bit of 128 is set by the 128/(128 - k)-th further peer on average: no logarithm needed */
	for (unsigned k = 0; k < bits; k++)
		peers += 128.0 / (128 - k);
	return (unsigned)(peers + 0.5);
}

/* --- folding ------------------------------------------------------------------------------------------ */

/* SUM and OR of several rows: SQLite has no aggregate for OR, so rows are put one onto the other. */
#define MERGE                                                                                      \
	" ON CONFLICT (door, span, time) DO UPDATE SET "                                           \
	"first = CASE WHEN first = 0 THEN excluded.first WHEN excluded.first = 0 THEN first "      \
	"ELSE min(first, excluded.first) END, last = max(last, excluded.last), "                   \
	"accepted = accepted + excluded.accepted, refused = refused + excluded.refused, "          \
	"datagrams = datagrams + excluded.datagrams, bytes = bytes + excluded.bytes, "             \
	"local = local + excluded.local, sketch0 = sketch0 | excluded.sketch0, "                   \
	"sketch1 = sketch1 | excluded.sketch1;"
#define REST ", first, last, accepted, refused, datagrams, bytes, local, sketch0, sketch1 "

/* The hours before `old` become days. */
static const char *fold_sql(struct dw_arena *a, int64_t old)
{
	return dw_arena_printf(a,
			       "INSERT INTO used SELECT door, 86400, time / 86400 * 86400" REST
			       "FROM used WHERE span = 3600 AND time < %lld" MERGE
			       "DELETE FROM used WHERE span = 3600 AND time < %lld;",
			       (long long)old, (long long)old);
}

/* What a clock that was set back since wrote into the future goes to the hour of now: it was used, by now. */
static const char *future_sql(struct dw_arena *a, int64_t now)
{
	int64_t hour = now / HOUR * HOUR;

	return dw_arena_printf(a,
			       "INSERT INTO used SELECT door, 3600, %lld, min(first, %lld), "
			       "min(last, %lld), accepted, refused, datagrams, bytes, local, "
			       "sketch0, sketch1 FROM used WHERE time > %lld" MERGE
			       "DELETE FROM used WHERE time > %lld;",
			       (long long)hour, (long long)now, (long long)now, (long long)hour,
			       (long long)hour);
}

static const char *drop_sql(struct dw_arena *a, int64_t old)
{
	return dw_arena_printf(a,
			       "DELETE FROM used WHERE time < %lld; "
			       "DELETE FROM used WHERE door IN (SELECT id FROM door WHERE until < "
			       "%lld); DELETE FROM door WHERE until < %lld;",
			       (long long)old, (long long)old, (long long)old);
}

/* The oldest beyond the bound, of all doors. */
static int bound_rows(struct dw_store *db, struct dw_error *e)
{
	return dw_store_exec(
		db,
		"DELETE FROM used WHERE time <= coalesce((SELECT time FROM used ORDER BY time DESC "
		"LIMIT 1 OFFSET 1000000), -1)",
		e);
}
_Static_assert(DW_USAGE_ROWS_MAX == 1000000, "as in the statement");

struct tidied {
	int64_t at, leap;
};

static int read_state(struct dw_store *db, struct tidied *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(db, "SELECT tidied, leap FROM state", e);
	int r = dw_query_step(&q);

	if (r > 0) {
		ret->at = dw_column_int(&q);
		ret->leap = dw_column_int(&q);
	}
	return r < 0 ? r : 0;
}

/* Whether the clock can be believed far enough to drop what is old by it. */
static bool may_drop(struct tidied *t, int64_t now)
{
	bool leapt = t->at && now > t->at + (int64_t)DW_USAGE_LEAP;

	if (!leapt || now < t->leap)
		t->leap = 0;
	if (leapt && !t->leap)
		t->leap = now;
	if (leapt && now < t->leap + DAY)
		return false;
	*t = (struct tidied){ .at = now };
	return true;
}

static int tidy(struct dw_store *db, int64_t now, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct tidied t = { 0 };
	bool drop;
	int r = read_state(db, &t, e);

	if (r < 0)
		return r;
	drop = may_drop(&t, now);
	r = dw_store_exec(db, future_sql(a, now), e);
	/* after a leap not even folded: a day is told less closely than its hours */
	if (r == 0 && drop)
		r = dw_store_exec(db, fold_sql(a, (now - HOUR * DW_USAGE_HOURS) / DAY * DAY), e);
	if (r == 0 && drop)
		r = dw_store_exec(db, drop_sql(a, now - DAY * DW_USAGE_DAYS), e);
	if (r == 0)
		r = bound_rows(db, e);
	return r < 0 ? r
		     : dw_store_exec(db,
				     dw_arena_printf(a,
						     "UPDATE state SET tidied = %lld, leap = %lld",
						     (long long)t.at, (long long)t.leap),
				     e);
}

int dw_usage_store_tidy(struct dw_usage_store *s, uint64_t now, struct dw_error *e)
{
	int64_t at = (int64_t)DW_MIN(now, (uint64_t)1 << 60);
	int r = dw_store_transaction(s->db, e);

	return r < 0 ? r : dw_store_end(s->db, tidy(s->db, at, e), e);
}
