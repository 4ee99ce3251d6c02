/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <unistd.h>

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
	if (!dw_parse_u64(word, 10, INT64_MAX, &n) || n == 0) {
		(void)fputs("doorward: --scan needs the number of a scan: doorward compare --scan "
			    "3\n",
			    stderr);
		return false;
	}
	*ret = (long long)n;
	return true;
}

/* What the user gave cannot be used, or is not there: not that we could not look. */
enum dw_exit dw_cli_compare_failed(int r)
{
	return r == -EBADMSG || r == -ENOENT || r == -EINVAL ? DW_EXIT_USAGE : DW_EXIT_BLIND;
}

static enum dw_exit compare(struct doorward *d, const struct dw_arguments *args,
			    const struct doorward_compare_options *o)
{
	struct doorward_style style = dw_cli_style(args);
	struct doorward_compare *c = NULL;
	enum dw_exit status = DW_EXIT_USAGE;
	int r = doorward_compare_run(d, o, &c);

	if (r < 0) {
		dw_cli_complain(doorward_last_error(d));
		if (r == -EACCES && geteuid() != 0)
			(void)fputs("Only root reads the journal: sudo doorward compare\n", stderr);
		return dw_cli_compare_failed(r);
	}
	errno = 0;
	/* main() says why standard output failed */
	if (doorward_compare_write(d, c, dw_cli_format(args), stdout, &style) == 0)
		status = dw_cli_exit(doorward_compare_outcome(c));
	doorward_compare_free(c);
	return status;
}

enum dw_exit dw_cmd_compare(const struct dw_arguments *args)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings addresses = dw_cli_list(a, args->values[DW_OPTION_ADDRESS]);
	struct doorward_compare_options o = {
		.size = sizeof(o),
		.files = (const char *const *)args->operands,
		.n_files = (size_t)args->n_operands,
		.expect = args->values[DW_OPTION_EXPECT],
		.addresses = addresses.v,
		.n_addresses = addresses.n,
	};
	enum dw_exit status;
	struct doorward *d;

	if (!number(args, &o.scan))
		return DW_EXIT_USAGE;
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	status = compare(d, args, &o);
	doorward_free(d);
	return status;
}
