/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "dw_str.h"
#include "match.h"

static bool is_break(char c)
{
	return strchr(";&|()`\n", c) && c != '\0';
}

static const char *quoted(const char *p, char quote, struct dw_str *word, bool *ret_vague)
{
	for (p++; *p && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && p[1])
			p++;
		else if (quote == '"' && (*p == '$' || *p == '`'))
			*ret_vague = true;
		dw_str_addc(word, *p);
	}
	return *p ? p + 1 : p;
}

enum dw_shell_token dw_shell_next(struct dw_arena *a, const char **p, char **ret_word,
				  bool *ret_vague)
{
	struct dw_str word = { .arena = a };
	const char *c = *p + strspn(*p, " \t\r"), *start;

	*ret_vague = false;
	if (*c == '\0' || *c == '#') {
		*p = c + strlen(c);
		return DW_SHELL_END;
	}
	if (is_break(*c)) {
		*p = c + 1;
		return DW_SHELL_BREAK;
	}
	/* The & of 2>&1 ends no command. */
	for (start = c; *c && !strchr(" \t\r", *c) &&
			(!is_break(*c) || (*c == '&' && c > start && strchr("<>", c[-1])));) {
		if (*c == '\'' || *c == '"') {
			c = quoted(c, *c, &word, ret_vague);
			continue;
		}
		if (*c == '\\' && c[1])
			c++;
		else if (*c == '$' || *c == '*' || *c == '?')
			*ret_vague = true;
		dw_str_addc(&word, *c++);
	}
	dw_str_add(&word, "");
	*ret_word = word.s;
	*p = c;
	return DW_SHELL_WORD;
}
