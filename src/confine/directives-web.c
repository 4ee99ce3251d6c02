/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What web servers' files say of the user: nginx, Apache, php-fpm; the variables and shells beside them. */
#include <ctype.h>
#include <strings.h>

#include "directives.h"
#include "dw_str.h"

/* --- nginx: words, ended by ";" or a block; "#" begins a comment where a word would (ngx_conf_file.c) ----------- */

#define STATEMENT_WORDS 2

struct statement {
	struct dw_str words[STATEMENT_WORDS];
	size_t n; /* words begun, counted on behind those that are kept */
	unsigned line;
};

static void begin(struct statement *s, struct dw_arena *a)
{
	*s = (struct statement){ 0 };
	for (size_t i = 0; i < STATEMENT_WORDS; i++)
		s->words[i].arena = a;
}

static void add_char(struct statement *s, char c)
{
	if (s->n && s->n <= STATEMENT_WORDS)
		dw_str_addc(&s->words[s->n - 1], c);
}

static void tell_statement(const struct statement *s, dw_confine_tell *tell, void *data)
{
	struct dw_confine_directive d = { .line = s->line, .more = "" };

	if (s->n < 2 || !s->words[0].n || !s->words[1].n)
		return;
	d.name = s->words[0].s;
	d.value = s->words[1].s;
	if (dw_streq(d.name, "user") || dw_streq(d.name, "include"))
		tell(data, &d);
}

void dw_confine_nginx(struct dw_arena *a, const struct dw_bytes *text, dw_confine_tell *tell,
		      void *data)
{
	unsigned line = 1, depth = 0;
	struct statement s;
	bool in_word = false, comment = false;
	char quote = 0;

	begin(&s, a);
	for (size_t i = 0; i < text->n; i++) {
		char c = text->data[i] ? text->data[i] : '?';

		line += c == '\n';
		if (comment) {
			comment = c != '\n';
		} else if (quote) {
			if (c == quote)
				quote = 0;
			else
				add_char(&s, c);
		} else if (strchr(" \t\r\n", c)) {
			in_word = false;
		} else if (c == ';' || c == '{' || c == '}') {
			if (c == ';' && depth == 0)
				tell_statement(&s, tell, data);
			depth = c == '{' ? depth + 1 : c == '}' && depth ? depth - 1 : depth;
			begin(&s, a);
			in_word = false;
		} else if (!in_word && c == '#') {
			comment = true;
		} else {
			if (!in_word && s.n++ == 0)
				s.line = line;
			if (!in_word && (c == '"' || c == '\''))
				quote = c;
			else
				add_char(&s, c);
			in_word = true;
		}
	}
}

/* --- Apache: a directive a line, names without case, a backslash at the end goes on (configuring.html) ---------- */

static const char *next_arg(char **p, struct dw_arena *a)
{
	char *s = *p + strspn(*p, " \t"), quote = *s == '"' || *s == '\'' ? *s : 0;
	size_t n;

	if (quote)
		s++;
	n = quote ? strcspn(s, quote == '"' ? "\"" : "'") : strcspn(s, " \t");
	*p = s + n + (quote && s[n]);
	return n ? dw_arena_strndup(a, s, n) : NULL;
}

static void tell_apache(struct dw_arena *a, char *s, unsigned line, dw_confine_tell *tell,
			void *data)
{
	static const char *const names[] = { "user", "include", "includeoptional", "define",
					     "serverroot" };
	const char *word = next_arg(&s, a), *value, *more;

	if (!word || !isascii((unsigned char)*word) || *word == '#')
		return;
	value = next_arg(&s, a);
	more = value ? next_arg(&s, a) : NULL;
	for (size_t i = 0; value && i < DW_ARRAY_SIZE(names); i++)
		if (strcasecmp(word, names[i]) == 0)
			tell(data, &(struct dw_confine_directive){ .line = line,
								   .name = names[i],
								   .value = value,
								   .more = more ? more : "" });
}

