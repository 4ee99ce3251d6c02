/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names as words of a shell, and sources taken apart. */
#include "levers.h"

static bool is_plain(const char *s)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "@%_+=:,./-";

	return *s && s[strspn(s, safe)] == '\0';
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			return false;
	return true;
}

/* $'...' of bash(1): what cannot be typed, or could harm the terminal that it is shown on, is written as \xNN. */
static const char *quote_bytes(struct dw_arena *a, const char *s)
{
	struct dw_str out = { .arena = a };

	dw_str_add(&out, "$'");
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			dw_str_addf(&out, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			dw_str_addf(&out, "\\x%02x", (unsigned char)*s);
		else
			dw_str_addc(&out, *s);
	}
	dw_str_addc(&out, '\'');
	return out.s;
}

const char *dw_levers_quote(struct dw_arena *a, const char *s)
{
	struct dw_str out = { .arena = a };

	if (is_plain(s))
		return s;
	if (!is_printable(s))
		return quote_bytes(a, s);
	dw_str_addc(&out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			dw_str_add(&out, "'\\''");
		else
			dw_str_addc(&out, *s);
	}
	dw_str_addc(&out, '\'');
	return out.s;
}

const char *dw_levers_operand(struct dw_arena *a, const char *s)
{
	const char *word = dw_levers_quote(a, s);

	return *s == '-' ? dw_arena_printf(a, "-- %s", word) : word;
}

bool dw_levers_source(struct dw_arena *a, const char *source, const char **ret_file,
		      unsigned *ret_line)
{
	const char *colon = source ? strrchr(source, ':') : NULL;
	uint64_t line;

	*ret_file = source;
	*ret_line = 0;
	if (!colon || colon == source || !dw_parse_u64(colon + 1, 10, 10000000, &line) || line == 0)
		return false;
	*ret_file = dw_arena_strndup(a, source, (size_t)(colon - source));
	*ret_line = (unsigned)line;
	return true;
}
