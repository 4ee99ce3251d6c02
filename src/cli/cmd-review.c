/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"
#include "dw_review.h"

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_ROOT, DW_OPTION_HIDDEN,
		  "what does not run has no sockets that could hide" },
		{ DW_OPTION_ROOT, DW_OPTION_METHOD, "what does not run has no sockets to find" },
	};

	if (!dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs)))
		return false;
	if (dw_cli_given(args, DW_OPTION_POLICY) && !*args->values[DW_OPTION_POLICY]) {
		(void)fputs("doorward: --policy: an empty name is no file\n", stderr);
		return false;
	}
	if (!dw_review_is_built()) {
		(void)fputs("doorward: this build has no review: it was made without ncurses. "
			    "doorward audit lists "
			    "the doors,\ndoorward plan tells what closing takes.\n",
			    stderr);
		return false;
	}
	if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
		return true;
	(void)fputs("doorward: review needs a terminal to show itself on. Without one: doorward "
		    "audit\n",
		    stderr);
	return false;
}

/* Whoever started us sees by which signal we ended, as with any program. */
static void end_by(int number)
{
	struct sigaction otherwise = { .sa_handler = SIG_DFL };

	(void)sigaction(number, &otherwise, NULL);
	(void)raise(number);
}

enum dw_exit dw_cmd_review(const struct dw_arguments *args)
{
	struct dw_review_options o = { .in = stdin,
				       .out = stdout,
				       .policy = args->values[DW_OPTION_POLICY],
				       .offline = dw_cli_given(args, DW_OPTION_ROOT) };
	struct dw_error e = { 0 };
	char *words = NULL;
	int r = -EINVAL;

	if (!is_sensible(args))
		return DW_EXIT_USAGE;
	o.colour = dw_cli_style(args).colour != 0;
	o.root = geteuid() == 0 && !o.offline;
	o.work = dw_change_context(args);
	o.files = o.work ? dw_change_context(args) : NULL;
	if (o.files)
		r = dw_review_run(&o, &words, &e);
	if (e.message[0])
		dw_cli_complain(e.message);
	if (e.message[0] && r == -EINVAL)
		(void)fputs("Without a full screen: doorward audit\n", stderr);
	if (words)
		(void)fputs(words, stderr);
	free(words);
	doorward_free(o.files);
	doorward_free(o.work);
	if (r > 0)
		end_by(r);
	return r < 0 ? DW_EXIT_USAGE : DW_EXIT_NOTHING;
}
