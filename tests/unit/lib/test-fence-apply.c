/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading a fence, in a host of the test's own: on trial, confirmed, coming back, each call failed, killed at any. */
#include "fence-host.h"

/* --- the tests ------------------------------------------------------------------------------------------------ */

static void kept_and_taken_back(void)
{
	struct fence f;
	long long run = 0;

	if (!begin(&f))
		return;
	DW_CHECK_INT(apply_for(&f, f.d, 600, &run), 0);
	DW_CHECK_STR(doorward_last_error(f.d), "");
	DW_CHECK(is_loaded(&f));
	DW_CHECK(!is_there("/etc/doorward/fence.nft")); /* nothing lasts before it is confirmed */
	DW_CHECK_INT(doorward_fence_off(f.d, NULL, &run), -EBUSY);
	DW_CHECK_INT(doorward_fence_confirm(f.d, &run), 0);
	DW_CHECK_STR(doorward_last_error(f.d), "");
	DW_CHECK(is_loaded(&f) && is_there("/etc/doorward/fence.nft"));
	DW_CHECK(!is_there("/etc/systemd/system/doorward-trial.service"));
	DW_CHECK_INT(doorward_fence_confirm(f.d, &run), -EALREADY);
	DW_CHECK_INT(doorward_fence_off(f.d, NULL, &run), 0);
	DW_CHECK(is_clean(&f));
	DW_CHECK_INT(doorward_fence_off(f.d, NULL, &run), -EALREADY);
	DW_CHECK_INT(doorward_undo(f.d, run, 0, NULL, &run), 0);
	DW_CHECK(is_loaded(&f) && is_there("/etc/doorward/fence.nft"));
	DW_CHECK_INT(doorward_fence_revert(f.d, NULL, &run), 0);
	DW_CHECK_INT(run, 1);
	DW_CHECK(is_clean(&f));
	DW_CHECK_INT(doorward_fence_revert(f.d, NULL, &run), -EALREADY);
	end(&f);
}

/* What `doorward verify --json` says; to be freed. *ret: how many of it are grave. */
static char *verified(struct fence *f, int *ret)
{
	_cleanup_free_ char *text = NULL;
	struct doorward_audit *audit = NULL;
	size_t n = 0;
	int blind = 0;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(doorward_audit_run(f->d, &audit), 0);
	*ret = doorward_verify(f->d, audit, 0, DOORWARD_JSON, out, NULL, &blind);
	(void)fclose(out);
	doorward_audit_free(audit);
	return strdup(text ? text : "");
}

static void check_verified(struct fence *f, int grave, const char *fence, const char *said)
{
	int n = -1;
	char *text = verified(f, &n);
	char wanted[64];

	(void)snprintf(wanted, sizeof(wanted), "\"fence\":%s", fence);
	DW_CHECK_INT(n, grave);
	DW_CHECK(strstr(text, wanted) != NULL);
	DW_CHECK(!said || strstr(text, said) != NULL);
	if (n != grave || !strstr(text, wanted) || (said && !strstr(text, said)))
		printf("%s\n", text);
	free(text);
}

/* On trial and kept; changed, taken away alone and with all the others, loaded again; what loads it at boot. */
static void verified_as_it_stands(void)
{
	struct fence f;
	long long run = 0, first = 0;

	if (!begin(&f))
		return;
	check_verified(&f, 0, "null", NULL);
	DW_CHECK_INT(apply_for(&f, f.d, 600, &first), 0);
	check_verified(&f, 0, "\"stands\"", NULL);
	DW_CHECK_INT(doorward_fence_confirm(f.d, &run), 0);
	check_verified(&f, 0, "\"stands\"", NULL);
	command(&f, "insert rule inet doorward input tcp dport 23 accept");
	check_verified(&f, 1, "\"differs\"", "1 line is new (\\\"tcp dport 23 accept\\\")");
	command(&f, "delete table inet doorward");
	check_verified(&f, 1, "\"differs\"", "this table alone (1 other is there)");
	command(&f, "flush ruleset");
	check_verified(&f, 1, "\"differs\"", "no other is there");
	command(&f, rules);
	check_verified(&f, 0, "\"stands\"", NULL);
	DW_CHECK_INT(unlink("/etc/doorward/fence.nft"), 0);
	check_verified(&f, 1, "\"stands\"", "/etc/doorward/fence.nft");
	DW_CHECK_INT(doorward_fence_off(f.d, NULL, &run), 0);
	check_verified(&f, 0, "null", NULL);
	DW_CHECK_INT(doorward_undo(f.d, run, 0, NULL, &run), 0);
	check_verified(&f, 1, "\"stands\"", "/etc/doorward/fence.nft");
	DW_CHECK_INT(doorward_fence_revert(f.d, NULL, &run), 0);
	DW_CHECK_INT(run, first);
	check_verified(&f, 0, "null", NULL);
	end(&f);
}

