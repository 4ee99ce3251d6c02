/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the public API share; private to src/lib. */
#ifndef DW_FACADE_PRIVATE_H
#define DW_FACADE_PRIVATE_H

#include "dw_facade.h"
#include "dw_sys.h"

struct doorward {
	char *root, *fake, *policy;
	char *state, *program; /* NULL: the defaults */
	unsigned rungs;
	bool hidden;
	bool addresses; /* audits look up this host's own addresses */
	void (*progress)(void *data, const char *part);
	void *progress_data;
	void (*notice)(void *data, const char *text);
	void *notice_data;
	struct dw_facade_hooks hooks;
	struct dw_error error;
};

struct doorward_audit {
	struct dw_audit *audit;
	struct dw_arena *arena; /* of the report and of the texts handed out */
	struct dw_report report;
	const char *state; /* where the journal lies; NULL: the default */
	struct dw_error error;
};

/* Forgets the last message: it must not be taken for one of the call that begins. */
struct dw_error *dw_facade_begin(struct doorward *d);
void dw_facade_replace(char **old, const char *fresh);
int dw_facade_open_sys(const struct doorward *d, struct dw_sys **ret, struct dw_error *e);
struct dw_audit_options dw_facade_options(const struct doorward *d);
/* -EINVAL: no such verdict or order. */
int dw_facade_style(const struct doorward_style *given, struct dw_report_style *ret,
		    struct dw_error *e);
/* The same for an audit, whose last message it forgets. */
int dw_facade_audit_style(struct doorward_audit *a, const struct doorward_style *given,
			  struct dw_report_style *ret);

#endif
