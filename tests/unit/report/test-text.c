/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>

#include "dw_report.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"
#include "mock.h"
#include "table.h"

/* Frees the text. */
static char *page(const char *which, struct dw_report_style style)
{
	struct dw_audit *audit = dw_mock_audit(which);
	struct dw_report r = dw_mock_report(audit);
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(dw_report_text(&r, out, &style, NULL), 0);
	(void)fclose(out);
	dw_mock_free(audit);
	return text;
}

DW_TEST(pages_are_as_they_were)
{
	static const struct {
		const char *which, *file;
		struct dw_report_style style;
	} cases[] = {
		{ "host", DW_TEST_PATH("golden/host-80.txt"), { .columns = 80 } },
		{ "host", DW_TEST_PATH("golden/host-120.txt"), { .columns = 120 } },
		{ "host", DW_TEST_PATH("golden/host-40.txt"), { .columns = 40 } },
		{ "host", DW_TEST_PATH("golden/host-pipe.txt"), { .columns = 0 } },
		{ "host", DW_TEST_PATH("golden/host-wide.txt"), { .columns = 80, .wide = true } },
		{ "host", DW_TEST_PATH("golden/host-quiet.txt"), { .columns = 80, .quiet = true } },
		{ "host",
		  DW_TEST_PATH("golden/host-colour.txt"),
		  { .columns = 80, .colour = true } },
		{ "host", DW_TEST_PATH("golden/host-200.txt"), { .columns = 200 } },
		{ "host",
		  DW_TEST_PATH("golden/host-by-port.txt"),
		  { .columns = 100, .choice.sort = DW_SORT_PORT } },
		{ "calm", DW_TEST_PATH("golden/calm.txt"), { .columns = 80 } },
		{ "blind", DW_TEST_PATH("golden/blind.txt"), { .columns = 80 } },
		{ "empty", DW_TEST_PATH("golden/empty.txt"), { .columns = 80 } },
		{ "hostile", DW_TEST_PATH("golden/hostile.txt"), { .columns = 80 } },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		char *text = page(cases[i].which, cases[i].style);

		dw_golden_check(cases[i].file, text);
		free(text);
	}
}

DW_TEST(no_line_is_wider_than_the_terminal)
{
	static const unsigned widths[] = { 60, 72, 80, 100, 120, 200 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(widths); i++) {
		char *text = page("host", (struct dw_report_style){ .columns = widths[i] }),
		     *line = text;

		for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
			*end = '\0';
			DW_CHECK(dw_display_width(line) <= widths[i]);
			DW_CHECK(end == line || end[-1] != ' ');
		}
		free(text);
	}
}

DW_TEST(hostile_names_are_shown_and_harmless)
{
	for (unsigned columns = 0; columns <= 80; columns += 80) {
		char *text = page("hostile", (struct dw_report_style){ .columns = columns,
								       .wide = columns == 0 });

		for (const unsigned char *p = (const unsigned char *)text; *p; p++)
			DW_CHECK(*p == '\n' || (*p >= 0x20 && *p != 0x7f));
		DW_CHECK(strstr(text, "\xc2\x9b") == NULL);
		DW_CHECK(strstr(text, "\xe2\x80\xae") == NULL);
		DW_CHECK(strstr(text, "\\x1b") != NULL);
		free(text);
	}
}

DW_TEST(each_door_has_its_line_in_a_pipe)
{
	char *text = page("host", (struct dw_report_style){ .columns = 0 });

	DW_CHECK(strstr(text, "0.0.0.0:8007/tcp") != NULL);
	DW_CHECK(strstr(text, "[::]:22/tcp") != NULL);
	DW_CHECK(strstr(text, "8000-8019") == NULL);
	free(text);
}

DW_TEST(what_is_alike_shares_a_line_on_a_terminal)
{
	char *text = page("host", (struct dw_report_style){ .columns = 120 });

	DW_CHECK(strstr(text, "0.0.0.0:8000-8019/tcp") != NULL);
	DW_CHECK(strstr(text, "*:22/tcp") != NULL);
	DW_CHECK(strstr(text, "localhost:631/tcp") != NULL);
	DW_CHECK(strstr(text, "has 35 doors, 26 open to any") != NULL);
	free(text);
}

static size_t lines_with(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part))
		n++;
	return n;
}

DW_TEST(much_that_is_fine_is_cut_short)
{
	char *text = page("many", (struct dw_report_style){ .columns = 80 });

	DW_CHECK_INT(lines_with(text, "nginx.service"), 12);
	DW_CHECK(strstr(text, "more: --all\n") != NULL);
	free(text);
	text = page("many", (struct dw_report_style){ .columns = 80, .all = true });
	DW_CHECK(lines_with(text, "nginx.service") > 1000);
	DW_CHECK(strstr(text, "--all") == NULL);
	free(text);
	/* a pipe has no screen that could be full */
	text = page("many", (struct dw_report_style){ .columns = 0 });
	DW_CHECK_INT(lines_with(text, "nginx.service"), 5650);
	free(text);
}

DW_TEST(only_the_chosen_verdicts)
{
	struct dw_report_style style = { .columns = 80 };
	char *text;

	DW_CHECK_INT(dw_report_only("close,restrict", &style.choice.verdicts, NULL), 0);
	text = page("host", style);
	DW_CHECK(strstr(text, "Close (1)") != NULL);
	DW_CHECK(strstr(text, "Restrict (1)") != NULL);
	DW_CHECK(strstr(text, "Keep (") == NULL);
	DW_CHECK(strstr(text, "Look into (") == NULL);
	DW_CHECK(strstr(text, "31 are fine") != NULL); /* the host is what it is */
	free(text);
}

