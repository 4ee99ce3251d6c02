/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A comparison while it is made; private to src/lib. */
#ifndef DW_COMPARE_PRIVATE_H
#define DW_COMPARE_PRIVATE_H

#include "dw_audit_read.h"
#include "dw_compare.h"
#include "dw_report.h"
#include "dw_vec.h"
#include "facade-private.h"

/* A document that was given. */
struct dw_given {
	const char *file;
	enum dw_document kind;
	struct dw_scan scan;        /* of DW_DOCUMENT_SCAN */
	struct dw_audit_read audit; /* of DW_DOCUMENT_AUDIT; its host is never NULL */
};

struct doorward_compare {
	struct dw_arena *arena;
	struct doorward_audit *audit; /* of this host; NULL: not looked */
	bool borrowed;		      /* the audit is the caller's */
	struct dw_scan scan, before;
	DW_VEC(struct dw_given *) audits; /* documents of hosts */
	struct dw_inside *insides;        /* of the documents; this host comes last, if it is one */
	size_t n_insides;
	struct dw_comparison result;
	const char *expect, *scan_file, *before_file;
};

/* Reads it, whatever it is. -EBADMSG: it cannot be used, whyever; the message names the file and what to do. */
int dw_compare_read(struct dw_sys *s, const char *file, struct dw_arena *a, struct dw_given **ret,
		    struct dw_error *e);
/*
 * Sorts the files: at most one scan (*ret_scan; NULL: none of them is), the audits into c. -EBADMSG, as above; two are
 * scans.
 */
int dw_compare_read_all(struct doorward_compare *c, const char *const *files, size_t n,
			const struct dw_given **ret_scan, struct dw_error *e);
/*
 * What the documents know of their doors, by our own knowledge: a service that was told by its port alone is a guess,
 * which a document does not tell.
 */
void dw_compare_services(struct dw_given *g, const struct dw_knowledge *k, struct dw_arena *a);
/*
 * "web1=203.0.113.5": under which addresses the hosts (by name or file) are reached. -EINVAL. c NULL: only looks at the
 * words.
 */
int dw_compare_addresses(struct doorward_compare *c, const char *const *words, size_t n,
			 struct dw_error *e);

#endif
