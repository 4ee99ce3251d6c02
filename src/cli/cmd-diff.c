/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"
#include "dw_str.h"

const enum dw_option_id dw_diff_options[] = { DW_OPTION_AROUND, DW_OPTION_JSON,  DW_OPTION_WIDE,
					      DW_OPTION_HIDDEN, DW_OPTION_ROOT,  DW_OPTION_METHOD,
					      DW_OPTION_POLICY, DW_OPTION_STATE, DW_OPTION_COUNT };

/* In cron silence means that nothing changed; who looks at a terminal wants to hear so. */
static enum dw_exit tell(struct doorward *d, struct doorward_diff *f,
			 const struct dw_arguments *args, bool around)
{
	struct doorward_style style = dw_cli_style(args);
	enum doorward_format format = dw_cli_format(args);
	enum dw_exit status = dw_cli_exit(doorward_diff_outcome(f));
	const char *doubts = doorward_diff_get(f, "doubts");
	bool silent = format == DOORWARD_TEXT && status != DW_EXIT_TO_DO && !around &&
		      isatty(STDOUT_FILENO) != 1 && dw_streq0(doubts, "0");

	errno = 0;
	if (!silent && doorward_diff_write(d, f, format, stdout, &style) < 0)
		status = DW_EXIT_USAGE; /* main() says why standard output failed */
	if (silent && status == DW_EXIT_BLIND && !dw_cli_given(args, DW_OPTION_QUIET))
		(void)fputs("doorward: nothing changed as far as could be seen, but not everything "
			    "could be looked at: doorward audit says why\n",
			    stderr);
	doorward_diff_free(f);
	return status;
}

static enum dw_exit failed(const struct doorward *d, const struct dw_arguments *args, int r)
{
	if (r == -EBADMSG && dw_cli_given(args, DW_OPTION_POLICY))
		(void)fputs("doorward: doorward check-policy tells all that is wrong with a "
			    "policy\n",
			    stderr);
	dw_cli_complain(doorward_last_error(d));
	if (r == -EACCES && geteuid() != 0)
		(void)fputs("Only root reads the journal: sudo doorward diff\n", stderr);
	return r == -ENOENT || r == -EINVAL || r == -EBADMSG ? DW_EXIT_USAGE : DW_EXIT_BLIND;
}

static enum dw_exit around(struct doorward *d, const struct dw_arguments *args)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	size_t n = (size_t)args->n_operands;
	const char **argv = dw_arena_array(a, n + 1, sizeof(*argv));
	struct doorward_diff *f = NULL;
	int status = 0, r;

	for (size_t i = 0; i < n; i++)
		argv[i] = args->operands[i];
	r = doorward_diff_around(d, argv, &f, &status);
	if (r == -EACCES || r == -ENOENT) {
		dw_cli_complain(doorward_last_error(d));
		return DW_EXIT_USAGE;
	}
	if (r < 0)
		return failed(d, args, r);
	return tell(d, f, args, true);
}

static enum dw_exit between(struct doorward *d, const struct dw_arguments *args)
{
	const char *before = args->n_operands > 0 ? args->operands[0] : NULL;
	const char *after = args->n_operands > 1 ? args->operands[1] : NULL;
	struct doorward_diff *f = NULL;
	int r = doorward_diff_run(d, before, after, &f);

	return r < 0 ? failed(d, args, r) : tell(d, f, args, false);
}

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_AROUND, DW_OPTION_ROOT, "what does not run runs no command" },
	};
	bool is_around = dw_cli_given(args, DW_OPTION_AROUND);

	if (!dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs)))
		return false;
	if (is_around && args->n_operands == 0) {
		(void)fputs("doorward: around which command? doorward diff --around apt-get "
			    "install cups\n",
			    stderr);
		return false;
	}
	if (!is_around && args->n_operands > 2) {
		(void)fputs(
			"doorward: diff takes two sides at most; a command is run by --around\n",
			stderr);
		return false;
	}
	return true;
}

enum dw_exit dw_cmd_diff(const struct dw_arguments *args)
{
	struct doorward *d = is_sensible(args) ? dw_change_context(args) : NULL;
	enum dw_exit status;

	if (!d)
		return DW_EXIT_USAGE;
	status = dw_cli_given(args, DW_OPTION_AROUND) ? around(d, args) : between(d, args);
	doorward_free(d);
	return status;
}
