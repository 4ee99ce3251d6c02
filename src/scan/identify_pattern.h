/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patterns over what strangers say: PCRE2, opened when identification begins and not at start. Matching is bounded in
 * steps and memory, so that no answer can make it slow; a pattern that would take longer does not match.
 */
#ifndef DW_IDENTIFY_PATTERN_H
#define DW_IDENTIFY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dw_error.h"

struct dw_pattern;

#define DW_CAPTURES 10

struct dw_captures {
	const uint8_t *bytes; /* that were matched against */
	size_t begin[DW_CAPTURES], end[DW_CAPTURES]; /* begin > end: not set */
};

enum dw_pattern_flags {
	DW_PATTERN_ANY_CASE = 1,
	DW_PATTERN_DOT_ALL = 2, /* a dot means newlines too */
};

/* Once for the process; before a sandbox, in which nothing can be opened. */
int dw_pattern_load(struct dw_error *e);
/* n bytes of pcre2pattern(3). -EINVAL with the reason. */
int dw_pattern_new(const char *text, size_t n, unsigned flags, struct dw_pattern **ret,
		   struct dw_error *e);
void dw_pattern_free(struct dw_pattern *p); /* NULL allowed */
bool dw_pattern_matches(const struct dw_pattern *p, const uint8_t *bytes, size_t n,
			struct dw_captures *ret);

/*
 * "OpenSSH $1": the text with what was captured in its place, at most max - 1 bytes, terminated. $1 to $9; $P(1): its
 * printable bytes alone; $SUBST(1,"_","."); $I(1,">"): as an unsigned number, big-endian (or "<"). What is no
 * UTF-8 or a control character is left out.
 */
void dw_template_fill(const char *template, const struct dw_captures *c, char *ret, size_t max);
/* Copies n bytes as text: control characters become blanks, runs of blanks one, bytes that are no UTF-8 go. */
void dw_text_clean(const uint8_t *bytes, size_t n, char *ret, size_t max);

#endif
