/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the compilers of knowledge share: their sources, and what they write. A failure is told and ends the program. */
#ifndef DW_KNOWLEDGE_SOURCES_H
#define DW_KNOWLEDGE_SOURCES_H

#include <stdio.h>

#include "dw_parse.h"
#include "dw_vec.h"

/* Adds the paths of the directory's *.yaml, in no order that means anything. */
void sources_list(struct dw_arena *a, const char *directory, struct dw_strings *ret);
/* By name: the order of a directory is chance. */
void sources_sort(struct dw_strings *files);
struct dw_bytes sources_read(struct dw_arena *a, const char *path);
/* For ninja: directories ends with NULL; they too, for their time changes when a file comes or goes. */
void sources_depend(const char *depfile, const char *output, char **directories,
		    const struct dw_strings *files);
FILE *sources_begin(const char *path);
void sources_end(FILE *f, const char *path);

#endif
