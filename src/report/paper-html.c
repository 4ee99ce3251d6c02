/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a document as HTML. No attribute "style" and no script: the policy of the page forbids both. */
#include <inttypes.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "markup.h"
#include "paper.h"

static const char *const tones[PAPER_TONES] = { "", "good", "note", "warn", "bad" };

void paper_html_put(struct paper *p, const char *text)
{
	dw_markup_put(p->out, p->scratch, text);
	dw_arena_reset(p->scratch);
}

static void put_class(const struct paper *p, enum paper_tone tone)
{
	if (*tones[tone])
		(void)fprintf(p->out, " class=\"%s\"", tones[tone]);
}

static void section(struct paper *p, const char *id, const char *title)
{
	(void)fprintf(p->out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">", id,
		      id, id);
	paper_html_put(p, title);
	(void)fputs("</h2>\n", p->out);
}

static void end_section(struct paper *p)
{
	(void)fputs("</section>\n", p->out);
}

static void head(struct paper *p, const char *text)
{
	(void)fputs("<h3>", p->out);
	paper_html_put(p, text);
	(void)fputs("</h3>\n", p->out);
}

static void say(struct paper *p, enum paper_tone tone, const char *text)
{
	(void)fputs("<p", p->out);
	put_class(p, tone);
	(void)fputc('>', p->out);
	paper_html_put(p, text);
	(void)fputs("</p>\n", p->out);
}

static void list(struct paper *p, const struct dw_strings *items)
{
	if (!items->n) /* an empty list is no list */
		return;
	(void)fputs("<ul>\n", p->out);
	for (size_t i = 0; i < items->n; i++) {
		(void)fputs("<li>", p->out);
		paper_html_put(p, items->v[i]);
		(void)fputs("</li>\n", p->out);
	}
	(void)fputs("</ul>\n", p->out);
}

/* A line of a diff tells by its first character what it is, and by a colour. */
static const char *line_class(const char *line, size_t n)
{
	if (n && *line == '+')
		return "plus";
	if (n && *line == '-')
		return "minus";
	return n && *line == '@' ? "at" : NULL;
}

static void code(struct paper *p, const char *text)
{
	struct dw_lines lines = { .p = text, .end = text + strlen(text) };
	const char *line;
	size_t n;

	(void)fputs("<pre>", p->out);
	while (dw_lines_next(&lines, &line, &n)) {
		const char *class = line_class(line, n);

		if (class)
			(void)fprintf(p->out, "<span class=\"%s\">", class);
		dw_markup_put(p->out, p->scratch, dw_arena_strndup(p->scratch, line, n));
		dw_arena_reset(p->scratch);
		(void)fputs(class ? "</span>\n" : "\n", p->out);
	}
	(void)fputs("</pre>\n", p->out);
}

static void facts(struct paper *p)
{
	(void)fputs("<dl>\n", p->out);
}

static void fact(struct paper *p, const char *label, const char *text, bool raw)
{
	if (label) {
		(void)fputs("<dt>", p->out);
		paper_html_put(p, label);
		(void)fputs("</dt>\n", p->out);
	}
	(void)fputs(raw ? "<dd><code>" : "<dd>", p->out);
	paper_html_put(p, text);
	(void)fputs(raw ? "</code></dd>\n" : "</dd>\n", p->out);
}

static void more_facts(struct paper *p, const struct dw_strings *texts)
{
	(void)fprintf(p->out, "<dd><details><summary>%zu more</summary>\n", texts->n);
	list(p, texts);
	(void)fputs("</details></dd>\n", p->out);
}

static void end_facts(struct paper *p)
{
	(void)fputs("</dl>\n", p->out);
}

