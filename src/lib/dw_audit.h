/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipeline: collect, starters, packages, join, judge, in one call. */
#ifndef DW_AUDIT_H
#define DW_AUDIT_H

#include "dw_error.h"
#include "dw_facts.h"
#include "dw_judge.h"

struct dw_audit_options {
	const char *root; /* a file system that is not running; NULL: this host */
	const char
		*fake; /* directory of a recorded host (dw_sys_open_fake), for tests; NULL: none */
	const char *policy; /* file of the running system; NULL: the root's own, if any; "": none */
	const char *
		state; /* where the journal lies, for what scans saw of the doors; NULL: not looked at */
	unsigned rungs; /* DW_RUNG_* of dw_collect.h; 0: all */
	bool hidden;    /* the sweep for hidden sockets too */
	bool addresses; /* this host's own addresses too; they are looked up as well where a scan is kept in `state` */
	/* told before each part of the work; NULL: nobody */
	void (*progress)(void *data, const char *part);
	void *progress_data;
	/* tests: the fail_at-th fallible call of the system fails with fail_code (an errno value); 0: none does */
	unsigned fail_at;
	int fail_code;
	unsigned store_fail_at; /* the same of the journal that holds the scans */
};

/* Owns the three; they are freed in the order findings, snapshot, facts. */
struct dw_audit {
	struct dw_facts *facts;
	struct dw_snapshot *snapshot;
	struct dw_findings *findings;
	const struct dw_policy *policy;       /* in the facts' arena; NULL: there is none */
	const struct dw_knowledge *knowledge; /* as policy; never NULL */
	/* What was looked at, so that `why` can look closer; in the facts' arena. looked false: nothing (a test's) */
	bool looked;
	const char *root, *fake; /* as in the options */
	unsigned calls;          /* fallible calls of the system that were made */
};

/*
 * Looks and judges. What could not be seen is in snapshot->incomplete and is no failure. Negative: nothing
 * could be looked at (-ENOENT, -ENOTDIR: the root is no directory; -EBADMSG: the policy cannot be used).
 */
int dw_audit_run(const struct dw_audit_options *o, struct dw_audit **ret, struct dw_error *e);
void dw_audit_free(struct dw_audit *a); /* NULL allowed */

#endif
