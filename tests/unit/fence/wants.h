/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wants made by hand, each with a name. */
#ifndef DW_TEST_WANTS_H
#define DW_TEST_WANTS_H

#include "dw_fence.h"

struct named_want {
	const char *name;
	struct dw_fence_want want;
};

/* Ends with a NULL name. */
extern const struct named_want named_wants[];

#endif
