/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A YAML document as a tree with line numbers; private to src/knowledge. */
#ifndef DW_KNOWLEDGE_TREE_H
#define DW_KNOWLEDGE_TREE_H

#include <stdbool.h>

#include "dw_error.h"
#include "dw_parse.h"

#define DW_YAML_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define DW_YAML_DEPTH_MAX 8
#define DW_YAML_NODES_MAX 262144

enum dw_yaml_kind { DW_YAML_NOTHING = 0, DW_YAML_TEXT, DW_YAML_LIST, DW_YAML_MAP };

struct dw_yaml {
	enum dw_yaml_kind kind;
	unsigned line;        /* from 1 */
	const char *key;      /* member of a map: its name; else NULL */
	unsigned key_line;
	const char *text;     /* of a text */
	bool quoted;          /* the text is text whatever it looks like */
	struct dw_yaml *first, *next;
};

/*
 * *ret: the document's root in the arena, NULL when it holds nothing. A subset of YAML: no anchors, aliases, tags, no
 * second document, keys are text and none stands twice. Negative: *ret_line and the message say where and what.
 */
int dw_yaml_read(struct dw_arena *a, const struct dw_bytes *bytes, struct dw_yaml **ret, unsigned *ret_line,
		 struct dw_error *e);

/* An unquoted text that YAML readers take for a number, a truth value or nothing. */
bool dw_yaml_is_text(const struct dw_yaml *node);
/* "text", "a list", "a map", for messages. */
const char *dw_yaml_kind_name(const struct dw_yaml *node);

#endif
