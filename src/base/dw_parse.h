/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict small parsers: numbers, lines of a text, words of a line. */
#ifndef DW_PARSE_H
#define DW_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dw_arena.h"
#include "dw_vec.h"

/* The whole string is one number in the given base (10 or 16) and at most max. */
bool dw_parse_u64(const char *s, unsigned base, uint64_t max, uint64_t *ret);
/* As above for the n bytes at s. */
bool dw_parse_u64n(const char *s, size_t n, unsigned base, uint64_t max, uint64_t *ret);
/*
 * "N" or "N-M" (decimal, N <= M <= max) in exactly the n bytes at s: one part of a list of ports. "N": both are N.
 */
bool dw_parse_range(const char *s, size_t n, uint64_t max, uint64_t *ret_low, uint64_t *ret_high);

/* Two hexadecimal digits of either case, as a byte; -1: they are none (a string may end there). */
int dw_parse_hex_pair(const char *s);

/* "90s", "10m", "2h", "1d": a number and its unit, as seconds; more than max is refused. No number alone: of what? */
bool dw_parse_duration(const char *s, uint64_t max, uint64_t *ret);

/* Bytes with a length; `data` is always terminated by a NUL that does not count. */
struct dw_bytes {
	char *data;
	size_t n;
};

/* Nothing at all may have no address, which memcmp() must not be given. */
static inline bool dw_bytes_equal(const struct dw_bytes *a, const struct dw_bytes *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->data, b->data, a->n) == 0);
}

/*
 * Undoes escapes: \xNN is a byte, a backslash before letters[i] is meant[i] (which may be a NUL). In the arena.
 * False: another escape.
 */
bool dw_parse_escapes(struct dw_arena *a, const char *s, const char *letters, const char *meant,
		      struct dw_bytes *ret);

/* Walks the lines of a text without changing it; a line is handed out without its newline. */
struct dw_lines {
	const char *p, *end;
	unsigned number; /* of the line handed out last, from 1 */
};

static inline struct dw_lines dw_lines_of(const struct dw_bytes *b)
{
	return (struct dw_lines){ .p = b->data, .end = b->data ? b->data + b->n : NULL };
}
bool dw_lines_next(struct dw_lines *it, const char **ret_line, size_t *ret_n);
/* The same, copied into the arena and terminated, blanks at both ends removed; NULL at the end. */
char *dw_lines_next_trimmed(struct dw_lines *it, struct dw_arena *a);

/* The next word of *p (blanks: space and tab); NULL at the end. Cuts the string in place. */
char *dw_word_next(char **p);
/* Cuts blanks (space, tab, CR, LF) off both ends, in place; returns the start. */
char *dw_trim(char *s);
/*
 * Words as sh, systemd and cron quote them: '...', "...", backslash. In the arena. -EINVAL on an open quote
 * (what was read so far is still returned).
 */
int dw_split_quoted(struct dw_arena *a, const char *s, struct dw_strings *ret);

#endif
