/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "markup.h"

#include <stdbool.h>
#include <string.h>

#include "dw_str.h"

static const char *entity(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

/*
 * U+FDD0 to U+FDEF, and the last two of each plane: XML 1.0 forbids some of them, HTML calls them all errors. s is
 * valid UTF-8, and len the length of its first sequence.
 */
static bool is_noncharacter(const char *s, size_t len)
{
	const unsigned char *b = (const unsigned char *)s;

	if (len == 3 && b[0] == 0xef)
		return (b[1] == 0xb7 && b[2] >= 0x90 && b[2] <= 0xaf) ||
		       (b[1] == 0xbf && b[2] >= 0xbe);
	return len == 4 && (b[1] & 0x0f) == 0x0f && b[2] == 0xbf && b[3] >= 0xbe;
}

void dw_markup_put(FILE *out, struct dw_arena *scratch, const char *s)
{
	size_t n = strnlen(s, DW_MARKUP_MAX + 1), len;
	bool cut = n > DW_MARKUP_MAX;
	const char *safe;

	if (cut) /* not in the middle of a character */
		for (n = DW_MARKUP_MAX; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
			n--;
	safe = dw_escape_terminal(scratch, s, n);
	for (; *safe; safe += len) {
		const char *name = entity(*safe);

		len = dw_utf8_length(safe, strnlen(safe, 4));
		if (name)
			(void)fputs(name, out);
		else if (is_noncharacter(safe, len))
			(void)fputc('?', out);
		else
			(void)fwrite(safe, 1, len, out);
	}
	if (cut)
		(void)fputs(" ...", out);
}
