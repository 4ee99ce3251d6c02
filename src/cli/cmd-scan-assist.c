/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "change.h"
#include "dw_macros.h"

#define TIME_DEFAULT 3600
#define TIME_MAX     86400 /* longer is no scan, but a setting */

static void tell(dw_unused void *data, const char *text)
{
	(void)fprintf(stderr, "%s\n", text);
}

enum dw_exit dw_cmd_scan_assist(const struct dw_arguments *args)
{
	struct doorward_close_options signals = { 0 };
	struct doorward_assist_options o = { .size = sizeof(o),
					     .scanner = args->values[DW_OPTION_SCANNER] };
	enum dw_exit status = DW_EXIT_NOTHING;
	struct doorward *d;
	int r;

	if (!dw_change_duration(args, DW_OPTION_FOR, TIME_DEFAULT, &o.seconds) ||
	    !dw_change_root(args, "scan-assist"))
		return DW_EXIT_USAGE;
	if (o.seconds > TIME_MAX) {
		(void)fputs("doorward: --for: at most 1d, for the kernel's limit protects this "
			    "host: --for 2h\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	dw_change_begin(&signals, args);
	o.stop = signals.stop;
	if (!dw_cli_given(args, DW_OPTION_QUIET))
		o.tell = tell;
	r = doorward_scan_assist(d, &o);
	dw_change_end();
	if (r < 0)
		status = dw_change_failed(d, r);
	else if (o.tell)
		(void)fputs("The limits are as they were before.\n", stderr);
	doorward_free(d);
	return status;
}