static void table(struct paper *p, const char *caption, const char *const *columns, size_t n)
{
	p->columns = columns;
	p->n_columns = n;
	(void)fputs("<div class=\"wide\" role=\"group\" tabindex=\"0\" aria-label=\"", p->out);
	paper_html_put(p, caption);
	(void)fputs("\">\n<table>\n<caption>", p->out);
	paper_html_put(p, caption);
	(void)fputs("</caption>\n<thead>\n<tr>", p->out);
	for (size_t i = 0; i < n; i++) {
		(void)fputs("<th scope=\"col\">", p->out);
		paper_html_put(p, columns[i]);
		(void)fputs("</th>", p->out);
	}
	(void)fputs("</tr>\n</thead>\n<tbody>\n", p->out);
}

static void row(struct paper *p, enum paper_tone tone)
{
	p->cell = 0;
	(void)fputs("<tr", p->out);
	put_class(p, tone);
	(void)fputc('>', p->out);
}

/* Where a table has no room, its rows stand as blocks and each cell says by the style of which column it is. */
static void put_td(struct paper *p)
{
	const char *column = p->columns ? p->columns[p->cell] : NULL;

	p->cell++;
	if (!column) {
		(void)fputs("<td>", p->out);
		return;
	}
	(void)fputs("<td data-label=\"", p->out);
	paper_html_put(p, column);
	(void)fputs("\">", p->out);
}

static void cell(struct paper *p, const char *text)
{
	bool first = p->cell == 0;

	if (first) {
		p->cell++;
		(void)fputs("<th scope=\"row\">", p->out);
	} else {
		put_td(p);
	}
	if (text)
		paper_html_put(p, text);
	(void)fputs(first ? "</th>" : "</td>", p->out);
}

/* Bars of the power of two, as the line of letters has them: one caller and a thousand are both seen. */
static unsigned height_of(uint64_t n, unsigned most)
{
	unsigned log = 0;

	if (!n)
		return 0;
	for (; n > 1; n >>= 1)
		log++;
	return 3 + log * 17 / DW_MAX(most, 1U);
}

static void bars(struct paper *p, const uint64_t *v, size_t n, const char *label)
{
	uint64_t greatest = 0;
	unsigned most = 0;

	for (size_t i = 0; i < n; i++)
		greatest = DW_MAX(greatest, v[i]);
	for (; greatest > 1; greatest >>= 1)
		most++;
	put_td(p);
	(void)fprintf(p->out,
		      "<svg class=\"spark\" viewBox=\"0 0 %zu 20\" role=\"img\" aria-label=\"",
		      n * 5);
	paper_html_put(p, label);
	(void)fprintf(p->out, "\"><path class=\"ground\" d=\"M0 19.5H%zu\"/>", n * 5);
	for (size_t i = 0; i < n; i++) {
		unsigned h = height_of(v[i], most);

		if (h)
			(void)fprintf(p->out,
				      "<rect x=\"%zu\" y=\"%u\" width=\"4\" height=\"%u\"/>", i * 5,
				      20 - h, h);
	}
	(void)fputs("</svg></td>", p->out);
}

static void end_row(struct paper *p)
{
	(void)fputs("</tr>\n", p->out);
}

static void end_table(struct paper *p)
{
	(void)fputs("</tbody>\n</table>\n</div>\n", p->out);
}

static void fold(struct paper *p, const char *summary, enum paper_tone tone)
{
	(void)fputs("<details", p->out);
	put_class(p, tone);
	(void)fputs("><summary>", p->out);
	paper_html_put(p, summary);
	(void)fputs("</summary>\n", p->out);
}

static void end_fold(struct paper *p)
{
	(void)fputs("</details>\n", p->out);
}

const struct paper_ops paper_html = {
	.section = section,
	.end_section = end_section,
	.head = head,
	.say = say,
	.list = list,
	.code = code,
	.facts = facts,
	.fact = fact,
	.more_facts = more_facts,
	.end_facts = end_facts,
	.table = table,
	.row = row,
	.cell = cell,
	.bars = bars,
	.end_row = end_row,
	.end_table = end_table,
	.fold = fold,
	.end_fold = end_fold,
};
