/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of what was used: its tables, opening it, adding to it. */
#include "usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "dw_str.h"

static const char *const steps[] = {
	"CREATE TABLE door ("
	" id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
	" since INTEGER NOT NULL, until INTEGER NOT NULL, counted INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, peer TEXT,"
	" accepted INTEGER NOT NULL, refused INTEGER NOT NULL, datagrams INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, local INTEGER NOT NULL,"
	" sketch0 INTEGER NOT NULL, sketch1 INTEGER NOT NULL);"
	"CREATE INDEX door_until ON door (until);"
	"CREATE TABLE used ("
	" door INTEGER NOT NULL REFERENCES door(id), span INTEGER NOT NULL, time INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" accepted INTEGER NOT NULL, refused INTEGER NOT NULL, datagrams INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, local INTEGER NOT NULL,"
	" sketch0 INTEGER NOT NULL, sketch1 INTEGER NOT NULL,"
	" PRIMARY KEY (door, span, time)) WITHOUT ROWID;"
	"CREATE INDEX used_time ON used (span, time);"
	/* tidied: when it last was; leap: the clock leapt then, 0: it did not */
	"CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), tidied INTEGER NOT NULL,"
	" leap INTEGER NOT NULL);"
	"INSERT INTO state VALUES (1, 0, 0);",
};

static const struct store_kind usage_file = {
	.file = DW_USAGE_NAME,
	.steps = steps,
	.n_steps = DW_ARRAY_SIZE(steps),
	.synchronous = "NORMAL",
	.what = "record of usage",
	.none = "doorward watch makes one",
	.lose = "remove it, and doorward watch begins a new one",
};

int dw_usage_store_open(const char *directory, bool create, struct dw_usage_store **ret,
			struct dw_error *e)
{
	struct dw_store *db = NULL;
	int r = dw_store_open_kind(directory, create, &usage_file, &db, e);
	struct dw_usage_store *s;

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		dw_oom();
	s->db = db;
	*ret = s;
	return 0;
}

