/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents of report: as they were, and proof against what strangers write into names. */
#include <ctype.h>

#include "dw_json.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"
#include "mock-whole.h"

typedef int (*writer)(const struct dw_report_whole *w, FILE *out, struct dw_error *e);

static int json(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	return dw_report_whole_json(w, out, true, e);
}

static int inside(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	return dw_report_inside_xml(w->audit, w->command, out, e);
}

/* To be freed. */
static char *written(writer write, const char *which, const char *text, bool missing)
{
	struct mock_whole *m = mock_whole_new(which, text, missing);
	char *out_text = NULL;
	size_t n;
	FILE *out = open_memstream(&out_text, &n);

	DW_CHECK_INT(write(mock_whole_of(m), out, NULL), 0);
	(void)fclose(out);
	mock_whole_free(m);
	return out_text;
}

DW_TEST(documents_are_as_they_were)
{
	static const struct {
		writer write;
		const char *which;
		bool missing;
		const char *file;
	} all[] = {
		{ dw_report_whole_html, "host", false, DW_TEST_PATH("golden/report.html") },
		{ dw_report_whole_markdown, "host", false, DW_TEST_PATH("golden/report.md") },
		{ dw_report_whole_markdown, "blind", true,
		  DW_TEST_PATH("golden/report-missing.md") },
		{ dw_report_whole_sarif, "host", false, DW_TEST_PATH("golden/report.sarif") },
		{ inside, "host", false, DW_TEST_PATH("golden/report-inside.xml") },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		char *text = written(all[i].write, all[i].which, NULL, all[i].missing);

		dw_golden_check(all[i].file, text);
		free(text);
	}
}

DW_TEST(long_evidence_is_folded_in_html_and_whole_in_markdown)
{
	char *html = written(dw_report_whole_html, "crowd", NULL, false);
	char *markdown = written(dw_report_whole_markdown, "crowd", NULL, false);
	const char *first = strstr(html, "/usr/lib/package-7/program: "),
		   *fold = strstr(html, "<summary>112 more</summary>"),
		   *last = strstr(html, "/usr/lib/package-119/program: ");

	DW_CHECK(first && fold && last && first < fold && fold < last);
	DW_CHECK(strstr(markdown, "/usr/lib/package-119/program: ") != NULL);
	DW_CHECK(strstr(markdown, "112 more") == NULL);
	free(html);
	free(markdown);
}

/* What a narrow screen has instead of the picture names each box of it. */
DW_TEST(the_map_in_words_has_every_box)
{
	char *html = written(dw_report_whole_html, "host", NULL, false);
	const char *ways = strstr(html, "<div class=\"ways\">"), *end;
	size_t boxes = 0, lines = 0;

	DW_CHECK(ways != NULL);
	if (!ways)
		return;
	for (const char *s = html; (s = strstr(s, "<rect x=\"468\"")) != NULL; s++)
		boxes++;
	end = strstr(ways, "</div>");
	for (const char *s = ways; (s = strstr(s, "<li class=")) != NULL && s < end; s++)
		lines++;
	DW_CHECK(boxes > 10);
	DW_CHECK(lines == boxes);
	free(html);
}

DW_TEST(hostile_names_are_as_they_were)
{
	char *text = written(dw_report_whole_markdown, "hostile",
			     "A</script>|`[x](y)*b*_\x1b[2J\xff", false);

	dw_golden_check(DW_TEST_PATH("golden/report-hostile.md"), text);
	free(text);
}

/* --- what strangers write ----------------------------------------------------------------------------- */

static bool is_clean(const char *text)
{
	size_t n = strlen(text), len;

	for (size_t i = 0; i < n; i += len) {
		len = dw_utf8_length(text + i, n - i);
		if (len == 0 || ((unsigned char)text[i] < 0x20 && text[i] != '\n') ||
		    text[i] == 0x7f)
			return false;
	}
	return true;
}

/* All tags with their attributes' names, without the values: what a name could add to. To be freed. */
static char *skeleton(const char *html)
{
	char *to = calloc(strlen(html) + 1, 1), *p = to;
	bool tag = false, quoted = false;

	if (!to)
		abort();
	for (; *html; html++) {
		if (!tag && *html == '<')
			tag = true;
		if (tag && *html == '"')
			quoted = !quoted;
		if (tag && !quoted)
			*p++ = *html;
		if (tag && !quoted && *html == '>')
			tag = false;
	}
	return to;
}

/* Each in a document of its own, in every place where a stranger's text can stand. All begin alike: with no mark of a
   diff. */
static const char *const attacks[] = {
	"A</script><script>alert(1)</script>",
	"A\"><img src=x onerror=alert(1)>",
	"A' onmouseover='x",
	"A--><!-- ]]> <![CDATA[",
	"A</title></style></pre></table></details></section>",
	"A&lt;script&gt; &#60;b&#62; &amp;",
	"A\x1b[31m\x07\x08\x7f\xc2\x9b",
	"A\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f",
	"A\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80",
	"A\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90\xf0\x9f\xbf\xbe",
	"A\xf0\x9f\x92\xa9 \xe6\x97\xa5\xe6\x9c\xac",
	"A\xe2\x82",
};

static void check_html(const char *attack, const char *want)
{
	char *html = written(dw_report_whole_html, "host", attack, false), *got = skeleton(html);

	DW_CHECK(is_clean(html));
	DW_CHECK(!strstr(html, "<script") && !strstr(html, "<img"));
	if (!dw_streq(got, want)) {
		dw_test_failures++;
		printf("\"%s\" changes the tags of the page\n", attack);
	}
	free(got);
	free(html);
}