void dw_confine_apache(struct dw_arena *a, const struct dw_bytes *text, dw_confine_tell *tell,
		       void *data)
{
	struct dw_lines it = dw_lines_of(text);
	struct dw_str whole = { .arena = a };
	unsigned line = 0;
	char *s;

	while ((s = dw_lines_next_trimmed(&it, a)) != NULL) {
		size_t n = strlen(s);
		bool on = n && s[n - 1] == '\\';

		if (!line)
			line = it.number;
		dw_str_addn(&whole, s, on ? n - 1 : n);
		if (on) {
			dw_str_addc(&whole, ' ');
			continue;
		}
		if (whole.n)
			tell_apache(a, whole.s, line, tell, data);
		whole = (struct dw_str){ .arena = a };
		line = 0;
	}
	if (whole.n)
		tell_apache(a, whole.s, line, tell, data);
}

/* --- php-fpm: "[pool]", "key = value", ";" begins a comment (php-fpm.conf) -------------------------------------- */

void dw_confine_fpm(struct dw_arena *a, const struct dw_bytes *text, dw_confine_tell *tell,
		    void *data)
{
	struct dw_lines it = dw_lines_of(text);
	const char *pool = "";
	char *s;

	while ((s = dw_lines_next_trimmed(&it, a)) != NULL) {
		char *equals = strchr(s, '=');
		const char *value;
		char *rest;

		if (*s == '[') {
			pool = dw_arena_strndup(a, s + 1, strcspn(s + 1, "]"));
			continue;
		}
		if (*s == ';' || *s == '#' || !equals)
			continue;
		*equals = '\0';
		s = dw_trim(s);
		rest = equals + 1;
		rest[strcspn(rest, ";")] = '\0';
		value = next_arg(&rest, a);
		if (value && (dw_streq(s, "user") || dw_streq(s, "include")))
			tell(data,
			     &(struct dw_confine_directive){
				     .line = it.number, .name = s, .value = value, .more = pool });
	}
}

/* --- beside them ------------------------------------------------------------------------------------------------- */

/* "NAME=VALUE", "export NAME=VALUE", ": ${NAME:=VALUE}" -> where the value begins; NULL. */
static const char *assigned(const char *word, const char *name)
{
	size_t n = strlen(name);
	const char *gap = "=";

	if (dw_starts_with(word, "${")) {
		word += 2;
		gap = ":=";
	}
	return strncmp(word, name, n) == 0 && dw_starts_with(word + n, gap) ? word + n + strlen(gap)
									    : NULL;
}

const char *dw_confine_envvar(struct dw_arena *a, const struct dw_bytes *text, const char *name,
			      unsigned *ret_line)
{
	const char *value = NULL;
	struct dw_lines it = dw_lines_of(text);
	char *s;

	while ((s = dw_lines_next_trimmed(&it, a)) != NULL) {
		const char *word = dw_word_next(&s), *at;
		size_t n;

		if (word && (dw_streq(word, "export") || dw_streq(word, ":")))
			word = dw_word_next(&s);
		at = word ? assigned(word, name) : NULL;
		if (!at)
			continue;
		at += strspn(at, "\"'");
		n = strcspn(at, "\"'};");
		if (!n)
			continue;
		value = dw_arena_strndup(a, at, n);
		*ret_line = it.number;
	}
	return value;
}

const char *dw_confine_shell(struct dw_arena *a, const struct dw_bytes *text, const char *user)
{
	struct dw_lines it = dw_lines_of(text);
	size_t n = strlen(user);
	char *s;

	while ((s = dw_lines_next_trimmed(&it, a)) != NULL) {
		const char *last = s;

		if (strncmp(s, user, n) != 0 || s[n] != ':')
			continue;
		for (unsigned i = 0; i < 6 && last; i++) {
			last = strchr(last, ':');
			last = last ? last + 1 : NULL;
		}
		return last ? last : "";
	}
	return NULL;
}
