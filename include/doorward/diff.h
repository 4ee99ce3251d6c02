/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdoorward: what changed since, and what is used. A part of doorward/doorward.h, which includes it. */
#ifndef DOORWARD_DIFF_H
#define DOORWARD_DIFF_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- baselines ------------------------------------------------------------------------------------------ */

/*
 * Keeps the audit in the journal (made when it is not there) under the name (NULL: a number alone); *ret_number is its
 * number. -EINVAL: it can be no name. -EEXIST: it is taken. -ENOSPC: all that are kept have names, and there is no
 * room.
 */
DOORWARD_API int doorward_baseline_save(struct doorward *d, struct doorward_audit *a,
					const char *name, long long *ret_number);
/* All of them: DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/baselines.schema.json). */
DOORWARD_API int doorward_baseline_list(struct doorward *d, enum doorward_format format, FILE *out,
					const struct doorward_style *style);
/* Its document, as doorward audit --json wrote it. word: a name or number; NULL: the newest. -ENOENT: there is none. */
DOORWARD_API int doorward_baseline_show(struct doorward *d, const char *word, FILE *out);
DOORWARD_API int doorward_baseline_remove(struct doorward *d, const char *word);

/* --- what changed ---------------------------------------------------------------------------------------- */

struct doorward_diff;

/*
 * Each side is the name or number of a baseline, a file that doorward audit --json wrote (on any host; "-": standard
 * input), or "now": an audit made by this call. before NULL: the newest baseline. after NULL: "now". -ENOENT: there
 * is no such baseline. -EBADMSG: a file cannot be used; the message says why.
 */
DOORWARD_API int doorward_diff_run(struct doorward *d, const char *before, const char *after,
				   struct doorward_diff **ret);
/*
 * Looks, runs the command (argv ends with NULL; found by PATH, with our standard input, output and error), waits until
 * what it started has come to rest (half a minute at most), and looks again: doors, units, accounts, set-UID and
 * set-GID files and those with capabilities. *ret_status: of the command; 128 + N: ended by signal N. -ENOENT, -EACCES:
 * it cannot be run.
 */
DOORWARD_API int doorward_diff_around(struct doorward *d, const char *const *argv,
				      struct doorward_diff **ret, int *ret_status);
DOORWARD_API void doorward_diff_free(struct doorward_diff *f); /* NULL allowed */
/* DOORWARD_TO_DO: something differs. DOORWARD_BLIND: one side could not look everywhere. */
DOORWARD_API unsigned doorward_diff_outcome(const struct doorward_diff *f);
/* One value of the document of schema/diff.schema.json by its path, as doorward_audit_get(). */
DOORWARD_API const char *doorward_diff_get(struct doorward_diff *f, const char *path);
/* DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/diff.schema.json). */
DOORWARD_API int doorward_diff_write(struct doorward *d, struct doorward_diff *f,
				     enum doorward_format format, FILE *out,
				     const struct doorward_style *style);

/* --- what is used ---------------------------------------------------------------------------------------- */

struct doorward_usage_options {
	size_t size;              /* sizeof(struct doorward_usage_options) */
	const char *door;         /* as doorward_audit_why() takes it; NULL: all */
	unsigned long long idle;  /* seconds: only doors that were not used for as long; 0: all */
	unsigned long long since; /* seconds before now that the line of uses covers; 0: a day */
	int utf8;                 /* 1: the reader can show block elements */
};
/*
 * How the doors of the audit, and those that were watched before, are used, from what doorward watch counted. Where
 * nobody watched it says so. DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/usage.schema.json). The number of doors
 * that `idle` found, watched for long enough; 0: none, or `idle` is 0. -EINVAL: the word can be no door.
 */
DOORWARD_API int doorward_usage_write(struct doorward *d, struct doorward_audit *a,
				      const struct doorward_usage_options *o,
				      enum doorward_format format, FILE *out,
				      const struct doorward_style *style);

#ifdef __cplusplus
}
#endif

#endif
