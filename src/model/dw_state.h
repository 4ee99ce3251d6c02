/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The canonical texts of files (dw_lever.h), and edits of lines. Pure: the switches and the plan share them. */
#ifndef DW_STATE_H
#define DW_STATE_H

#include "dw_lever.h"

/*
 * "file MODE UID:GID SIZE sha256:HEX", and behind it the words of xattrs: "xattr:NAME=HEX ...", sorted, blanks
 * between; NULL or "": none. Only the permission bits of mode (07777) are told. In the arena.
 */
const char *dw_state_file_text(struct dw_arena *a, unsigned mode, uint32_t uid, uint32_t gid,
			       const struct dw_bytes *content, const char *xattrs);

/* The same file (mode, owner, attributes) with another content. NULL: `text` is not that of a regular file. */
const char *dw_state_file_with(struct dw_arena *a, const char *text,
			       const struct dw_bytes *content);
/* The same file without these permission bits. NULL: as above. */
const char *dw_state_file_without(struct dw_arena *a, const char *text, unsigned bits);

/*
 * A content with lines edited; all line numbers are those of `content`. The same edit twice is one. Lines are put in
 * in the order of the edits; a last line without a newline stays so, unless something comes behind it. False: a line
 * is not as its edit says, or two edits want different things of one line; *ret_line (NULL allowed) is that line.
 */
bool dw_edits_apply(struct dw_arena *a, const struct dw_bytes *content, const struct dw_edit *edits,
		    size_t n, struct dw_bytes *ret, unsigned *ret_line);

/* Our table of the packet filter: "absent" (data NULL), or "table sha256:HEX" with that data, borrowed. */
struct dw_state dw_state_fence(struct dw_arena *a, const struct dw_bytes *table);

#endif
