/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edits of text files, made from their bytes alone: which lines change so that one service, one command or one entry no
 * longer counts, and nothing else about the file. Lines keep their bytes; a file's last line may lack its newline.
 */
#include "levers.h"

enum { CONTINUED_MAX = 256 };

/* --- lines ---------------------------------------------------------------------------------------- */

const char *dw_levers_line(struct dw_arena *a, const struct dw_bytes *text, unsigned number)
{
	struct dw_lines it = dw_lines_of(text);
	const char *line;
	size_t n;

	while (dw_lines_next(&it, &line, &n))
		if (it.number == number)
			return memchr(line, '\0', n) ? NULL : dw_arena_strndup(a, line, n);
	return NULL;
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\r")] == '\0';
}

static bool is_comment(const char *s)
{
	return s[strspn(s, " \t")] == '#';
}

static struct dw_edit marked(struct dw_arena *a, const char *line, unsigned number,
			     const char *mark)
{
	return (struct dw_edit){ .line = number,
				 .old = line,
				 .fresh = dw_arena_printf(a, "%s%s", mark, line) };
}

bool dw_levers_comment(struct dw_arena *a, const struct dw_bytes *text, unsigned number,
		       const char *mark, struct dw_edit *ret)
{
	const char *line = dw_levers_line(a, text, number);

	if (!line || is_blank(line) || is_comment(line))
		return false;
	*ret = marked(a, line, number, mark);
	return true;
}

/* All lines at once, for those that look around; one that holds a NUL byte is NULL. */
struct table {
	struct dw_strings lines;
};

static struct table table_of(struct dw_arena *a, const struct dw_bytes *text)
{
	struct dw_lines it = dw_lines_of(text);
	struct table t = { 0 };
	const char *line;
	size_t n;

	while (dw_lines_next(&it, &line, &n))
		dw_vec_push(a, &t.lines,
			    memchr(line, '\0', n) ? NULL : dw_arena_strndup(a, line, n));
	return t;
}

static const char *line_at(const struct table *t, size_t number)
{
	return number >= 1 && number <= t->lines.n ? t->lines.v[number - 1] : NULL;
}

/* --- shell ---------------------------------------------------------------------------------------- */

/* An odd number of backslashes at its end: the next line belongs to it. */
static bool goes_on(const char *line)
{
	size_t n = strlen(line), k = 0;

	while (k < n && line[n - 1 - k] == '\\')
		k++;
	return k % 2 == 1;
}

/* The word that a line of a script begins with. */
static bool begins_with_any(const char *line, const char *const *words)
{
	const char *p = line + strspn(line, " \t;");
	size_t n = strcspn(p, " \t;&|()");

	for (size_t i = 0; words[i]; i++)
		if (strlen(words[i]) == n && memcmp(words[i], p, n) == 0)
			return true;
	return false;
}

static bool ends_with_any(const char *line, const char *const *words)
{
	size_t n = strlen(line);

	while (n && strchr(" \t\r", line[n - 1]))
		n--;
	for (size_t i = 0; words[i]; i++) {
		size_t m = strlen(words[i]);

		if (n >= m && memcmp(line + n - m, words[i], m) == 0 &&
		    (n == m || strchr(" \t;&|()", line[n - m - 1]) || strchr("{()&|", words[i][0])))
			return true;
	}
	return false;
}

/*
 * Is the command part of something bigger, so that a bare comment could leave the script with a syntax error? An `if`
 * or a loop with nothing in it, `&&` with nothing behind it. Where in doubt: yes; ": " never hurts.
 */
static bool stands_alone(const struct table *t, unsigned first, unsigned last)
{
	static const char *const open[] = { "then", "do", "else", "{", "(",
					    ")",    "&&", "||",   "|", NULL };
	static const char *const close[] = { "fi", "done", "else", "elif", "esac", "}", ")", NULL };
	const char *line;
	unsigned k;

	for (k = first; k > 1; k--) {
		line = line_at(t, k - 1);
		if (line && (is_blank(line) || is_comment(line)))
			continue;
		if (!line || ends_with_any(line, open) || goes_on(line))
			return false;
		break;
	}
	for (k = last + 1; (line = line_at(t, k)); k++) {
		if (is_blank(line) || is_comment(line))
			continue;
		return !begins_with_any(line, close) && !strchr(")}", line[strspn(line, " \t")]);
	}
	return true;
}

/* Words of the line that stand alone, not in quotes. */
static unsigned count_word(const char *line, const char *word)
{
	static const char breaks[] = " \t;&|()";
	unsigned found = 0;

	for (const char *p = line; *p; p += strcspn(p, breaks)) {
		size_t n;

		p += strspn(p, breaks);
		n = strcspn(p, breaks);
		found += n == strlen(word) && memcmp(p, word, n) == 0;
	}
	return found;
}

/* Every parenthesis outside of quotes is closed on the line. */
static bool is_balanced(const char *line)
{
	char quote = '\0';
	int depth = 0;

	for (const char *p = line; *p && depth >= 0; p++) {
		if (*p == '\\' && quote != '\'' && p[1])
			p++;
		else if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else
			depth += (*p == '(') - (*p == ')');
	}
	return depth == 0 && !quote;
}

