/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* watch.db: nothing is lost unless it is said, nothing is told twice; and each of its calls failed once. */
#include <errno.h>
#include <sys/stat.h>

#include "dw_store_watch.h"
#include "dw_str.h"
#include "dw_test.h"

static char directory[] = "/tmp/dw-watch-XXXXXX";

static struct dw_watch_store *fresh(struct dw_arena *a, const char **ret)
{
	static unsigned n;
	struct dw_watch_store *s = NULL;
	struct dw_error e = { 0 };

	if (n == 0 && !mkdtemp(directory))
		abort();
	*ret = dw_arena_printf(a, "%s/%u", directory, n++);
	DW_CHECK_INT(dw_watch_store_open(*ret, true, &s, &e), 0);
	return s;
}

static void add(struct dw_watch_store *s, int64_t id)
{
	struct dw_watch_news n = { .id = id, .event = "opened", .summary = "s", .json = "{}" };

	DW_CHECK_INT(dw_watch_store_add(s, &n, NULL), 0);
}

static int64_t next(struct dw_watch_store *s, const char *sink, uint64_t *ret_lost)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_news n = { 0 };

	if (dw_watch_store_next(s, sink, a, &n, NULL) <= 0)
		return 0;
	*ret_lost = n.lost;
	return n.id;
}