DW_TEST(no_text_becomes_markup)
{
	char *plain = written(dw_report_whole_html, "host", "A", false), *want = skeleton(plain);

	for (size_t i = 0; i < DW_ARRAY_SIZE(attacks); i++)
		check_html(attacks[i], want);
	free(want);
	free(plain);
}

/* A generator of our own: the same texts at each run. */
static unsigned next(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16;
}

DW_TEST(no_random_text_becomes_markup)
{
	static const char pieces[] =
		"<>&\"'/=!-[]()`|*_#\\@:.%\x01\x1b\x7f\x80\xbf\xc2\xe2\xef\xf0\xff ab";
	char *plain = written(dw_report_whole_html, "host", "A", false), *want = skeleton(plain);
	unsigned state = 4711;

	for (unsigned i = 0; i < 60; i++) {
		char text[200] = "A";
		size_t n = 1 + next(&state) % (sizeof(text) - 2);

		for (size_t k = 1; k < n; k++)
			text[k] = pieces[next(&state) % (sizeof(pieces) - 1)];
		text[n] = '\0';
		check_html(text, want);
	}
	free(want);
	free(plain);
}

/* Cells that a text could add to a table, tags, and lines. */
struct markdown_counts {
	size_t lines, cells, tags, images;
};

static struct markdown_counts count(const char *text)
{
	struct markdown_counts c = { 0 };

	for (const char *p = text; *p; p++) {
		c.lines += *p == '\n';
		c.cells += *p == '|' && (p == text || p[-1] != '\\');
		c.tags += *p == '<';
		c.images += *p == '[' && (p == text || p[-1] != '\\');
	}
	return c;
}

DW_TEST(no_text_becomes_markdown)
{
	char *plain = written(dw_report_whole_markdown, "host", "A", false);
	struct markdown_counts want = count(plain);

	for (size_t i = 0; i < DW_ARRAY_SIZE(attacks); i++) {
		/* what is code stands as it is: it is fenced, and told apart here */
		char *text = written(dw_report_whole_markdown, "host", attacks[i], false);
		struct markdown_counts got = count(text);

		DW_CHECK(is_clean(text));
		DW_CHECK_INT(got.lines, want.lines);
		DW_CHECK_INT(got.cells, want.cells);
		free(text);
	}
	free(plain);
}

DW_TEST(long_texts_are_cut)
{
	char *big = malloc(1000001), *html;

	if (!big)
		abort();
	memset(big, 'A', 1000000);
	big[1000000] = '\0';
	html = written(dw_report_whole_html, "calm", big, false);
	DW_CHECK(strlen(html) < 600000);
	free(html);
	free(big);
}

DW_TEST(json_of_hostile_names_is_json)
{
	static const writer writers[] = { json, dw_report_whole_sarif };

	for (size_t i = 0; i < DW_ARRAY_SIZE(attacks); i++)
		for (size_t k = 0; k < DW_ARRAY_SIZE(writers); k++) {
			char *text = written(writers[k], "hostile", attacks[i], false);
			struct dw_json_value *v = NULL;

			DW_CHECK_INT(dw_json_parse(text, strlen(text), &v, NULL), 0);
			dw_json_free(v);
			free(text);
		}
}

/* --- the rest ----------------------------------------------------------------------------------------- */

DW_TEST(a_missing_section_says_so)
{
	char *html = written(dw_report_whole_html, "calm", NULL, true);

	DW_CHECK(strstr(html, "This was left out: --without plan"));
	DW_CHECK(strstr(html, "Not told: the journal is damaged"));
	DW_CHECK(strstr(html, "This could not be had: the journal is damaged"));
	free(html);
}

DW_TEST(outcomes)
{
	struct mock_whole *m = mock_whole_new("calm", NULL, true);
	struct dw_report_whole w = *mock_whole_of(m);

	DW_CHECK_INT(dw_report_whole_outcome(&w), DW_REPORT_BLIND);
	for (size_t i = 0; i < DW_WHOLE_PARTS; i++)
		w.sections[i].state = DW_WHOLE_NOTHING;
	DW_CHECK_INT(dw_report_whole_outcome(&w), 0);
	mock_whole_free(m);
	m = mock_whole_new("calm", NULL, false);
	DW_CHECK_INT(dw_report_whole_outcome(mock_whole_of(m)), DW_REPORT_TO_DO | DW_REPORT_BLIND);
	mock_whole_free(m);
}

DW_TEST(names_of_sections)
{
	for (size_t i = 0; i < DW_WHOLE_PARTS; i++) {
		const char *name = dw_whole_part_name((enum dw_whole_part)i);

		DW_CHECK_INT(dw_whole_part_parse(name, strlen(name)), i);
	}
	DW_CHECK_INT(dw_whole_part_parse("hos", 3), DW_WHOLE_PARTS);
	DW_CHECK_INT(dw_whole_part_parse("", 0), DW_WHOLE_PARTS);
}

/* However many doors there are, the picture stays one. */
DW_TEST(the_map_has_room_for_thousands)
{
	char *html = written(dw_report_whole_html, "many", NULL, true), *p = html;
	size_t boxes = 0;

	while ((p = strstr(p, "<g class=\"b ")) != NULL) {
		boxes++;
		p++;
	}
	DW_CHECK(boxes > 4 && boxes < 160);
	DW_CHECK(strlen(html) < 3000000);
	free(html);
}

DW_TEST_MAIN
