/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_parse.h"

#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

bool dw_parse_u64n(const char *s, size_t n, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)digit_of(s[i]);

		if (d >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)d, &value) || value > max)
			return false;
	}
	*ret = value;
	return true;
}

bool dw_parse_u64(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
	return dw_parse_u64n(s, strlen(s), base, max, ret);
}

bool dw_parse_range(const char *s, size_t n, uint64_t max, uint64_t *ret_low, uint64_t *ret_high)
{
	const char *dash = memchr(s, '-', n);
	size_t first = dash ? (size_t)(dash - s) : n;
	uint64_t low, high;

	if (!dw_parse_u64n(s, first, 10, max, &low))
		return false;
	high = low;
	if (dash && !dw_parse_u64n(dash + 1, n - first - 1, 10, max, &high))
		return false;
	if (high < low)
		return false;
	*ret_low = low;
	*ret_high = high;
	return true;
}

int dw_parse_hex_pair(const char *s)
{
	int high = digit_of(s[0]), low = high < 16 ? digit_of(s[1]) : 99;

	return low < 16 ? high * 16 + low : -1;
}

bool dw_parse_escapes(struct dw_arena *a, const char *s, const char *letters, const char *meant,
		      struct dw_bytes *ret)
{
	struct dw_str b = { .arena = a };

	for (; *s; s++) {
		const char *letter;
		int byte;

		if (*s != '\\') {
			dw_str_addc(&b, *s);
			continue;
		}
		s++;
		letter = *s ? strchr(letters, *s) : NULL;
		if (letter) {
			dw_str_addc(&b, meant[letter - letters]);
			continue;
		}
		byte = *s == 'x' ? dw_parse_hex_pair(s + 1) : -1;
		if (byte < 0)
			return false;
		dw_str_addc(&b, (char)byte);
		s += 2;
	}
	*ret = (struct dw_bytes){ b.s, b.n };
	return true;
}

bool dw_parse_duration(const char *s, uint64_t max, uint64_t *ret)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t n = strlen(s);
	uint64_t number;

	for (size_t i = 0; n > 1 && i < DW_ARRAY_SIZE(units); i++) {
		if (s[n - 1] != units[i].unit)
			continue;
		if (!dw_parse_u64n(s, n - 1, 10, max / units[i].seconds, &number))
			return false;
		*ret = number * units[i].seconds;
		return true;
	}
	return false;
}

bool dw_lines_next(struct dw_lines *it, const char **ret_line, size_t *ret_n)
{
	const char *newline;

	if (!it->p || it->p >= it->end)
		return false;
	newline = memchr(it->p, '\n', (size_t)(it->end - it->p));
	*ret_line = it->p;
	*ret_n = (size_t)((newline ? newline : it->end) - it->p);
	it->p = newline ? newline + 1 : it->end;
	it->number++;
	return true;
}

char *dw_lines_next_trimmed(struct dw_lines *it, struct dw_arena *a)
{
	const char *line;
	size_t n;

	if (!dw_lines_next(it, &line, &n))
		return NULL;
	return dw_trim(dw_arena_strndup(a, line, n));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

char *dw_word_next(char **p)
{
	char *start = *p, *end;

	while (is_blank(*start))
		start++;
	if (*start == '\0')
		return NULL;
	for (end = start; *end != '\0' && !is_blank(*end); end++)
		;
	*p = *end ? end + 1 : end;
	*end = '\0';
	return start;
}

char *dw_trim(char *s)
{
	size_t n;

	while (is_blank(*s) || *s == '\r' || *s == '\n')
		s++;
	n = strlen(s);
	while (n > 0 && (is_blank(s[n - 1]) || s[n - 1] == '\r' || s[n - 1] == '\n'))
		s[--n] = '\0';
	return s;
}

/* One word from p on, its quotes taken off; returns where it ends. */
static const char *quoted_word(const char *p, struct dw_str *word, int *ret_error)
{
	char quote = '\0';

	for (; *p; p++) {
		if (!quote && (is_blank(*p) || *p == '\n'))
			break;
		if (quote && *p == quote) {
			quote = '\0';
		} else if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p;
		} else if (*p == '\\' && quote != '\'' && p[1]) {
			dw_str_addc(word, *++p);
		} else {
			dw_str_addc(word, *p);
		}
	}
	if (quote)
		*ret_error = -EINVAL;
	return p;
}

int dw_split_quoted(struct dw_arena *a, const char *s, struct dw_strings *ret)
{
	int r = 0;

	for (;;) {
		struct dw_str word = { .arena = a };

		while (is_blank(*s) || *s == '\n')
			s++;
		if (!*s)
			return r;
		s = quoted_word(s, &word, &r);
		dw_str_add(&word, "");
		dw_vec_push(a, ret, word.s);
	}
}
