/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a document as Markdown (CommonMark with tables, as GitHub and pandoc read it), made to be read as it is.
 * What would be markup, a tag or a link is told with a backslash or a reference.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "markup.h"
#include "paper.h"

/* "https://", "www." and an address with @ become links by themselves (GFM 6.9): not those of strangers. */
static bool begins_link(const char *s, const char *from)
{
	return dw_starts_with(s, "://") ||
	       (*s == '.' && s - from >= 3 && strncasecmp(s - 3, "www", 3) == 0);
}

/* Names are full of underscores: between letters and digits they are no markup. */
static bool is_inside_a_word(const char *s, const char *from)
{
	return s > from && isalnum((unsigned char)s[-1]) && isalnum((unsigned char)s[1]);
}

static void put_safe(struct paper *p, const char *safe)
{
	/* "]" closes nothing that "\[" did not open */
	static const char marks[] = "\\`*[#|~";

	for (const char *s = safe; *s; s++) {
		if (*s == '<')
			(void)fputs("&lt;", p->out);
		else if (*s == '>' && s == safe) /* a quotation, at the beginning of a line */
			(void)fputs("&gt;", p->out);
		else if (*s == '&' && (s[1] == '#' || isalpha((unsigned char)s[1])))
			(void)fputs("&amp;", p->out);
		else if (*s == '@' || begins_link(s, safe))
			(void)fprintf(p->out, "&#%d;", *s);
		else if (strchr(marks, *s) || (*s == '_' && !is_inside_a_word(s, safe)))
			(void)fprintf(p->out, "\\%c", *s);
		else
			(void)fputc(*s, p->out);
	}
}

void paper_markdown_put(struct paper *p, const char *text)
{
	size_t n = strnlen(text, DW_MARKUP_MAX + 1);

	put_safe(p, dw_escape_terminal(p->scratch, text, DW_MIN(n, (size_t)DW_MARKUP_MAX)));
	if (n > DW_MARKUP_MAX)
		(void)fputs(" ...", p->out);
	dw_arena_reset(p->scratch);
}

/* Longest run of backquotes: the fence around it has one more. */
static size_t longest_run(const char *s)
{
	size_t most = 0;

	while (*s) {
		size_t n = strspn(s, "`");

		most = DW_MAX(most, n);
		s += n + (n == 0);
	}
	return most;
}

static void put_run(const struct paper *p, size_t n)
{
	while (n-- > 0)
		(void)fputc('`', p->out);
}

static void put_code(struct paper *p, const char *text)
{
	const char *safe = dw_escape_terminal(p->scratch, text, strnlen(text, DW_MARKUP_MAX));
	size_t run = longest_run(safe) + 1;

	put_run(p, run);
	(void)fprintf(p->out, " %s ", safe); /* one blank at each end is taken away again */
	put_run(p, run);
	dw_arena_reset(p->scratch);
}

static void section(struct paper *p, dw_unused const char *id, const char *title)
{
	(void)fputs("## ", p->out);
	paper_markdown_put(p, title);
	(void)fputs("\n\n", p->out);
}

static void end_section(dw_unused struct paper *p)
{
}

static void head(struct paper *p, const char *text)
{
	(void)fputs("### ", p->out);
	paper_markdown_put(p, text);
	(void)fputs("\n\n", p->out);
}

static void say(struct paper *p, enum paper_tone tone, const char *text)
{
	(void)fputs(tone == PAPER_WARN || tone == PAPER_BAD ? "> **Note:** " : "", p->out);
	paper_markdown_put(p, text);
	(void)fputs("\n\n", p->out);
}

static void list(struct paper *p, const struct dw_strings *items)
{
	for (size_t i = 0; i < items->n; i++) {
		(void)fputs("- ", p->out);
		paper_markdown_put(p, items->v[i]);
		(void)fputc('\n', p->out);
	}
	if (items->n)
		(void)fputc('\n', p->out);
}

static void code(struct paper *p, const char *text)
{
	size_t run = DW_MAX(longest_run(text) + 1, (size_t)3), n;
	struct dw_lines lines = { .p = text, .end = text + strlen(text) };
	const char *line;

	put_run(p, run);
	(void)fputc('\n', p->out);
	while (dw_lines_next(&lines, &line, &n)) {
		(void)fprintf(p->out, "%s\n", dw_escape_terminal(p->scratch, line, n));
		dw_arena_reset(p->scratch);
	}
	put_run(p, run);
	(void)fputs("\n\n", p->out);
}

static void facts(dw_unused struct paper *p)
{
}

static void fact(struct paper *p, const char *label, const char *text, bool raw)
{
	(void)fputs(label ? "- **" : "  - ", p->out);
	if (label) {
		paper_markdown_put(p, label);
		(void)fputs(":** ", p->out);
	}
	if (raw)
		put_code(p, text);
	else
		paper_markdown_put(p, text);
	(void)fputc('\n', p->out);
}

static void more_facts(struct paper *p, const struct dw_strings *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		fact(p, NULL, texts->v[i], false);
}

static void end_facts(struct paper *p)
{
	(void)fputc('\n', p->out);
}

static void table(struct paper *p, dw_unused const char *caption, const char *const *columns,
		  size_t n)
{
	p->n_columns = n;
	(void)fputc('|', p->out);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(p->out, " %s |", columns[i]);
	(void)fputs("\n|", p->out);
	for (size_t i = 0; i < n; i++)
		(void)fputs(" --- |", p->out);
	(void)fputc('\n', p->out);
}

static void row(struct paper *p, dw_unused enum paper_tone tone)
{
	(void)fputc('|', p->out);
}

static void cell(struct paper *p, const char *text)
{
	(void)fputc(' ', p->out);
	if (text)
		paper_markdown_put(p, text);
	(void)fputs(" |", p->out);
}

static void bars(struct paper *p, const uint64_t *v, size_t n, dw_unused const char *label)
{
	(void)fprintf(p->out, " %s |", dw_report_spark(p->scratch, v, n, true));
	dw_arena_reset(p->scratch);
}

static void end_row(struct paper *p)
{
	(void)fputc('\n', p->out);
}

static void end_table(struct paper *p)
{
	(void)fputc('\n', p->out);
}

static void fold(struct paper *p, const char *summary, dw_unused enum paper_tone tone)
{
	(void)fputs("#### ", p->out);
	paper_markdown_put(p, summary);
	(void)fputs("\n\n", p->out);
}

static void end_fold(dw_unused struct paper *p)
{
}

const struct paper_ops paper_markdown = {
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
