/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "doorward/doorward.h"
#include "dw_cli.h"
#include "dw_macros.h"

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_JSON, DW_OPTION_JSONL, "choose one" },
		{ DW_OPTION_JSON, DW_OPTION_CSV, "choose one" },
		{ DW_OPTION_JSONL, DW_OPTION_CSV, "choose one" },
		{ DW_OPTION_PIN, DW_OPTION_UNPIN, "choose one" },
		{ DW_OPTION_ROOT, DW_OPTION_HIDDEN,
		  "what does not run has no sockets that could hide" },
		{ DW_OPTION_ROOT, DW_OPTION_METHOD, "what does not run has no sockets to find" },
		{ DW_OPTION_ROOT, DW_OPTION_PIN, "BPF programs are for a running host" },
		{ DW_OPTION_ROOT, DW_OPTION_UNPIN, "BPF programs are for a running host" },
	};

	return dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs));
}

static enum dw_exit write_audit(struct doorward_audit *audit, const struct dw_arguments *args)
{
	struct doorward_style style = dw_cli_style(args);
	unsigned outcome = doorward_audit_outcome(audit);

	errno = 0;
	/* main() says why standard output failed */
	if (doorward_audit_write(audit, dw_cli_format(args), stdout, &style) < 0)
		return DW_EXIT_USAGE;
	return dw_cli_exit(outcome);
}

static enum dw_exit write_why(struct doorward_audit *audit, const struct dw_arguments *args)
{
	struct doorward_style style = dw_cli_style(args);
	int r;

	errno = 0;
	r = doorward_audit_why(audit, args->operands[0], dw_cli_format(args), stdout, &style);
	if (r == -EINVAL)
		(void)fprintf(stderr, "doorward: %s\nTry: doorward help why\n",
			      doorward_audit_last_error(audit));
	return r < 0 ? DW_EXIT_USAGE : dw_cli_exit((unsigned)r);
}

typedef enum dw_exit (*writer)(struct doorward_audit *audit, const struct dw_arguments *args);

static enum dw_exit look(struct doorward *d, const struct dw_arguments *args, writer write)
{
	enum dw_exit status;
	struct doorward_audit *audit = dw_cli_audit(d, args, &status);

	if (!audit)
		return status;
	status = write(audit, args);
	doorward_audit_free(audit);
	return status;
}

enum dw_exit dw_cmd_why(const struct dw_arguments *args)
{
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward *d;

	if (args->n_operands == 0) {
		(void)fputs("doorward: why needs a door: doorward why 631/tcp\n"
			    "Try: doorward help why\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	if (!is_sensible(args))
		return DW_EXIT_USAGE;
	d = doorward_new();
	if (dw_cli_set_up(d, args) == 0)
		status = look(d, args, write_why);
	doorward_free(d);
	return status;
}

enum dw_exit dw_cmd_audit(const struct dw_arguments *args)
{
	struct doorward *d;
	enum dw_exit status = DW_EXIT_USAGE;

	if (!is_sensible(args))
		return DW_EXIT_USAGE;
	if (dw_cli_given(args, DW_OPTION_POLICY) && !*args->values[DW_OPTION_POLICY]) {
		(void)fputs("doorward: --policy: an empty name is no file: --policy FILE, or leave "
			    "it out\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	d = doorward_new();
	if (dw_cli_set_up(d, args) < 0)
		goto out;
	status = DW_EXIT_BLIND;
	if ((dw_cli_given(args, DW_OPTION_PIN) && doorward_pin(d) < 0) ||
	    (dw_cli_given(args, DW_OPTION_UNPIN) && doorward_unpin(d) < 0)) {
		dw_cli_complain(doorward_last_error(d));
		goto out;
	}
	doorward_set_addresses(d, dw_cli_given(args, DW_OPTION_JSON));
	status = look(d, args, write_audit);
out:
	doorward_free(d);
	return status;
}
