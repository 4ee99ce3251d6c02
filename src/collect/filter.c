/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_collect.h"

const char *dw_filter_text(struct dw_arena *a, const void *instructions, size_t n)
{
	return dw_arena_printf(a, "%zu instructions", n);
}
