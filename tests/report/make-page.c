/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes documents made by hand, with something in every section, so that they are the same wherever they are made:
 * make-page DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>

#include "dw_macros.h"
#include "mock-whole.h"

/* What strangers may have written, for each place where they can. */
static const char attack[] =
	"A</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload='x' "
	"\xe2\x80\xae\x1b[31m\xff\xef\xbf\xbf&lt;&#x3c;--><!--]]></style>{}";
/* A cell of a table that a program would reckon, a row that begins another, a name without an end. */
static const char formula[] =
	"=cmd|' /C calc'!A0 | b\n\r| --- |\t<b>,\"; "
	"https://example.invalid/"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static int json(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	return dw_report_whole_json(w, out, true, e);
}

static int csv(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	return dw_report_csv(w->audit, out, e);
}

static int xml(const struct dw_report_whole *w, FILE *out, struct dw_error *e)
{
	return dw_report_inside_xml(w->audit, w->command, out, e);
}

static const struct {
	const char *ending;
	int (*write)(const struct dw_report_whole *w, FILE *out, struct dw_error *e);
} formats[] = {
	{ "html", dw_report_whole_html },
	{ "md", dw_report_whole_markdown },
	{ "sarif", dw_report_whole_sarif },
	{ "json", json },
	{ "csv", csv },
	{ "xml", xml },
};

static int write_all(const char *directory, const char *name, const struct dw_report_whole *w)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(formats); i++) {
		char file[4096];
		FILE *out;
		int r;

		(void)snprintf(file, sizeof(file), "%s/%s.%s", directory, name, formats[i].ending);
		out = fopen(file, "w");
		if (!out)
			return 1;
		r = formats[i].write(w, out, NULL);
		if (fclose(out) != 0 || r < 0)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *which, *text;
		bool missing;
	} all[] = {
		{ "host", "host", NULL, false },        { "missing", "calm", NULL, true },
		{ "empty", "empty", NULL, true },       { "blind", "blind", NULL, true },
		{ "crowd", "crowd", NULL, false },      { "many", "many", NULL, true },
		{ "attack", "hostile", attack, false }, { "formula", "hostile", formula, false },
	};

	for (size_t i = 0; argc > 1 && i < DW_ARRAY_SIZE(all); i++) {
		struct mock_whole *m = mock_whole_new(all[i].which, all[i].text, all[i].missing);

		if (write_all(argv[1], all[i].name, mock_whole_of(m)) != 0)
			return 1;
		mock_whole_free(m);
	}
	return argc > 1 ? 0 : 2;
}
