/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdoorward: what stands behind the doors that stay. A part of doorward/doorward.h, which includes it. */
#ifndef DOORWARD_CONFINE_H
#define DOORWARD_CONFINE_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Each service that keeps a door of the audit: as whom it runs, what it may do, a score by which they are ranked.
 * DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/confine.schema.json). service: the name of one (a unit, with or
 * without ".service", a program, a port: "22/tcp"); NULL: all. The number of services told, of which *ret_blind (NULL
 * allowed) says whether something of them could not be seen. -ENOENT: no service of that name keeps a door.
 */
DOORWARD_API int doorward_confine_write(struct doorward *d, struct doorward_audit *a,
					const char *service, enum doorward_format format, FILE *out,
					const struct doorward_style *style, int *ret_blind);

struct doorward_confining; /* a service that was observed, and what could be taken from it; borrows the audit */

struct doorward_confine_options {
	size_t size;              /* sizeof(struct doorward_confine_options) */
	const char *service;      /* as for doorward_confine_write(); one */
	unsigned seconds;         /* to observe it for; 0: 60 */
	const volatile int *stop; /* becomes true: with what was seen until then; NULL */
};
/*
 * Observes the service while it runs, by BPF programs that note what it asks of the kernel: it is neither stopped nor
 * traced nor started again. Needs root. -ENOENT, -EINVAL: none is, or several are, called so. -ESRCH: it does not run.
 * -EPERM, -ENOTSUP: this kernel does not let us. *ret: free it before the audit.
 */
DOORWARD_API int doorward_confine_observe(struct doorward *d, struct doorward_audit *a,
					  const struct doorward_confine_options *o,
					  struct doorward_confining **ret);
DOORWARD_API void doorward_confining_free(struct doorward_confining *x); /* NULL allowed */
/*
 * The drop-in for its unit, each line with its reason; of what inetd, xinetd or an init script starts a difference
 * (diff -u) of the file that names its user, for which nothing is observed. NULL: nothing can be taken from it (the
 * first remark says why).
 */
DOORWARD_API const char *doorward_confining_text(const struct doorward_confining *x);
/* Where it would lie; NULL: nowhere. */
DOORWARD_API const char *doorward_confining_path(const struct doorward_confining *x);
/* The i-th sentence on what was left as it is, and why; NULL behind the last. Not escaped. */
DOORWARD_API const char *doorward_confining_remark(const struct doorward_confining *x, size_t i);
/*
 * All of that as a document, with which capabilities the service holds and which it has used. DOORWARD_JSON(_INDENTED)
 * (schema/confine-suggest.schema.json).
 */
DOORWARD_API int doorward_confining_write(struct doorward *d, const struct doorward_confining *x,
					  enum doorward_format format, FILE *out);
/*
 * Puts that in place as a run of the journal, starts the unit (the service) again or lets inetd read its file, and
 * looks: its doors are open and answer as before, all other doors and units are as they were, its journal tells of no
 * denial; else everything is put back.
 * Options and codes as for doorward_close(); a trial is kept by doorward_confirm(). -EALREADY: it has such a
 * drop-in.
 */
DOORWARD_API int doorward_confining_apply(struct doorward *d, struct doorward_confining *x,
					  const struct doorward_close_options *o,
					  long long *ret_run);

#ifdef __cplusplus
}
#endif

#endif
