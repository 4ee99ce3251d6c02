/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a run put back into a file that somebody changed since: exactly those, or none. */
#include <errno.h>

#include "dw_str.h"
#include "dw_test.h"
#include "executor.h"

static struct dw_bytes bytes(const char *s)
{
	union {
		const char *c;
		char *p;
	} u = { .c = s };

	return (struct dw_bytes){ .data = u.p, .n = strlen(s) };
}

static const struct {
	const char *expect, *want, *now;
	int r;
	const char *merged;
} cases[] = {
	{ "a\nb\nc\n", "a\n#b\nc\n", "x\na\n#b\nc\n", 1, "x\na\nb\nc\n" },
	{ "a\nb\nc\n", "a\n#b\nc\n", "#b\n", 1, "b\n" },
	{ "a\nb\nc\n", "a\n#b\nc\n", "a\n#b\nc\n#b\n", -EUCLEAN, NULL }, /* twice */
	{ "a\nb\nc\n", "a\n#b\nc\n", "a\n#B\nc\n", -EUCLEAN, NULL },     /* edited */
	{ "a\nb\nc\n", "a\n#b\nc\n", "a\nb\nc\nd\n", 0, NULL },          /* put back by hand */
	{ "a\n", "a\nnew\n", "z\na\nnew\ny\n", 1, "z\na\ny\n" },         /* inserted */
	{ "a\n", "a\nnew\n", "z\na\n", 0, NULL },
	{ "a\nb\nc\n", "a\nc\n", "a\nc\nd\n", 1, "a\nb\nc\nd\n" }, /* taken out */
	{ "a\nb\nc\n", "a\nc\n", "a\nx\nc\n", -EUCLEAN, NULL },
	{ "b\nc\n", "c\n", "c\nd\n", 1, "b\nc\nd\n" },
	{ "b\nc\n", "b\n", "a\nb\n", 1, "a\nb\nc\n" },
	{ "a\nb\nc\nd\n", "#a\nb\nc\n#d\n", "#a\nb\nX\nc\n#d\n", 1, "a\nb\nX\nc\nd\n" },
	{ "a\nb\nc\nd\n", "#a\nb\nc\n#d\n", "a\nb\nX\nc\n#d\n", 1, "a\nb\nX\nc\nd\n" },
	{ "a\nb\n", "#a\n#b\n", "#b\n#a\n", 1, "b\na\n" }, /* moved about */
	{ "a\nb", "a\n#b", "x\na\n#b", 1, "x\na\nb" },     /* no newline at the end */
	{ "a\nb", "a\n#b", "a\n#b\nc\n", -EUCLEAN, NULL },
	{ "", "new\n", "new\nother\n", 1, "other\n" },
	{ "old\n", "", "", 1, "old\n" },
	{ "a\nb\n", "a\nb\n", "x\n", 0, NULL },
};

DW_TEST(lines_go_back)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_bytes expect = bytes(cases[i].expect), want = bytes(cases[i].want),
				now = bytes(cases[i].now), merged = { 0 };
		int r = dw_apply_merge(a, &expect, &want, &now, &merged);

		if (r != cases[i].r)
			printf("case %zu\n", i);
		DW_CHECK_INT(r, cases[i].r);
		if (r == 1)
			DW_CHECK_STR(merged.data, cases[i].merged);
	}
}

/* Every change of up to three lines of a long file, taken back from the file itself: the first content, exactly. */
DW_TEST(a_merge_without_other_changes_is_an_undo)
{
	for (unsigned i = 0; i < 400; i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_str before = { .arena = a }, after = { .arena = a }, now = { .arena = a };
		struct dw_bytes expect, want, got, merged = { 0 };

		for (unsigned line = 0; line < 40; line++) {
			bool hit = line == i % 40 || line == i * 7 % 40 || line == i * 13 % 40;

			dw_str_addf(&before, "line %u\n", line);
			if (hit && i % 2)
				dw_str_addf(&after, "new %u\nline %u\n", line, line);
			else if (hit)
				dw_str_addf(&after, "#line %u\n", line);
			else
				dw_str_addf(&after, "line %u\n", line);
		}
		dw_str_addf(&now, "first\n%slast\n", after.s);
		expect = (struct dw_bytes){ before.s, before.n };
		want = (struct dw_bytes){ after.s, after.n };
		got = (struct dw_bytes){ now.s, now.n };
		DW_CHECK_INT(dw_apply_merge(a, &expect, &want, &got, &merged), 1);
		DW_CHECK_STR(merged.data, dw_arena_printf(a, "first\n%slast\n", before.s));
	}
}

DW_TEST(too_many_differences_are_not_guessed_at)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str before = { .arena = a }, after = { .arena = a };
	struct dw_bytes expect, want, merged;

	for (unsigned i = 0; i < 1000; i++) {
		dw_str_addf(&before, "a %u\n", i);
		dw_str_addf(&after, "b %u\n", i);
	}
	expect = (struct dw_bytes){ before.s, before.n };
	want = (struct dw_bytes){ after.s, after.n };
	DW_CHECK_INT(dw_apply_merge(a, &expect, &want, &want, &merged), -EUCLEAN);
}

DW_TEST_MAIN
