/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a policy as words: blanks between them, "double quotes", # comments, \ at the end of a line. */
#include <string.h>

#include "dw_str.h"
#include "private.h"

struct scan {
	struct policy_reader *r;
	struct policy_words *words;
	const char *line, *p, *end;
	unsigned number;
	bool goes_on; /* the next line belongs to it */
};

static unsigned column_of(const struct scan *s, const char *p)
{
	unsigned column = 1;

	for (const char *c = s->line; c < p; c++)
		column += ((unsigned char)*c & 0xc0) != 0x80;
	return column;
}

static void wrong(struct scan *s, const char *p, const char *what)
{
	policy_problem(s->r, false, s->number, column_of(s, p), "%s", what);
	s->words->bad = true;
}

static bool are_characters_good(struct scan *s)
{
	for (size_t len; s->p < s->end; s->p += len) {
		unsigned char c = (unsigned char)*s->p;

		len = dw_utf8_length(s->p, (size_t)(s->end - s->p));
		if (len > 0 && (c >= 0x20 || c == '\t') && c != 0x7f)
			continue;
		wrong(s, s->p,
		      dw_arena_printf(s->r->a,
				      len ? "a control character (\\x%02x); a policy is plain text"
					  : "the byte \\x%02x; a policy is UTF-8 text",
				      c));
		return false;
	}
	s->p = s->line;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void add_word(struct scan *s, const char *from, const char *text, bool quoted)
{
	*dw_vec_add(s->r->a, s->words) = (struct policy_word){
		.text = text, .line = s->number, .column = column_of(s, from), .quoted = quoted
	};
}

/* From the opening quote on. \" and \\ stand for themselves inside. */
static void scan_quoted(struct scan *s)
{
	struct dw_str text = { .arena = s->r->a };
	const char *from = s->p++;

	for (; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end && (s->p[1] == '"' || s->p[1] == '\\'))
			s->p++;
		dw_str_addc(&text, *s->p);
	}
	if (s->p == s->end) {
		wrong(s, from, "a quote that is not closed on this line; expected \" at its end");
		return;
	}
	s->p++;
	dw_str_add(&text, "");
	add_word(s, from, text.s, true);
	if (s->p < s->end && !is_blank(*s->p) && *s->p != '\\') {
		wrong(s, s->p, "text right behind a closing quote; expected a blank between them");
		s->p = s->end;
	}
}

static void scan_plain(struct scan *s)
{
	const char *from = s->p;

	for (; s->p < s->end && !is_blank(*s->p); s->p++) {
		if (*s->p == '\\' && s->p + 1 == s->end)
			break;
		if (*s->p != '"')
			continue;
		wrong(s, s->p,
		      "a quote in the middle of a word; expected it at the word's beginning");
		s->p = s->end;
		return;
	}
	add_word(s, from, dw_arena_strndup(s->r->a, from, (size_t)(s->p - from)), false);
}

static void scan_line(struct scan *s)
{
	if (!are_characters_good(s))
		return;
	while (s->p < s->end) {
		if (is_blank(*s->p)) {
			s->p++;
		} else if (*s->p == '#') {
			return;
		} else if (*s->p == '\\' && s->p + 1 == s->end) {
			s->goes_on = true;
			return;
		} else if (*s->p == '"') {
			scan_quoted(s);
		} else {
			scan_plain(s);
		}
	}
}

bool policy_words_next(struct policy_reader *r, struct dw_lines *it, struct policy_words *ret)
{
	struct scan s = { .r = r, .words = ret, .goes_on = true };
	size_t n, total = 0;

	*ret = (struct policy_words){ 0 };
	while (s.goes_on) {
		s.goes_on = false;
		if (!dw_lines_next(it, &s.line, &n))
			return total > 0;
		if (n > 0 && s.line[n - 1] == '\r')
			n--;
		s.number = it->number;
		s.p = s.line;
		s.end = s.line + n;
		/* a line break counts, so that no number of continued lines is without end */
		total += n + 1;
		if (total > POLICY_LINE_MAX + 1 && !ret->bad)
			wrong(&s, s.line,
			      dw_arena_printf(r->a, "a line of more than %d bytes",
					      POLICY_LINE_MAX));
		if (total > POLICY_LINE_MAX + 1)
			s.goes_on = n > 0 && s.line[n - 1] == '\\';
		else
			scan_line(&s);
	}
	return true;
}
