/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scans in the journal: what goes in comes out, the oldest go first, each failure leaves whole scans. */
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dw_store_scan.h"
#include "dw_str.h"
#include "dw_test.h"
#include "journal.h"
#include "made-scan.h"

#define _cleanup_store_ _cleanup_(dw_cleanup_store)

DW_TEST(a_scan_goes_in_and_comes_out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_error e = { 0 };
	struct dw_scan got = { 0 };
	int64_t id = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
	DW_CHECK(!dw_store_has_scans(where));
	DW_CHECK_INT(dw_store_scan_save(s, &made_scan, &id, &e), 0);
	DW_CHECK_STR(e.message, "");
	DW_CHECK(dw_store_has_scans(where));
	DW_CHECK_INT(id, 1);
	dw_store_free(dw_steal_ptr(s));
	DW_CHECK_INT(dw_store_open(where, false, &s, &e), 0);
	DW_CHECK_INT(dw_store_scan_load(s, 1, NULL, 0, a, &got, &e), 0);
	DW_CHECK_INT(got.id, 1);
	check_scan(&got, &made_scan);
	DW_CHECK_INT(dw_store_scan_load(s, 7, NULL, 0, a, &got, &e), -ENOENT);
	DW_CHECK_STR(e.message, "there is no scan 7");
	clean();
}

DW_TEST(only_the_hosts_that_are_asked_for)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	const struct dw_address both[] = { made_hosts[1].address,
					   { DW_FAMILY_IPV4, { 10, 0, 0, 1 }, 0 } };
	struct dw_scan got = { 0 };
	int64_t id = 0, *ids = NULL;
	size_t n = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	for (int i = 0; i < 3; i++)
		DW_CHECK_INT(dw_store_scan_save(s, &made_scan, &id, NULL), 0);
	DW_CHECK_INT(dw_store_scan_load(s, 2, both, 2, a, &got, NULL), 0);
	DW_CHECK_INT(got.n_hosts, 1);
	check_host(&got.hosts[0], &made_hosts[1]);
	DW_CHECK_INT(dw_store_scans_of(s, &both[0], 2, a, &ids, &n, NULL), 0);
	DW_CHECK_INT(n, 2);
	DW_CHECK_INT(ids[0], 3);
	DW_CHECK_INT(dw_store_scans_of(s, &both[1], 2, a, &ids, &n, NULL), 0);
	DW_CHECK_INT(n, 0);
	clean();
}

DW_TEST(the_newest_of_a_target_set)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_scan one = { .targets = "a" }, two = { .targets = "b" }, *all = NULL;
	struct dw_error e = { 0 };
	int64_t id = 0;
	size_t n = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_store_scan_newest(s, NULL, 0, &id, &e), -ENOENT);
	DW_CHECK(strstr(e.message, "no scan is kept yet"));
	DW_CHECK_INT(dw_store_scan_save(s, &one, &id, NULL), 0);
	DW_CHECK_INT(dw_store_scan_save(s, &two, &id, NULL), 0);
	DW_CHECK_INT(dw_store_scan_save(s, &one, &id, NULL), 0);
	DW_CHECK_INT(dw_store_scan_newest(s, NULL, 0, &id, NULL), 0);
	DW_CHECK_INT(id, 3);
	DW_CHECK_INT(dw_store_scan_newest(s, "b", 0, &id, NULL), 0);
	DW_CHECK_INT(id, 2);
	DW_CHECK_INT(dw_store_scan_newest(s, "a", 3, &id, NULL), 0);
	DW_CHECK_INT(id, 1);
	DW_CHECK_INT(dw_store_scan_newest(s, "a", 1, &id, &e), -ENOENT);
	DW_CHECK_STR(e.message, "there is no earlier scan of a");
	DW_CHECK_INT(dw_store_scans(s, a, &all, &n, NULL), 0);
	DW_CHECK_INT(n, 3);
	DW_CHECK_INT(all[0].id, 3);
	DW_CHECK_STR(all[1].targets, "b");
	clean();
}

DW_TEST(the_oldest_go_first)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_scan *all = NULL, got;
	int64_t id = 0;
	size_t n = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	for (int i = 0; i < DW_STORE_SCANS_MAX + 3; i++)
		DW_CHECK_INT(dw_store_scan_save(s, &made_scan, &id, NULL), 0);
	DW_CHECK_INT(dw_store_scans(s, a, &all, &n, NULL), 0);
	DW_CHECK_INT(n, DW_STORE_SCANS_MAX);
	DW_CHECK_INT(all[0].id, DW_STORE_SCANS_MAX + 3);
	DW_CHECK_INT(all[n - 1].id, 4);
	DW_CHECK_INT(dw_store_scan_load(s, 3, NULL, 0, a, &got, NULL), -ENOENT);
	DW_CHECK_INT(dw_store_scan_load(s, 4, NULL, 0, a, &got, NULL), 0);
	check_scan(&got, &made_scan);
	clean();
}

