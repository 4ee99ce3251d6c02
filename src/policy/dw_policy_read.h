/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy language: text becomes struct dw_policy. Pure: the caller opens files. doorward-policy(5) is its manual.
 */
#ifndef DW_POLICY_READ_H
#define DW_POLICY_READ_H

#include "dw_error.h"
#include "dw_parse.h"
#include "dw_policy.h"

/* Something wrong (or, warning, only odd) at a place of a policy. */
struct dw_policy_problem {
	bool warning;
	const char *file;
	unsigned line, column; /* from 1; column in characters */
	const char *text;      /* what was found, what was expected, and perhaps "did you mean ...?" */
};

struct dw_policy_problems {
	struct dw_policy_problem *v;
	size_t n, cap;
};

struct dw_policy_text {
	const char *name;
	struct dw_bytes bytes;
};

/* Opens an included file (or, ending in "/", a directory's *.policy files one after another). */
struct dw_policy_source {
	/*
	 * *ret: n files in the order to be read, in the arena. Negative: errno value, with a sentence in *e.
	 * `name` is absolute: a relative one was resolved against the directory of the file that includes it.
	 */
	int (*open)(void *data, struct dw_arena *a, const char *name, struct dw_policy_text **ret, size_t *ret_n,
		    struct dw_error *e);
	void *data;
};

/*
 * Reads a policy from the text (borrowed only for the call). Everything lies in the arena. All problems are told, not
 * only the first; when one of them is no warning, NULL is returned: half a policy must never be applied. A month, a
 * date or a network that cannot be is an error, an unknown service too (near names are told), a statement that an
 * earlier one makes pointless is a warning.
 */
const struct dw_policy *dw_policy_read(struct dw_arena *a, const struct dw_policy_text *text,
				       const struct dw_policy_source *source, const struct dw_knowledge *k,
				       struct dw_policy_problems *problems);

#endif
