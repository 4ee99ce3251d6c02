/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two texts line by line, as diff -u shows them. Pure. */
#ifndef DW_REVIEW_DIFF_H
#define DW_REVIEW_DIFF_H

#include "dw_str.h"

/*
 * Adds to `out` the lines that go (-), come (+) and three of those around them ( ), with "@@ line N @@" before each
 * piece.
 * Escaped for a terminal. before NULL: there is none, all of `after` comes. False: nothing differs.
 */
bool review_diff(const char *before, const char *after, struct dw_str *out);

#endif