/* Without systemd a process waits; it is nobody's child. */
static void comes_back_by_itself(void)
{
	struct fence f;
	long long run = 0;

	if (!begin(&f))
		return;
	DW_CHECK_INT(apply_for(&f, f.d, 6, &run), 0);
	DW_CHECK(is_loaded(&f));
	DW_CHECK_SOON(is_clean(&f));
	end(&f);
}

/* Another process makes the table and takes it away, over and over: it is there or not, and never an error. */
static void read_while_it_comes_and_goes(void)
{
	bool there[2] = { false, false };
	struct dw_bytes table;
	struct fence f;
	int status = 0;
	pid_t pid;

	if (!begin(&f))
		return;
	pid = fork();
	while (pid == 0)
		if (dw_nft_run(f.sys, NULL, rules, NULL) < 0 ||
		    dw_nft_run(f.sys, NULL, "delete table inet doorward", NULL) < 0)
			_exit(1);
	for (int i = 0; i < 3000 || !there[0] || !there[1]; i++) {
		struct dw_error e = { 0 };

		if (dw_nft_table(f.sys, NULL, f.arena, &table, &e) != 0)
			DW_CHECK_STR(e.message, "");
		there[table.data != NULL] = true;
		if (dw_test_failures || waitpid(pid, &status, WNOHANG) != 0)
			break;
	}
	DW_CHECK_INT(status, 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	end(&f);
}

static void old_and_new_connections(void)
{
	struct login first, second;
	struct fence f;
	long long run = 0;

	if (!begin(&f))
		return;
	log_in(&first);
	DW_CHECK_INT(apply_for(&f, f.d, 600, &run), 0);
	DW_CHECK_INT(doorward_fence_confirm(f.d, &run), -EISCONN);
	DW_CHECK(strstr(doorward_last_error(f.d), "was there before") != NULL);
	DW_CHECK_INT(doorward_confirm(f.d, run, &run), -EISCONN); /* by no other word either */
	DW_CHECK(!is_there("/etc/doorward/fence.nft"));
	log_out(&first);
	log_in(&second);
	DW_CHECK_INT(doorward_fence_confirm(f.d, &run), 0);
	DW_CHECK(is_there("/etc/doorward/fence.nft"));
	log_out(&second);
	DW_CHECK_INT(doorward_fence_revert(f.d, NULL, &run), 0);
	DW_CHECK(is_clean(&f));
	end(&f);
}

/* Each call failed once: loaded and on trial, or as before. */
static void each_call_failed(void)
{
	const bool full = getenv("DW_TEST_FULL") != NULL;
	struct fence f;
	unsigned all, failed = 0;

	if (!begin(&f))
		return;
	{
		long long run = 0;

		DW_CHECK_INT(apply_for(&f, f.d, 600, &run), 0);
		DW_CHECK_INT(doorward_fence_revert(f.d, NULL, &run), 0);
		f.fail_at = 0;
		DW_CHECK_INT(apply_for(&f, f.d, 600, &run), 0);
		all = f.calls;
		DW_CHECK_INT(doorward_fence_revert(f.d, NULL, &run), 0);
	}
	/* most of them only look who is connected: some of these stand for all, unless all are asked for */
	for (unsigned n = 1; n <= all; n += full || n < 40 ? 1 : 1 + all / 8) {
		struct doorward *d = context(&f);
		long long run = 0;
		int r;

		f.fail_at = n;
		r = apply_for(&f, d, 600, &run);
		f.fail_at = 0;
		failed += r < 0;
		DW_CHECK(r == 0 || *doorward_last_error(d));
		DW_CHECK_INT(is_loaded(&f), r == 0 || r == -ENOTRECOVERABLE);
		if (r < 0)
			DW_CHECK_INT(doorward_settle(d), 0);
		else
			DW_CHECK_INT(doorward_fence_revert(d, NULL, &run), 0);
		if (r == -ENOTRECOVERABLE)
			DW_CHECK_INT(doorward_fence_revert(d, NULL, &run), 0);
		DW_CHECK(is_clean(&f));
		doorward_free(d);
	}
	DW_CHECK(failed > 5);
	end(&f);
}

static void carry_out(struct fence *f, unsigned kill_at, bool confirm)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		struct doorward *d = context(f);
		long long run = 0;

		f->kill_at = kill_at;
		(void)(confirm ? doorward_fence_confirm(d, &run) : apply_for(f, d, 600, &run));
		_exit(0);
	}
	DW_CHECK_INT(waitpid(pid, &status, 0), pid);
	DW_CHECK(kill_at == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
		 WIFEXITED(status));
}