/* "(sleep 9; /opt/d) &", "if [ -x /opt/d ]; then /opt/d & fi": begun and ended on the line, so it is one command. */
static bool is_whole(const char *line)
{
	static const char *const words[] = { "if", "for", "while", "until", "case", NULL };
	bool group = line[strspn(line, " \t")] == '(';

	return (group || begins_with_any(line, words)) && is_balanced(line) &&
	       count_word(line, "if") == count_word(line, "fi") &&
	       count_word(line, "do") == count_word(line, "done") &&
	       count_word(line, "for") + count_word(line, "while") + count_word(line, "until") ==
		       count_word(line, "done") &&
	       count_word(line, "case") == count_word(line, "esac") && !count_word(line, "{") &&
	       !count_word(line, "}");
}

/* Words that are more than a command: to comment them would take the shell's structure apart. */
static bool is_structure(const char *line)
{
	static const char *const words[] = { "if", "then", "else",     "elif",   "fi",    "for",
					     "do", "done", "case",     "esac",   "while", "until",
					     "{",  "}",    "function", "select", NULL };
	static const char *const ends[] = { "then", "do", "{", "(", "&&", "||", "|", ";;", NULL };

	if (ends_with_any(line, ends) || strstr(line, "<<"))
		return true;
	return !is_whole(line) &&
	       (begins_with_any(line, words) || strchr("()", line[strspn(line, " \t")]));
}

static bool has_open_quote(struct dw_arena *a, const char *command)
{
	struct dw_strings words = { 0 };

	return dw_split_quoted(a, command, &words) < 0;
}

bool dw_levers_comment_shell(struct dw_arena *a, const struct dw_bytes *text, unsigned number,
			     struct dw_edits *ret)
{
	struct dw_edits edits = { 0 };
	struct dw_str whole = { .arena = a };
	struct table t = table_of(a, text);
	const char *line = line_at(&t, number), *before = line_at(&t, number - 1);
	unsigned last = number;

	if (!line || is_blank(line) || is_comment(line) || is_structure(line) ||
	    (before && goes_on(before) && !is_comment(before)))
		return false;
	dw_str_add(&whole, line);
	*dw_vec_add(a, &edits) = marked(a, line, number, "#");
	while (goes_on(line)) {
		line = line_at(&t, last + 1);
		if (!line || edits.n >= CONTINUED_MAX)
			return false;
		last++;
		dw_str_add(&whole, line);
		*dw_vec_add(a, &edits) = marked(a, line, last, "#");
	}
	if (has_open_quote(a, whole.s))
		return false;
	if (!stands_alone(&t, number, last))
		edits.v[0].fresh = dw_arena_printf(a, ": %s", edits.v[0].fresh);
	*ret = edits;
	return true;
}

/* --- xinetd --------------------------------------------------------------------------------------- */

/* "disable = no" -> true, *ret_yes: what it says. Blanks stand around the operator (xinetd insists). */
static bool is_disable(struct dw_arena *a, const char *line, bool *ret_yes)
{
	char *p = dw_arena_strdup(a, line), *name = dw_word_next(&p), *op = dw_word_next(&p),
	     *value = dw_word_next(&p);

	if (!name || !op || !dw_streq(name, "disable") || !dw_streq(op, "="))
		return false;
	*ret_yes = value &&
		   (dw_streq(value, "yes") || dw_streq(value, "YES") || dw_streq(value, "Yes"));
	return true;
}

static const char *indent_of(struct dw_arena *a, const char *line)
{
	return dw_arena_strndup(a, line, strspn(line, " \t"));
}

static bool is_word(struct dw_arena *a, const char *line, const char *word)
{
	return dw_streq(dw_trim(dw_arena_strdup(a, line)), word);
}

/* The block that begins in that line: its brace, its end. False: it has none. */
static bool find_block(struct dw_arena *a, const struct table *t, unsigned number,
		       unsigned *ret_brace, unsigned *ret_end)
{
	const char *line = line_at(t, number);
	char *p = line ? dw_arena_strdup(a, line) : NULL;
	const char *first = p ? dw_word_next(&p) : NULL;

	if (!first || !dw_streq(first, "service"))
		return false;
	for (*ret_brace = number + 1; (line = line_at(t, *ret_brace)); ++*ret_brace)
		if (!is_blank(line) && !is_comment(line))
			break;
	if (!line || !is_word(a, line, "{"))
		return false;
	for (*ret_end = *ret_brace + 1; (line = line_at(t, *ret_end)); ++*ret_end)
		if (is_word(a, line, "}"))
			return true;
	return false;
}

bool dw_levers_disable_block(struct dw_arena *a, const struct dw_bytes *text, unsigned number,
			     struct dw_edits *ret)
{
	struct table t = table_of(a, text);
	struct dw_edits edits = { 0 };
	const char *indent = "\t";
	unsigned brace, end;
	bool indented = false;

	if (!find_block(a, &t, number, &brace, &end))
		return false;
	for (unsigned k = brace + 1; k < end; k++) {
		const char *line = line_at(&t, k);
		bool yes;

		if (!line)
			return false;
		if (!indented && !is_blank(line) && !is_comment(line)) {
			indented = true;
			indent = indent_of(a, line);
		}
		if (is_comment(line) || !is_disable(a, line, &yes))
			continue;
		if (yes)
			return false;
		/* "disable<blanks>=": as it was written, another word behind it */
		*dw_vec_add(a, &edits) = (struct dw_edit){
			.line = k,
			.old = line,
			.fresh = dw_arena_printf(a, "%.*s= yes", (int)strcspn(line, "="), line),
		};
	}
	if (!edits.n)
		*dw_vec_add(a, &edits) = (struct dw_edit){
			.line = brace + 1,
			.fresh = dw_arena_printf(a, "%sdisable = yes", indent),
		};
	*ret = edits;
	return true;
}
