/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the rules of the policy would change, tried on a copy of this host's filter; nothing is changed. */
#include <errno.h>
#include <string.h>

#include "change.h"
#include "dw_macros.h"
#include "fence.h"

static enum dw_exit failed(const struct doorward *d, const struct dw_arguments *args, int r)
{
	dw_cli_complain(doorward_last_error(d));
	if (r == -ENOENT && !args->values[DW_OPTION_POLICY])
		(void)fputs("Write a policy first: doorward init. Then read it, and come back.\n",
			    stderr);
	if (r == -ENOENT || r == -EINVAL || r == -EPERM)
		return DW_EXIT_USAGE;
	return DW_EXIT_BLIND;
}

/* Other managers of the filter; which doors would be cut, the rehearsal tells better. */
static void tell(dw_unused void *data, const char *kind, const char *text)
{
	if (strcmp(kind, "conflict") == 0)
		dw_cli_complain(text);
}

/* The rules as nft -f takes them; to be freed. NULL: there are none, which was told. */
static char *rules_of(struct doorward *d, struct doorward_audit *audit,
		      const struct dw_arguments *args, enum dw_exit *ret)
{
	const struct doorward_fence_options o = { .size = sizeof(o), .style = "nft" };
	struct doorward_fence *fence = NULL;
	char *text = NULL;
	size_t n = 0;
	FILE *out = NULL;
	int r = doorward_fence_make(d, audit, &o, &fence);

	if (r == 0) {
		if (!dw_cli_given(args, DW_OPTION_QUIET))
			doorward_fence_tell(fence, tell, NULL);
		out = open_memstream(&text, &n);
		r = out ? doorward_fence_write(d, fence, DOORWARD_TEXT, out) : -ENOMEM;
	}
	if (out)
		(void)fclose(out);
	doorward_fence_free(fence);
	if (r == 0)
		return text;
	free(text);
	*ret = failed(d, args, r);
	return NULL;
}

static enum dw_exit rehearse(struct doorward *d, struct doorward_audit *audit,
			     const struct dw_arguments *args,
			     enum dw_exit (*act)(const struct dw_fence_acting *f))
{
	struct dw_fence_acting f = { .args = args, .d = d, .audit = audit };
	enum dw_exit status = DW_EXIT_USAGE;
	char *rules = rules_of(d, audit, args, &status);
	int r;

	if (!rules)
		return status;
	r = doorward_fence_rehearse(d, audit, rules, &f.rehearsal);
	free(rules);
	if (r < 0)
		return failed(d, args, r);
	status = act(&f);
	doorward_rehearsal_free(f.rehearsal);
	return status;
}

enum dw_exit dw_fence_with_rehearsal(const struct dw_arguments *args, bool changes,
				     enum dw_exit (*act)(const struct dw_fence_acting *f))
{
	struct doorward *d = dw_change_context(args);
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward_audit *audit = NULL;
	int r;

	if (!d)
		return status;
	r = changes ? doorward_settle(d) : 0;
	if (r < 0)
		status = dw_change_failed(d, r);
	else
		audit = dw_cli_audit(d, args, &status);
	if (audit)
		status = rehearse(d, audit, args, act);
	doorward_audit_free(audit);
	doorward_free(d);
	return status;
}

static enum dw_exit show(const struct dw_fence_acting *f)
{
	int r = doorward_rehearsal_write(f->d, f->rehearsal, dw_cli_format(f->args), stdout);

	if (r < 0) {
		dw_cli_complain(doorward_last_error(f->d));
		return DW_EXIT_USAGE;
	}
	if (doorward_rehearsal_changes(f->rehearsal))
		return DW_EXIT_TO_DO;
	return doorward_rehearsal_is_blind(f->rehearsal) ? DW_EXIT_BLIND : DW_EXIT_NOTHING;
}

enum dw_exit dw_fence_rehearse_command(const struct dw_arguments *args)
{
	if (!dw_change_root(args, "fence rehearse"))
		return DW_EXIT_USAGE;
	return dw_fence_with_rehearsal(args, false, show);
}
