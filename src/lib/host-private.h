/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of a host between looking and fixing; private to src/lib. */
#ifndef DW_LIB_HOST_PRIVATE_H
#define DW_LIB_HOST_PRIVATE_H

#include "dw_host_look.h"
#include "dw_host_report.h"
#include "facade-private.h"

struct doorward_host {
	struct dw_arena *arena;       /* the object itself lies in it */
	struct doorward_audit *audit; /* NULL: none was needed */
	struct dw_facts *facts;       /* holds the policy when there is no audit */
	const struct dw_policy *policy;
	const struct dw_knowledge *knowledge;
	struct dw_report_host report;
	const char **checks; /* that were asked for; n 0: all */
	size_t n_checks;
	bool even_my_session, remove;
};

/* The checks of the request, with a handle of the caller's. */
int dw_lib_host_look(struct doorward_host *h, struct dw_sys *sys, struct dw_arena *a,
		     struct dw_host_results *ret, struct dw_error *e);

/* "there is no check ...", with the nearest that there is: -ENOENT. */
int dw_lib_no_check(struct dw_error *e, const char *word);
/* Statements that accept what no check finds do nothing, for good and without a word. How many there are of them. */
size_t dw_lib_tell_no_checks(const struct dw_policy *p, doorward_tell_problem *tell, void *data);

#endif
