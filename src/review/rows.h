/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit as rows of the list. */
#ifndef DW_REVIEW_ROWS_H
#define DW_REVIEW_ROWS_H

#include "doorward/doorward.h"
#include "list.h"

/* All lies in the arena. The two families of one port are one row where all that is shown of them is the same. */
struct review_doors review_rows_of(struct doorward_audit *audit, struct dw_arena *a);
/* The same of rows by hand, as doorward_audit_row() gives them. */
struct review_doors review_rows_join(const struct doorward_row *rows, size_t n, struct dw_arena *a);

#endif
