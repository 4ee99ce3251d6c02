/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeping the fence that is on trial, going back, and taking it away. */
#include <errno.h>

#include "change.h"
#include "dw_macros.h"
#include "fence.h"

struct word {
	const char *name; /* "fence confirm" */
	int (*call)(struct doorward *d, const struct doorward_close_options *o, long long *ret_run);
	const char *before, *after; /* what is said of the run's number */
	bool leaves;                /* steps may be left */
};

static enum dw_exit carry_out(const struct dw_arguments *args, const struct word *w)
{
	struct doorward_close_options o = { 0 };
	enum dw_exit status = DW_EXIT_NOTHING;
	struct doorward *d;
	long long run = 0;
	bool quiet = dw_cli_given(args, DW_OPTION_QUIET);
	int r;

	if (!dw_change_root(args, w->name))
		return DW_EXIT_USAGE;
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	dw_change_begin(&o, args);
	r = w->call(d, &o, &run);
	dw_change_end();
	if (r == -EALREADY) {
		if (!quiet)
			(void)fprintf(stderr, "%s\n", doorward_last_error(d));
	} else if (r < 0) {
		status = dw_change_failed(d, r);
	} else if (!quiet) {
		(void)printf("%s%lld%s\n", w->before, run, w->after);
	}
	if (w->leaves && run && !quiet && (r == -EUCLEAN || r == -ENOTRECOVERABLE))
		dw_change_tell_left(d, run);
	doorward_free(d);
	return status;
}

static int confirm(struct doorward *d, dw_unused const struct doorward_close_options *o,
		   long long *ret_run)
{
	return doorward_fence_confirm(d, ret_run);
}

enum dw_exit dw_fence_confirm(const struct dw_arguments *args)
{
	static const struct word w = { "fence confirm", confirm, "Run ",
				       " is confirmed: its rules stay, and every boot loads them.",
				       false };

	return carry_out(args, &w);
}

enum dw_exit dw_fence_revert(const struct dw_arguments *args)
{
	static const struct word w = { "fence revert", doorward_fence_revert, "Run ",
				       " is undone: the former rules are back.", true };

	return carry_out(args, &w);
}

enum dw_exit dw_fence_off(const struct dw_arguments *args)
{
	static const struct word w = {
		"fence off", doorward_fence_off,
		"The fence is taken away, and no boot loads it. To go back:  doorward undo ", "",
		true
	};

	return carry_out(args, &w);
}
