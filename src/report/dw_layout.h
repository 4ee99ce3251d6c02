/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that must not be wider than its place. */
#ifndef DW_LAYOUT_H
#define DW_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "dw_arena.h"

/*
 * s (escaped) in at most `width` columns; ".." stands for what was cut, at the end, or (tail) in the middle so that
 * the end stays.
 */
const char *dw_layout_cut(const char *s, size_t width, bool tail, struct dw_arena *a);

/* A line of a file with blanks in place of its tabs, which a terminal would set apart by eight columns; not escaped. */
const char *dw_layout_tabs(const char *s, size_t n, struct dw_arena *a);

/* A column of a table; width 0: it is not shown. */
struct dw_column {
	size_t width, least; /* narrower than its least it is not made */
};

/*
 * Takes `excess` off the widths where it hurts least: one by one from the column that is widest for its least, the
 * first of equals. Returns what could not be taken.
 */
size_t dw_layout_shrink(struct dw_column *v, size_t n, size_t excess);

#endif
