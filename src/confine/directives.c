/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "directives.h"

#include <strings.h>

#include "dw_str.h"

#define LINE_WORDS_MAX 64

static const char *nth_word(char *line, unsigned n)
{
	char *word = NULL;

	for (unsigned i = 0; i <= n && i < LINE_WORDS_MAX; i++) {
		word = dw_word_next(&line);
		if (!word || *word == '#')
			return NULL;
	}
	return word;
}

const char *dw_confine_inetd_user(struct dw_arena *a, const char *line)
{
	const char *word = nth_word(dw_arena_strdup(a, line), 4);
	size_t n = word ? strcspn(word, ".:/") : 0;

	return n ? dw_arena_strndup(a, word, n) : NULL;
}

const char *dw_confine_xinetd_user(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
				   unsigned *ret_line)
{
	const char *user = NULL;
	struct dw_lines it = dw_lines_of(text);
	char *s;

	while ((s = dw_lines_next_trimmed(&it, a)) != NULL) {
		char *word;

		if (it.number < line)
			continue;
		word = dw_word_next(&s);
		if (word && dw_streq(word, "}"))
			break;
		if (!word || !dw_streq(word, "user"))
			continue;
		word = dw_word_next(&s);
		if (word && dw_streq(word, "="))
			word = dw_word_next(&s);
		if (!word)
			continue;
		user = word;
		*ret_line = it.number;
	}
	return user;
}
