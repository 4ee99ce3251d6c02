/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads the rules of the policy, on trial. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"
#include "fence.h"

static bool is_agreed(void)
{
	char answer[16] = "";

	if (isatty(STDIN_FILENO) != 1) {
		(void)fputs("doorward: nothing was changed: standard input is no terminal, so "
			    "nobody could be asked.\nWith --yes it is done without asking.\n",
			    stderr);
		return false;
	}
	(void)fputs("\nLoad these rules, on trial? [y/N] ", stderr);
	(void)fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		(void)fputc('\n', stderr);
	if (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0)
		return true;
	(void)fputs("Nothing was changed.\n", stderr);
	return false;
}

static void tell_loaded(const struct dw_fence_acting *f, long long run)
{
	const char *within = f->args->values[DW_OPTION_CONFIRM_WITHIN];

	if (dw_cli_given(f->args, DW_OPTION_QUIET))
		return;
	(void)printf("The rules are loaded, on trial: run %lld.\n"
		     "Unless they are confirmed within %s, the former ones come back by "
		     "themselves.\n"
		     "To keep them:  log in anew, and there:  doorward fence confirm\n"
		     "To go back:    doorward fence revert\n",
		     run, within ? within : "10m");
}

static enum dw_exit load(const struct dw_fence_acting *f)
{
	struct doorward_close_options o = { 0 };
	long long run = 0;
	int r;

	if (!dw_change_duration(f->args, DW_OPTION_CONFIRM_WITHIN, DOORWARD_FENCE_CONFIRM_WITHIN,
				&o.trial))
		return DW_EXIT_USAGE;
	dw_change_begin(&o, f->args);
	r = doorward_fence_apply(f->d, f->rehearsal,
				 dw_cli_given(f->args, DW_OPTION_EVEN_MY_SESSION), &o, &run);
	dw_change_end();
	if (r < 0) {
		enum dw_exit status = dw_change_failed(f->d, r);

		if (run && !dw_cli_given(f->args, DW_OPTION_QUIET))
			(void)fprintf(stderr,
				      "What was done, step by step: doorward history %lld\n", run);
		return status;
	}
	tell_loaded(f, run);
	return DW_EXIT_NOTHING;
}

static enum dw_exit apply(const struct dw_fence_acting *f)
{
	bool quiet = dw_cli_given(f->args, DW_OPTION_QUIET);
	bool yes = dw_cli_given(f->args, DW_OPTION_YES);

	if (!(yes && quiet) &&
	    doorward_rehearsal_write(f->d, f->rehearsal, DOORWARD_TEXT, stdout) < 0)
		return DW_EXIT_USAGE;
	if (!doorward_rehearsal_changes(f->rehearsal)) {
		if (!quiet)
			(void)fputs("\nThese rules are loaded already; whether they wait to be "
				    "confirmed is in:\ndoorward history\n",
				    stdout);
		return DW_EXIT_NOTHING;
	}
	(void)fflush(stdout);
	if (!yes && !is_agreed())
		return isatty(STDIN_FILENO) == 1 ? DW_EXIT_TO_DO : DW_EXIT_USAGE;
	return load(f);
}

enum dw_exit dw_fence_apply(const struct dw_arguments *args)
{
	unsigned long long within;

	if (!dw_change_duration(args, DW_OPTION_CONFIRM_WITHIN, 0, &within) ||
	    !dw_change_root(args, "fence apply"))
		return DW_EXIT_USAGE;
	return dw_fence_with_rehearsal(args, true, apply);
}
