/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "change.h"
#include "dw_macros.h"
#include "dw_parse.h"

static bool number(const struct dw_arguments *args, long long *ret)
{
	const char *word = args->values[DW_OPTION_SCAN];
	uint64_t n = 0;

	*ret = 0;
	if (!word)
		return true;
	if (!dw_parse_u64(word, 10, INT64_MAX, &n) || n == 0 || args->n_operands) {
		(void)fputs("doorward: --scan needs the number of a scan, and no file beside it\n",
			    stderr);
		return false;
	}
	*ret = (long long)n;
	return true;
}

enum dw_exit dw_cmd_compare(const struct dw_arguments *args)
{
	struct doorward_style style = dw_cli_style(args);
	struct doorward_compare_options o = {
		.size = sizeof(o),
		.file = args->n_operands ? args->operands[0] : NULL,
		.expect = args->values[DW_OPTION_EXPECT],
	};
	struct doorward_compare *c = NULL;
	enum dw_exit status = DW_EXIT_BLIND;
	struct doorward *d;
	int r;

	if (!number(args, &o.scan))
		return DW_EXIT_USAGE;
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	r = doorward_compare_run(d, &o, &c);
	if (r == 0)
		r = doorward_compare_write(d, c, dw_cli_format(args), stdout, &style);
	if (r < 0) {
		dw_cli_complain(doorward_last_error(d));
		status = r == -EBADMSG || r == -ENOENT ? DW_EXIT_USAGE : DW_EXIT_BLIND;
	} else {
		status = dw_cli_exit(doorward_compare_outcome(c));
	}
	doorward_compare_free(c);
	doorward_free(d);
	return status;
}
