/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdoorward: what is done with a scan. A part of doorward/doorward.h, which includes it. */
#ifndef DOORWARD_COMPARE_H
#define DOORWARD_COMPARE_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- inside against outside ----------------------------------------------------------------------------- */

struct doorward_compare; /* what a scan saw, beside what was expected */

struct doorward_compare_options {
	size_t size; /* sizeof(struct doorward_compare_options) */
	/* JSON documents: at most one scan's (else it is one of the journal), audits of other hosts; "-": stdin */
	const char *const *files;
	size_t n_files;
	long long scan; /* a scan's number in the journal; 0: the newest */
	/* "audit" (NULL): the audits given, and one of this host, made now; "policy"; "baseline": the scan of the
	   same targets before; else files, with commas between: audits, or one earlier scan */
	const char *expect;
	const char *const *
		addresses; /* "web1=203.0.113.5": that host or document is seen there from outside */
	size_t n_addresses;
};
/*
 * Looks at this host as doorward_audit_run() does. -ENOENT: no such scan, no policy. -EBADMSG: a file cannot be used
 * (it is not there, say); the message says which, and what to do. -EINVAL: an address names no host.
 */
DOORWARD_API int doorward_compare_run(struct doorward *d, const struct doorward_compare_options *o,
				      struct doorward_compare **ret);
/* Whether o->expect and o->addresses can be used, before a long scan: reads the files that are named. */
DOORWARD_API int doorward_compare_check(struct doorward *d,
					const struct doorward_compare_options *o);
DOORWARD_API void doorward_compare_free(struct doorward_compare *c); /* NULL allowed */
/* DOORWARD_TO_DO: something differs urgently. DOORWARD_BLIND: something could not be looked at. */
DOORWARD_API unsigned doorward_compare_outcome(const struct doorward_compare *c);
/* One value of the document of schema/compare.schema.json by its path, as doorward_audit_get(). */
DOORWARD_API const char *doorward_compare_get(struct doorward_compare *c, const char *path);
/* DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/compare.schema.json). */
DOORWARD_API int doorward_compare_write(struct doorward *d, struct doorward_compare *c,
					enum doorward_format format, FILE *out,
					const struct doorward_style *style);

/* --- helping a scan ---------------------------------------------------------------------------------------- */

struct doorward_assist_options {
	size_t size;                /* sizeof(struct doorward_assist_options) */
	unsigned long long seconds; /* it ends by then */
	const char *scanner; /* address that scans: only the limit of its family; NULL: of both */
	const volatile int *stop; /* becomes true: end; NULL */
	void (*tell)(void *data,
		     const char *text); /* what is done, fit for a terminal; NULL: nobody */
	void *data;
};
/*
 * On the host that is scanned: lifts the kernel's limits of ICMP "port unreachable" in the network namespace of the
 * caller, waits, and puts back exactly what was there, even if the process is killed. Needs root. -EBUSY: another one
 * is at it. -EINVAL: the scanner is no address. -EUCLEAN: somebody changed them meanwhile; that was left.
 */
DOORWARD_API int doorward_scan_assist(struct doorward *d, const struct doorward_assist_options *o);
/* Keeps it in the journal (made when it is not there); *ret_id is its number. */
DOORWARD_API int doorward_scan_keep(struct doorward *d, struct doorward_scan *s, long long *ret_id);
/* Holds it against what is expected, as doorward_compare_run(); o->files and o->scan do not count. */
DOORWARD_API int doorward_scan_compare(struct doorward *d, const struct doorward_scan *s,
				       const struct doorward_compare_options *o,
				       struct doorward_compare **ret);
/*
 * The scan's JSON with the member "comparison"; DOORWARD_SCAN_JSONL: {"comparison": ...}, the line behind the
 * others.
 */
DOORWARD_API int doorward_scan_write_compared(struct doorward *d, const struct doorward_scan *s,
					      const struct doorward_compare *c,
					      enum doorward_scan_format format, FILE *out);

#ifdef __cplusplus
}
#endif

#endif
