/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that must not be wider than its place. */
#ifndef DW_LAYOUT_H
#define DW_LAYOUT_H

#include <stdbool.h>

#include "dw_arena.h"

/*
 * s (escaped) in at most `width` columns; ".." stands for what was cut, at the end, or (tail) in the middle so that
 * the end stays.
 */
const char *dw_layout_cut(const char *s, size_t width, bool tail, struct dw_arena *a);

#endif
