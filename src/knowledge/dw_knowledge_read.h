/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * knowledge/ (YAML) becomes struct dw_knowledge. What ships is read when doorward is built and compiled in, so that an
 * audit pays nothing for it; what an administrator adds below /etc/doorward/knowledge.d is read when it is there.
 */
#ifndef DW_KNOWLEDGE_READ_H
#define DW_KNOWLEDGE_READ_H

#include "dw_error.h"
#include "dw_knowledge.h"
#include "dw_parse.h"

/* Compiled in; static, never freed. */
const struct dw_knowledge *dw_knowledge_builtin(void);

struct dw_knowledge_file {
	const char *name; /* for messages and for dw_service.file */
	struct dw_bytes bytes;
};

/* A document that cannot be used: told with file, line and what was expected; the rest of the files is used. */
typedef void dw_knowledge_complain(void *data, const char *file, unsigned line, const char *text);

/*
 * base (NULL: none) and the services and roles of the n files, in the arena, sorted. An entry with the name of
 * one that was there before replaces it. Keys that are missing, unknown or of the wrong type are complained of and
 * the entry is left out. Caps: 4 MiB a file, nesting 8, 4,096 entries.
 */
const struct dw_knowledge *dw_knowledge_read(struct dw_arena *a, const struct dw_knowledge *base,
					     const struct dw_knowledge_file *files, size_t n,
					     dw_knowledge_complain *complain, void *data);

#endif
