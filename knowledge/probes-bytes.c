/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as they stand in knowledge/probes: as hexadecimal pairs, or as text with C's escapes. */
#include <string.h>

#include "dw_str.h"
#include "probes.h"

#define REPEAT_MAX 2000

/* "*12" behind a byte: how often it stands there. 0: nonsense */
static unsigned repeat(const char **s)
{
	unsigned n = 0;

	if (**s != '*')
		return 1;
	for ((*s)++; **s >= '0' && **s <= '9' && n <= REPEAT_MAX; (*s)++)
		n = n * 10 + (unsigned)(**s - '0');
	return n > REPEAT_MAX ? 0 : n;
}

static bool hex_word(struct dw_str *b, const char **s)
{
	unsigned n;
	int byte;

	if (**s == '\'') {
		const char *end = strchr(*s + 1, '\'');

		if (!end)
			return false;
		dw_str_addn(b, *s + 1, (size_t)(end - *s - 1));
		*s = end + 1;
		return true;
	}
	byte = dw_parse_hex_pair(*s);
	if (byte < 0)
		return false;
	*s += 2;
	n = repeat(s);
	for (unsigned i = 0; i < n; i++)
		dw_str_addc(b, (char)byte);
	return n > 0;
}

bool probes_read_hex(struct dw_arena *a, const char *s, struct dw_bytes *ret)
{
	struct dw_str b = { .arena = a };

	for (s += strspn(s, " \n"); *s; s += strspn(s, " \n"))
		if (!hex_word(&b, &s))
			return false;
	*ret = (struct dw_bytes){ b.s, b.n };
	return b.n > 0;
}

bool probes_read_text(struct dw_arena *a, const char *s, struct dw_bytes *ret)
{
	return dw_parse_escapes(a, s, "rnt0\\", "\r\n\t\0\\", ret) && ret->n > 0;
}