/* Killed before each commit of loading and of keeping; what comes next finds the one or the other, and goes back. */
static void killed_at_each_write(void)
{
	struct fence f;

	if (!begin(&f))
		return;
	for (unsigned n = 1; n <= 12; n++) {
		struct doorward *d = context(&f);
		long long run = 0;
		int r;

		carry_out(&f, n, false);
		r = doorward_fence_revert(d, NULL, &run);
		DW_CHECK(r == 0 || r == -EALREADY);
		DW_CHECK(is_clean(&f));
		doorward_free(d);
	}
	for (unsigned n = 1; n <= 12; n++) {
		struct doorward *d = context(&f);
		long long run = 0;
		int r;

		DW_CHECK_INT(apply_for(&f, d, 600, &run), 0);
		carry_out(&f, n, true);
		DW_CHECK(is_loaded(&f));
		if (n % 2) { /* said again, it is kept */
			r = doorward_fence_confirm(d, &run);
			DW_CHECK(r == 0 || r == -EALREADY);
			DW_CHECK(is_there("/etc/doorward/fence.nft"));
		}
		DW_CHECK_INT(doorward_fence_revert(d, NULL, &run), 0);
		DW_CHECK(is_clean(&f));
		doorward_free(d);
	}
	end(&f);
}

/* Whoever is locked out cannot make room on the disk: the rules come back though the journal cannot be written. */
static void full_disk(void)
{
	struct fence f;

	if (!begin(&f))
		return;
	for (unsigned n = 4; n <= 34; n += 5) {
		long long run = 0, found = 0;
		int r = apply_for(&f, f.d, 600, &run);

		DW_CHECK_INT(r, 0);
		f.store_fail_at = n;
		(void)doorward_undo_expired(f.d, run, NULL, &found);
		f.store_fail_at = 0;
		/* not found: the lock or the list of runs failed, before anything is known */
		DW_CHECK(!found || !is_loaded(&f));
		r = doorward_fence_revert(f.d, NULL, &run);
		DW_CHECK(r == 0 || r == -EALREADY);
		DW_CHECK(is_clean(&f));
	}
	end(&f);
}

DW_TEST(a_full_disk_locks_nobody_out)
{
	namespace_run(full_disk);
}

DW_TEST(kept_and_taken_back_again)
{
	namespace_run(kept_and_taken_back);
}

DW_TEST(verify_says_whether_it_stands)
{
	namespace_run(verified_as_it_stands);
}

DW_TEST(it_comes_back_by_itself)
{
	namespace_run(comes_back_by_itself);
}

DW_TEST(it_may_come_and_go_while_it_is_read)
{
	namespace_run(read_while_it_comes_and_goes);
}

DW_TEST(only_a_new_connection_confirms)
{
	namespace_run(old_and_new_connections);
}

DW_TEST(each_call_fails_once)
{
	namespace_run(each_call_failed);
}

DW_TEST(killed_at_any_write)
{
	namespace_run(killed_at_each_write);
}

DW_TEST_MAIN
