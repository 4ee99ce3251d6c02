/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is a piece of a known command line in this one? Private to this room. */
#ifndef DW_KNOWLEDGE_PIECES_H
#define DW_KNOWLEDGE_PIECES_H

#include <stdbool.h>

#include "dw_arena.h"
#include "dw_knowledge.h"

struct dw_pieces;

/* Of all entries' commands, which it borrows; lies in the arena. k NULL: none. */
const struct dw_pieces *dw_pieces_new(struct dw_arena *a, const struct dw_knowledge *k);
/* True also where it cannot be told cheaply. */
bool dw_pieces_may_match(const struct dw_pieces *p, const char *command);

#endif
