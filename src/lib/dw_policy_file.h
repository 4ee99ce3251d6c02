/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy's files, read below a root. */
#ifndef DW_POLICY_FILE_H
#define DW_POLICY_FILE_H

#include "dw_policy_read.h"
#include "dw_sys.h"

#define DW_POLICY_DIRECTORY "/etc/doorward"
#define DW_POLICY_FILE      DW_POLICY_DIRECTORY "/policy"

/*
 * file NULL: DW_POLICY_FILE below the root of s; *ret is NULL when it is not there or empty. "": none at all. Else a
 * path of the running system, whatever s is; it must be there. -EBADMSG: problems has errors, and the message is the
 * first of them; other codes: it could not be read. All in the arena.
 */
int dw_policy_load(struct dw_sys *s, const char *file, struct dw_arena *a, const struct dw_knowledge *k,
		   struct dw_policy_problems *problems, const struct dw_policy **ret, struct dw_error *e);
/*
 * A new file of the text, mode 0644, or the text in an empty one that is there: whole or not at all. -EEXIST: something
 * stands in it, or it is no regular file. The arena is for what is read on the way.
 */
int dw_policy_create(struct dw_sys *s, const char *file, const char *text, struct dw_arena *a, struct dw_error *e);
/* The path as it is from /: a relative one begins at the working directory. In the arena. */
int dw_policy_absolute(struct dw_arena *a, const char *path, const char **ret, struct dw_error *e);

/* What a policy that is read through s includes. */
struct dw_policy_source dw_policy_source_of(struct dw_sys *s);
/* A text as a policy. -EBADMSG as above. */
int dw_policy_parse(struct dw_sys *s, const struct dw_policy_text *text, struct dw_arena *a,
		    const struct dw_knowledge *k, struct dw_policy_problems *problems,
		    const struct dw_policy **ret, struct dw_error *e);
/* -EBADMSG, with the first of the errors as its message. */
int dw_policy_bad(const struct dw_policy_problems *problems, struct dw_error *e);

#endif
