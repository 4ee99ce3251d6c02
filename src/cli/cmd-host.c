/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host: what guards the doors. "host fix" is in cmd-host-fix.c. */
#include "host.h"

#include <errno.h>
#include <string.h>

#include "dw_str.h"

const enum dw_option_id dw_host_options[] = { DW_OPTION_YES,
					      DW_OPTION_DRY_RUN,
					      DW_OPTION_EVEN_MY_SESSION,
					      DW_OPTION_REMOVE_PACKAGE,
					      DW_OPTION_JSON,
					      DW_OPTION_JSONL,
					      DW_OPTION_WIDE,
					      DW_OPTION_ROOT,
					      DW_OPTION_POLICY,
					      DW_OPTION_METHOD,
					      DW_OPTION_STATE,
					      DW_OPTION_COUNT };

const char dw_host_description[] =
	"Accounts, remote login, and whatever else guards the doors: each check with its reason, "
	"the\n"
	"place where it is seen, and what a fix would do. CHECK: the whole story of one. list: all "
	"there\n"
	"are. fix: plans what puts right what fails (or these checks), shows it, asks, does it, "
	"looks\n"
	"again; doorward undo takes it back. What the policy accepts (accept CHECK because "
	"\"...\") is told,\n"
	"and left. Packages that nothing needs, or that do not belong to the host's role, go with\n"
	"--remove-package alone: no undo brings them back. With --root a file system that does not "
	"run\n"
	"is looked at. Root sees all.\n";

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_ROOT, DW_OPTION_METHOD, "what does not run has no sockets to find" },
		{ DW_OPTION_ROOT, DW_OPTION_YES,
		  "a file system that is not running is not changed" },
	};

	return dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs));
}

static enum dw_exit tell(struct doorward *d, const struct dw_host_asked *asked,
			 struct doorward_host *h)
{
	struct doorward_style style = dw_cli_style(asked->args);

	errno = 0;
	if (doorward_host_write(d, h, dw_cli_format(asked->args), stdout, &style) < 0)
		return DW_EXIT_USAGE; /* main() says why */
	return dw_cli_exit(doorward_host_outcome(h));
}

enum dw_exit dw_host_with(const struct dw_host_asked *asked,
			  enum dw_exit (*act)(struct doorward *d, const struct dw_host_asked *asked,
					      struct doorward_host *h))
{
	struct doorward *d = dw_change_context(asked->args);
	struct doorward_audit *audit = NULL;
	enum dw_exit status = DW_EXIT_USAGE;
	const struct doorward_host_options o = {
		.size = sizeof(o),
		.checks = asked->checks,
		.n_checks = asked->n,
		.even_my_session = dw_cli_given(asked->args, DW_OPTION_EVEN_MY_SESSION),
		.remove_packages = dw_cli_given(asked->args, DW_OPTION_REMOVE_PACKAGE),
	};
	struct doorward_host *h = NULL;
	int r;

	if (!d)
		return DW_EXIT_USAGE;
	r = asked->changes ? doorward_settle(d) : 0;
	if (r < 0) {
		status = dw_change_failed(d, r);
		doorward_free(d);
		return status;
	}
	r = doorward_host_needs_audit(d, asked->checks, asked->n);
	if (r > 0) {
		audit = dw_cli_audit(d, asked->args, &status);
		r = audit ? 0 : 1;
	}
	if (r == 0)
		r = doorward_host_look(d, audit, &o, &h);
	if (r < 0)
		dw_cli_complain(doorward_last_error(d));
	else if (h)
		status = act(d, asked, h);
	doorward_host_free(h);
	doorward_audit_free(audit);
	doorward_free(d);
	return status;
}

static enum dw_exit list(const struct dw_arguments *args)
{
	struct doorward_style style = dw_cli_style(args);
	struct doorward *d = doorward_new();
	int r;

	errno = 0;
	r = doorward_host_list(d, stdout, &style);
	doorward_free(d);
	return r < 0 ? DW_EXIT_USAGE : DW_EXIT_NOTHING;
}

enum dw_exit dw_cmd_host(const struct dw_arguments *args)
{
	const char *word = args->n_operands ? args->operands[0] : "";
	struct dw_host_asked asked = { .args = args,
				       .checks = (const char *const *)args->operands,
				       .n = (size_t)args->n_operands };

	if (!is_sensible(args))
		return DW_EXIT_USAGE;
	if (dw_streq(word, "list") && args->n_operands == 1)
		return list(args);
	if (dw_streq(word, "fix")) {
		asked.checks++;
		asked.n--;
		return dw_host_fix(&asked);
	}
	if (dw_cli_given(args, DW_OPTION_YES) || dw_cli_given(args, DW_OPTION_DRY_RUN)) {
		(void)fputs("doorward: --yes and --dry-run go with doorward host fix\n", stderr);
		return DW_EXIT_USAGE;
	}
	return dw_host_with(&asked, tell);
}
