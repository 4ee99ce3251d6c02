/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is the host as a run left it? Pure: the run and what was seen afterwards -> differences. */
#ifndef DW_VERIFY_H
#define DW_VERIFY_H

#include "dw_run.h"

enum dw_difference_kind {
	DW_DIFFERENCE_UNKNOWN = 0,
	DW_DIFFERENCE_OPEN,      /* a door that was closed is open */
	DW_DIFFERENCE_SLEEPING,  /* it is shut, but something would open it again */
	DW_DIFFERENCE_LOST,      /* a door that was to stay is gone */
	DW_DIFFERENCE_UNIT_LOST, /* a unit that was active is not any more */
	DW_DIFFERENCE_STATE,     /* what a step switched is not as the step left it */
	DW_DIFFERENCE_BLIND,     /* could not be looked at */
	DW_DIFFERENCE_COUNT
};

struct dw_difference {
	enum dw_difference_kind kind;
	bool grave; /* it speaks against the run; else only worth a word */
	int64_t run;
	const char *object; /* 0.0.0.0:23/tcp, a unit, a file */
	const char *text;   /* one sentence */
	const char *
		who; /* who brought it back, as far as that can be told: "inetd (/etc/inetd.conf:12)", "dpkg installed
				telnetd 0.17-44 at 2026-11-26T10:00:00Z"; NULL */
	const struct dw_run_door *door; /* NULL */
};

struct dw_verify_step {
	const struct dw_run_step *step;
	struct dw_state now;    /* text NULL: could not be read */
	const char *changed_by; /* evidence of who changed it since; NULL */
	const char *differs;    /* the sentence that says what differs; NULL: the two states say it */
};

struct dw_verify_input {
	const struct dw_run *run;
	const struct dw_snapshot *after;
	const struct dw_strings *units; /* active now; NULL: not known */
	const struct dw_verify_step *steps;
	size_t n_steps;
	bool at_once; /* right behind the run, in the same boot: doors without a starter are to be there still */
};

struct dw_differences {
	struct dw_difference *v;
	size_t n, cap; /* a DW_VEC */
};
/* Appends to *ret, in a fixed order. */
void dw_verify(const struct dw_verify_input *in, struct dw_arena *a, struct dw_differences *ret);

const char *dw_difference_kind_name(enum dw_difference_kind k);

#endif