/* The WAL belongs to the file that is moved: it would be played into the new one. */
static int move_aside(const char *directory, struct dw_error *e)
{
	static const char *const ends[] = { "-wal", "-shm", "" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_fd_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return dw_error_errno(e, -errno, "%s", directory);
	for (size_t i = 0; i < DW_ARRAY_SIZE(ends); i++) {
		const char *from = dw_arena_printf(a, DW_USAGE_NAME "%s", ends[i]);

		if (renameat(fd, from, fd,
			     dw_arena_printf(a, DW_USAGE_NAME ".damaged%s", ends[i])) < 0 &&
		    errno != ENOENT)
			return dw_error_errno(e, -errno, "%s/%s", directory, from);
	}
	return 0;
}

int dw_usage_store_open_anew(const char *directory, struct dw_usage_store **ret, bool *ret_moved,
			     struct dw_error *e)
{
	int r = dw_usage_store_open(directory, true, ret, e);

	*ret_moved = false;
	if (r != -EBADMSG)
		return r;
	r = move_aside(directory, e);
	if (r < 0)
		return r;
	*ret_moved = true;
	return dw_usage_store_open(directory, true, ret, e);
}

void dw_usage_store_free(struct dw_usage_store *s)
{
	if (!s)
		return;
	dw_store_free(s->db);
	free(s);
}

void dw_usage_store_fail_at(struct dw_usage_store *s, unsigned n, int code)
{
	dw_store_fail_at(s->db, n, code);
}

unsigned dw_usage_store_calls(const struct dw_usage_store *s)
{
	return dw_store_calls(s->db);
}

/* --- adding ------------------------------------------------------------------------------------------ */

struct adding {
	struct query door, used;
	int64_t from, until;
};

/* SQLite's numbers have a sign; what is beyond would turn to a fraction in a sum. */
static int64_t number(uint64_t n)
{
	return (int64_t)DW_MIN(n, (uint64_t)1 << 60);
}

static void bind_counts(struct query *q, const struct dw_usage_counts *c)
{
	dw_query_int(q, number(c->accepted));
	dw_query_int(q, number(c->refused));
	dw_query_int(q, number(c->datagrams));
	dw_query_int(q, number(c->bytes));
	dw_query_int(q, number(c->local));
	dw_query_int(q, (int64_t)c->sketch[0]); /* all 64 bits */
	dw_query_int(q, (int64_t)c->sketch[1]);
}

static bool is_used(const struct dw_usage_counts *c)
{
	return c->accepted || c->refused || c->datagrams;
}

/*
 * ?2 from, ?3 until (now), ?4 first, ?5 last. A time that is stored and lies in the future was told by a clock that was
 * set back since: a new use replaces it, and without one the door was used by now at the latest.
 */
#define DOOR_SQL                                                                                   \
	"INSERT INTO door (key, since, until, counted, first, last, peer, accepted, refused, "     \
	"datagrams, bytes, local, sketch0, sketch1) "                                              \
	"VALUES (?1, ?2, ?3, ?3 - ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "                \
	"ON CONFLICT (key) DO UPDATE SET since = min(since, ?2), until = ?3, "                     \
	"counted = counted + (?3 - ?2), "                                                          \
	"first = CASE WHEN first = 0 THEN ?4 WHEN ?4 = 0 THEN min(first, ?3) "                     \
	"ELSE min(first, ?4) END, "                                                                \
	"last = CASE WHEN ?5 = 0 THEN min(last, ?3) WHEN last > ?3 THEN ?5 "                       \
	"ELSE max(last, ?5) END, "                                                                 \
	"peer = coalesce(?6, peer), accepted = accepted + ?7, refused = refused + ?8, "            \
	"datagrams = datagrams + ?9, bytes = bytes + ?10, local = local + ?11, "                   \
	"sketch0 = sketch0 | ?12, sketch1 = sketch1 | ?13"

#define USED_SQL                                                                                   \
	"INSERT INTO used (door, span, time, first, last, accepted, refused, datagrams, bytes, "   \
	"local, sketch0, sketch1) "                                                                \
	"SELECT id, 3600, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM door WHERE key = ?1 "      \
	"ON CONFLICT (door, span, time) DO UPDATE SET "                                            \
	"first = CASE WHEN first = 0 THEN ?3 WHEN ?3 = 0 THEN first ELSE min(first, ?3) END, "     \
	"last = max(last, ?4), accepted = accepted + ?5, refused = refused + ?6, "                 \
	"datagrams = datagrams + ?7, bytes = bytes + ?8, local = local + ?9, "                     \
	"sketch0 = sketch0 | ?10, sketch1 = sketch1 | ?11"

/* No use is later than now. */
static int64_t past(const struct adding *all, uint64_t time)
{
	return DW_MIN(number(time), all->until);
}

/* again: of the door that the row before was of, whose time is counted already */
static int add_one(struct adding *all, const struct dw_usage_row *row, bool again)
{
	int64_t hour = past(all, row->time) / HOUR * HOUR;
	int r;

	dw_query_again(&all->door);
	dw_query_text(&all->door, row->key);
	dw_query_int(&all->door, again || row->fresh ? all->until : all->from);
	dw_query_int(&all->door, all->until);
	dw_query_int(&all->door, past(all, row->first));
	dw_query_int(&all->door, past(all, row->last));
	dw_query_text(&all->door, row->peer);
	bind_counts(&all->door, &row->counts);
	r = dw_query_do(&all->door);
	if (r < 0 || !is_used(&row->counts))
		return r;
	dw_query_again(&all->used);
	dw_query_text(&all->used, row->key);
	dw_query_int(&all->used, hour);
	dw_query_int(&all->used, past(all, row->first));
	dw_query_int(&all->used, past(all, row->last));
	bind_counts(&all->used, &row->counts);
	return dw_query_do(&all->used);
}

/* Those that were looked at the longest time ago go first. */
static int make_room(struct dw_store *db, struct dw_error *e)
{
	static const char old[] = "SELECT id FROM door ORDER BY until DESC, id DESC "
				  "LIMIT -1 OFFSET ";
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	return dw_store_exec(db,
			     dw_arena_printf(a,
					     "DELETE FROM used WHERE door IN (%s%d); "
					     "DELETE FROM door WHERE id IN (%s%d);",
					     old, DW_USAGE_DOORS_MAX, old, DW_USAGE_DOORS_MAX),
			     e);
}

static int add_all(struct dw_store *db, const struct dw_usage_row *v, size_t n, uint64_t from,
		   uint64_t until, struct dw_error *e)
{
	struct adding all = {
		.door = dw_query(db, DOOR_SQL, e),
		.used = dw_query(db, USED_SQL, e),
		.from = number(DW_MIN(from, until)),
		.until = number(until),
	};
	int r = all.used.r;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_one(&all, &v[i], i > 0 && dw_streq(v[i].key, v[i - 1].key));
	dw_query_free(&all.door);
	dw_query_free(&all.used);
	return r == 0 && n ? make_room(db, e) : r;
}

int dw_usage_store_add(struct dw_usage_store *s, const struct dw_usage_row *v, size_t n,
		       uint64_t from, uint64_t until, struct dw_error *e)
{
	int r = dw_store_transaction(s->db, e);

	return r < 0 ? r : dw_store_end(s->db, add_all(s->db, v, n, from, until, e), e);
}
