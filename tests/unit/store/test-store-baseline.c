/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Baselines in the journal: what goes in comes out, names are names, room is made, each failure leaves whole ones. */
#include <errno.h>
#include <sqlite3.h>

#include "dw_store_baseline.h"
#include "dw_str.h"
#include "dw_test.h"
#include "journal.h"

#define _cleanup_store_ _cleanup_(dw_cleanup_store)

static char long_text[20000];

static const char *document(void)
{
	for (size_t i = 0; i + 1 < sizeof(long_text); i++)
		long_text[i] = "{\"doors\": []} "[i % 14];
	return long_text;
}

DW_TEST(a_document_comes_out_as_it_went_in)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_baseline b = {
		.name = "before", .host = "here", .version = "0.1", .time = 1000, .doors = 7
	};
	struct dw_baseline got = { 0 }, *all = NULL;
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	int64_t id = 0;
	size_t n = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
	DW_CHECK_INT(dw_store_baseline_find(s, NULL, a, &got, &e), -ENOENT);
	DW_CHECK_INT(dw_store_baseline_save(s, &b, document(), sizeof(long_text), &id, &e), 0);
	DW_CHECK_INT(id, 1);
	DW_CHECK_INT(dw_store_baseline_save(s, &b, "x", 1, &id, &e), -EEXIST);
	b.name = NULL;
	DW_CHECK_INT(dw_store_baseline_save(s, &b, "short", 5, &id, &e), 0);
	DW_CHECK_INT(id, 2);
	dw_store_free(dw_steal_ptr(s));
	DW_CHECK_INT(dw_store_open(where, false, &s, &e), 0);
	DW_CHECK_INT(dw_store_baselines(s, a, &all, &n, &e), 0);
	DW_CHECK_INT(n, 2);
	DW_CHECK_INT(all[0].id, 2);
	DW_CHECK_STR(all[1].name, "before");
	DW_CHECK_STR(all[1].host, "here");
	DW_CHECK_INT(all[1].time, 1000);
	DW_CHECK_INT(all[1].doors, 7);
	DW_CHECK_INT(all[1].size, sizeof(long_text));
	DW_CHECK(all[1].bytes < 1000);
	DW_CHECK_INT(dw_store_baseline_load(s, 1, a, &text, &e), 0);
	DW_CHECK_INT(text.n, sizeof(long_text));
	DW_CHECK(memcmp(text.data, long_text, text.n) == 0);
	DW_CHECK_INT(dw_store_baseline_load(s, 2, a, &text, &e), 0);
	DW_CHECK_STR(text.data, "short");
	DW_CHECK_INT(dw_store_baseline_find(s, "before", a, &got, &e), 0);
	DW_CHECK_INT(got.id, 1);
	DW_CHECK_INT(dw_store_baseline_find(s, "2", a, &got, &e), 0);
	DW_CHECK_INT(got.id, 2);
	DW_CHECK_INT(dw_store_baseline_find(s, "after", a, &got, &e), -ENOENT);
	DW_CHECK_INT(dw_store_baseline_remove(s, 1, &e), 0);
	DW_CHECK_INT(dw_store_baseline_remove(s, 1, &e), -ENOENT);
	DW_CHECK_INT(dw_store_baseline_load(s, 1, a, &text, &e), -ENOENT);
	clean();
}

DW_TEST(a_name_is_nothing_else)
{
	static const char *const bad[] = { "",   "7",  "now", "a.json", "../x",
					   "-x", ".x", "a b", "\xc3" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++)
		DW_CHECK_INT(dw_baseline_name(bad[i], NULL), -EINVAL);
	DW_CHECK_INT(dw_baseline_name("before-upgrade_2.1", NULL), 0);
}

DW_TEST(the_oldest_without_a_name_make_room)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_baseline b = { .name = "first" }, got = { 0 }, *all = NULL;
	int64_t id = 0;
	size_t n = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_store_baseline_save(s, &b, "x", 1, &id, NULL), 0);
	b.name = NULL;
	for (int i = 0; i < DW_STORE_BASELINES_MAX + 3; i++)
		DW_CHECK_INT(dw_store_baseline_save(s, &b, "x", 1, &id, NULL), 0);
	DW_CHECK_INT(dw_store_baselines(s, a, &all, &n, NULL), 0);
	DW_CHECK_INT(n, DW_STORE_BASELINES_MAX);
	DW_CHECK_INT(dw_store_baseline_find(s, "first", a, &got, NULL), 0);
	DW_CHECK_INT(dw_store_baseline_find(s, "2", a, &got, NULL), -ENOENT);
	DW_CHECK_INT(dw_store_baseline_find(s, NULL, a, &got, NULL), 0);
	DW_CHECK_INT(got.id, id);
	clean();
}

static void damage(const char *sql)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	sqlite3 *db = NULL;

	DW_CHECK_INT(sqlite3_open(dw_arena_printf(a, "%s/journal.db", where), &db), SQLITE_OK);
	DW_CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

DW_TEST(a_damaged_document_is_told)
{
	static const char *const sqls[] = {
		"UPDATE baseline SET document = x'00'", "UPDATE baseline SET size = 3000000000",
		"UPDATE baseline SET size = 5",         "UPDATE baseline SET packing = 'rar'",
		"UPDATE baseline SET sha256 = 'a'",
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(sqls); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		_cleanup_store_ struct dw_store *s = NULL;
		struct dw_baseline b = { 0 };
		struct dw_bytes text = { 0 };
		struct dw_error e = { 0 };
		int64_t id = 0;

		DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
		DW_CHECK_INT(dw_store_baseline_save(s, &b, document(), 5000, &id, NULL), 0);
		damage(sqls[i]);
		DW_CHECK_INT(dw_store_baseline_load(s, 1, a, &text, &e), -EBADMSG);
		DW_CHECK(strstr(e.message, "baseline 1") != NULL);
		clean();
	}
}

DW_TEST(each_call_may_fail)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_baseline b = { .name = "x" }, *all = NULL;
	struct dw_error e = { 0 };
	int64_t id = 0;
	size_t n = 0;
	int r = -1;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	for (unsigned i = 1; r < 0 && i < 50; i++) {
		dw_store_fail_at(s, i, ENOSPC);
		r = dw_store_baseline_save(s, &b, "x", 1, &id, &e);
		dw_store_fail_at(s, 0, 0);
		DW_CHECK(r == 0 || r == -ENOSPC);
		DW_CHECK_INT(dw_store_baselines(s, a, &all, &n, NULL), 0);
		DW_CHECK_INT(n, r == 0);
	}
	DW_CHECK_INT(r, 0);
	clean();
}

DW_TEST_MAIN
