/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * New files and directories (what `doorward init` makes) with every fallible call failed once: there is the whole
 * file and success, or nothing at all, an error and its message. Nothing else is ever left in the directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "dw_policy_file.h"
#include "dw_spawn.h"
#include "dw_str.h"
#include "dw_sys.h"
#include "dw_test.h"

#define TEXT "default close\nkeep ssh\n"

static char root[] = "/tmp/dw-create-XXXXXX";

static unsigned names_in(const char *path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_strings names = { 0 };

	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	DW_CHECK_INT(dw_sys_dir_list(s, path, a, &names, NULL), 0);
	return (unsigned)names.n;
}

/* Is there the whole file, with its mode? */
static bool is_whole(const char *path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_bytes text = { 0 };
	struct stat st = { 0 };

	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	return dw_sys_file_stat(s, path, false, &st, NULL) == 0 && (st.st_mode & 07777) == 0644 &&
	       dw_sys_file_read(s, path, 4096, a, &text, NULL) == 0 && dw_streq(text.data, TEXT);
}

static void forget(const char *path, int flags)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	_cleanup_fd_ int dir = -1;

	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	dir = dw_sys_file_open(s, "/", O_RDONLY | O_DIRECTORY, NULL);
	DW_CHECK_INT(unlinkat(dir, path, flags), 0);
}

/* Creates the file with the n-th call failing; how many calls there were. */
static unsigned create(unsigned n, int code, int *ret)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	dw_sys_fail_at(s, n, code);
	*ret = dw_sys_file_create(s, "/policy", 0644, TEXT, strlen(TEXT), &e);
	DW_CHECK((*ret < 0) == (e.message[0] != '\0'));
	return dw_sys_calls(s);
}

/* How many of the failures were survived with a file, for instance by link(2) instead of rename(2). */
static unsigned fail_each(int code)
{
	unsigned calls, survived = 0;
	int r;

	calls = create(0, 0, &r);
	DW_CHECK_INT(r, 0);
	DW_CHECK(is_whole("/policy"));
	DW_CHECK(calls >=
		 7); /* the directory, the file, what is in it, its mode, two fsync, its name */
	DW_CHECK_INT(create(0, 0, &r) > 0 ? r : 0, -EEXIST);
	DW_CHECK(is_whole("/policy"));
	forget("policy", 0);
	for (unsigned n = 1; n <= calls; n++) {
		(void)create(n, code, &r);
		DW_CHECK(r == 0 || r == -code);
		DW_CHECK_INT(names_in("/"), r == 0);
		if (r == 0) {
			DW_CHECK(is_whole("/policy"));
			forget("policy", 0);
			survived++;
		}
	}
	printf("%u calls failed one by one with errno %d, %u survived\n", calls, code, survived);
	return survived;
}

DW_TEST(a_file_is_whole_or_not_there)
{
	DW_CHECK_INT(fail_each(EIO), 0);
	DW_CHECK_INT(fail_each(ENOSPC), 0);
}

/* A file system without RENAME_NOREPLACE, and one without fsync of directories. */
DW_TEST(what_a_file_system_cannot_do_is_done_otherwise)
{
	DW_CHECK_INT(fail_each(ENOSYS), 1);
	DW_CHECK_INT(fail_each(EINVAL), 2);
}

DW_TEST(both_ways_to_name_it_refuse_to_replace)
{
	unsigned calls;
	int r;

	calls = create(0, 0, &r);
	for (unsigned n = 1; n <= calls; n++) {
		(void)create(n, ENOSYS, &r);
		DW_CHECK(r == -EEXIST || r == -ENOSYS);
		DW_CHECK_INT(names_in("/"), 1);
		DW_CHECK(is_whole("/policy"));
	}
	forget("policy", 0);
}

DW_TEST(a_directory_has_its_mode_or_is_not_there)
{
	unsigned calls = 3;
	mode_t before = umask(077);

	for (unsigned n = 0; n <= calls; n++) {
		_cleanup_sys_ struct dw_sys *s = NULL;
		struct dw_error e = { 0 };
		struct stat st = { 0 };
		int r;

		DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
		dw_sys_fail_at(s, n, EIO);
		r = dw_sys_dir_make(s, "/doorward", 0755, &e);
		DW_CHECK((r < 0) == (e.message[0] != '\0'));
		DW_CHECK_INT(r, n == 0 ? 0 : -EIO);
		DW_CHECK_INT(names_in("/"), n == 0);
		if (n > 0)
			continue;
		DW_CHECK_INT(dw_sys_calls(s), calls);
		DW_CHECK_INT(dw_sys_file_stat(s, "/doorward", false, &st, NULL), 0);
		DW_CHECK_INT(st.st_mode & 07777, 0755);
		DW_CHECK_INT(dw_sys_dir_make(s, "/doorward", 0700, NULL), 0);
		forget("doorward", AT_REMOVEDIR);
	}
	(void)umask(before);
}

/* Fills an empty policy with the n-th call failing; how many calls there were. */
static unsigned fill(unsigned n, int *ret)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	DW_CHECK_INT(dw_sys_file_create(s, "/policy", 0644, "", 0, NULL), 0);
	dw_sys_fail_at(s, n, EIO);
	*ret = dw_policy_create(s, "/policy", TEXT, a, &e);
	DW_CHECK((*ret < 0) == (e.message[0] != '\0'));
	return dw_sys_calls(s);
}

static bool is_empty(const char *path)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct stat st = { 0 };

	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	return dw_sys_file_stat(s, path, false, &st, NULL) == 0 && st.st_size == 0;
}

DW_TEST(an_empty_policy_is_filled_or_stays_empty)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	unsigned calls, left = 0;
	int r;

	calls = fill(0, &r);
	DW_CHECK_INT(r, 0);
	DW_CHECK(is_whole("/policy"));
	DW_CHECK_INT(dw_sys_open(root, &s, NULL), 0);
	DW_CHECK_INT(dw_policy_create(s, "/policy", "other", a, NULL), -EEXIST);
	DW_CHECK(is_whole("/policy"));
	forget("policy", 0);
	for (unsigned n = 1; n <= calls; n++) {
		(void)fill(n, &r);
		DW_CHECK_INT(names_in("/"), 1);
		/* only whether the name is on the disk may be unknown when the text is there */
		DW_CHECK(is_whole("/policy") || (r < 0 && is_empty("/policy")));
		left += r < 0 && is_empty("/policy");
		forget("policy", 0);
	}
	printf("%u calls failed one by one, %u times it stayed empty\n", calls, left);
	DW_CHECK(left >= 5);
}

int main(void)
{
	int status;

	if (!mkdtemp(root)) {
		perror(root);
		return 1;
	}
	status = dw_test_run();
	if (rmdir(root) < 0) {
		perror(root);
		return 1;
	}
	return status;
}
