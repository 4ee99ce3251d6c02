/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an answer says of itself, put into words. All of it is hostile: only text comes out, of a size that is given. */
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "identify_pattern.h"

struct filling {
	char *to;
	size_t n, max; /* max: without the NUL */
};

static bool is_control(const uint8_t *s, size_t length)
{
	/* C0 and DEL; U+0080 to U+009F are C2 80 to C2 9F */
	return length == 1 ? *s < ' ' || *s == 0x7f : length == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

/* Blanks at the start go, and of several only one stays. */
static void put_blank(struct filling *f)
{
	if (f->n > 0 && f->to[f->n - 1] != ' ' && f->n < f->max)
		f->to[f->n++] = ' ';
}

static void put(struct filling *f, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t length = dw_utf8_length((const char *)bytes + i, n - i);

		if (length == 0) {
			i++;
			continue;
		}
		if (is_control(bytes + i, length) || bytes[i] == ' ') {
			put_blank(f);
		} else {
			if (f->n + length > f->max)
				return;
			memcpy(f->to + f->n, bytes + i, length);
			f->n += length;
		}
		i += length;
	}
}

static void finish(struct filling *f)
{
	while (f->n > 0 && f->to[f->n - 1] == ' ')
		f->n--;
	f->to[f->n] = '\0';
}

void dw_text_clean(const uint8_t *bytes, size_t n, char *ret, size_t max)
{
	struct filling f = { .to = ret, .max = max - 1 };

	put(&f, bytes, n);
	finish(&f);
}

static const uint8_t *capture(const struct dw_captures *c, unsigned i, size_t *ret_n)
{
	if (i >= DW_CAPTURES || c->begin[i] > c->end[i]) {
		*ret_n = 0;
		return NULL;
	}
	*ret_n = c->end[i] - c->begin[i];
	return c->bytes + c->begin[i];
}

static void put_number(struct filling *f, const uint8_t *bytes, size_t n, bool big)
{
	uint64_t value = 0;
	char text[24];

	if (n == 0 || n > 8)
		return;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[big ? i : n - 1 - i];
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	put(f, (const uint8_t *)text, strlen(text));
}

static void put_printable(struct filling *f, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] >= ' ' && bytes[i] <= '~')
			put(f, bytes + i, 1);
}

/* The text between quotes at *s; false: there is none. */
static bool quoted(const char **s, const char **ret, size_t *ret_n)
{
	const char *end;

	if (**s != '"')
		return false;
	end = strchr(*s + 1, '"');
	if (!end)
		return false;
	*ret = *s + 1;
	*ret_n = (size_t)(end - *ret);
	*s = end + 1;
	return true;
}

static void put_exchanged(struct filling *f, const uint8_t *bytes, size_t n, const char *arguments)
{
	const char *from = NULL, *to = NULL;
	size_t from_n = 0, to_n = 0;

	if (!quoted(&arguments, &from, &from_n) || from_n == 0 || *arguments++ != ',' ||
	    !quoted(&arguments, &to, &to_n))
		return;
	for (size_t i = 0; i < n;) {
		if (n - i >= from_n && memcmp(bytes + i, from, from_n) == 0) {
			put(f, (const uint8_t *)to, to_n);
			i += from_n;
		} else {
			put(f, bytes + i++, 1);
		}
	}
}

/* $P(1), $SUBST(1,"a","b"), $I(1,">"): fills it in, and returns what stands behind; NULL: it is none of them. */
static const char *call(struct filling *f, const char *s, const struct dw_captures *c)
{
	static const char *const names[] = { "$P(", "$SUBST(", "$I(" };
	const char *end = strchr(s, ')'), *arguments;
	const uint8_t *bytes;
	size_t which = 0, n = 0;

	while (which < DW_ARRAY_SIZE(names) && !dw_starts_with(s, names[which]))
		which++;
	if (which == DW_ARRAY_SIZE(names) || !end)
		return NULL;
	s += strlen(names[which]);
	if (*s < '1' || *s > '9')
		return NULL;
	bytes = capture(c, (unsigned)(*s - '0'), &n);
	arguments = s[1] == ',' ? s + 2 : s + 1;
	if (which == 0)
		put_printable(f, bytes, n);
	else if (which == 1)
		put_exchanged(f, bytes, n, arguments);
	else
		put_number(f, bytes, n, arguments[0] == '"' && arguments[1] == '>');
	return end + 1;
}

void dw_template_fill(const char *template, const struct dw_captures *c, char *ret, size_t max)
{
	struct filling f = { .to = ret, .max = max - 1 };

	for (const char *s = template; *s;) {
		const char *behind = *s == '$' ? call(&f, s, c) : NULL;
		size_t n = 0;

		if (behind) {
			s = behind;
		} else if (*s == '$' && s[1] >= '1' && s[1] <= '9') {
			const uint8_t *bytes = capture(c, (unsigned)(s[1] - '0'), &n);

			put(&f, bytes, n);
			s += 2;
		} else {
			n = dw_utf8_length(s, strlen(s));
			put(&f, (const uint8_t *)s, n ? n : 1);
			s += n ? n : 1;
		}
	}
	finish(&f);
}
