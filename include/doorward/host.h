/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdoorward: what guards the doors of a host. A part of doorward/doorward.h, which includes it. */
#ifndef DOORWARD_HOST_H
#define DOORWARD_HOST_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

struct doorward_host; /* what the checks found */

/* All checks there are, by category: DOORWARD_TEXT alone. style.quiet: their names, one a line. */
DOORWARD_API int doorward_host_list(struct doorward *d, FILE *out,
				    const struct doorward_style *style);
/* 1: one of the checks (n 0: any) looks at the doors of an audit. 0: none. -ENOENT: one of them is no check. */
DOORWARD_API int doorward_host_needs_audit(struct doorward *d, const char *const *checks, size_t n);
struct doorward_host_options {
	size_t size;               /* sizeof(struct doorward_host_options) */
	const char *const *checks; /* n_checks 0: all */
	size_t n_checks;
	/* 1: fixes are told that could shut out the session that this is called from */
	int even_my_session;
	int remove_packages; /* 1: fixes may remove packages, which no undo brings back */
};
/*
 * Looks. audit NULL: checks that need one are unknown; borrowed until the result is freed. *ret is set on success only:
 * free it with doorward_host_free(). What could not be seen is no failure. -ENOENT: no such check. -EBADMSG: the policy
 * cannot be used.
 */
DOORWARD_API int doorward_host_look(struct doorward *d, struct doorward_audit *audit,
				    const struct doorward_host_options *o,
				    struct doorward_host **ret);
DOORWARD_API void doorward_host_free(struct doorward_host *h); /* NULL allowed */
/* DOORWARD_TO_DO: a check fails that the policy does not accept. DOORWARD_BLIND: one could not look. */
DOORWARD_API unsigned doorward_host_outcome(const struct doorward_host *h);
/* Text, JSON(_INDENTED) (schema/host.schema.json), JSONL: one check a line. */
DOORWARD_API int doorward_host_write(struct doorward *d, struct doorward_host *h,
				     enum doorward_format format, FILE *out,
				     const struct doorward_style *style);
/* One value of the document by its path, as doorward_audit_get(). */
DOORWARD_API const char *doorward_host_get(struct doorward_host *h, const char *path);

/* --- putting right ------------------------------------------------------------------------------------- */

struct doorward_host_plan;

/*
 * The steps that put right what fails. options: as they would be typed again, for the page; NULL. *ret is set on
 * success only; borrows h.
 */
DOORWARD_API int doorward_host_plan_make(struct doorward *d, struct doorward_host *h,
					 const char *options, struct doorward_host_plan **ret);
DOORWARD_API void doorward_host_plan_free(struct doorward_host_plan *p); /* NULL allowed */
DOORWARD_API size_t doorward_host_plan_steps(const struct doorward_host_plan *p);
/* Text, JSON(_INDENTED) (schema/host-fix.schema.json). */
DOORWARD_API int doorward_host_plan_write(struct doorward *d, struct doorward_host_plan *p,
					  enum doorward_format format, FILE *out,
					  const struct doorward_style *style);
/*
 * Does it and looks again: each of the checks has to be well then, as far as its steps go. Journalled, and taken back
 * by doorward_undo(). Codes as doorward_close().
 */
DOORWARD_API int doorward_host_fix(struct doorward *d, struct doorward_host_plan *p,
				   const struct doorward_close_options *o, long long *ret_run);
/* After it: DOORWARD_TO_DO, DOORWARD_BLIND of what is left for a person, as doorward_host_outcome(). */
DOORWARD_API unsigned doorward_host_plan_left(const struct doorward_host_plan *p);

#ifdef __cplusplus
}
#endif

#endif
