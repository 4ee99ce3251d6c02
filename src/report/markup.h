/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text of strangers inside of XML and HTML; private to src/report. */
#ifndef DW_REPORT_MARKUP_H
#define DW_REPORT_MARKUP_H

#include <stdio.h>

#include "dw_arena.h"

/* Longer texts come from somebody who wants the rest of the page out of sight. */
#define DW_MARKUP_MAX 4096

/*
 * At most DW_MARKUP_MAX bytes of s, as text or as the value of an attribute in double quotes. What a terminal would not
 * be shown (controls, what turns the direction of writing, bytes that are no UTF-8) is \xNN or \u{NNNN}; what is no
 * character to Unicode is "?". scratch: for the work, nothing of it is kept.
 */
void dw_markup_put(FILE *out, struct dw_arena *scratch, const char *s);

#endif
