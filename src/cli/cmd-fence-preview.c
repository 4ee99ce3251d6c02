/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules that follow from the policy, printed; nothing is changed. */
#include <errno.h>
#include <string.h>

#include "doorward/doorward.h"
#include "dw_str.h"
#include "fence.h"

/* Rules are the data: whatever is to be said of them goes to standard error. */
static void tell(dw_unused void *data, const char *kind, const char *text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	(void)fprintf(stderr, "doorward: %s: %s\n", kind,
		      dw_escape_terminal(a, text, strlen(text)));
}

static enum dw_exit failed(const struct doorward *d, const struct dw_arguments *args, int r)
{
	dw_cli_complain(doorward_last_error(d));
	if (r == -ENOENT && !args->values[DW_OPTION_POLICY])
		(void)fputs("Write a policy first: doorward init. Then read it, and come back.\n",
			    stderr);
	return r == -ENOENT || r == -EINVAL ? DW_EXIT_USAGE : DW_EXIT_BLIND;
}

static enum dw_exit preview(struct doorward *d, struct doorward_audit *audit,
			    const struct dw_arguments *args)
{
	const struct doorward_fence_options o = { .size = sizeof(o),
						  .style = args->values[DW_OPTION_STYLE] };
	struct doorward_fence *fence = NULL;
	int r = doorward_fence_make(d, audit, &o, &fence);

	if (r < 0)
		return failed(d, args, r);
	r = doorward_fence_write(d, fence, dw_cli_format(args), stdout);
	if (r == 0 && !dw_cli_given(args, DW_OPTION_QUIET))
		doorward_fence_tell(fence, tell, NULL);
	doorward_fence_free(fence);
	if (r < 0)
		return failed(d, args, r);
	return doorward_audit_outcome(audit) & DOORWARD_BLIND ? DW_EXIT_BLIND : DW_EXIT_NOTHING;
}

enum dw_exit dw_fence_preview(const struct dw_arguments *args)
{
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward_audit *audit;
	struct doorward *d;

	if (dw_cli_given(args, DW_OPTION_POLICY) && !*args->values[DW_OPTION_POLICY]) {
		(void)fputs("doorward: --policy: an empty name is no file: --policy FILE, or leave "
			    "it out\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	d = doorward_new();
	if (dw_cli_set_up(d, args) == 0) {
		audit = dw_cli_audit(d, args, &status);
		if (audit)
			status = preview(d, audit, args);
		doorward_audit_free(audit);
	}
	doorward_free(d);
	return status;
}
