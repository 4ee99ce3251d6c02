/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* watch.db. Each call is one statement or a few in one transaction, so that a death in between leaves a whole. */
#include "dw_store_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "dw_str.h"
#include "watch.h"

#define WATCH_NAME "watch.db"
#define LOCK_NAME  "watch.lock"

static const char *const steps[] = {
	"CREATE TABLE known ("
	" key TEXT PRIMARY KEY, place TEXT NOT NULL, summary TEXT NOT NULL, door TEXT NOT NULL,"
	" since INTEGER NOT NULL, seen INTEGER NOT NULL, ephemeral INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE news ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, event TEXT NOT NULL,"
	" summary TEXT NOT NULL, json TEXT NOT NULL);"
	"CREATE TABLE sink ("
	" name TEXT PRIMARY KEY, told INTEGER NOT NULL, lost INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE used (since INTEGER NOT NULL);",
};

static const struct store_kind kind = {
	.file = WATCH_NAME,
	.steps = steps,
	.n_steps = DW_ARRAY_SIZE(steps),
	.synchronous = "NORMAL",
	.what = "watch",
	.none = "doorward watch has not run yet",
	.lose = "move it away: all that is open is known then, and news that wait are lost",
};

int dw_watch_store_open(const char *directory, bool create, struct dw_watch_store **ret,
			struct dw_error *e)
{
	struct dw_store *store = NULL;
	struct dw_watch_store *s;
	int r = dw_store_open_kind(directory, create, &kind, &store, e);

	/*
	 * A checkpoint waits for the disk, 200 ms and more where that is busy: not in the middle of news.
	 * dw_watch_store_take_in() makes them in time; this is for when nobody calls it: 256 MiB.
	 */
	if (r == 0)
		r = dw_store_exec(store, "PRAGMA wal_autocheckpoint = 65536", e);
	if (r < 0) {
		dw_store_free(store);
		return r;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		dw_oom();
	s->store = store;
	*ret = s;
	return 0;
}

void dw_watch_store_free(struct dw_watch_store *s)
{
	if (!s)
		return;
	dw_store_free(s->store);
	free(s);
}

int dw_watch_store_set_aside(const char *directory, struct dw_error *e)
{
	_cleanup_fd_ int dir = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 || renameat(dir, WATCH_NAME, dir, WATCH_NAME ".bad") < 0)
		return dw_error_errno(e, -errno, "%s/" WATCH_NAME, directory);
	/* they belong to the other file */
	(void)unlinkat(dir, WATCH_NAME "-wal", 0);
	(void)unlinkat(dir, WATCH_NAME "-shm", 0);
	return 0;
}

int dw_watch_store_lock(struct dw_watch_store *s, struct dw_error *e)
{
	struct dw_store *store = s->store;
	int r = dw_store_fault(store);

	if (r < 0)
		return dw_error_errno(e, r, "%s/" LOCK_NAME, store->directory);
	store->lock_fd =
		openat(store->dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return dw_error_errno(e, -errno, "%s/" LOCK_NAME, store->directory);
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return dw_error_set(e, -EBUSY, "another doorward watch keeps its notes in %s",
				    store->directory);
	return dw_error_errno(e, -errno, "%s/" LOCK_NAME, store->directory);
}

int dw_watch_store_is_locked(const char *directory)
{
	_cleanup_fd_ int dir = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int fd = -1;

	if (dir < 0)
		return -errno;
	fd = openat(dir, LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? 1 : -errno;
}

int dw_watch_store_is_used(struct dw_watch_store *s, bool *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s->store, "SELECT 1 FROM used", e);
	int r = dw_query_step(&q);

	if (r < 0)
		return r;
	*ret = r > 0;
	return 0;
}

int dw_watch_store_known(struct dw_watch_store *s, struct dw_arena *a, struct dw_watch_known **ret,
			 size_t *ret_n, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s->store, "SELECT key, place, summary, door, since, seen, ephemeral FROM known", e);
	DW_VEC(struct dw_watch_known) known = { 0 };
	int r;

	while ((r = dw_query_step(&q)) > 0 && known.n < DW_WATCH_KNOWN_MAX) {
		struct dw_watch_known *k = dw_vec_add(a, &known);

		k->key = dw_column_text(&q, a);
		k->place = dw_column_text(&q, a);
		k->summary = dw_column_text(&q, a);
		k->door = dw_column_text(&q, a);
		k->since = (uint64_t)dw_column_int(&q);
		k->seen = (uint64_t)dw_column_int(&q);
		k->ephemeral = dw_column_int(&q) != 0;
	}
	if (r < 0)
		return r;
	*ret = known.v;
	*ret_n = known.n;
	return 0;
}

/* The rows themselves may all be gone: SQLite keeps the highest number that ever was. */
int dw_watch_store_next_id(struct dw_watch_store *s, int64_t *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store, "SELECT max(seq) FROM sqlite_sequence WHERE name = 'news'", e);
	int r = dw_query_step(&q);

	if (r < 0)
		return r;
	*ret = (r > 0 ? dw_column_int(&q) : 0) + 1;
	return 0;
}

