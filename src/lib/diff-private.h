/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A diff while it is made; private to src/lib. */
#ifndef DW_DIFF_PRIVATE_H
#define DW_DIFF_PRIVATE_H

#include "dw_diff_report.h"
#include "dw_parse.h"
#include "facade-private.h"

struct doorward_diff {
	struct dw_arena *arena; /* the object itself lies in it */
	struct dw_audit_read before, after;
	struct dw_diff diff;
	struct dw_report_around around;
	struct dw_report_diff report;
	struct dw_strings notes;
};

/* An audit as its document, and read back: both sides of a diff come the same way. */
int dw_diff_document(struct doorward_audit *audit, struct dw_arena *a, struct dw_bytes *ret,
		     struct dw_error *e);
int dw_diff_read(const struct dw_bytes *text, const char *name, struct dw_arena *a,
		 struct dw_audit_read *ret, struct dw_error *e);
/* An audit of now. */
int dw_diff_look(struct doorward *d, struct dw_arena *a, struct dw_audit_read *ret,
		 struct dw_error *e);
struct doorward_diff *dw_diff_new(void);
struct dw_report_side dw_diff_side(const struct dw_audit_read *r, const char *source);
/* Compares, and fills in the report. */
void dw_diff_finish(struct doorward_diff *f, const char *before, const char *after);
/* The newest baseline against the audit. -ENOENT: there is none yet. */
int dw_diff_since_baseline(struct doorward *d, struct doorward_audit *audit,
			   struct doorward_diff **ret, struct dw_error *e);

/* --- around a command ------------------------------------------------------------------------------------ */

/* What the host has beside doors: by kind and name, each with its state in words. */
struct dw_thing {
	const char *what, *name, *state;
};
struct dw_things {
	struct dw_thing *v; /* by what and name */
	size_t n, cap;
};
/* Units and whatever else starts programs, accounts, groups, privileged files. What cannot be read is noted. */
void dw_things_look(struct dw_sys *s, struct dw_arena *a, struct dw_things *ret,
		    struct dw_strings *notes);
/* Those that differ, in the arena. */
void dw_things_compare(const struct dw_things *before, const struct dw_things *after,
		       struct dw_arena *a, struct dw_report_around *ret);

#endif
