/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Today's packet filter, door by door; nothing is changed. */
#include "doorward/doorward.h"
#include "fence.h"

static enum dw_exit show(struct doorward *d, struct doorward_audit *audit,
			 const struct dw_arguments *args)
{
	struct doorward_style style = dw_cli_style(args);
	struct doorward_fence_view *view = NULL;
	enum dw_exit status = DW_EXIT_BLIND;
	int r = doorward_fence_look(d, audit, &view);

	if (r == 0) {
		r = doorward_fence_view_write(d, view, dw_cli_format(args), stdout, &style);
		status = r < 0 ? DW_EXIT_USAGE : dw_cli_exit(doorward_fence_view_outcome(view));
	}
	if (r < 0)
		dw_cli_complain(doorward_last_error(d));
	doorward_fence_view_free(view);
	return status;
}

enum dw_exit dw_fence_show(const struct dw_arguments *args)
{
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward_audit *audit;
	struct doorward *d = doorward_new();

	if (dw_cli_set_up(d, args) == 0) {
		audit = dw_cli_audit(d, args, &status);
		if (audit)
			status = show(d, audit, args);
		doorward_audit_free(audit);
	}
	doorward_free(d);
	return status;
}
