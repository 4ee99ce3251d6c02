/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Canonical texts of files, edits of lines, names of runs. */
#include "dw_run.h"
#include "dw_sha256.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_test.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* FIPS 180-2, B.1 */

static struct dw_bytes bytes(const char *s)
{
	return (struct dw_bytes){ .data = (char *)s, .n = strlen(s) };
}

DW_TEST(a_hash_is_that_of_the_standard)
{
	char hex[DW_SHA256_HEX + 1];

	dw_sha256_hex("abc", 3, hex);
	DW_CHECK_STR(hex, ABC);
	dw_sha256_hex(NULL, 0, hex);
	DW_CHECK_STR(hex, EMPTY);
}

DW_TEST(a_file_has_one_text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes abc = bytes("abc"), none = { 0 };
	const char *text =
		dw_state_file_text(a, 0104755, 0, 42, &abc, "xattr:security.capability=01");

	DW_CHECK_STR(text, "file 4755 0:42 3 sha256:" ABC " xattr:security.capability=01");
	DW_CHECK_STR(dw_state_file_with(a, text, &none),
		     "file 4755 0:42 0 sha256:" EMPTY " xattr:security.capability=01");
	DW_CHECK_STR(dw_state_file_text(a, 0644, 0, 0, &none, NULL),
		     "file 0644 0:0 0 sha256:" EMPTY);
	DW_CHECK_STR(dw_state_file_with(a, dw_state_file_text(a, 0644, 0, 0, &none, ""), &abc),
		     "file 0644 0:0 3 sha256:" ABC);
}

DW_TEST(what_is_no_file_has_no_content)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char *const others[] = { NULL,        "absent",
					      "link /x y", "directory 0755 0:0",
					      "file ",     "file 0644 0:0 3",
					      "file  a b", "file 0644 0:0 3 md5:x" };
	struct dw_bytes abc = bytes("abc");

	for (size_t i = 0; i < DW_ARRAY_SIZE(others); i++)
		DW_CHECK_STR(dw_state_file_with(a, others[i], &abc), NULL);
}

static void check_edit(const char *before, const struct dw_edit *edits, size_t n, const char *after)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes content = bytes(before), made = { 0 };
	unsigned line = 0;

	DW_CHECK(dw_edits_apply(a, &content, edits, n, &made, &line));
	DW_CHECK_STR(made.data, after);
	DW_CHECK_INT(made.n, strlen(after));
}

#define EDITS(...)                                                                                 \
	(const struct dw_edit[]){ __VA_ARGS__ }, DW_ARRAY_SIZE(((struct dw_edit[]){ __VA_ARGS__ }))

DW_TEST(lines_are_edited_by_the_numbers_of_before)
{
	check_edit("a\nb\nc\n", EDITS({ 2, "b", "#b" }), "a\n#b\nc\n");
	check_edit("a\nb\nc\n", EDITS({ 1, "a", NULL }, { 3, "c", "C" }), "b\nC\n");
	check_edit("a\nb\nc\n", EDITS({ 3, "c", "C" }, { 1, "a", NULL }), "b\nC\n");
	check_edit("a\nb\n", EDITS({ 2, NULL, "x" }, { 2, NULL, "y" }, { 2, "b", "B" }),
		   "a\nx\ny\nB\n");
	check_edit("a\n", EDITS({ 2, NULL, "x" }, { 99, NULL, "y" }), "a\nx\ny\n");
	check_edit("a", EDITS({ 1, "a", "b" }), "b");
	check_edit("a", EDITS({ 2, NULL, "x" }), "a\nx\n");
	check_edit("", EDITS({ 1, NULL, "x" }), "x\n");
	check_edit("a\r\n\n", EDITS({ 1, "a\r", "b\r" }, { 2, "", "c" }), "b\r\nc\n");
	check_edit("a\n", EDITS({ 1, "a", NULL }), "");
	check_edit("a\n", NULL, 0, "a\n");
}

DW_TEST(the_same_edit_twice_is_one)
{
	check_edit("a\nb\n", EDITS({ 2, "b", "#b" }, { 2, "b", "#b" }), "a\n#b\n");
	check_edit("a\n", EDITS({ 1, NULL, "x" }, { 1, NULL, "x" }), "x\na\n");
}

static void check_refused(const char *before, const struct dw_edit *edits, size_t n, unsigned at)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes content = bytes(before), made = { .n = 77 };
	unsigned line = 0;

	DW_CHECK(!dw_edits_apply(a, &content, edits, n, &made, &line));
	DW_CHECK_INT(line, at);
	DW_CHECK_INT(made.n, 77);
}

DW_TEST(edits_that_do_not_fit_are_refused)
{
	check_refused("a\nb\n", EDITS({ 2, "c", "#c" }), 2);
	check_refused("a\nb\n", EDITS({ 2, "b", "#b" }, { 2, "b", NULL }), 2);
	check_refused("a\nb\n", EDITS({ 3, "", "x" }), 3);
	check_refused("a\nb\n", EDITS({ 0, NULL, "x" }), 0);
	check_refused("", EDITS({ 1, "a", "b" }), 1);
}

DW_TEST(a_file_without_some_of_its_permission_bits)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_state_file_without(a, "file 4755 0:7 3 sha256:ab xattr:user.a=00", 06111),
		     "file 0644 0:7 3 sha256:ab xattr:user.a=00");
	DW_CHECK_STR(dw_state_file_without(a, "file 0644 0:0 0 sha256:ab", 06111),
		     "file 0644 0:0 0 sha256:ab");
	DW_CHECK_STR(dw_state_file_without(a, "directory 0755 0:0", 06111), NULL);
	DW_CHECK_STR(dw_state_file_without(a, "file 0789 0:0 0 sha256:ab", 06111), NULL);
	DW_CHECK_STR(dw_state_file_without(a, "file 07", 06111), NULL);
	DW_CHECK_STR(dw_state_file_without(a, "absent", 06111), NULL);
	DW_CHECK_STR(dw_state_file_without(a, NULL, 06111), NULL);
}

DW_TEST(states_of_runs_have_names)
{
	for (int s = 0; s < DW_RUN_COUNT; s++)
		for (int other = 0; other < s; other++)
			DW_CHECK(!dw_streq(dw_run_state_name(s), dw_run_state_name(other)));
	for (int s = 0; s < DW_RUN_STEP_COUNT; s++)
		for (int other = 0; other < s; other++)
			DW_CHECK(!dw_streq(dw_run_step_state_name(s),
					   dw_run_step_state_name(other)));
	DW_CHECK_STR(dw_run_state_name(DW_RUN_ROLLED_BACK), "rolled-back");
	DW_CHECK_STR(dw_run_state_name(DW_RUN_COUNT), "unknown");
	DW_CHECK_STR(dw_run_step_state_name(DW_RUN_STEP_LEFT), "left");
	DW_CHECK_STR(dw_run_step_state_name(DW_RUN_STEP_COUNT), "unknown");
}

DW_TEST_MAIN