DW_TEST(each_sink_gets_each_piece_once_and_in_order)
{
	static const char *const sinks[] = { "a", "b" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir;
	struct dw_watch_store *s = fresh(a, &dir);
	uint64_t lost = 0, dropped = 0;
	int64_t id = 0;
	unsigned gone = 0;

	DW_CHECK_INT(dw_watch_store_sinks(s, sinks, 2, NULL), 0);
	for (int64_t i = 1; i <= 3; i++)
		add(s, i);
	add(s, 2); /* once more after a kill: it is there already */
	DW_CHECK_INT(next(s, "a", &lost), 1);
	DW_CHECK_INT(dw_watch_store_told(s, "a", 1, NULL), 0);
	DW_CHECK_INT(next(s, "a", &lost), 2);
	DW_CHECK_INT(next(s, "b", &lost), 1);
	DW_CHECK_INT(dw_watch_store_trim(s, 100, &dropped, NULL), 0);
	DW_CHECK_INT(dropped, 0);
	DW_CHECK_INT(next(s, "b", &lost), 1);
	/* as after a kill */
	dw_watch_store_free(s);
	DW_CHECK_INT(dw_watch_store_open(dir, false, &s, NULL), 0);
	DW_CHECK_INT(dw_watch_store_sinks(s, sinks, 2, NULL), 0);
	DW_CHECK_INT(next(s, "a", &lost), 2);
	DW_CHECK_INT(dw_watch_store_told(s, "a", 3, NULL), 0);
	DW_CHECK_INT(dw_watch_store_told(s, "a", 2, NULL), 0);
	DW_CHECK_INT(next(s, "a", &lost), 0);
	DW_CHECK_INT(dw_watch_store_told(s, "b", 3, NULL), 0);
	DW_CHECK_INT(dw_watch_store_drop(s, 100, &gone, NULL), 0);
	DW_CHECK_INT(gone, 3);
	/* the numbers go on, though nothing is left */
	DW_CHECK_INT(dw_watch_store_next_id(s, &id, NULL), 0);
	DW_CHECK_INT(id, 4);
	dw_watch_store_free(s);
}

DW_TEST(what_is_dropped_is_told)
{
	static const char *const sinks[] = { "away", "quick" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir;
	struct dw_watch_store *s = fresh(a, &dir);
	uint64_t lost = 0, dropped = 0;

	(void)dw_watch_store_sinks(s, sinks, 2, NULL);
	for (int64_t i = 1; i <= 10; i++)
		add(s, i);
	(void)dw_watch_store_told(s, "quick", 10, NULL);
	DW_CHECK_INT(dw_watch_store_trim(s, 4, &dropped, NULL), 0);
	DW_CHECK_INT(dropped, 6);
	DW_CHECK_INT(next(s, "away", &lost), 6);
	DW_CHECK_INT(lost, 6);
	DW_CHECK_INT(dw_watch_store_lost(s, 2, NULL), 0);
	(void)next(s, "away", &lost);
	DW_CHECK_INT(lost, 8);
	/* what is lost while that is told stays */
	DW_CHECK_INT(dw_watch_store_lost(s, 1, NULL), 0);
	DW_CHECK_INT(dw_watch_store_told_lost(s, "away", 6, 8, NULL), 0);
	DW_CHECK_INT(next(s, "away", &lost), 6);
	DW_CHECK_INT(lost, 1);
	DW_CHECK_INT(dw_watch_store_told_lost(s, "away", 6, 1, NULL), 0);
	DW_CHECK_INT(next(s, "away", &lost), 7);
	DW_CHECK_INT(lost, 0);
	dw_watch_store_free(s);
}

/* A storm's news are dropped a little at a time, so that another one who writes gets a turn. */
DW_TEST(what_all_have_is_dropped_in_bites)
{
	static const char *const sinks[] = { "away", "quick" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir;
	struct dw_watch_store *s = fresh(a, &dir), *other = NULL;
	uint64_t dropped = 0, lost = 0;
	unsigned gone = 7;

	(void)dw_watch_store_sinks(s, sinks, 2, NULL);
	for (int64_t i = 1; i <= 1000; i++)
		add(s, i);
	(void)dw_watch_store_told(s, "quick", 1000, NULL);
	DW_CHECK_INT(dw_watch_store_drop(s, 256, &gone, NULL), 0);
	DW_CHECK_INT(gone, 0);
	(void)dw_watch_store_told(s, "away", 300, NULL);
	/* of themselves a trim drops none of them */
	DW_CHECK_INT(dw_watch_store_trim(s, 20000, &dropped, NULL), 0);
	DW_CHECK_INT(dropped, 0);
	DW_CHECK_INT(dw_watch_store_drop(s, 256, &gone, NULL), 0);
	DW_CHECK_INT(gone, 256);
	DW_CHECK_INT(dw_watch_store_drop(s, 256, &gone, NULL), 0);
	DW_CHECK_INT(gone, 44);
	DW_CHECK_INT(next(s, "away", &lost), 301);
	DW_CHECK_INT(dw_watch_store_settle(s, NULL), 0);
	DW_CHECK_INT(next(s, "away", &lost), 301);
	/* who has no patience is told at once that another one writes */
	DW_CHECK_INT(dw_watch_store_open(dir, false, &other, NULL), 0);
	dw_watch_store_patience(other, 0);
	DW_CHECK_INT(dw_watch_store_begin(s, NULL), 0);
	DW_CHECK_INT(dw_watch_store_begin(other, NULL), -EBUSY);
	DW_CHECK_INT(dw_watch_store_end(s, 0, NULL), 0);
	DW_CHECK_INT(dw_watch_store_begin(other, NULL), 0);
	DW_CHECK_INT(dw_watch_store_end(other, 0, NULL), 0);
	dw_watch_store_free(other);
	dw_watch_store_free(s);
}

DW_TEST(a_new_sink_begins_with_what_is_new)
{
	static const char *const one[] = { "a" }, *const two[] = { "b" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_sink *state = NULL;
	const char *dir;
	struct dw_watch_store *s = fresh(a, &dir);
	uint64_t lost = 0;
	size_t n = 0;

	(void)dw_watch_store_sinks(s, one, 1, NULL);
	add(s, 1);
	(void)dw_watch_store_sinks(s, two, 1, NULL);
	DW_CHECK_INT(next(s, "b", &lost), 0);
	add(s, 2);
	DW_CHECK_INT(next(s, "b", &lost), 2);
	DW_CHECK_INT(dw_watch_store_state(s, a, &state, &n, NULL), 0);
	DW_CHECK_INT(n, 1);
	DW_CHECK_STR(state[0].name, "b");
	DW_CHECK_INT(state[0].waiting, 1);
	dw_watch_store_free(s);
}

DW_TEST(one_watch_at_a_time)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_store *other = NULL;
	const char *dir;
	struct dw_watch_store *s = fresh(a, &dir);
	bool used = true;

	DW_CHECK_INT(dw_watch_store_is_locked(dir), 0);
	DW_CHECK_INT(dw_watch_store_lock(s, NULL), 0);
	DW_CHECK_INT(dw_watch_store_is_locked(dir), 1);
	DW_CHECK_INT(dw_watch_store_open(dir, true, &other, NULL), 0);
	DW_CHECK_INT(dw_watch_store_lock(other, NULL), -EBUSY);
	dw_watch_store_free(s);
	DW_CHECK_INT(dw_watch_store_is_locked(dir), 0);
	DW_CHECK_INT(dw_watch_store_is_used(other, &used, NULL), 0);
	DW_CHECK(!used);
	DW_CHECK_INT(dw_watch_store_use(other, 5, NULL), 0);
	DW_CHECK_INT(dw_watch_store_is_used(other, &used, NULL), 0);
	DW_CHECK(used);
	dw_watch_store_free(other);
}

DW_TEST(what_is_damaged_is_set_aside)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir, *file;
	struct dw_watch_store *s = fresh(a, &dir);
	FILE *f;

	dw_watch_store_free(s);
	file = dw_arena_printf(a, "%s/watch.db", dir);
	f = fopen(file, "we");
	DW_CHECK(f && fprintf(f, "this is no database, but long enough to be looked at\n") > 0);
	DW_CHECK(f && fclose(f) == 0);
	DW_CHECK_INT(dw_watch_store_open(dir, true, &s, NULL), -EBADMSG);
	DW_CHECK_INT(dw_watch_store_set_aside(dir, NULL), 0);
	DW_CHECK_INT(dw_watch_store_open(dir, true, &s, NULL), 0);
	dw_watch_store_free(s);
}

/* One of everything. */
static int all(struct dw_watch_store *s, struct dw_arena *a)
{
	static const char *const sinks[] = { "a", "b" }, *const fewer[] = { "a" };
	struct dw_watch_news n = { .id = 1, .event = "e", .summary = "s", .json = "{}" };
	struct dw_watch_known k = { .key = "k", .place = "p", .summary = "s", .door = "{}" };
	struct dw_watch_known *known;
	struct dw_watch_sink *state;
	uint64_t dropped;
	unsigned gone;
	int64_t id;
	size_t count;
	int r = dw_watch_store_sinks(s, sinks, 2, NULL);

	r = r < 0 ? r : dw_watch_store_begin(s, NULL);
	if (r == 0) {
		r = dw_watch_store_keep(s, &k, NULL);
		r = r < 0 ? r : dw_watch_store_add(s, &n, NULL);
		r = dw_watch_store_end(s, r, NULL);
	}
	r = r < 0 ? r : dw_watch_store_known(s, a, &known, &count, NULL);
	r = r < 0 ? r : dw_watch_store_next_id(s, &id, NULL);
	r = r < 0 ? r : dw_watch_store_next(s, "a", a, &n, NULL);
	r = r < 0 ? r : dw_watch_store_told(s, "a", 1, NULL);
	r = r < 0 ? r : dw_watch_store_lost(s, 1, NULL);
	r = r < 0 ? r : dw_watch_store_told_lost(s, "a", 1, 1, NULL);
	r = r < 0 ? r : dw_watch_store_trim(s, 0, &dropped, NULL);
	r = r < 0 ? r : dw_watch_store_drop(s, 1, &gone, NULL);
	r = r < 0 ? r : dw_watch_store_settle(s, NULL);
	r = r < 0 ? r : dw_watch_store_state(s, a, &state, &count, NULL);
	r = r < 0 ? r : dw_watch_store_forget(s, "k", NULL);
	return r < 0 ? r : dw_watch_store_sinks(s, fewer, 1, NULL);
}

DW_TEST(every_call_may_fail)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir;
	struct dw_watch_store *s = fresh(a, &dir);
	unsigned before = dw_watch_store_calls(s), n;

	DW_CHECK_INT(all(s, a), 0);
	n = dw_watch_store_calls(s) - before;
	dw_watch_store_free(s);
	DW_CHECK(n > 20);
	for (unsigned i = 1; i <= n; i++) {
		s = fresh(a, &dir);
		dw_watch_store_fail_at(s, i, ENOSPC);
		DW_CHECK_INT(all(s, a), -ENOSPC);
		/* and then all is well again: no transaction was left open */
		dw_watch_store_fail_at(s, 0, 0);
		DW_CHECK_INT(all(s, a), 0);
		dw_watch_store_free(s);
	}
}

DW_TEST(the_log_is_taken_in_and_begun_anew)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir;
	struct dw_watch_store *s = fresh(a, &dir);
	struct dw_watch_log log = { 0 };
	int64_t grown;

	for (int64_t i = 1; i <= 300; i++)
		add(s, i);
	DW_CHECK_INT(dw_watch_store_take_in(s, &log, NULL), 0);
	DW_CHECK(log.pages >= 300);
	DW_CHECK_INT(log.left, 0);
	grown = log.pages;
	DW_CHECK_INT(dw_watch_store_settle(s, NULL), 0);
	add(s, 301);
	DW_CHECK_INT(dw_watch_store_take_in(s, &log, NULL), 0);
	DW_CHECK(log.pages > 0 && log.pages < grown / 2);
	dw_watch_store_free(s);
}

DW_TEST_MAIN