int dw_watch_store_begin(struct dw_watch_store *s, struct dw_error *e)
{
	return dw_store_transaction(s->store, e);
}

int dw_watch_store_end(struct dw_watch_store *s, int r, struct dw_error *e)
{
	return dw_store_end(s->store, r, e);
}

int dw_watch_store_use(struct dw_watch_store *s, uint64_t now, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s->store, "INSERT INTO used SELECT ? WHERE NOT EXISTS (SELECT 1 FROM used)", e);

	dw_query_int(&q, (int64_t)now);
	return dw_query_do(&q);
}

int dw_watch_store_keep(struct dw_watch_store *s, const struct dw_watch_known *k,
			struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store, "INSERT OR REPLACE INTO known VALUES (?,?,?,?,?,?,?)", e);

	dw_query_text(&q, k->key);
	dw_query_text(&q, k->place);
	dw_query_text(&q, k->summary);
	dw_query_text(&q, k->door);
	dw_query_int(&q, (int64_t)k->since);
	dw_query_int(&q, (int64_t)k->seen);
	dw_query_int(&q, k->ephemeral);
	return dw_query_do(&q);
}

int dw_watch_store_forget(struct dw_watch_store *s, const char *key, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s->store, "DELETE FROM known WHERE key = ?", e);

	dw_query_text(&q, key);
	return dw_query_do(&q);
}

int dw_watch_store_add(struct dw_watch_store *s, const struct dw_watch_news *n, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store, "INSERT OR IGNORE INTO news VALUES (?,?,?,?,?)", e);

	dw_query_int(&q, n->id);
	dw_query_int(&q, (int64_t)n->time);
	dw_query_text(&q, n->event);
	dw_query_text(&q, n->summary);
	dw_query_text(&q, n->json);
	return dw_query_do(&q);
}

/* --- sinks ---------------------------------------------------------------------------------------- */

static int drop_sink(struct dw_watch_store *s, const char *name, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s->store, "DELETE FROM sink WHERE name = ?", e);

	dw_query_text(&q, name);
	return dw_query_do(&q);
}

static int drop_others(struct dw_watch_store *s, const char *const *names, size_t n,
		       struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_query_ struct query q = dw_query(s->store, "SELECT name FROM sink", e);
	struct dw_strings there = { 0 };
	int r;

	while ((r = dw_query_step(&q)) > 0)
		dw_vec_push(a, &there, dw_column_text(&q, a));
	for (size_t i = 0; r == 0 && i < there.n; i++) {
		size_t k = 0;

		while (k < n && !dw_streq(names[k], there.v[i]))
			k++;
		if (k == n)
			r = drop_sink(s, there.v[i], e);
	}
	return r;
}

int dw_watch_store_sinks(struct dw_watch_store *s, const char *const *names, size_t n,
			 struct dw_error *e)
{
	int64_t next = 1;
	int r = dw_watch_store_begin(s, e);

	if (r < 0)
		return r;
	r = drop_others(s, names, n, e);
	if (r == 0)
		r = dw_watch_store_next_id(s, &next, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_query_ struct query q =
			dw_query(s->store, "INSERT OR IGNORE INTO sink VALUES (?,?,0)", e);

		dw_query_text(&q, names[i]);
		dw_query_int(&q, next - 1);
		r = dw_query_do(&q);
	}
	return dw_watch_store_end(s, r, e);
}

static int loss_of(struct dw_watch_store *s, const char *sink, struct dw_watch_news *ret,
		   struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store, "SELECT told, lost FROM sink WHERE name = ? AND lost > 0", e);
	int r;

	dw_query_text(&q, sink);
	r = dw_query_step(&q);
	if (r <= 0)
		return r;
	*ret = (struct dw_watch_news){ .id = dw_column_int(&q), .event = "lost" };
	ret->lost = (uint64_t)dw_column_int(&q);
	return 1;
}

static int oldest_of(struct dw_watch_store *s, const char *sink, struct dw_arena *a,
		     struct dw_watch_news *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store,
			 "SELECT id, time, event, summary, news.json FROM news"
			 " WHERE id > (SELECT told FROM sink WHERE name = ?) ORDER BY id LIMIT 1",
			 e);
	int r;

	dw_query_text(&q, sink);
	r = dw_query_step(&q);
	if (r <= 0)
		return r;
	*ret = (struct dw_watch_news){ .id = dw_column_int(&q) };
	ret->time = (uint64_t)dw_column_int(&q);
	ret->event = dw_column_text(&q, a);
	ret->summary = dw_column_text(&q, a);
	ret->json = dw_column_text(&q, a);
	return 1;
}

int dw_watch_store_next(struct dw_watch_store *s, const char *sink, struct dw_arena *a,
			struct dw_watch_news *ret, struct dw_error *e)
{
	int r = loss_of(s, sink, ret, e);

