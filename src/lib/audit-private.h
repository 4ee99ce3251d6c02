/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit while it runs; private to src/lib. */
#ifndef DW_AUDIT_PRIVATE_H
#define DW_AUDIT_PRIVATE_H

#include "dw_audit.h"
#include "dw_collect.h"
#include "dw_starters.h"

struct auditing {
	const struct dw_audit_options *options;
	struct dw_sys *sys;
	struct dw_procs *procs; /* NULL: nothing runs */
	struct dw_facts *facts;
	const struct dw_knowledge *knowledge;
	const struct dw_policy *policy; /* NULL: there is none */
};

/* Asks every service manager who started each holder, and what it would start. */
void dw_audit_starters(struct auditing *a, const char *init);
/* Finds the packages of all programs at once. */
void dw_audit_packages(struct auditing *a);

#endif
