/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The seam between the public API and the pipeline, for the tests. */
#ifndef DW_FACADE_H
#define DW_FACADE_H

#include "doorward/doorward.h"
#include "dw_audit.h"
#include "dw_report.h"
#include "dw_store.h"
#include "dw_store_watch.h"
#include "dw_sys.h"

/* Makes the public object of an audit, and takes the audit over. */
struct doorward_audit *dw_facade_wrap(struct dw_audit *audit);
/* The audit as the report room gets it; what is made lies in the arena. */
struct dw_report dw_facade_report(const struct dw_audit *audit, struct dw_arena *arena);
/* Audits of this context look at a recorded host from now on (see dw_sys_open_fake); the string is copied. */
void dw_facade_set_fake(struct doorward *d, const char *fixture);

/* What a test does to a change or a scan from inside; each NULL: nothing. */
struct dw_facade_hooks {
	/*
	 * the host and the journal were opened for a change: before the lock is taken; and before they are closed. Of a
	 * comparison: the journal alone (sys NULL), for each scan that is read from it; of a scan: the host alone
	 * (store NULL)
	 */
	void (*opened)(void *data, struct dw_sys *sys, struct dw_store *store);
	void (*closing)(void *data, struct dw_sys *sys, struct dw_store *store);
	/* before each audit; behind it, with the calls it made */
	void (*look)(void *data, struct dw_audit_options *o);
	void (*looked)(void *data, unsigned calls);
	void *data;
	/* called by the loop of a watch before it begins, with its handle: its calls can be failed */
	void (*watches)(void *data, struct dw_sys *s);
	/* and with its store, when that was opened */
	void (*spool)(void *data, struct dw_watch_store *store);
};
void dw_facade_set_hooks(struct doorward *d, const struct dw_facade_hooks *hooks);

#endif
