/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_arena.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "dw_test.h"

DW_TEST(an_arena_takes_over_another)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new(), *other = dw_arena_new();
	char *big, *small;

	dw_arena_adopt(a, other); /* nothing in either */
	small = dw_arena_strdup(other, "small");
	big = dw_arena_alloc(other, 3000000);
	memset(big, 'x', 3000000);
	dw_arena_adopt(a, other);
	DW_CHECK(dw_arena_size(other) == 0 && dw_arena_size(a) > 3000000);
	DW_CHECK_STR(dw_arena_strdup(other, "anew"), "anew");
	dw_arena_adopt(a, other);
	DW_CHECK_STR(dw_arena_strdup(a, "own"), "own");
	DW_CHECK_STR(small, "small");
	DW_CHECK(big[0] == 'x' && big[2999999] == 'x');
}

DW_TEST(a_reset_arena_is_as_new)
{
	static const size_t sizes[] = { 1, 5000, 100, 70000, 3000000, 9 };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	dw_arena_reset(a); /* nothing was handed out */
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < DW_ARRAY_SIZE(sizes); i++) {
			unsigned char *p = dw_arena_alloc(a, sizes[i]);

			for (size_t k = 0; k < sizes[i]; k++)
				DW_CHECK(p[k] == 0 && "memory is handed out zeroed");
			memset(p, 0xff, sizes[i]);
		}
		DW_CHECK(dw_arena_size(a) > 3000000);
		dw_arena_reset(a);
		DW_CHECK(dw_arena_size(a) < 100000);
	}
}

DW_TEST(arena_is_zeroed_aligned_and_grows_in_place)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char *first = dw_arena_alloc(a, 3), *grown;
	static const char zero[100000];

	DW_CHECK((uintptr_t)first % _Alignof(max_align_t) == 0);
	memcpy(first, "ab", 3);
	grown = dw_arena_grow(a, first, 3, 1000);
	DW_CHECK(grown == first);
	DW_CHECK_STR(grown, "ab");
	(void)dw_arena_alloc(a, 1);
	grown = dw_arena_grow(a, first, 1000, 2000);
	DW_CHECK(grown != first);
	DW_CHECK_STR(grown, "ab");
	DW_CHECK(memcmp(dw_arena_alloc(a, sizeof(zero)), zero, sizeof(zero)) == 0);
}

DW_TEST(vec_keeps_what_it_is_given)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	DW_VEC(int) numbers = { 0 };
	int wrong = 0;

	for (int i = 0; i < 10000; i++)
		dw_vec_push(a, &numbers, i);
	for (int i = 0; i < 10000; i++)
		wrong += numbers.v[i] != i;
	DW_CHECK_INT(wrong, 0);
	DW_CHECK_INT(numbers.n, 10000);
}

DW_TEST(numbers_are_read_strictly)
{
	uint64_t v = 7;

	DW_CHECK(dw_parse_u64("65535", 10, 65535, &v) && v == 65535);
	DW_CHECK(!dw_parse_u64("65536", 10, 65535, &v));
	DW_CHECK(!dw_parse_u64("", 10, 9, &v));
	DW_CHECK(!dw_parse_u64("-1", 10, UINT64_MAX, &v));
	DW_CHECK(!dw_parse_u64(" 1", 10, UINT64_MAX, &v));
	DW_CHECK(!dw_parse_u64("1x", 10, UINT64_MAX, &v));
	DW_CHECK(!dw_parse_u64("18446744073709551616", 10, UINT64_MAX, &v));
	DW_CHECK(dw_parse_u64("fF", 16, UINT64_MAX, &v) && v == 255);
}

DW_TEST(terminal_text_is_harmless)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_escape_terminal(a, "a\x1b[31mb", 7), "a\\x1b[31mb");
	DW_CHECK_STR(dw_escape_terminal(a, "\xff\n", 2), "\\xff\\x0a");
	DW_CHECK_STR(dw_escape_terminal(a, "\xc2\x9b", 2), "\\x9b"); /* C1: CSI */
	DW_CHECK_STR(dw_escape_terminal(a, "\xe2\x80\xae", 3),
		     "\\u{202e}"); /* right-to-left override */
	DW_CHECK_STR(dw_escape_terminal(a, "h\xc3\xa9", 3), "h\xc3\xa9");
	DW_CHECK_STR(dw_escape_terminal(a, "", 0), "");
}

DW_TEST(utf8_text_keeps_what_is_valid)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_escape_utf8(a, "ok \x1b", 4), "ok \x1b");
	DW_CHECK_STR(dw_escape_utf8(a,
				    "a\xc0\xaf"
				    "b",
				    4),
		     "a\\xc0\\xafb");                                          /* overlong slash */
	DW_CHECK_STR(dw_escape_utf8(a, "\xed\xa0\x80", 3), "\\xed\\xa0\\x80"); /* surrogate */
	DW_CHECK_STR(dw_escape_utf8(a, "\xe2\x82", 2), "\\xe2\\x82");          /* cut short */
}