DW_TEST(each_failing_call_leaves_whole_scans)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	unsigned n = 1;
	bool good = false;

	for (; !good && n < 200; n++) {
		_cleanup_store_ struct dw_store *s = NULL;
		struct dw_error e = { 0 };
		struct dw_scan *all = NULL, got = { 0 };
		size_t count = 0;
		int64_t id = 0;
		int r;

		DW_CHECK_INT(dw_store_open(directory(), true, &s, &e), 0);
		dw_store_fail_at(s, n, ENOSPC);
		r = dw_store_scan_save(s, &made_scan, &id, &e);
		good = r == 0;
		DW_CHECK(good || (r == -ENOSPC && e.message[0] && id == 0));
		dw_store_fail_at(s, 0, 0);
		DW_CHECK_INT(dw_store_scans(s, a, &all, &count, &e), 0);
		DW_CHECK_INT(count, good);
		DW_CHECK_INT(dw_store_scan_save(s, &made_scan, &id, &e), 0);
		DW_CHECK_INT(dw_store_scan_load(s, id, NULL, 0, a, &got, &e), 0);
		check_scan(&got, &made_scan);
		clean();
	}
	DW_CHECK(good && n > 10);
}

/* Loading: a failure is told, and never half a scan. */
DW_TEST(each_failing_call_of_a_look_is_told)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	int64_t id = 0;
	int r = -1;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_store_scan_save(s, &made_scan, &id, NULL), 0);
	for (unsigned n = 1; r < 0 && n < 50; n++) {
		struct dw_scan got = { 0 };

		dw_store_fail_at(s, n, EIO);
		r = dw_store_scan_load(s, id, NULL, 0, a, &got, NULL);
		DW_CHECK(r == 0 || (r == -EIO && !got.hosts));
	}
	DW_CHECK_INT(r, 0);
	clean();
}

static void change(const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/journal.db", where);
	DW_CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
	DW_CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

/* A journal of the version before scans gets their tables, and keeps its runs. */
DW_TEST(an_older_journal_is_brought_up)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_store_ struct dw_store *s = NULL;
	struct dw_run run = make_run(a), *runs = NULL;
	struct dw_scan got = { 0 };
	int64_t id = 0;
	size_t n = 0;

	DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_store_begin(s, &run, NULL), 0);
	dw_store_free(dw_steal_ptr(s));
	change("DROP TABLE baseline; DROP TABLE scan_port; DROP TABLE scan_host; DROP TABLE scan; "
	       "PRAGMA user_version = 1");
	DW_CHECK_INT(dw_store_open(where, false, &s, NULL), 0);
	DW_CHECK_INT(dw_store_runs(s, a, &runs, &n, NULL), 0);
	DW_CHECK_INT(n, 1);
	DW_CHECK_INT(dw_store_scan_save(s, &made_scan, &id, NULL), 0);
	DW_CHECK_INT(dw_store_scan_load(s, id, NULL, 0, a, &got, NULL), 0);
	check_scan(&got, &made_scan);
	clean();
}

DW_TEST(words_of_nobody_are_damage)
{
	static const char *const changes[] = {
		"UPDATE scan_port SET state = 'ajar' WHERE port = 443",
		"UPDATE scan_port SET protocol = 'x' WHERE port = 443",
		"UPDATE scan_port SET service = '[' WHERE port = 443",
		"UPDATE scan_port SET \"from\" = '999' WHERE port = 443",
		"UPDATE scan_host SET address = 'x' WHERE number = 1",
		"UPDATE scan_host SET counts = '1 2 3' WHERE number = 1",
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(changes); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		_cleanup_store_ struct dw_store *s = NULL;
		struct dw_scan got = { 0 };
		int64_t id = 0;

		DW_CHECK_INT(dw_store_open(directory(), true, &s, NULL), 0);
		DW_CHECK_INT(dw_store_scan_save(s, &made_scan, &id, NULL), 0);
		dw_store_free(dw_steal_ptr(s));
		change(changes[i]);
		DW_CHECK_INT(dw_store_open(where, false, &s, NULL), 0);
		DW_CHECK_INT(dw_store_scan_load(s, id, NULL, 0, a, &got, NULL), -EBADMSG);
		clean();
	}
}

DW_TEST_MAIN
