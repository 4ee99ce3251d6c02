/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_str.h"

#include <stdio.h>
#include <wchar.h>

static void reserve(struct dw_str *b, size_t more)
{
	size_t want = b->n + more + 1, cap = DW_MAX(b->cap, (size_t)32);

	if (b->s && want <= b->cap)
		return;
	while (cap < want)
		cap *= 2;
	b->s = dw_arena_grow(b->arena, b->s, b->cap, cap);
	b->cap = cap;
}

void dw_str_addn(struct dw_str *b, const char *s, size_t n)
{
	reserve(b, n);
	if (n)
		memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void dw_str_add(struct dw_str *b, const char *s)
{
	dw_str_addn(b, s, strlen(s));
}

void dw_str_addc(struct dw_str *b, char c)
{
	dw_str_addn(b, &c, 1);
}

void dw_str_addf(struct dw_str *b, const char *fmt, ...)
{
	va_list ap, again;
	char room[256];
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(room, sizeof(room), fmt, again);
	va_end(again);
	if (n > 0) {
		reserve(b, (size_t)n);
		/* most fit: to write twice would cost more than to copy */
		if ((size_t)n < sizeof(room))
			memcpy(b->s + b->n, room, (size_t)n + 1);
		else
			(void)vsnprintf(b->s + b->n, (size_t)n + 1, fmt, ap);
		b->n += (size_t)n;
	}
	va_end(ap);
}

bool dw_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool dw_ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

const char *dw_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static uint32_t decode(const unsigned char *p, size_t len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fU >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

size_t dw_utf8_length(const char *s, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t len;
	uint32_t c;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	len = (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	c = decode(p, len);
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

/* Characters that move the cursor, hide or reorder text on a terminal. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe0fff);
}

char *dw_escape_terminal(struct dw_arena *a, const char *s, size_t n)
{
	struct dw_str out = { .arena = a };

	for (size_t i = 0, len; i < n; i += len) {
		uint32_t c;

		len = dw_utf8_length(s + i, n - i);
		if (len == 0) {
			dw_str_addf(&out, "\\x%02x", (unsigned char)s[i]);
			len = 1;
			continue;
		}
		c = decode((const unsigned char *)s + i, len);
		if (!is_unsafe(c))
			dw_str_addn(&out, s + i, len);
		else if (c < 0x100)
			dw_str_addf(&out, "\\x%02x", c);
		else
			dw_str_addf(&out, "\\u{%x}", c);
	}
	dw_str_add(&out, "");
	return out.s;
}

static size_t valid_prefix(const char *s, size_t n)
{
	size_t i = 0, len;

	while (i < n && (len = dw_utf8_length(s + i, n - i)) != 0)
		i += len;
	return i;
}

const char *dw_escape_utf8(struct dw_arena *a, const char *s, size_t n)
{
	struct dw_str out = { .arena = a };
	size_t i = valid_prefix(s, n);

	if (i == n)
		return s;
	dw_str_addn(&out, s, i);
	while (i < n) {
		size_t good = valid_prefix(s + i, n - i);

		dw_str_addn(&out, s + i, good);
		i += good;
		if (i < n)
			dw_str_addf(&out, "\\x%02x", (unsigned char)s[i++]);
	}
	return out.s;
}

size_t dw_display_width(const char *s)
{
	size_t width = 0, n = strlen(s);

	for (size_t i = 0, len; i < n; i += len) {
		int w;

		len = dw_utf8_length(s + i, n - i);
		if (len == 0)
			len = 1;
		w = wcwidth((wchar_t)decode((const unsigned char *)s + i, len));
		width += w < 0 ? 1 : (size_t)w;
	}
	return width;
}

const char *dw_str_one_line(struct dw_arena *a, const char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == '\n')
		n--;
	return memchr(s, '\n', n) ? NULL : dw_arena_strndup(a, s, n);
}
