/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doorward review: doors on a full screen, marked, written into the policy, closed. */
#ifndef DW_REVIEW_H
#define DW_REVIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "doorward/doorward.h"
#include "dw_error.h"

struct dw_review_options {
	/* Two contexts set up alike, borrowed: of the thread that looks and acts, and of the one that draws. */
	struct doorward *work, *files;
	FILE *in, *out; /* a terminal: standard input and output */
	const char *policy; /* the file that was named; NULL: the usual one */
	bool colour;
	bool root;    /* whoever runs it may change this host */
	bool offline; /* a file system that does not run: nothing there can be closed */
	long recollect; /* milliseconds between two looks; 0: as the looks take time, 3 seconds at least */
};

/* This build has it. */
bool dw_review_is_built(void);
/*
 * Runs until it is left; the terminal is as before then. Returns 0, the number of the signal that ended it, or a
 * negative errno value (-EINVAL: the terminal cannot show it; -ENOTSUP: not built). *ret_words: what is to be known
 * afterwards (what became of a change that a signal stopped, a trial that still runs), lines fit for a terminal;
 * free() it; NULL: nothing.
 */
int dw_review_run(const struct dw_review_options *o, char **ret_words, struct dw_error *e);

#endif