DW_TEST(wrong_verdicts_and_orders_are_refused)
{
	static const char *const wrong[] = {
		"", "close,", ",close", "closed", "clos", "close keep"
	};
	enum dw_report_sort sort = DW_SORT_NONE;
	unsigned verdicts = 0;
	struct dw_error e = { 0 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(wrong); i++)
		DW_CHECK(dw_report_only(wrong[i], &verdicts, &e) < 0);
	DW_CHECK(strstr(e.message, "is no verdict") != NULL);
	DW_CHECK(dw_report_sort("", &sort, &e) < 0);
	DW_CHECK(dw_report_sort("size", &sort, &e) < 0);
	DW_CHECK_INT(dw_report_sort("user", &sort, &e), 0);
	DW_CHECK_INT(sort, DW_SORT_USER);
}

DW_TEST(order_of_the_doors)
{
	struct dw_audit *audit = dw_mock_audit("host");
	struct dw_report r = dw_mock_report(audit), by;
	struct dw_report_choice choice = { .sort = DW_SORT_PORT };
	struct dw_arena *a = audit->snapshot->arena;

	by = dw_report_choose(&r, &choice, a);
	DW_CHECK_INT(by.n_doors, r.n_doors);
	for (size_t i = 1; i < by.n_doors; i++)
		DW_CHECK(by.doors[i - 1].door->at.port <= by.doors[i].door->at.port);
	choice.sort = DW_SORT_URGENCY;
	by = dw_report_choose(&r, &choice, a);
	DW_CHECK_STR(by.doors[0].verdict, "investigate");
	DW_CHECK_STR(by.doors[1].verdict, "close");
	choice.sort = DW_SORT_STARTER;
	by = dw_report_choose(&r, &choice, a);
	for (size_t i = 1; i < by.n_doors; i++)
		DW_CHECK(strcmp(dw_cells_starter(by.doors[i - 1].door, a),
				dw_cells_starter(by.doors[i].door, a)) <= 0);
	dw_mock_free(audit);
}

/* Rows of a section that all have one reason do not repeat it. */
DW_TEST(a_reason_that_all_share_is_told_once)
{
	struct dw_audit *audit = dw_mock_audit("calm");
	struct dw_reason same = { "no-policy", "No policy says whether it is needed.", NULL };
	struct dw_report_door doors[2];
	struct dw_report r = dw_mock_report(audit);
	struct dw_report_style style = { .columns = 80 };
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	audit->snapshot->doors[1].at.port = 2222;
	for (size_t i = 0; i < 2; i++) {
		doors[i] = r.doors[i];
		doors[i].verdict = "ask";
		doors[i].reasons = &same;
	}
	r.doors = doors;
	DW_CHECK_INT(dw_report_text(&r, out, &style, NULL), 0);
	(void)fclose(out);
	DW_CHECK(strstr(text, "You decide (2)\n    No policy says") != NULL);
	DW_CHECK_INT(lines_with(text, "No policy says"), 1);
	free(text);
	dw_mock_free(audit);
}

DW_TEST(bad_lines_without_end_are_cut_short)
{
	struct dw_audit *audit = dw_mock_audit("calm");
	struct dw_report r = dw_mock_report(audit);
	struct dw_arena *a = audit->snapshot->arena;
	struct dw_incomplete *list = dw_arena_array(a, 20000, sizeof(*list));
	struct dw_report_style style = { .columns = 80 };
	char *text = NULL;
	size_t n;
	FILE *out;

	for (size_t i = 0; i < 20000; i++)
		list[i] = (struct dw_incomplete){ "bad-line", "nonsense", "/etc/inetd.conf",
						  (unsigned)i + 1, false };
	audit->snapshot->incomplete = list;
	audit->snapshot->n_incomplete = 20000;
	out = open_memstream(&text, &n);
	DW_CHECK_INT(dw_report_text(&r, out, &style, NULL), 0);
	(void)fclose(out);
	DW_CHECK(strstr(text, "What could not be seen (20000)") != NULL);
	DW_CHECK(strstr(text, "/etc/inetd.conf:5: nonsense") != NULL);
	DW_CHECK(strstr(text, "/etc/inetd.conf:6: nonsense") == NULL);
	DW_CHECK(strstr(text, "and 19995 more") != NULL);
	free(text);
	dw_mock_free(audit);
}

DW_TEST(cutting_keeps_what_matters)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_layout_cut("short", 5, false, a), "short");
	DW_CHECK_STR(dw_layout_cut("sixsix", 5, false, a), "six..");
	DW_CHECK_STR(dw_layout_cut("[fe80::a00:27ff:fe4e:66a1%eth0]:546/udp", 20, true, a),
		     "[fe80:..th0]:546/udp");
	DW_CHECK_STR(dw_layout_cut("", 5, false, a), "");
	DW_CHECK_STR(dw_layout_cut("h\xc3\xa9llo w\xc3\xb6rld", 7, false, a), "h\xc3\xa9llo..");
}

/* How wide a character is, is for the locale to say. */
__attribute__((constructor)) static void use_utf8(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		abort();
}

DW_TEST(tabs_are_blanks_up_to_the_next_of_eight_columns)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char given[] = "\ta\t\xc3\xa4\xc3\xa4\tb";

	DW_CHECK_STR(dw_layout_tabs(given, strlen(given), a),
		     "        a       \xc3\xa4\xc3\xa4      b");
	DW_CHECK_STR(dw_layout_tabs("1234567\t8", 9, a), "1234567 8");
	DW_CHECK_STR(dw_layout_tabs("12345678\t9", 10, a), "12345678        9");
	DW_CHECK_STR(dw_layout_tabs("", 0, a), "");
}

DW_TEST_MAIN