	return r != 0 ? r : oldest_of(s, sink, a, ret, e);
}

int dw_watch_store_told(struct dw_watch_store *s, const char *sink, int64_t id, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store, "UPDATE sink SET told = max(told, ?) WHERE name = ?", e);

	dw_query_int(&q, id);
	dw_query_text(&q, sink);
	return dw_query_do(&q);
}

int dw_watch_store_told_lost(struct dw_watch_store *s, const char *sink, int64_t id, uint64_t n,
			     struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s->store,
		"UPDATE sink SET told = max(told, ?), lost = max(lost - ?, 0) WHERE name = ?", e);

	dw_query_int(&q, id);
	dw_query_int(&q, (int64_t)n);
	dw_query_text(&q, sink);
	return dw_query_do(&q);
}

int dw_watch_store_lost(struct dw_watch_store *s, uint64_t n, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s->store, "UPDATE sink SET lost = lost + ?", e);

	dw_query_int(&q, (int64_t)n);
	return dw_query_do(&q);
}

/* Behind the last that may go: beyond max news, the oldest. 0: none. */
static int last_too_many(struct dw_watch_store *s, size_t max, int64_t *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store, "SELECT id FROM news ORDER BY id DESC LIMIT 1 OFFSET ?", e);
	int r;

	dw_query_int(&q, (int64_t)max);
	r = dw_query_step(&q);
	*ret = r > 0 ? dw_column_int(&q) : 0;
	return r < 0 ? r : 0;
}

static int pass_over(struct dw_watch_store *s, int64_t last, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s->store,
			 "UPDATE sink SET lost = lost + (SELECT count(*) FROM news"
			 " WHERE id > told AND id <= ?1), told = ?1 WHERE told < ?1",
			 e);

	dw_query_int(&q, last);
	return dw_query_do(&q);
}

int dw_watch_store_drop(struct dw_watch_store *s, unsigned max, unsigned *ret_n, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s->store,
		"DELETE FROM news WHERE id < (SELECT min(id) FROM news) + ?"
		" AND id <= coalesce((SELECT min(told) FROM sink), (SELECT max(id) FROM news))",
		e);
	int r;

	dw_query_int(&q, max);
	r = dw_query_do(&q);
	if (r == 0)
		*ret_n = (unsigned)s->store->lib.changes(s->store->db);
	return r;
}

static int count_untold(struct dw_watch_store *s, int64_t last, uint64_t *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s->store,
		"SELECT count(*) FROM news WHERE id <= ? AND id > (SELECT min(told) FROM sink)", e);
	int r;

	dw_query_int(&q, last);
	r = dw_query_step(&q);
	*ret = r > 0 ? (uint64_t)dw_column_int(&q) : 0;
	return r < 0 ? r : 0;
}

int dw_watch_store_trim(struct dw_watch_store *s, size_t max, uint64_t *ret_dropped,
			struct dw_error *e)
{
	uint64_t dropped = 0;
	int64_t last = 0;
	int r = dw_watch_store_begin(s, e);

	if (r < 0)
		return r;
	r = last_too_many(s, max, &last, e);
	if (r == 0 && last > 0)
		r = count_untold(s, last, &dropped, e);
	if (r == 0 && last > 0)
		r = pass_over(s, last, e);
	r = dw_watch_store_end(s, r, e);
	if (r == 0)
		*ret_dropped = dropped;
	return r;
}

void dw_watch_store_patience(struct dw_watch_store *s, int ms)
{
	(void)s->store->lib.busy_timeout(s->store->db, ms);
}

int dw_watch_store_state(struct dw_watch_store *s, struct dw_arena *a, struct dw_watch_sink **ret,
			 size_t *ret_n, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s->store,
		"SELECT name, told, lost, (SELECT count(*) FROM news WHERE id > told) FROM sink"
		" ORDER BY name",
		e);
	DW_VEC(struct dw_watch_sink) sinks = { 0 };
	int r;

	while ((r = dw_query_step(&q)) > 0) {
		struct dw_watch_sink *k = dw_vec_add(a, &sinks);

		k->name = dw_column_text(&q, a);
		k->told = dw_column_int(&q);
		k->lost = (uint64_t)dw_column_int(&q);
		k->waiting = (uint64_t)dw_column_int(&q);
	}
	if (r < 0)
		return r;
	*ret = sinks.v;
	*ret_n = sinks.n;
	return 0;
}

void dw_watch_store_fail_at(struct dw_watch_store *s, unsigned n, int code)
{
	dw_store_fail_at(s->store, n, code);
}

void dw_watch_store_on_call(struct dw_watch_store *s, void (*fn)(void *data, unsigned n),
			    void *data)
{
	s->store->on_call = fn;
	s->store->on_call_data = data;
}

unsigned dw_watch_store_calls(const struct dw_watch_store *s)
{
	return dw_store_calls(s->store);
}
