/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings: a growing buffer, small tests, and the escaping of hostile text. */
#ifndef DW_STR_H
#define DW_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dw_arena.h"
#include "dw_vec.h"

/* A growing, always terminated byte string in an arena. Start from { .arena = a }. */
struct dw_str {
	struct dw_arena *arena;
	char *s; /* NULL until something was added */
	size_t n, cap;
};

void dw_str_add(struct dw_str *b, const char *s);
void dw_str_addn(struct dw_str *b, const char *s, size_t n);
void dw_str_addc(struct dw_str *b, char c);
void dw_str_addf(struct dw_str *b, const char *fmt, ...) dw_printf_like(2, 3);

static inline bool dw_streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}
/* NULL-safe: two NULLs are equal. */
static inline bool dw_streq0(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}
static inline bool dw_strings_has(const struct dw_strings *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (dw_streq(list->v[i], s))
			return true;
	return false;
}
bool dw_starts_with(const char *s, const char *prefix);
bool dw_ends_with(const char *s, const char *suffix);
/* The part behind the last slash. */
const char *dw_basename(const char *path);

/*
 * How far a word is from a known name, for "did you mean": the beginning of a name is near it (0), else
 * letters to insert, drop, replace or swap. (unsigned)-1: too far to be meant.
 */
unsigned dw_str_apart(const char *given, const char *name);
/* Of names that are shown to it one after the other the nearest; NULL: none could be meant. Begins as { 0 }. */
struct dw_nearest {
	const char *name;
	unsigned apart;
};
void dw_nearest_try(struct dw_nearest *n, const char *given, const char *name);
/* "; did you mean \"ssh\"?", or the other text when there is none. In the arena. */
const char *dw_nearest_text(const struct dw_nearest *n, struct dw_arena *a, const char *otherwise);

/*
 * Length in bytes of the well-formed UTF-8 sequence (RFC 3629) at s, of which n bytes are there; 0 when it
 * is none.
 */
size_t dw_utf8_length(const char *s, size_t n);

/*
 * Text for a terminal: control characters (C0, C1, DEL), bidirectional overrides and bytes that are no UTF-8
 * come out as \xNN or \u{NNNN}, a backslash as itself. Result lies in the arena.
 */
char *dw_escape_terminal(struct dw_arena *a, const char *s, size_t n);

/*
 * Text for JSON and other UTF-8 formats: bytes that are no UTF-8 come out as the four characters \xNN;
 * everything else stays (the JSON library escapes control characters itself). Returns s itself when nothing
 * had to change.
 */
const char *dw_escape_utf8(struct dw_arena *a, const char *s, size_t n);

/* Columns that a (valid, escaped) UTF-8 string takes on a terminal. */
size_t dw_display_width(const char *s);

/* s without the newlines at its end, in the arena; NULL: it is more than one line. */
const char *dw_str_one_line(struct dw_arena *a, const char *s);

#endif
