/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Knowledge as C tables; of the compiler of the knowledge alone. */
#ifndef DW_KNOWLEDGE_WRITE_H
#define DW_KNOWLEDGE_WRITE_H

#include <stdio.h>

#include "dw_knowledge.h"

/* A source file that defines dw_knowledge_builtin(). Everything in it is const: nothing is done when doorward starts. */
void dw_write_tables(FILE *out, const struct dw_knowledge *k);

#endif