DW_TEST(lines_and_words)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes text = { .data = (char *)"one two\n\n three\t x \nlast", .n = 24 };
	struct dw_lines it = dw_lines_of(&text);
	char *line = dw_lines_next_trimmed(&it, a);

	DW_CHECK_STR(dw_word_next(&line), "one");
	DW_CHECK_STR(dw_word_next(&line), "two");
	DW_CHECK_STR(dw_word_next(&line), NULL);
	DW_CHECK_STR(dw_lines_next_trimmed(&it, a), "");
	DW_CHECK_STR(dw_lines_next_trimmed(&it, a), "three\t x");
	DW_CHECK_STR(dw_lines_next_trimmed(&it, a), "last");
	DW_CHECK_INT(it.number, 4);
	DW_CHECK_STR(dw_lines_next_trimmed(&it, a), NULL);
}

DW_TEST(quoted_words)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings words = { 0 };

	DW_CHECK_INT(dw_split_quoted(a, " a 'b c'\"d\\\"\" \\ e '' ", &words), 0);
	DW_CHECK_INT(words.n, 4);
	DW_CHECK_STR(words.v[1], "b cd\"");
	DW_CHECK_STR(words.v[2], " e");
	DW_CHECK_STR(words.v[3], "");
	words.n = 0;
	DW_CHECK(dw_split_quoted(a, "a 'open", &words) < 0);
	DW_CHECK_INT(words.n, 2);
}

DW_TEST(one_line_or_several)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_str_one_line(a, "a b"), "a b");
	DW_CHECK_STR(dw_str_one_line(a, "a b\n\n"), "a b");
	DW_CHECK_STR(dw_str_one_line(a, ""), "");
	DW_CHECK(dw_str_one_line(a, "a\nb") == NULL);
	DW_CHECK(dw_str_one_line(a, "\nb") == NULL);
}

DW_TEST(durations_have_a_unit)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = { { "90s", 90 }, { "10m", 600 }, { "2h", 7200 }, { "1d", 86400 }, { "0s", 0 } };
	static const char *const bad[] = { "",    "s",   "10",   "m10", "1w",
					   "-1s", "1 m", "1.5h", "9d",  "99999999999999999999s",
					   "1mm" };
	uint64_t v;

	for (size_t i = 0; i < DW_ARRAY_SIZE(good); i++)
		DW_CHECK(dw_parse_duration(good[i].text, 8 * 86400, &v) && v == good[i].seconds);
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++)
		DW_CHECK(!dw_parse_duration(bad[i], 8 * 86400, &v));
}

DW_TEST(a_part_of_a_list_of_ports_is_a_range)
{
	static const struct {
		const char *text;
		uint64_t low, high;
	} good[] = {
		{ "22", 22, 22 }, { "1-1023", 1, 1023 }, { "7-7", 7, 7 }, { "0-65535", 0, 65535 }
	};
	static const char *const bad[] = { "",        "-",     "1-",    "-1", "9-3",
					   "1-65536", "65536", "1-2-3", "a",  "1 2" };
	uint64_t low = 1, high = 2;

	for (size_t i = 0; i < DW_ARRAY_SIZE(good); i++)
		DW_CHECK(dw_parse_range(good[i].text, strlen(good[i].text), 65535, &low, &high) &&
			 low == good[i].low && high == good[i].high);
	low = 1, high = 2;
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++)
		DW_CHECK(!dw_parse_range(bad[i], strlen(bad[i]), 65535, &low, &high) && low == 1 &&
			 high == 2);
	/* what lies behind the part is not looked at */
	DW_CHECK(dw_parse_range("12-34", 2, 65535, &low, &high) && low == 12 && high == 12);
}

DW_TEST(escapes_are_undone)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char *const bad[] = { "\\", "\\q", "\\x", "\\x1", "\\xg1", "\\x1g" };
	struct dw_bytes b = { 0 };

	DW_CHECK(dw_parse_escapes(a, "a\\n\\0\\xfF.", "n0", "\n\0", &b));
	DW_CHECK(b.n == 5 && memcmp(b.data, "a\n\0\xff.", 5) == 0);
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++)
		DW_CHECK(!dw_parse_escapes(a, bad[i], "n0", "\n\0", &b));
	DW_CHECK_INT(dw_parse_hex_pair("0aZ"), 10);
	DW_CHECK_INT(dw_parse_hex_pair("f"), -1);
	DW_CHECK_INT(dw_parse_hex_pair(""), -1);
}

DW_TEST_MAIN
